// SPDX-License-Identifier: Apache-2.0
// Where should each service be?
//
// The coordinator's part of the brain: turns what the members report into the scheduler's facts,
// and the scheduler's answer into assignments. It keeps two things that no report says: moves that
// an operator ordered and that have not arrived yet, and how long an assignment has been on its
// way. What it decides is a wish (appliance/scheduler.hpp); the lease makes it safe.
//
// Liveness: an assignment that is on its way counts as a place, so that the time between "stopped
// here" and "started there" never invites a third node.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "appliance/scheduler.hpp"
#include "config/archived.hpp"
#include "config/cluster_config.hpp"
#include "membership/view.hpp"

namespace hapx::appliance {

class Coordination {
 public:
  explicit Coordination(const ClusterConfig& config);

  /// Schedules on what `view` says now. The result differs from the plan in force only where the
  /// scheduler says so.
  [[nodiscard]] std::vector<membership::Assignment> assignments(const membership::View& view,
                                                                Instant now);

  /// Judges an operator's move, and remembers it if it can be obeyed; the next assignments()
  /// obeys. REQUIRES: the order is a Move.
  [[nodiscard]] membership::OrderAnswer judge(const membership::Order& order,
                                              const membership::View& view, Instant now);
  /// What is wrong with a standing order, if anything is: what it is about must be in our file.
  [[nodiscard]] std::optional<std::string> objection(const membership::RecordChange& change) const;

  /// What the scheduler makes of `view`, for a window: also where this node does not coordinate.
  [[nodiscard]] Schedule judge_all(const membership::View& view, Instant now) const;

  /// When to ask again though nothing was reported: a failure expires, a move gives up.
  [[nodiscard]] std::optional<Instant> next_deadline() const;

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(moves_, on_their_way_, sights_, failure_over_);
  }

  struct Move {
    NodeName to;
    Instant until;  ///< gives up when it has not arrived by then
  };
  struct OnItsWay {
    NodeName node;
    Instant until;
  };

  /// What the nodes see of a service's kube-apiservers, and since when all of them agree on that.
  struct Sight {
    std::map<NodeName, std::uint32_t> seen;
    std::map<NodeName, std::uint32_t> counted;  ///< what the scheduler is told
    Instant since;
    bool comparable = true;  ///< they look at equally many
  };

  void look_at_api_servers(const membership::View& view, Instant now);
  [[nodiscard]] Facts facts(const membership::View& view, Instant now) const;
  [[nodiscard]] ServiceFacts service_facts(const ServiceConfig& service,
                                           const membership::View& view, Instant now) const;
  void forget_finished_moves(const membership::View& view, Instant now);

  ClusterConfig config_;
  std::map<ServiceName, Move> moves_;
  std::map<ServiceName, OnItsWay> on_their_way_;
  std::map<ServiceName, Sight> sights_;
  std::optional<Instant> failure_over_;  ///< the first of those that count, by the last plan
};

/// Whether a member takes part as far as the scheduler is concerned: it is heard, and it hears us
/// or holds something (a node that hears nobody can win no lease).
[[nodiscard]] bool takes_part(const membership::MemberView& member);

/// What a member reports of one service; the default of all fields if it has not.
[[nodiscard]] membership::ServiceReport report_of(const membership::MemberView& member,
                                                  const ServiceName& service);

}  // namespace hapx::appliance
