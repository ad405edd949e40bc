// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/network.hpp"

namespace hapx::appliance::sim {

std::vector<Duration> Network::carry(const NodeName& from, const NodeName& to, std::size_t way) {
  // Chance is drawn even across a cut, so that healing one does not change all that follows.
  const bool lost = random_.chance(weather_.loss_permille);
  const bool doubled = random_.chance(weather_.duplicate_permille);
  const Duration first = random_.between(weather_.delay_min, weather_.delay_max);
  const Duration second = random_.between(weather_.delay_min, weather_.delay_max);
  if (lost || !carries(from, to, way)) return {};
  if (doubled) return {first, second};
  return {first};
}

void Network::cut_one_way(const NodeName& from, const NodeName& to) {
  cuts_.insert({from, to});
}

void Network::cut(const NodeName& a, const NodeName& b) {
  cut_one_way(a, b);
  cut_one_way(b, a);
}

void Network::cut_way(const NodeName& a, const NodeName& b, std::size_t way) {
  ways_cut_.insert({a, b, way});
  ways_cut_.insert({b, a, way});
}

void Network::heal(const NodeName& a, const NodeName& b) {
  std::erase_if(ways_cut_, [&](const auto& cut) {
    const auto& [from, to, way] = cut;
    return (from == a && to == b) || (from == b && to == a);
  });
  cuts_.erase({a, b});
  cuts_.erase({b, a});
}

void Network::heal_all() {
  cuts_.clear();
  ways_cut_.clear();
}

bool Network::carries(const NodeName& from, const NodeName& to, std::size_t way) const {
  return !cuts_.contains({from, to}) && !ways_cut_.contains({from, to, way});
}

}  // namespace hapx::appliance::sim
