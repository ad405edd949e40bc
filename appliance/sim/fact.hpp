// SPDX-License-Identifier: Apache-2.0
// What did really happen?
//
// A fact is what the world itself knows, in true time and whatever any node believes: which kernel
// answers, what a voter's memory holds, how long a fence stays open. The world states facts, the
// checkers judge them, and a test can write a history of them by hand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "appliance/sim/clock.hpp"
#include "config/ids.hpp"
#include "config/net.hpp"
#include "membership/ballot.hpp"
#include "membership/report.hpp"

namespace hapx::appliance::sim {

/// A kernel began or ceased to answer ARP for an address.
struct KernelAnswers {
  NodeName node;
  IpAddress vip;
  bool answers = false;
};

/// A machine does what the lease is not made for (a pause, a clock beyond all bounds; LEASE.md,
/// rule 17). As a holder it may act for longer than it was promised, as a voter promise again too
/// soon.
struct Excused {
  enum class As : std::uint8_t { holder, voter };
  NodeName node;
  As as = As::holder;
  Moment until;  ///< by then everything that came of it has ended; Moment::max(): it goes on
};

/// A voter's memory now holds a promise. It lasts for a while of the voter's own clock, whose rate
/// may yet change; true time is what it would be if it did not.
struct Promised {
  membership::Session voter;
  membership::LeaseKey key;
  membership::Session to;
  Moment until;
  Instant clock;   ///< what the voter's clock says now
  Instant expiry;  ///< and what it will say at the end
};

/// A voter's memory holds no promise any more, though the last one has not ended.
struct PromiseForgotten {
  NodeName voter;
  membership::LeaseKey key;
};

/// A machine's clock runs at another rate from now on: what it counts down ends at another moment.
struct ClockRateChanged {
  membership::Session session;  ///< a clone of the node has a clock of its own
  unsigned before_permille = 1000;
  unsigned after_permille = 1000;

  /// The moment that was to be `until` before the change, which happens `at`.
  [[nodiscard]] Moment rescaled(Moment at, Moment until) const {
    return until <= at ? until : at + (until - at) * before_permille / after_permille;
  }
};

struct DeadlineExtended {
  membership::Session session;
  IpAddress vip;
  Moment until;
  membership::Votes list{};  ///< by whose majority, if its file names others than the world's
};

struct FenceClosed {
  membership::Session session;
  IpAddress vip;
};

struct Announced {
  NodeName node;
  IpAddress vip;
  bool address_known = false;  ///< the kernel had acknowledged it, and nothing had ended it
  bool haproxy_known = false;  ///< HAProxy had answered, and nothing had ended it
};

/// A host that is none of ours has an address and answers for it, or does so no more.
struct ForeignClaims {
  IpAddress vip;
  bool claims = false;
};

/// The tie-breaker got a question of this node, and its answer is on its way.
struct TieBreakerAnswered {
  NodeName node;
  Duration lease;  ///< by its file
};

/// The segment of the VIPs fell in two parts, in each of which a node and the tie-breaker (or what
/// answers for it) hear each other, or is whole again.
struct SegmentSplit {
  bool is_split = false;
};

/// A kernel was given an address that it did not have.
struct AddressTaken {
  NodeName node;
  IpAddress vip;
};

/// A process has carried out all that one event led to.
struct StepEnded {
  struct Held {
    IpAddress vip;
    bool deadline_ahead = false;
    bool removal_asked = false;
  };
  struct Books {
    ServiceName service;
    bool vip_started = false;
    bool haproxy_started = false;
    bool addresses_known = false;  ///< the kernel had acknowledged all of them
  };
  NodeName node;
  bool sleeps = true;        ///< false: again and again its next deadline was not ahead
  unsigned said = 0;         ///< so many datagrams in this step
  std::vector<Held> held;    ///< on its kernel's interfaces
  std::vector<Books> books;  ///< of the services that it says it holds
};

/// A client's connection to the address is answered by this node's HAProxy, or by nobody.
struct Serving {
  IpAddress vip;
  std::optional<NodeName> by;
};

/// Something was done to the cluster: a fault, its end, or an order.
struct Disturbed {
  std::string what;
};

/// What is to be expected of the cluster as it now is.
struct Outlook {
  /// Enough healthy nodes that hear each other, one fit to hold, and no foreign host in its place.
  bool stable_majority = false;
  /// Datagrams are lost, a clock runs as no clock should, or a name is that of two machines:
  /// anything may have a reason.
  bool chance = false;
};

/// An operator asks for a standing order, or for its end.
struct StandingOrderAsked {
  std::uint64_t request = 0;
  membership::Subject subject;
  bool gives = true;
  std::optional<Moment> until;
};

struct StandingOrderAnswered {
  std::uint64_t request = 0;
  membership::OrderOutcome outcome = membership::OrderOutcome::unknown;
};

/// By these orders a coordinator plans.
struct OrdersInForce {
  NodeName coordinator;
  bool stale = false;  ///< it says that it could not read them all
  std::vector<membership::Subject> subjects;
  bool alone = false;  ///< of two, and doesn't hear the other one
};

/// What a node had recorded was decided again, by a node made of the recording.
struct RecordingReplayed {
  NodeName node;
  std::string difference;  ///< empty: as recorded
};

/// Time passes.
struct Tick {};

using Fact =
    std::variant<KernelAnswers, Excused, Promised, PromiseForgotten, ClockRateChanged,
                 DeadlineExtended, FenceClosed, Announced, StepEnded, Serving, Disturbed, Outlook,
                 Tick, StandingOrderAsked, StandingOrderAnswered, OrdersInForce, ForeignClaims,
                 AddressTaken, TieBreakerAnswered, SegmentSplit, RecordingReplayed>;

}  // namespace hapx::appliance::sim
