// SPDX-License-Identifier: Apache-2.0
// Were standing orders kept, and obeyed?
//
// Two more checkers, for the record's sentences (docs/architecture.md). They know what operators
// asked and were answered, and by which orders coordinators plan; they know nothing of copies,
// ballots and disks.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "appliance/sim/excuses.hpp"
#include "appliance/sim/fact.hpp"
#include "membership/record.hpp"

namespace hapx::appliance::sim {

struct Violation;
using Violations = std::vector<Violation>;

/// What operators may count on: given and acknowledged, and nobody has asked to lift it since.
class AcknowledgedOrders {
 public:
  struct Standing {
    Moment since;
    std::optional<Moment> until;
  };

  void see(Moment at, const Fact& fact);
  [[nodiscard]] const std::map<membership::Subject, Standing>& all() const { return standing_; }

 private:
  [[nodiscard]] bool is_being_lifted(const membership::Subject& subject) const;

  std::map<membership::Subject, Standing> standing_;
  std::map<std::uint64_t, StandingOrderAsked> asked_;  ///< and not answered: it may yet happen
};

/// Safety: the record never loses an acknowledged order: whoever coordinates plans by all of them,
/// or says that orders may be stale. Limit: an excused coordinator may not know yet that another
/// one has followed it; its plans bind nobody who has heard that one. Of two nodes that each go on
/// alone neither knows what the other one acknowledged, until they have met and read each other.
class OrdersOutlive {
 public:
  static constexpr Duration meeting_takes = std::chrono::seconds(2);

  explicit OrdersOutlive(const ClusterConfig& config) : excuses_(config) {}
  void see(Moment at, const Fact& fact, Violations& found);

 private:
  Excuses excuses_;
  AcknowledgedOrders acknowledged_;
  Moment meeting_until_{};
  std::set<membership::Subject> told_;
};

/// Safety: a node in standby is given nothing: once what was on its way when the order was
/// acknowledged has had time to arrive, it answers for no address. Limit: orders that may be stale
/// bind nobody, and an excused holder goes on with what it had left. In maintenance, and until
/// somebody has planned after its end, everybody keeps what he has; at its end he puts back what
/// somebody has taken from it. Voters that have begun anew know no plan: what a node takes from
/// them by one from before, it gives back as soon as it is told the present one.
class StandbyHoldsNothing {
 public:
  explicit StandbyHoldsNothing(const ClusterConfig& config)
      : excuses_(config), lease_(config.timing.lease) {}
  void see(Moment at, const Fact& fact, Violations& found);

 private:
  [[nodiscard]] bool is_bound(Moment at, const NodeName& node) const;

  Excuses excuses_;
  Duration lease_;
  AcknowledgedOrders acknowledged_;
  bool stale_ = false;
  Moment maintained_until_{};  ///< the last plan of it has been followed by another
  /// What was taken in standby, and since when it has been answered for.
  std::map<std::pair<NodeName, IpAddress>, Moment> taken_;
};

}  // namespace hapx::appliance::sim
