// SPDX-License-Identifier: Apache-2.0
// What do all walks over copies of the record have in common?
//
// What is said, whose copy it is, and what a disk may do with a store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "membership/record_copy.hpp"

namespace hapx::membership {

struct Read {
  RecordRead read;
};
struct Written {
  Record record;
  std::uint64_t filling = 0;
};
struct Answered {
  RecordAnswer answer;
  std::optional<Record> content;
  std::uint64_t life = 0;  ///< of the process that answers
};
struct Sent {
  std::size_t from = 0;
  std::size_t to = 0;
  std::variant<Read, Written, Answered> what;
};

/// Begins a store at the site, or ends the one under way: well, or with an error, whatever is on
/// the disk then. `chance`: of so many in a thousand.
template <class Site, class Chance>
void turn_disk(Site& site, Instant now, const Chance& chance) {
  if (!site.store) {
    site.store = site.copy.take_store(now);
  } else if (chance(100)) {
    if (chance(500)) site.disk = site.store->bytes;  // nobody knows
    site.copy.failed({site.store->ticket, {ErrorKind::failed, "full", 28}}, now);
    site.store.reset();
  } else {
    site.disk = site.store->bytes;
    site.copy.stored({site.store->ticket});
    site.store.reset();
  }
}

}  // namespace hapx::membership
