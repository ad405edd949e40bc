// SPDX-License-Identifier: Apache-2.0
// Was anything wrong?
//
// Each checker is an object of its own with one sentence to defend. It sees every fact at the
// moment at which it becomes true, not samples, and keeps what it needs to judge the next one. It
// knows nothing of the nodes' beliefs and shares no code with what it judges. A checker counts only
// once a planted bug has been seen to trip it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "appliance/sim/excuses.hpp"
#include "appliance/sim/fact.hpp"
#include "appliance/sim/record_checkers.hpp"
#include "config/cluster_config.hpp"

namespace hapx::appliance::sim {

struct Violation {
  Moment at;
  std::string checker;
  std::string sentence;
};
using Violations = std::vector<Violation>;

/// Safety: at no instant do two kernels answer for one virtual address. Limit: an excused holder
/// doesn't count, and two may answer while all that their majorities must share is excused. Of two
/// nodes that go on by evidence: nor while questions may be lost, or the segment is split between
/// them with a tie-breaker on either side, nor until they had time to hear of each other then, or
/// since one of them goes on after a pause.
class OneKernelAnswers {
 public:
  /// One asks every second whether anybody else has the address.
  static constexpr Duration hearing = std::chrono::milliseconds(1200);

  explicit OneKernelAnswers(const ClusterConfig& config)
      : excuses_(config), by_evidence_(config.no_quorum_policy == NoQuorumPolicy::ignore) {}
  void see(Moment at, const Fact& fact, Violations& found);

 private:
  [[nodiscard]] bool promised_to_two(Moment at, const IpAddress& vip) const;
  [[nodiscard]] bool is_excused(Moment at, const membership::Votes& list) const;

  Excuses excuses_;
  bool by_evidence_;
  bool split_ = false;
  bool chance_ = false;
  Moment sighted_{};  ///< from then on evidence can be had, and was
  std::map<IpAddress, std::set<NodeName>> answering_;
  /// By which other lists of voters the address has been held.
  std::map<IpAddress, std::set<membership::Votes>> lists_;
  std::set<IpAddress> told_;  ///< one violation per overlap
};

/// Safety: nobody acts without a lease: while a fence is open, voters with more than half of all
/// votes have promised the address to that session until the fence's deadline or longer. Limit: an
/// excused holder goes on with what it had left, an excused voter counts as one that promised
/// (LEASE.md, rule 17). Of two nodes that go on by evidence an answer of the tie-breaker is worth
/// a promise to whoever asked, from the question on.
class ActsUnderLease {
 public:
  explicit ActsUnderLease(const ClusterConfig& config)
      : excuses_(config), by_evidence_(config.no_quorum_policy == NoQuorumPolicy::ignore) {}
  void see(Moment at, const Fact& fact, Violations& found);

 private:
  void judge(Moment at, const membership::LeaseKey& key, Violations& found) const;

  struct Promise {
    membership::Session to;
    Moment until;
  };
  struct Deadline {
    Moment until;
    membership::Votes list;  ///< by whose majority; empty: the world's
  };
  Excuses excuses_;
  bool by_evidence_;
  std::map<NodeName, Moment> vouched_until_;  ///< by the tie-breaker
  std::map<membership::LeaseKey, std::map<NodeName, Promise>> promises_;
  std::map<membership::LeaseKey, std::map<membership::Session, Deadline>> deadlines_;
};

/// Safety: a voter never promises a key to a second session while its first promise lasts, nor
/// after a loss of its memory. Limit: unless it is excused.
class VotersKeepPromises {
 public:
  explicit VotersKeepPromises(const ClusterConfig& config) : excuses_(config) {}
  void see(Moment at, const Fact& fact, Violations& found);

 private:
  Excuses excuses_;
  std::map<std::pair<NodeName, membership::LeaseKey>, Promised> last_;
};

/// Safety: nothing is announced before the address is there and HAProxy serves.
class AnnouncedWhenServing {
 public:
  void see(Moment at, const Fact& fact, Violations& found);
};

/// Safety: what another host has is not taken from it: an address that none of ours had for long is
/// added only if nobody answers for it. Limit: nothing is said while chance reigns (all probes may
/// be lost), nor where the other host has only just come, nor of a machine that was paused lately:
/// it can't know that what it remembers was long ago (LEASE.md, rule 17).
class NothingIsTakenFromOthers {
 public:
  /// Nodes know of each other's holding until the holder is dead for them, and 10 s longer.
  static constexpr Duration long_ago = std::chrono::seconds(30);
  static constexpr Duration only_just = std::chrono::seconds(1);

  void see(Moment at, const Fact& fact, Violations& found);

