// SPDX-License-Identifier: Apache-2.0
// What do hosts hear of each other on the segment of the VIPs?
#include "appliance/sim/world.hpp"

namespace hapx::appliance::sim {
namespace {

/// From one host's kernel to another's process.
constexpr Duration frame_takes = std::chrono::microseconds(100);

}  // namespace

void World::hear(Machine& machine, Duration after, const vip::Claim& claim) {
  for (const ServiceConfig& service : options_.config.services) {
    for (const VipConfig& vip : service.vips) {
      if (vip.address.address != claim.address) continue;
      if (!machine.runs() || !machine.kernel.link(vip.interface).carrier) continue;
      tell(machine, after, vip::AddressClaimed{vip.interface, claim, {}});
    }
  }
}

void World::say(const Machine* speaker, const vip::Claim& claim) {
  for (auto& [name, machine] : machines_) {
    if (&machine != speaker && bears_vips(machine)) hear(machine, frame_takes, claim);
  }
}

void World::probe(Machine& asker, const InterfaceName& interface, const IpAddress& vip) {
  if (random_.chance(network_.weather().loss_permille)) return;
  say(&asker, {vip, asker.kernel.link(interface).mac, {}, vip::ClaimKind::probe});
  const auto found = addresses_.find(vip);
  if (found == addresses_.end()) return;
  if (found->second.claimed) {
    hear(asker, 2 * frame_takes, {vip, foreign_mac, {}, vip::ClaimKind::answer});
  }
  for (const NodeName& answering : found->second.answering) {
    const Machine& other = machines_.at(answering);
    if (&other == &asker) continue;
    hear(asker, 2 * frame_takes,
         {vip, other.kernel.link(interface).mac, {}, vip::ClaimKind::answer});
  }
}

}  // namespace hapx::appliance::sim
