// SPDX-License-Identifier: Apache-2.0
// Are all parts of this report, or plan, here?
//
// A value of many entries travels entry by entry, each with the version that it belongs to. Here
// the newest version is put together; parts of an older one are ignored. It does not ask for what
// is missing: the sender repeats until it hears that we have it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "config/archived.hpp"
#include "membership/message.hpp"

namespace hapx::membership {

template <class Version, class Entry>
class Assembly {
 public:
  /// All entries in order, once, when `part` was the last one missing.
  std::optional<std::vector<Entry>> add(const Version& version, std::uint32_t index,
                                        std::uint32_t count, const std::optional<Entry>& entry) {
    if (count > entries_max || (version_ && version < *version_)) return std::nullopt;
    if (!version_ || *version_ < version) {
      version_ = version;
      count_ = count;
      entries_.clear();
      complete_ = false;
    }
    if (complete_ || count != count_) return std::nullopt;
    if (entry && index < count) entries_.emplace(index, *entry);
    if (entries_.size() != count_) return std::nullopt;
    complete_ = true;
    std::vector<Entry> all;
    for (auto& [at, value] : entries_) all.push_back(std::move(value));
    entries_.clear();
    return all;
  }

  /// The newest version, if it is here in full.
  [[nodiscard]] std::optional<Version> complete() const {
    return complete_ ? version_ : std::nullopt;
  }

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(version_, count_, entries_, complete_);
  }

  std::optional<Version> version_;
  std::uint32_t count_ = 0;
  std::map<std::uint32_t, Entry> entries_;
  bool complete_ = false;
};

}  // namespace hapx::membership
