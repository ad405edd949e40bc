// SPDX-License-Identifier: Apache-2.0
// What the world sees of itself after everything that happens, and states to its checkers.
#include <algorithm>
#include <cstdio>
#include <utility>

#include "appliance/sim/world.hpp"

namespace hapx::appliance::sim {

namespace {
constexpr std::size_t trace_lines_max = 5000;
/// Two that hear each other have proven by then that they are no recordings.
constexpr Duration meeting_takes = std::chrono::seconds(1);
/// With a longer lease the address's lifetime may stand in for the fence.
constexpr Duration lease_without_fence_min = std::chrono::milliseconds(1500);
}  // namespace

void World::Gap::see(Moment now, bool there) {
  if (there && since) {
    longest = std::max(longest, now - *since);
    since.reset();
  } else if (!there && !since) {
    since = now;
  }
}

Duration World::Gap::until(Moment now) const {
  return since ? std::max(longest, now - *since) : longest;
}

void World::observe() {
  look_due_ = true;
  observe_if_due();
}

void World::observe_if_due() {
  if (std::exchange(look_due_, false)) {
    for (auto& [vip, address] : addresses_) observe_address(vip, address);
  }
  if (std::exchange(outlook_due_, false)) observe_outlook();
  state(Tick{});
}

void World::observe_outlook() {
  observe_meetings();
  observe_arbiter();
  const auto is_claimed = [](const auto& entry) { return entry.second.claimed; };
  const bool stable = orders_given_.empty() && !votes_vary_ && stable_majority() &&
                      std::none_of(addresses_.begin(), addresses_.end(), is_claimed);
  const bool chance = chance_reigns();
  if (stable == outlook_.stable_majority && chance == outlook_.chance) return;
  outlook_ = {stable, chance};
  state(outlook_);
}

/// Datagrams are lost or come too late for a lease, or the nodes disagree about what too late is,
/// by their files or by their clocks, or about who votes, or a name is that of two, or an order may
/// end by itself.
bool World::chance_reigns() const {
  const Weather& weather = network_.weather();
  const auto differs = [&](const auto& entry) {
    const Machine& it = entry.second;
    return config_of(it).timing != options_.config.timing || !it.keeps_time() ||
           (it.is_clone() && it.powered);
  };
  return votes_vary_ || weather.loss_permille > 0 ||
         weather.delay_max * 4 > options_.config.timing.lease ||
         std::any_of(machines_.begin(), machines_.end(), differs) ||
         std::any_of(orders_given_.begin(), orders_given_.end(),
                     [](const auto& each) { return each.second.for_a_time; });
}

void World::observe_address(const IpAddress& vip, Address& address) {
  std::vector<NodeName> answering_now;
  for (const auto& [name, machine] : machines_) {
    if (machine.runs() && machine.kernel.answers(vip, clock_of(machine))) {
      answering_now.push_back(name);
    }
  }
  const auto tell_changes = [&](const std::vector<NodeName>& some,
                                const std::vector<NodeName>& others, bool answers) {
    for (const NodeName& node : some) {
      if (std::count(others.begin(), others.end(), node) > 0) continue;
      note(node.text() + " == " + (answers ? "answers for " : "is silent for ") + to_string(vip));
      state(KernelAnswers{node, vip, answers});
    }
  };
  const std::vector<NodeName> answering_before = std::exchange(address.answering, answering_now);
  tell_changes(answering_before, answering_now, false);  // first: one instant, no overlap
  tell_changes(answering_now, answering_before, true);

  if (address.routed) observe_route(vip, address);
  const std::optional<NodeName> by = find_serving(vip, address);
  if (by != address.serving) {
    address.serving = by;
    note("client == " + to_string(vip) + " is served by " + (by ? by->text() : "nobody"));
    state(Serving{vip, by});
  }
  observe_clients(vip, address);
  address.unserved.see(now_, by.has_value());
  address.silent.see(now_, !answering_now.empty());
}

std::optional<NodeName> World::find_serving(const IpAddress&, const Address& address) const {
  // A client that knows no hardware address yet asks, and believes the only one who answers.
  std::optional<NodeName> to = address.neighbour;
  if (!to && !address.routed && address.answering.size() == 1) to = address.answering.front();
  if (!to || std::count(address.answering.begin(), address.answering.end(), *to) == 0) return {};
  if (!reaches_clients(*to)) return {};
  return machines_.at(*to).haproxy.accepts(now_) ? to : std::nullopt;
}

std::optional<NodeName> World::serving(const IpAddress& vip) const {
  const auto found = addresses_.find(vip);
  return found == addresses_.end() ? std::nullopt : found->second.serving;
}

std::optional<NodeName> World::serving(const ServiceName& service) const {
  std::optional<NodeName> by;
  for (const auto& [vip, address] : addresses_) {
    if (address.service != service) continue;
    if (!address.serving || (by && by != address.serving)) return std::nullopt;
    by = address.serving;
  }
  return by;
}

bool World::all_served() const {
  const auto is_served = [&](const ServiceConfig& each) { return serving(each.name).has_value(); };
  const auto& services = options_.config.services;
  return std::all_of(services.begin(), services.end(), is_served);
}

std::vector<NodeName> World::answering(const IpAddress& vip) const {
  const auto found = addresses_.find(vip);
  return found == addresses_.end() ? std::vector<NodeName>() : found->second.answering;
}

Duration World::outage(const ServiceName& service) const {
  Duration longest{0};
  for (const auto& [vip, address] : addresses_) {
    if (address.service == service) longest = std::max(longest, address.unserved.until(now_));
  }
  return longest;
}

Duration World::silence(const ServiceName& service) const {
  Duration longest{0};
  for (const auto& [vip, address] : addresses_) {
    if (address.service == service) longest = std::max(longest, address.silent.until(now_));
  }
  return longest;
}

bool World::alive(const NodeName& node) const {
  const Machine& it = machines_.at(node);
  return it.runs() && it.process != nullptr;
}

Status World::status(const NodeName& node) const {
  const Machine& it = machines_.at(node);
  return it.process->node.status(clock_of(it));
}

const Kernel& World::kernel(const NodeName& node) const {
  return machines_.at(node).kernel;
}

bool World::healthy(const Machine& machine) const {
  const auto fails = [](const auto& door) { return door.second > 0; };
  bool is_linked = false;
  for (std::size_t way = 0; way <= machine.node.links.size(); ++way)
    is_linked = is_linked || has_carrier(machine, way);
  return machine.thinks() && is_linked &&
         std::none_of(machine.failures.begin(), machine.failures.end(), fails);
}

bool World::fit(const Machine& machine) const {
  if (!bears_vips(machine) || machine.haproxy.broken()) return false;
  if (!machine.options.kernel.fence_permitted &&
      options_.config.timing.lease < lease_without_fence_min) {
    return false;
  }
  if (is_any_routed() && !machine.routing.obstacle().empty()) return false;
  const auto has_carrier = [&](const InterfaceOptions& each) {
    return machine.kernel.link(each.name).carrier;
  };
  const auto& interfaces = machine.options.kernel.interfaces;
  return std::all_of(interfaces.begin(), interfaces.end(), has_carrier);
}

/// Of two nodes: the other one has no power, and all the evidence can be had.
bool World::stands_alone(const Machine& machine) const {
  const auto is_off = [&](const auto& entry) {
    const Machine& other = entry.second;
    return other.node.name == machine.node.name ? &other == &machine : !other.powered;
  };
  return options_.config.no_quorum_policy == NoQuorumPolicy::ignore && machine.met &&
         healthy(machine) && fit(machine) && reaches_tie_breaker(machine) &&
         std::all_of(machines_.begin(), machines_.end(), is_off);
}

void World::observe_meetings() {
  for (auto& [a, one] : machines_) {
    for (const auto& [b, other] : machines_) {
      if (a == b) continue;
      const bool meet = one.thinks() && other.thinks() && hears(other, one) && hears(one, other);
      if (one.meets_since && now_ - *one.meets_since >= meeting_takes) one.met = true;
      if (!meet) one.meets_since.reset();
      if (meet && !one.meets_since) one.meets_since = now_;
    }
  }
}

bool World::stable_majority() const {
  if (std::any_of(machines_.begin(), machines_.end(), [&](const auto& entry) {
        return stands_alone(entry.second) || stands_by_arbiter(entry.second);
      }))
    return true;
  std::vector<const Machine*> all;
  unsigned votes_total = 0;
  for (const auto& [name, machine] : machines_) {
    if (machine.is_clone()) continue;
    all.push_back(&machine);
    votes_total += machine.node.votes;
  }
  const auto is_stable = [&](unsigned members) {
    unsigned votes = 0;
    bool some_fit = false;
    for (unsigned i = 0; i < all.size(); ++i) {
      if ((members >> i & 1) == 0) continue;
      if (!healthy(*all[i])) return false;
      votes += all[i]->node.votes;
      some_fit = some_fit || fit(*all[i]);
      for (unsigned j = 0; j < all.size(); ++j) {
        const bool both = j != i && (members >> j & 1) != 0;
        if (both && !hears(*all[i], *all[j])) return false;
      }
    }
    return some_fit && votes * 2 > votes_total;
  };
  for (unsigned members = 1; members < 1U << all.size(); ++members) {
    if (is_stable(members)) return true;
  }
  return false;
}

void World::state(const Fact& fact) {
  const std::size_t known = checkers_.violations().size();
  checkers_.see(now_, fact);
  for (std::size_t i = known; i < checkers_.violations().size(); ++i) {
    const Violation& violation = checkers_.violations()[i];
    note("!! " + violation.checker + ": " + violation.sentence);
  }
}

void World::disturb(const std::string& what) {
  note((secret_ ? "** (secretly) " : "** ") + what);
  changed();
  if (secret_) return;
  disturbed_ = now_;
  state(Disturbed{what});
}

void World::secretly(const std::function<void()>& operation) {
  secret_ = true;
  operation();
  secret_ = false;
}

void World::note(const std::string& line) {
  if (!traces()) return;
  std::array<char, 32> stamp{};
  const double seconds = std::chrono::duration<double>(now_.time_since_epoch()).count();
  std::snprintf(stamp.data(), stamp.size(), "%11.6f ", seconds);
  trace_.push_back(stamp.data() + line);
  if (trace_.size() > trace_lines_max) trace_.pop_front();
}

}  // namespace hapx::appliance::sim
