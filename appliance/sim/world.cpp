// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/world.hpp"

#include <algorithm>

#include "config/assert.hpp"
#include "config/write.hpp"
#include "membership/quorum.hpp"

namespace hapx::appliance::sim {

namespace {

MachineOptions with_defaults(MachineOptions options, const WorldOptions& world) {
  if (!options.kernel.interfaces.empty()) return options;
  std::set<InterfaceName> names{world.heartbeat_interface};
  for (const ServiceConfig& service : world.config.services) {
    for (const VipConfig& vip : service.vips) names.insert(vip.interface);
  }
  if (world.config.tie_breaker) names.insert(world.config.tie_breaker->interface);
  for (std::size_t link = 1; link <= world.config.nodes.front().links.size(); ++link)
    names.insert(World::interface_of(link));
  for (const InterfaceName& name : names) options.kernel.interfaces.push_back({name, true, true});
  return options;
}

}  // namespace

World::World(const WorldOptions& options)
    : options_(options),
      file_(write_config(options.config)),
      random_(options.seed),
      network_(random_.next()),
      etcd_(~options.seed, options.etcd_compares),
      recorder_(options.seed),
      replay_choice_(options.seed),
      checkers_(options.config, options.patience) {
  if (options.config.arbiter) arbiter_ = membership::voter_of(*options.config.arbiter);
  network_.set_weather(options.weather);
  for (const NodeConfig& node : options_.config.nodes) {
    MachineOptions mine;
    mine.name = node.name;
    for (const MachineOptions& each : options_.machines) {
      if (each.name == node.name) mine = each;
    }
    build(with_defaults(mine, options_), node);
  }
  for (const ServiceConfig& service : options_.config.services) {
    for (const VipConfig& vip : service.vips) {
      vip_interfaces_.insert(vip.interface);
      Address& address = addresses_[vip.address.address];
      address.service = service.name;
      address.routed = vip.is_routed();
      address.unserved.since = now_;
      address.silent.since = now_;
      invite_clients(vip.address.address, address);
    }
  }
}

Machine& World::build(const MachineOptions& options, const NodeConfig& node) {
  Machine fresh{options, node, MachineClock(options.clock_first, now_, options.clock_rate_permille),
                Kernel(options.kernel, random_.next()),
                Haproxy(options_.config.services, random_.next())};
  return machines_.emplace(options.name, std::move(fresh)).first->second;
}

bool World::bears_vips(const Machine& machine) const {
  return machine.node.role == Role::full;
}

void World::run_for(Duration duration) {
  const Moment limit = now_ + duration;
  while (advance(limit)) {
  }
}

bool World::run_until(const std::function<bool()>& condition, Duration bound) {
  const Moment limit = now_ + bound;
  while (!condition()) {
    if (!advance(limit)) return condition();
  }
  return true;
}

std::optional<Moment> World::wake_of(const Machine& machine) const {
  if (!machine.thinks()) return std::nullopt;
  const std::optional<Instant> deadline = machine.process->node.next_deadline();
  if (!deadline) return std::nullopt;
  const std::optional<Moment> due = machine.clock.when(*deadline);
  if (!due) return std::nullopt;
  return std::max(*due, machine.process->last_step) + machine.process->wake_latency;
}

std::optional<Moment> World::edge_of(const Machine& machine) const {
  std::optional<Moment> edge = machine.haproxy.next_edge(now_);
  const std::optional<Instant> instant = machine.kernel.next_edge(clock_of(machine));
  const auto moment = instant ? machine.clock.when(*instant) : std::nullopt;
  if (moment && (!edge || *moment < *edge)) edge = moment;
  return edge;
}

const Dues& World::dues_of(Machine& machine) {
  if (!machine.dues) machine.dues = Dues{edge_of(machine), wake_of(machine)};
  return *machine.dues;
}

std::optional<Moment> World::next_moment() {
  std::optional<Moment> next;
  const auto consider = [&](std::optional<Moment> moment) {
    if (moment && (!next || *moment < *next)) next = moment;
  };
  if (!queue_.empty()) consider(queue_.front().at);
  for (auto& [name, machine] : machines_) {
    if (!machine.runs()) continue;
    const Dues& dues = dues_of(machine);
    consider(dues.edge);
    consider(dues.wake);
  }
  return next;
}

void World::end_what_is_over() {
  for (auto& [name, machine] : machines_) {
    if (!machine.runs() || !machine.dues || !machine.dues->edge || *machine.dues->edge > now_)
      continue;
    machine.dues.reset();
    look_due_ = true;
    machine.kernel.advance(clock_of(machine));
    pass_on_notices(machine);
  }
}

void World::wake_who_is_due() {
  for (auto& [name, machine] : machines_) {
    if (!machine.runs()) continue;
    const std::optional<Moment> wake = dues_of(machine).wake;
    if (!wake || *wake > now_) continue;
    step(machine, DeadlineReached{});
    break;
  }
}

bool World::advance(Moment limit) {
  const std::optional<Moment> next = next_moment();
  now_ = std::max(now_, std::min(limit, next.value_or(limit)));
  end_what_is_over();
  observe_if_due();  // what ended by itself ended before anything that happens at the same moment
  if (!next || *next > limit) return false;

  if (!queue_.empty() && queue_.front().at <= now_) {
    std::pop_heap(queue_.begin(), queue_.end());
    const Pending next_one = std::move(queue_.back());
    queue_.pop_back();
    next_one.happen();
  } else {
    wake_who_is_due();
  }
  observe_if_due();
  return true;
}

void World::schedule(Duration after, std::function<void()> happen) {
  HAPX_ASSERT(after >= Duration(0));
  queue_.push_back({now_ + after, ++sequence_, std::move(happen)});
  std::push_heap(queue_.begin(), queue_.end());
}

void World::schedule_on(Machine& machine, Duration after, std::function<void()> happen) {
  const std::uint64_t boot = machine.boots;
  schedule(after, [this, &machine, boot, happen = std::move(happen)] {
    if (!machine.powered || machine.boots != boot) return;
    if (machine.paused) {
      machine.postponed.push_back(happen);
      return;
    }
    machine.dues.reset();
    look_due_ = true;
    happen();
  });
}

void World::mark() {
  for (auto& [vip, address] : addresses_) {
    for (Gap* gap : {&address.unserved, &address.silent}) {
      gap->longest = Duration(0);
      if (gap->since) gap->since = now_;
    }
  }
}

std::uint64_t World::request(const NodeName& node, const std::string& method,
                             const std::string& target, const std::string& body,
                             const std::optional<std::string>& from) {
  disturb(node.text() + ": " + method + " " + target + " " + body);
  const std::uint64_t id = ++requests_;
  deliver(machine(node), RequestArrived{id, method, target, body, Window::command, {}, from});
  observe();
  return id;
}

std::uint64_t World::move(const NodeName& at, const ServiceName& service,
                          const std::optional<NodeName>& to) {
  const std::string body = to ? "{\"to\": \"" + to->text() + "\"}" : "";
  return request(at, "POST", "/v1/services/" + service.text() + "/move", body);
}

std::uint64_t World::scrape(const NodeName& node, const std::string& target) {
  const std::uint64_t id = ++requests_;
  deliver(machine(node), RequestArrived{id, "GET", target, {}, Window::metrics});
  return id;
}

void World::hang_up(const NodeName& node, std::uint64_t request) {
  Machine& it = machine(node);
  if (it.process && it.process->readers.erase(request) > 0) {
    deliver(it, StreamEnded{request, Window::metrics});
  }
}

const Respond* World::answer(std::uint64_t request) const {
  const auto found = answers_.find(request);
  return found == answers_.end() ? nullptr : &found->second;
}

std::string World::trace() const {
  std::string text;
  for (const std::string& line : trace_) text += line + "\n";
  return text;
}

}  // namespace hapx::appliance::sim
