// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/routing.hpp"

#include <algorithm>

#include "appliance/sim/world.hpp"

namespace hapx::appliance::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration end_heard = 1ms;          // the control socket is closed
constexpr Duration look_interval = 100ms;    // of the door that speaks with BIRD
constexpr Duration switch_takes = 100us;     // as measured
constexpr Duration route_takes_min = 500us;  // to the router, as measured
constexpr Duration route_takes_max = 1500us;

}  // namespace

void RoutingDaemon::begin() {
  runs_ = true;
}

void RoutingDaemon::end() {
  runs_ = false;
  on_.clear();
}

void RoutingDaemon::set_switch(const IpAddress& address, bool on) {
  if (!on) {
    on_.erase(address);
  } else if (runs_) {
    on_.insert(address);
  }
}

std::string RoutingDaemon::obstacle() const {
  if (!runs_) return "BIRD does not run";
  if (!session_) return "BIRD has no established BGP session";
  return {};
}

bool World::is_any_routed() const {
  return std::ranges::any_of(addresses_, [](const auto& entry) { return entry.second.routed; });
}

void World::tell_of_routing(Machine& machine, Duration after) {
  if (!machine.process) return;
  schedule_on(machine, after, [this, &machine, life = machine.process->life] {
    // As it is then: a look never tells of an earlier state after a later one.
    if (!machine.process || machine.process->life != life) return;
    for (const auto& [vip, address] : addresses_) {
      if (!address.routed || !machine.process || machine.process->life != life) continue;
      deliver(machine, vip::RoutingChanged{vip, machine.routing.obstacle(),
                                           machine.routing.switched_on(vip)});
    }
  });
}

void World::advertise(Machine& machine, const vip::Advertise& action) {
  machine.routing.set_switch(action.address, true);
  tell_of_routing(machine, switch_takes);
  schedule_on(machine, random_.between(route_takes_min, route_takes_max),
              [this, &machine, action, life = machine.process->life] {
                if (!machine.process || machine.process->life != life) return;
                const auto& [interface, address] = action;
                if (machine.routing.advertises(address)) {
                  deliver(machine, vip::AnnouncementSent{interface, address});
                } else {
                  const Error error{ErrorKind::failed, "BIRD does not advertise it", 0};
                  deliver(machine, vip::AnnouncementFailed{interface, address, error});
                }
              });
}

/// A router stays with the way that it has as long as it has it, so the worst is seen: one that is
/// advertised, and leads to a closed fence. A machine that stands still goes on with what it
/// showed.
void World::observe_route(const IpAddress& vip, Address& address) {
  std::set<NodeName> shown;
  std::optional<NodeName> way;
  for (const auto& [name, machine] : machines_) {
    if (!machine.powered || !machine.kernel.holds(vip) || !machine.routing.switched_on(vip))
      continue;
    shown.insert(name);
    if (!address.shown.contains(name) && machine.process)
      state(Announced{name, vip, true, machine.process->knowledge.haproxy_answered});
    if (!machine.runs() || !machine.routing.advertises(vip)) continue;
    if (!way || address.neighbour == name) way = name;
  }
  address.shown = std::move(shown);
  address.neighbour = way;
}

void World::stop_bird(const NodeName& node) {
  if (!is_any_routed()) return;
  disturb(node.text() + ": BIRD ends");
  Machine& it = machine(node);
  it.routing.end();
  tell_of_routing(it, end_heard);
  observe();
}

void World::start_bird(const NodeName& node) {
  if (!is_any_routed()) return;
  disturb(node.text() + ": BIRD begins");
  Machine& it = machine(node);
  it.routing.begin();
  tell_of_routing(it, random_.between(Duration(0), look_interval));
  observe();
}

void World::lose_sessions(const NodeName& node) {
  if (!is_any_routed()) return;
  disturb(node.text() + ": BIRD's sessions end");
  Machine& it = machine(node);
  it.routing.set_session(false);
  tell_of_routing(it, random_.between(Duration(0), look_interval));
  observe();
}

void World::regain_sessions(const NodeName& node) {
  if (!is_any_routed()) return;
  disturb(node.text() + ": BIRD's sessions are established");
  Machine& it = machine(node);
  it.routing.set_session(true);
  tell_of_routing(it, random_.between(Duration(0), look_interval));
  observe();
}

}  // namespace hapx::appliance::sim
