// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/excuses.hpp"

namespace hapx::appliance::sim {

Excuses::Excuses(const ClusterConfig& config) : votes_(membership::votes_of(config)) {}

void Excuses::see(const Fact& fact) {
  const auto* excused = std::get_if<Excused>(&fact);
  if (excused != nullptr) until_[{excused->node, excused->as}] = excused->until;
}

bool Excuses::excused(Moment at, const NodeName& node, Excused::As as) const {
  const auto found = until_.find({node, as});
  return found != until_.end() && at < found->second;
}

}  // namespace hapx::appliance::sim