 private:
  struct Place {
    std::set<NodeName> answering;
    std::optional<Moment> ours_until;
    std::optional<Moment> claimed_since;
  };
  bool chance_ = false;
  std::map<IpAddress, Place> places_;
  std::map<NodeName, Moment> unaware_until_;  ///< of how much time has passed
};

/// Safety: releasing is a reflex: the step that finds the right ended also asks for the address's
/// removal, and waits for nothing.
class ReleaseIsReflex {
 public:
  void see(Moment at, const Fact& fact, Violations& found);
};

/// Safety: VIP, then HAProxy; stopped in reverse: HAProxy never serves a service whose addresses
/// are not here.
class VipThenHaproxy {
 public:
  void see(Moment at, const Fact& fact, Violations& found);
};

/// Liveness: a node that was woken at its deadline names one that is ahead, or none: it never
/// spins.
class SleepsBetween {
 public:
  void see(Moment at, const Fact& fact, Violations& found);
};

/// Liveness: nobody floods: in any tenth of a second a machine sends said_max datagrams at most,
/// whoever answers whom. (A node that slept answers all that its socket kept for it.)
class NobodyFloods {
 public:
  static constexpr Duration stretch = std::chrono::milliseconds(100);
  static constexpr unsigned said_max = 1000;

  void see(Moment at, const Fact& fact, Violations& found);

 private:
  struct Stretch {
    Moment since;
    unsigned said = 0;
  };
  std::map<NodeName, Stretch> stretches_;
};

/// Liveness: with a stable majority every service has a holder within the bound.
class ServedInTime {
 public:
  explicit ServedInTime(const ClusterConfig& config, Duration bound);
  void see(Moment at, const Fact& fact, Violations& found);

 private:
  Duration bound_;
  std::optional<Moment> stable_since_;
  std::map<IpAddress, std::optional<Moment>> unserved_since_;
};

/// Liveness: nothing moves without a reason: an address changes its place only within the settling
/// time after something was done to the cluster.
class NothingMovesIdly {
 public:
  explicit NothingMovesIdly(Duration settling) : settling_(settling) {}
  void see(Moment at, const Fact& fact, Violations& found);

 private:
  Duration settling_;
  bool chance_ = false;
  std::optional<Moment> disturbed_;  ///< last time
};

/// Liveness: nothing flaps: in any stretch of time an address changes its place at most
/// moves_at_once times, and once more for each thing that is done to the cluster in it. Limit:
/// nothing is said while chance reigns.
class MovesPerFault {
 public:
  /// To each of three nodes once: those that were apart obey the plan that each has seen last,
  /// until all have seen the newest.
  static constexpr unsigned moves_at_once = 3;

  void see(Moment at, const Fact& fact, Violations& found);

 private:
  struct Place {
    std::set<NodeName> answering;
    std::optional<NodeName> last;  ///< the last that answered alone
    unsigned moves_left = moves_at_once;
  };
  bool chance_ = false;
  std::map<IpAddress, Place> places_;
  std::map<NodeName, Moment> unaware_until_;  ///< of how much time has passed
};

/// Safety: whatever a node has decided can be decided again from what was recorded of it, and comes
/// out alike: it depends on nothing else.
class DecidesTheSameAgain {
 public:
  void see(Moment at, const Fact& fact, Violations& found);
};

/// How long things may take.
struct Patience {
  Duration served = std::chrono::seconds(8);    ///< M, and a few seconds to start things
  Duration settled = std::chrono::seconds(10);  ///< from the last disturbance to the last move
};

/// All of them.
class Checkers {
 public:
  explicit Checkers(const ClusterConfig& config, const Patience& patience = {});

  void see(Moment at, const Fact& fact);
  /// In the order in which they were found; at most a hundred are kept.
  [[nodiscard]] const Violations& violations() const { return violations_; }

 private:
  OneKernelAnswers one_kernel_answers_;
  ActsUnderLease acts_under_lease_;
  VotersKeepPromises voters_keep_promises_;
  AnnouncedWhenServing announced_when_serving_;
  NothingIsTakenFromOthers nothing_is_taken_from_others_;
  ReleaseIsReflex release_is_reflex_;
  VipThenHaproxy vip_then_haproxy_;
  SleepsBetween sleeps_between_;
  NobodyFloods nobody_floods_;
  ServedInTime served_in_time_;
  NothingMovesIdly nothing_moves_idly_;
  MovesPerFault moves_per_fault_;
  OrdersOutlive orders_outlive_;
  StandbyHoldsNothing standby_holds_nothing_;
  DecidesTheSameAgain decides_the_same_again_;
  Violations violations_;
};

}  // namespace hapx::appliance::sim
