// SPDX-License-Identifier: Apache-2.0
// Has this datagram been here before?
//
// Each process counts its datagrams. A window slides over the newest counts: within it a bit per
// count remembers what came, below it everything is refused. So a copy that somebody recorded is
// worth nothing, while honest reordering passes. One window per peer's process.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>

#include "config/archived.hpp"

namespace hapx::membership {

class ReplayWindow {
 public:
  static constexpr std::size_t width = 1024;

  ReplayWindow() = default;
  /// Begins at `newest`: that one and everything before it count as seen.
  explicit ReplayWindow(std::uint64_t newest) : newest_(newest) { seen_.set(); }

  /// True once per counter. Counters begin at 1.
  bool accept(std::uint64_t counter) {
    if (counter == 0) return false;
    if (counter > newest_) {
      const std::uint64_t step = counter - newest_;
      if (step >= width) {
        seen_.reset();
      } else {
        seen_ <<= static_cast<std::size_t>(step);
      }
      newest_ = counter;
      seen_.set(0);
      return true;
    }
    const std::uint64_t age = newest_ - counter;
    if (age >= width || seen_.test(static_cast<std::size_t>(age))) return false;
    seen_.set(static_cast<std::size_t>(age));
    return true;
  }
  /// Whether nothing that was sent later has been accepted.
  [[nodiscard]] bool is_newest(std::uint64_t counter) const { return counter == newest_; }

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(newest_, seen_);
  }

  std::uint64_t newest_ = 0;
  std::bitset<width> seen_;  ///< bit n: newest_ - n was accepted
};

}  // namespace hapx::membership
