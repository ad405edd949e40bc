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
  [[nodiscard]] const std::map<NodeName, unsigned>& votes() const { return votes_; }
  [[nodiscard]] unsigned votes_total() const { return votes_total_; }

 private:
  std::map<NodeName, unsigned> votes_;
  unsigned votes_total_ = 0;
  std::map<std::pair<NodeName, Excused::As>, Moment> until_;
};

}  // namespace hapx::appliance::sim
