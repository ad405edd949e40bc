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
    if (&machine == speaker || !bears_vips(machine)) continue;
    if (speaker != nullptr && !segment_.carries(speaker->node.name, machine.node.name)) continue;
    hear(machine, frame_takes, claim);
  }
}

bool World::reaches_tie_breaker(const Machine& machine) const {
  const auto& config = options_.config.tie_breaker;
  return config && tie_breaker_up_ && machine.kernel.link(config->interface).carrier &&
         segment_.carries(machine.node.name, tie_breaker) &&
         segment_.carries(tie_breaker, machine.node.name);
}

bool World::reaches_clients(const NodeName& node) const {
  const NodeName& name = node_of(node);
  return segment_.carries(name, tie_breaker) && segment_.carries(tie_breaker, name);
}

void World::ask_tie_breaker(Machine& asker) {
  const TieBreakerConfig& config = *options_.config.tie_breaker;
  if (!reaches_tie_breaker(asker)) return;
  state(TieBreakerAnswered{asker.node.name, config_of(asker).timing.lease});
  tell(asker, 2 * frame_takes,
       vip::AddressClaimed{
           config.interface, {config.address, foreign_mac, {}, vip::ClaimKind::answer}, {}});
}

void World::cut_segment(const NodeName& a, const NodeName& b) {
  disturb("the segment of the addresses is cut between " + a.text() + " and " + b.text());
  segment_.cut(a, b);
  observe_split();
  observe();
}

void World::isolate(const NodeName& node) {
  disturb(node.text() + " is isolated, with a carrier");
  cut_off(node);
  for (const auto& [name, machine] : machines_)
    if (machine.node.name != node) segment_.cut(node, machine.node.name);
  segment_.cut(node, tie_breaker);
  etcd_.cut(node);
  changed();
  observe_split();
  observe();
}

void World::end_tie_breaker() {
  disturb("the tie-breaker ends");
  tie_breaker_up_ = false;
  observe();
}

void World::begin_tie_breaker() {
  disturb("the tie-breaker begins");
  tie_breaker_up_ = true;
  observe();
}

/// The one case in which evidence can't tell two nodes which of them is cut off.
void World::observe_split() {
  bool is_split = false;
  for (const auto& [a, one] : machines_) {
    for (const auto& [b, other] : machines_) {
      const bool cut = !segment_.carries(one.node.name, other.node.name);
      is_split = is_split || (cut && reaches_clients(a) && reaches_clients(b));
    }
  }
  if (std::exchange(split_, is_split) != is_split) state(SegmentSplit{is_split});
}

void World::probe(Machine& asker, const InterfaceName& interface, const IpAddress& vip) {
  if (random_.chance(network_.weather().loss_permille)) return;
  if (const auto& config = options_.config.tie_breaker; config && config->address == vip)
    return ask_tie_breaker(asker);
  say(&asker, {vip, asker.kernel.link(interface).mac, {}, vip::ClaimKind::probe});
  const auto found = addresses_.find(vip);
  if (found == addresses_.end()) return;
  if (found->second.claimed) {
    hear(asker, 2 * frame_takes, {vip, foreign_mac, {}, vip::ClaimKind::answer});
  }
  for (const NodeName& answering : found->second.answering) {
    const Machine& other = machines_.at(answering);
    if (&other == &asker) continue;
    const NodeName& from = asker.node.name;
    const NodeName& to = other.node.name;
    if (!segment_.carries(from, to) || !segment_.carries(to, from)) continue;
    hear(asker, 2 * frame_takes,
         {vip, other.kernel.link(interface).mac, {}, vip::ClaimKind::answer});
  }
}

}  // namespace hapx::appliance::sim
