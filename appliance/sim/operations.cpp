// SPDX-License-Identifier: Apache-2.0
// What a person, or fate, can do to the simulated world.
#include <algorithm>

#include "appliance/sim/world.hpp"
#include "membership/promise_memory.hpp"

namespace hapx::appliance::sim {

using namespace std::chrono_literals;

namespace {
const NodeName foreigner("foreigner");  ///< no machine's name: it never answers as one of ours
}

void World::power_on(const NodeName& node, Duration boot_takes) {
  Machine& it = machine(node);
  if (it.powered) return;
  disturb(node.text() + ": power on");
  it.powered = true;
  for (std::uint8_t& byte : it.boot.bytes) byte = static_cast<std::uint8_t>(random_.next());
  if (++it.boots == 1) return start(node);
  it.kernel = Kernel(it.options.kernel, random_.next());
  it.routing.begin();
  it.earlier_memory.clear();
  it.met = false;
  it.meets_since.reset();
  it.start_due = false;
  it.clock = MachineClock(Instant{}, now_, it.clock.rate_permille());
  std::erase_if(accepted_, [&](const auto& each) { return each.first.first == node; });
  schedule_on(it, boot_takes, [this, node] { start(node); });
}

void World::power_off(const NodeName& node) {
  Machine& it = machine(node);
  if (!it.powered) return;
  disturb(node.text() + ": power off");
  it.powered = false;
  it.paused = false;
  it.postponed.clear();
  it.failures.clear();
  if (it.clock.stopped()) it.clock.go_on(now_);
  it.keeper = KeeperState::absent;
  it.haproxy.restart_keeper();
  it.routing.end();
  end_process(it);
  observe();
}

void World::start(const NodeName& node) {
  Machine& it = machine(node);
  if (!it.runs() || it.process || it.keeper != KeeperState::absent) return;
  it.keeper = KeeperState::running;
  start_process(it, Inherits::nothing);
  observe();
}

void World::start_all() {
  for (const NodeConfig& node : options_.config.nodes) power_on(node.name);
}

void World::stop(const NodeName& node) {
  disturb(node.text() + ": SIGTERM");
  deliver(machine(node), StopRequested{"SIGTERM"});
  observe();
}

void World::kill(const NodeName& node) {
  Machine& it = machine(node);
  if (!it.runs() || !it.process) return;
  disturb(node.text() + ": hapxd is killed");
  restart_in_flight(it);
  observe();
}

void World::kill_with_keeper(const NodeName& node) {
  Machine& it = machine(node);
  if (!it.runs()) return;
  disturb(node.text() + ": hapxd and its keeper are killed");
  it.keeper = KeeperState::absent;
  end_process(it);
  observe();
}

void World::kill_keeper(const NodeName& node) {
  Machine& it = machine(node);
  if (!it.runs() || it.keeper == KeeperState::absent) return;
  disturb(node.text() + ": hapxd's keeper is killed");
  it.keeper = KeeperState::absent;
  tell(it, 1ms, StopRequested{"the keeper is gone"});
}

void World::freeze(const NodeName& node) {
  Machine& it = machine(node);
  if (!it.thinks()) return;
  disturb(node.text() + ": hapxd is frozen");
  it.process->frozen = true;
  const Duration patience = config_of(it).timing.lease / 3 + random_.between(Duration(0), 10ms);
  schedule_on(it, patience, [this, &it, life = it.process->life] {
    if (it.keeper != KeeperState::running) return;
    if (!it.process || it.process->life != life || !it.process->frozen) return;
    note(it.node.name.text() + " ** the keeper kills the frozen process");
    restart_in_flight(it);
  });
}

void World::freeze_with_keeper(const NodeName& node) {
  Machine& it = machine(node);
  if (!it.thinks() || it.keeper != KeeperState::running) return;
  disturb(node.text() + ": hapxd and its keeper are frozen");
  it.process->frozen = true;
  it.keeper = KeeperState::frozen;
}

void World::resume(const NodeName& node) {
  Machine& it = machine(node);
  if (!it.runs()) return;
  disturb(node.text() + ": resumed");
  if (it.keeper == KeeperState::frozen) it.keeper = KeeperState::running;
  if (it.process) {
    it.process->frozen = false;
    drain_inbox(it);
  } else if (it.keeper == KeeperState::running) {
    restart_in_flight(it);
  }
  observe();
}

void World::pause_machine(const NodeName& node) {
  Machine& it = machine(node);
  if (!it.runs()) return;
  disturb(node.text() + ": the machine is paused");
  it.paused = true;
  it.clock.stop(now_);
  observe();
}

void World::unpause_machine(const NodeName& node) {
  Machine& it = machine(node);
  if (!it.powered || !it.paused) return;
  disturb(node.text() + ": the machine goes on");
  it.paused = false;
  it.clock.go_on(now_);
  excuse(it, Excused::As::holder);
  for (const auto& happen : std::exchange(it.postponed, {})) happen();
  drain_inbox(it);
  observe();
}

void World::set_clock_rate(const NodeName& node, unsigned rate_permille) {
  disturb(node.text() + ": clock at " + std::to_string(rate_permille) + " permille");
  Machine& it = machine(node);
  const unsigned before = it.clock.rate_permille();
  state(ClockRateChanged{{node, it.boot}, before, rate_permille});
  it.clock.set_rate(now_, rate_permille);
  if (std::min(before, rate_permille) < clock_rate_min) excuse(it, Excused::As::holder);
  if (std::max(before, rate_permille) <= clock_rate_max) return;
  excuse(it, Excused::As::voter);
  excuse_arbiter();
}

void World::repair_clock(const NodeName& node) {
  if (!machine(node).keeps_time()) set_clock_rate(node, 1000);
}

void World::clone(const NodeName& node, Duration boot_takes) {
  const Machine& original = machine(node);
  const NodeName name(node.text() + "-clone");
  const auto former = machines_.find(name);
  if (former != machines_.end() && former->second.powered) return;
  MachineOptions options = original.options;
  options.name = name;
  Machine& copy = former != machines_.end() ? former->second : build(options, original.node);
  copy.marker = original.marker;
  copy.disk.file = original.disk.file;
  copy.boots = std::max(copy.boots, std::uint64_t{1});  // an image starts from power-on
  power_on(name, boot_takes);
  excuse(original, Excused::As::voter);  // its vote is cast twice
}

bool World::has_clones() const {
  return std::any_of(machines_.begin(), machines_.end(), [](const auto& entry) {
    return entry.second.is_clone() && entry.second.powered;
  });
}

void World::end_clone(const NodeName& node) {
  const auto copy = machines_.find(NodeName(node.text() + "-clone"));
  if (copy == machines_.end() || !copy->second.powered) return;
  power_off(copy->first);
  for (auto& [vip, address] : addresses_) {  // the first one has no reason to announce itself
    if (address.neighbour == copy->first) address.neighbour.reset();  // the client asks anew
  }
  observe();
  excuse(machine(node), Excused::As::voter);
}

void World::excuse(const Machine& machine, Excused::As as) {
  const unsigned rate = machine.clock.rate_permille();
  bool goes_on = as == Excused::As::holder ? rate < clock_rate_min : rate > clock_rate_max;
  Duration longest = machine.longest_lease;
  if (as == Excused::As::voter) {  // whoever asked it may rely on what it forgets
    for (const auto& [name, each] : machines_) {
      longest = std::max(longest, each.longest_lease);
      const bool same_node = each.node.name == machine.node.name;
      goes_on = goes_on || (same_node && each.is_clone() && each.powered);
    }
  }
  // It is counted down by a clock that may be slow.
  const Moment end = now_ + longest * 5 / 4;
  state(Excused{machine.node.name, as, goes_on ? Moment::max() : end});
}

void World::cut(const NodeName& a, const NodeName& b) {
  disturb("cut " + a.text() + " from " + b.text());
  network_.cut(a, b);
  observe();
}

void World::cut_way(const NodeName& a, const NodeName& b, std::size_t way) {
  disturb("cut way " + std::to_string(way) + " between " + a.text() + " and " + b.text());
  network_.cut_way(a, b, way);
  observe();
}

void World::cut_one_way(const NodeName& from, const NodeName& to) {
  disturb("cut the way from " + from.text() + " to " + to.text());
  network_.cut_one_way(from, to);
  observe();
}

void World::cut_off(const NodeName& node) {
  for (const NodeConfig& other : options_.config.nodes) {
    if (other.name != node) cut(node, other.name);
  }
}

void World::heal(const NodeName& a, const NodeName& b) {
  disturb("heal " + a.text() + " and " + b.text());
  network_.heal(a, b);
  observe();
}

void World::heal_all() {
  disturb("heal all");
  network_.heal_all();
  segment_.heal_all();
  etcd_.heal_all();
  observe_split();
  observe();
}

void World::set_weather(const Weather& weather) {
  disturb("the weather changes: " + std::to_string(weather.loss_permille) + " permille are lost");
  network_.set_weather(weather);
  observe();
}

void World::link_down(const NodeName& node, const InterfaceName& interface) {
  disturb(node.text() + ": " + interface.text() + " loses its carrier");
  machine(node).kernel.set_carrier(interface, false);
  pass_on_notices(machine(node));
  observe();
}

void World::link_up(const NodeName& node, const InterfaceName& interface) {
  disturb(node.text() + ": " + interface.text() + " has a carrier");
  machine(node).kernel.set_carrier(interface, true);
  pass_on_notices(machine(node));
  observe();
}

void World::remove_interface(const NodeName& node, const InterfaceName& interface) {
  disturb(node.text() + ": " + interface.text() + " is removed");
  machine(node).kernel.set_present(interface, false);
  pass_on_notices(machine(node));
  observe();
}

void World::create_interface(const NodeName& node, const InterfaceName& interface) {
  disturb(node.text() + ": " + interface.text() + " is created");
  machine(node).kernel.set_present(interface, true);
  pass_on_notices(machine(node));
  observe();
}

void World::delete_vip(const NodeName& node, const IpAddress& vip) {
  if (!machine(node).runs()) return;
  disturb(node.text() + ": somebody deletes " + to_string(vip));
  machine(node).kernel.delete_address(vip);
  pass_on_notices(machine(node));
  observe();
}

void World::flush_addresses(const NodeName& node) {
  if (!machine(node).runs()) return;
  disturb(node.text() + ": somebody flushes all addresses");
  machine(node).kernel.flush_addresses();
  pass_on_notices(machine(node));
  observe();
}

void World::flush_filters(const NodeName& node) {
  if (!machine(node).runs()) return;
  disturb(node.text() + ": somebody removes the fence's filter");
  machine(node).kernel.detach_filter();
  pass_on_notices(machine(node));
  observe();
}

void World::fail_next(const NodeName& node, Door door, unsigned calls) {
  disturb(node.text() + ": calls are going to fail");
  machine(node).failures[door] = calls;
}

void World::replay(std::uint64_t choice) {
  if (recorder_.empty()) return;
  // A reason for moves: one that was lost when it was said is new to its receiver, if only late.
  disturb("somebody sends again what was said before");
  Random random(choice);
  const std::uint64_t count = random.between(std::uint64_t{1}, replays_max);
  for (std::uint64_t i = 0; i < count; ++i) {
    const Recording again = recorder_.draw(random);
    const bool to_all = random.chance(300);
    const Duration under_way = random.between(Duration(0), 20ms);
    for (auto& [name, machine] : machines_) {
      if (machine.node.links.size() < again.datagram.way) continue;
      const IpAddress& address = address_of(machine.node, again.datagram.way);
      if (!to_all && again.datagram.to.address != address) continue;
      arrive(machine, under_way, again.datagram.way, again.from, again.datagram.bytes);
    }
  }
}

void World::foreign_claims(const IpAddress& vip) {
  if (addresses_.at(vip).routed) return;  // it would have to be heard on a segment
  disturb("a foreign host claims " + to_string(vip));
  Address& address = addresses_.at(vip);
  address.claimed = true;
  address.neighbour = foreigner;
  state(ForeignClaims{vip, true});
  say(nullptr, {vip, foreign_mac, {}, vip::ClaimKind::announcement});
  observe();
}

void World::foreign_goes(const IpAddress& vip) {
  Address& address = addresses_.at(vip);
  if (!address.claimed) return;
  disturb("the foreign host is gone that claimed " + to_string(vip));
  address.claimed = false;
  state(ForeignClaims{vip, false});
  if (address.neighbour == foreigner) address.neighbour.reset();  // the client asks anew
  observe();
}

void World::fill_disk(const NodeName& node) {
  disturb(node.text() + ": its disk is full");
  machine(node).disk_full = true;
}

void World::free_disk(const NodeName& node) {
  if (!machine(node).disk_full) return;
  disturb(node.text() + ": its disk has room");
  machine(node).disk_full = false;
}

void World::take_metrics_port(const NodeName& node) {
  disturb(node.text() + ": somebody takes the metrics' port");
  machine(node).metrics_port_taken = true;
}

void World::free_metrics_port(const NodeName& node) {
  disturb(node.text() + ": the metrics' port is free");
  Machine& it = machine(node);
  it.metrics_port_taken = false;
  tell_of_metrics(it);
}

void World::tear_memory(const NodeName& node) {
  Machine& it = machine(node);
  if (it.process || it.kernel.mapped_file().empty()) return;
  disturb(node.text() + ": the voter's file is damaged");
  // Its head: that of a slot is what a store in flight can tear, and then no answer has left.
  const std::size_t at = random_.between(std::uint64_t{0}, membership::promise_slot_bytes - 4);
  it.kernel.store(at, {0xde, 0xad, 0xbe, 0xef});
}

void World::revert_memory(const NodeName& node) {
  Machine& it = machine(node);
  if (!it.powered || it.process || it.earlier_memory.empty()) return;
  disturb(node.text() + ": the voter's file is as it was before");
  it.kernel.store(0, it.earlier_memory);
  excuse(it, Excused::As::voter);
  std::erase_if(accepted_, [&](const auto& each) {
    const auto& [voter, key] = each.first;
    if (voter == node) state(PromiseForgotten{voter, key});
    return voter == node;
  });
}

void World::write_file(const NodeName& node, const std::string& text) {
  machine(node).file = text;
}

void World::write_keys(const NodeName& node, const ClusterKeys& keys) {
  machine(node).keys = keys;
}

void World::reload(const NodeName& node) {
  disturb(node.text() + ": is told to reload");
  deliver(machine(node), ReloadRequested{});
}

void World::let_votes_vary() {
  disturb("who votes is going to change");
  votes_vary_ = true;
}

bool World::end_varying_votes() {
  const auto is_at_rest = [&](const auto& entry) {
    const Machine& it = entry.second;
    if (it.is_clone()) return true;
    if (!it.thinks() || !it.list.empty()) return false;
    const ElectorateStatus electorate = status(entry.first).electorate;
    return electorate.settled && !electorate.staged;
  };
  if (votes_vary_ && std::ranges::all_of(machines_, is_at_rest)) {
    votes_vary_ = false;
    changed();
  }
  return !votes_vary_;
}

void World::kill_haproxy(const NodeName& node) {
  if (!machine(node).runs()) return;
  disturb(node.text() + ": HAProxy is killed");
  for (const Later& later : machine(node).haproxy.crash("killed by signal 9")) {
    tell(machine(node), later);
  }
  observe();
}

void World::freeze_haproxy(const NodeName& node) {
  if (!machine(node).runs()) return;
  disturb(node.text() + ": HAProxy is frozen");
  machine(node).haproxy.freeze(true);
  observe();
}

void World::resume_haproxy(const NodeName& node) {
  if (!machine(node).runs()) return;
  disturb(node.text() + ": HAProxy is resumed");
  machine(node).haproxy.freeze(false);
  observe();
}

void World::kill_haproxy_keeper(const NodeName& node) {
  Machine& it = machine(node);
  if (!it.runs()) return;
  disturb(node.text() + ": HAProxy's keeper is killed");
  tell(it, it.haproxy.lose_keeper());
  schedule_on(it, 100ms, [this, &it] { tell(it, it.haproxy.connect()); });
  observe();
}

void World::uninstall_haproxy(const NodeName& node) {
  disturb(node.text() + ": there is no haproxy");
  machine(node).haproxy.set_installed(false);
}

void World::install_haproxy(const NodeName& node) {
  disturb(node.text() + ": haproxy is installed");
  machine(node).haproxy.set_installed(true);
}

void World::refuse_haproxy_config(const NodeName& node, bool refused) {
  disturb(node.text() + (refused ? ": haproxy refuses its config" : ": haproxy takes its config"));
  machine(node).haproxy.set_config_refused(refused);
}

void World::set_api_server(const std::string& host, bool up) {
  disturb(host + (up ? " is up" : " is down"));
  for (auto& [name, machine] : machines_) machine.haproxy.set_server(host, up);
}

}  // namespace hapx::appliance::sim
