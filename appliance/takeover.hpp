// SPDX-License-Identifier: Apache-2.0
// Why did a service come to this node, and how long did each phase of that take?
//
// A bookkeeper: it is told what the node notices anyway (a peer falls silent, a plan wants a
// service here, a lease is won, ...), and writes the story of each takeover. When the service is
// served here the takeover is counted by its reason: a *failover* if it followed a failure, a
// *handover* if it followed an order or a better node. The phases of a failover are those of
// docs/architecture.md; each lasts from the end of the one before it, so together they are the
// whole time from the last datagram of the lost node to the first announcement. All instants are
// this node's own. It decides nothing, and nobody decides by it.
//
// Counted where the service arrives, so the sum over the nodes is the cluster's. A service that
// nobody was known to hold (a cold start) and one that comes back to the node that held it last are
// neither. Counts are of this incarnation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "appliance/histogram.hpp"
#include "appliance/phase.hpp"
#include "config/archived.hpp"
#include "config/ids.hpp"
#include "config/time.hpp"

namespace hapx::appliance {

enum class TakeoverReason : std::uint8_t {
  node_lost,       ///< failover: its holder was silent
  link_down,       ///< failover: its holder could not hold the address (no link, no fence)
  vip_failed,      ///< failover: the address failed at its holder
  haproxy_failed,  ///< failover: HAProxy failed or was unfit at its holder
  ordered,         ///< handover: an operator moved it
  node_stopped,    ///< handover: hapxd was ended in order at its holder
  preferred,       ///< handover: this node is better
};

inline constexpr std::array all_takeover_reasons{
    TakeoverReason::node_lost,      TakeoverReason::link_down, TakeoverReason::vip_failed,
    TakeoverReason::haproxy_failed, TakeoverReason::ordered,   TakeoverReason::node_stopped,
    TakeoverReason::preferred};

/// "node-lost"; stable.
[[nodiscard]] std::string_view to_string(TakeoverReason reason);
[[nodiscard]] bool is_failover(TakeoverReason reason);

/// What the status shows of all takeovers together.
struct TakeoverTimes {
  /// The phases that take time of their own and were seen at least once.
  std::map<FailoverPhase, Histogram> phases;
  /// From the last datagram of the lost node to the first announcement here.
  Histogram whole;

  friend bool operator==(const TakeoverTimes&, const TakeoverTimes&) = default;
};

using TakeoverCounts = std::map<TakeoverReason, std::uint64_t>;  ///< only what has happened

/// One phase of a takeover, from the end of the one before it.
struct PhaseTime {
  FailoverPhase phase = FailoverPhase::placement_decided;
  Duration time{0};

  friend bool operator==(const PhaseTime&, const PhaseTime&) = default;
};

/// All of them together.
[[nodiscard]] Duration whole(const std::vector<PhaseTime>& phases);
/// "61.3"; a negative time is none.
[[nodiscard]] std::string milliseconds_text(Duration time);

/// How one service came here. Of a lost node the phases begin with its last datagram, else with the
/// plan.
struct TakeoverStory {
  ServiceName service;
  NodeName from;
  TakeoverReason reason = TakeoverReason::preferred;
  Instant announced;              ///< for the first time
  std::vector<PhaseTime> phases;  ///< in their order

  friend bool operator==(const TakeoverStory&, const TakeoverStory&) = default;
};

class Takeovers {
 public:
  /// `node` was heard for the last time at `last_heard`, and is missed since `now`.
  void silent(const NodeName& node, Instant last_heard, Instant now);
  /// It is taken for dead; without a silence before it (it said goodbye) there is no story.
  void dead(const NodeName& node, Instant now);
  void heard(const NodeName& node);
  /// Who coordinates, whenever that changes.
  void coordinates(const std::optional<NodeName>& node, Instant now);
  /// A peer says that it holds the service.
  void holds(const ServiceName& service, const NodeName& node);

  /// The plan wants the service here from now on; or (drop) no longer.
  void begin(const ServiceName& service, Instant now);
  void drop(const ServiceName& service);
  /// Whose service it was, if a takeover of it is under way and not counted yet.
  [[nodiscard]] std::optional<NodeName> from(const ServiceName& service) const;

  /// What the journal says with a phase. Of a repeated one the last counts.
  /// True: that was the end of a takeover, and it is the first of last() now.
  bool reached(const ServiceName& service, FailoverPhase phase, Instant now);
  /// It is served here, for that reason. `self` holds it from now on.
  void served(const ServiceName& service, TakeoverReason reason, const NodeName& self);

  [[nodiscard]] TakeoverCounts counts(const ServiceName& service) const;
  [[nodiscard]] const TakeoverTimes& times() const { return times_; }
  /// The last ones that were announced, newest first.
  [[nodiscard]] const std::deque<TakeoverStory>& last() const { return last_; }
  /// Limit: of them.
  static constexpr std::size_t last_max = 8;

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(silences_, coordinator_, holders_, stories_, counts_, times_, last_);
  }

  struct Silence {
    Instant last_heard;
    Instant noticed;
    std::optional<Instant> dead;
    bool coordinated = false;                ///< it had that lease, too
    std::optional<Instant> coordinator_won;  ///< by somebody else
  };
  struct Story {
    std::optional<NodeName> from;
    std::map<FailoverPhase, Instant> reached;
    std::optional<TakeoverReason> reason;  ///< once it is served
  };

  void finish(const ServiceName& service, const Story& story);

  std::map<NodeName, Silence> silences_;
  std::optional<NodeName> coordinator_;
  std::map<ServiceName, NodeName> holders_;  ///< the last that is known
  std::map<ServiceName, Story> stories_;
  std::map<ServiceName, TakeoverCounts> counts_;
  TakeoverTimes times_;
  std::deque<TakeoverStory> last_;
};

}  // namespace hapx::appliance
