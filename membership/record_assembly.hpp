// SPDX-License-Identifier: Apache-2.0
// Are all parts of this record here?
//
// A record travels entry by entry. Unlike membership/assembly, which is done with a version once it
// was complete, the same record may come again and is put together again: a question that is
// repeated gets its answer repeated, too. Parts of another record begin anew.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "config/archived.hpp"
#include "membership/message.hpp"

namespace hapx::membership {

class RecordAssembly {
 public:
  struct Whole {
    Record record;
    std::uint64_t filling = 0;
  };

  /// The record, when `part` was the last one missing; nothing if it is none that anybody writes.
  std::optional<Whole> add(const RecordPart& part) {
    const std::size_t entries = std::size_t{part.count} + part.lifted_count;
    if (entries > record_entries_max) return std::nullopt;
    RecordPart head = head_of(part);
    if (head != head_) {
      head_ = std::move(head);
      entries_.clear();
    }
    if ((part.order || part.lifted) && part.index < entries)
      entries_.insert_or_assign(part.index, part);
    if (entries_.size() != entries) return std::nullopt;
    Whole whole{{head_.id, {}, head_.floor, {}}, head_.filling};
    for (auto& [index, entry] : std::exchange(entries_, {})) {
      if (entry.order) whole.record.orders.push_back(*std::move(entry.order));
      if (entry.lifted) whole.record.lifted.push_back(*std::move(entry.lifted));
    }
    if (!is_sound(whole.record)) return std::nullopt;
    return whole;
  }

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(head_, entries_);
  }

  /// What all parts have in common.
  static RecordPart head_of(const RecordPart& part) {
    return {part.id, 0, part.count, {}, part.filling, part.floor, part.lifted_count, {}};
  }

  RecordPart head_;
  std::map<std::uint32_t, RecordPart> entries_;
};

/// One part for each entry, or one that says that there is none.
[[nodiscard]] inline std::vector<RecordPart> parts_of(const Record& record, std::uint64_t filling) {
  const auto count = static_cast<std::uint32_t>(record.orders.size());
  const auto lifted = static_cast<std::uint32_t>(record.lifted.size());
  const RecordPart head{record.id, 0, count, {}, filling, record.floor, lifted, {}};
  std::vector<RecordPart> parts(std::max<std::size_t>(count + lifted, 1), head);
  for (std::uint32_t i = 0; i < count + lifted; ++i) {
    parts[i].index = i;
    if (i < count)
      parts[i].order = record.orders[i];
    else
      parts[i].lifted = record.lifted[i - count];
  }
  return parts;
}

}  // namespace hapx::membership
