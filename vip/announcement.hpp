// SPDX-License-Identifier: Apache-2.0
// When is the segment told where an address is?
//
// Like somebody who has moved: loud at first, a reminder now and then. Neighbours remember the old
// hardware address until they are told, frames get lost, and a switch may still be learning; so the
// first announcements come close together, then once in 1.1 s, then every half a minute for ever.
// What changes the ground (the link came back, somebody else claimed the address) begins it anew.
// This file knows only the times; the bytes are in vip/arp, and whether it is right to announce at
// all is vip/holder's business.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "config/archived.hpp"
#include "config/time.hpp"

namespace hapx::vip {

/// The schedule for one address: 0, 50, 150 and 350 ms after it began, then ten times once in
/// 1.1 s, then every 30 s give or take 3 s (so that nodes and addresses don't keep in step).
class Announcement {
 public:
  /// `seed` draws the jitter of the refresh; the same seed gives the same times.
  explicit Announcement(std::uint64_t seed = 0);

  /// Starts over from the first announcement, which is due at once.
  void begin(Instant now);
  void stop();

  [[nodiscard]] bool active() const { return next_.has_value(); }

  /// True if an announcement is due, and then plans the one after it. A late call gets one, not all
  /// that were missed.
  [[nodiscard]] bool take_due(Instant now);
  [[nodiscard]] std::optional<Instant> next_deadline() const { return next_; }

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(random_, sent_, next_);
  }

  [[nodiscard]] Duration gap_after(std::size_t count);

  std::uint64_t random_;
  std::size_t sent_ = 0;  ///< since begin
  std::optional<Instant> next_;
};

}  // namespace hapx::vip
