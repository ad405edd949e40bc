// SPDX-License-Identifier: Apache-2.0
// How much does a service want each node, and which nodes are out of the question?
//
// A score is a sum of terms, and each term knows why it is there: whoever explains a decision
// reads the same terms that made it. A node that is absent (in any of the ways below) keeps its
// scores, but is never a candidate.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "appliance/scheduler_facts.hpp"
#include "appliance/scheduler_present.hpp"

namespace hapx::appliance {

/// Why a score has a term.
enum class Because : std::uint8_t {
  runs_here,       ///< stickiness
  unmanaged_here,  ///< it stays where it is
  location,        ///< the file's preference or ban
  banned,          ///< the operator's standing order
  moved_here,      ///< the operator's one-shot move
  failed_too_often,
  must_stop,
  haproxy_unfit,
};

struct ScoreTerm {
  Resource resource = Resource::vip;
  Because because = Because::runs_here;
  Score amount;
};

/// Why a node can't be given a service, whatever the score.
enum class Absence : std::uint8_t {
  none,  ///< it is available
  witness,
  offline,
  standby,
  maintenance,
  emptied,   ///< a failure has put it in standby (onFail: standby)
  obstacle,  ///< can't hold this service's VIPs: no carrier, no fence
};

struct NodeScore {
  Absence absence = Absence::none;
  std::vector<ScoreTerm> terms;
  Score vip;      ///< the VIP's own
  Score haproxy;  ///< HAProxy's own
  Score total;    ///< what the VIP's choice looks at

  [[nodiscard]] bool available() const { return absence == Absence::none; }
  [[nodiscard]] bool candidate() const { return available() && total >= Score(0); }
};

struct ServiceScores {
  std::map<NodeName, NodeScore> nodes;
  /// HAProxy is barred from every candidate, so its part is left out of all totals: that it can't
  /// run must not take the VIP down.
  bool haproxy_left_out = false;
};

[[nodiscard]] ServiceScores score_service(const Facts& facts, const Present& present,
                                          const ServiceFacts& service,
                                          const PresentService& running);

}  // namespace hapx::appliance
