// SPDX-License-Identifier: Apache-2.0
// Of whom may a checker not demand what it demands of the others, and until when?
#pragma once

#include <map>
#include <utility>

#include "appliance/sim/fact.hpp"
#include "config/cluster_config.hpp"

namespace hapx::appliance::sim {

/// Who does what the lease is not made for, and whose votes that may spoil.
class Excuses {
 public:
  explicit Excuses(const ClusterConfig& config);
  void see(const Fact& fact);

  [[nodiscard]] bool excused(Moment at, const NodeName& node, Excused::As as) const;
  [[nodiscard]] const membership::Votes& votes() const { return votes_; }

 private:
  membership::Votes votes_;
  std::map<std::pair<NodeName, Excused::As>, Moment> until_;
};

}  // namespace hapx::appliance::sim
