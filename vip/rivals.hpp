// SPDX-License-Identifier: Apache-2.0
// Who else claims the address, and when is it said again that it is ours?
//
// Like a shopkeeper whose neighbour hangs the same sign out: he keeps a list, and says at once that
// the shop is his, but does not shout all day. A claim is answered by an announcement, the first
// at once (RFC 5227, 2.4 (b)), and once more at the end of a tenth of a second if there was another
// one meanwhile: a host says it twice, and neighbours believe the later word. Ten may follow each
// other so; while others go on claiming there is one a second, so that two stubborn hosts don't
// flood the segment. (2.4 (c) has 10 s for that: too long for clients who believe the other one.) A
// host that only asks before it takes the address is answered by the kernel; it is listed, no more.
//
// The list is evidence: for each hardware address the last frames as they came.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "config/archived.hpp"
#include "config/net.hpp"
#include "config/time.hpp"
#include "vip/claim.hpp"

namespace hapx::vip {

/// A frame as it was heard.
struct Evidence {
  Instant at;
  WireFrame frame;
};

/// A host that is not this one and has claimed the address.
struct Rival {
  MacAddress mac;
  ClaimKind kind = ClaimKind::announcement;  ///< of its last claim
  Instant first;
  Instant last;
  std::uint64_t claims = 0;
  std::deque<Evidence> evidence;  ///< the last few, oldest first
};

class Rivals {
 public:
  static constexpr std::size_t kept_max = 8;      ///< who was heard longest ago is forgotten
  static constexpr std::size_t evidence_max = 8;  ///< frames of each
  static constexpr Duration defence_gap = std::chrono::milliseconds(100);
  static constexpr Duration defence_pace = std::chrono::seconds(1);  ///< in the long run
  static constexpr int defences_at_once = 10;                        ///< before the pace is kept
  /// So long after its last claim a rival is over.
  static constexpr Duration patience = std::chrono::seconds(30);

  struct Heard {
    bool begins = false;   ///< of any host, nothing had been heard for `patience`
    bool is_news = false;  ///< of this one; told at most once a second, whoever floods
  };
  Heard hear(const Claim& claim, WireFrame frame, Instant now);

  /// We hold the address, and somebody claims it: it is to be announced. At most once per gap, and
  /// not faster than the pace for long.
  void defend(Instant now);
  /// True if an announcement is due.
  [[nodiscard]] bool take_defence_due(Instant now);
  /// We don't hold it any more.
  void give_up() { defence_due_.reset(); }
  [[nodiscard]] std::optional<Instant> next_deadline() const { return defence_due_; }

  /// Nobody answers any more: who was heard before is of the past.
  void settle(Instant now) { settled_at_ = now; }

  /// The one that was heard last, within `patience`; nullptr: nobody was.
  [[nodiscard]] const Rival* present(Instant now) const;
  [[nodiscard]] const std::vector<Rival>& all() const { return rivals_; }

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(rivals_, news_at_, settled_at_, spent_until_, defended_at_, defence_due_);
  }

  std::vector<Rival> rivals_;
  std::optional<Instant> news_at_;
  std::optional<Instant> settled_at_;
  Instant spent_until_{};  ///< by then the defences so far have kept the pace
  std::optional<Instant> defended_at_;
  std::optional<Instant> defence_due_;
};

}  // namespace hapx::vip
