// SPDX-License-Identifier: Apache-2.0
// The life of a process in the simulated world: how it starts with what an earlier one left, hears,
// thinks, and ends.
#include <algorithm>
#include <utility>

#include "appliance/sim/interpreter.hpp"
#include "appliance/sim/world.hpp"
#include "appliance/step_words.hpp"
#include "membership/promise_memory.hpp"
#include "membership/voters_file.hpp"

namespace hapx::appliance::sim {

using namespace std::chrono_literals;

namespace {

constexpr Duration exit_heard_min = 1ms;  // SIGKILL until the pidfd is readable, as measured
constexpr Duration exit_heard_max = 9400us;
constexpr Duration exec_min = 3ms;
constexpr Duration exec_max = 15ms;
constexpr Duration wake_latency_min = 1us;
constexpr Duration wake_latency_max = 200us;
constexpr Duration address_gone_heard = 90us;
constexpr Duration link_heard = 390us;
constexpr Duration filter_restored = 300us;
constexpr Duration started_again = 100ms;  // RestartSec of the unit
constexpr std::size_t inbox_max = 256;     // what a socket's buffer holds
constexpr unsigned probes_failed_max = 2;  // in a row: HAProxy does not answer
constexpr unsigned steps_overdue_max = 8;  // in a row

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

}  // namespace

std::optional<Inheritance> World::find_inheritance(Machine& machine, Inherits inherits) {
  using namespace membership;
  Kernel& kernel = machine.kernel;
  const VoterIdentity self{options_.config.name, machine.node.name, machine.boot};
  FoundMemory found;
  if (!kernel.mapped_file().empty()) found.mapped = kernel.mapped_file();
  found.marker = machine.marker;
  Recollection recollection = recall(found, self, clock_of(machine));
  if (recollection.write_file) kernel.store(0, recollection.memory.encode());
  if (recollection.write_marker && machine.disk_full) return std::nullopt;
  if (recollection.write_marker && machine.options.disk_works) {
    machine.marker = encode_marker(self);
  }
  if (recollection.abstain && !machine.is_clone()) {
    // It has forgotten what it promised; that stands all the same, because it promises nothing
    // else.
    std::erase_if(accepted_, [&](const auto& each) { return each.first.first == self.node; });
  }
  machine.earlier_memory = kernel.mapped_file();
  Inheritance inheritance;
  inheritance.memory = std::move(recollection.memory);
  inheritance.abstain = recollection.abstain;
  const RecordOwner owner{self.cluster, self.node};
  inheritance.record = decode_record(machine.disk.file, owner).kept;
  const auto before = decode_voters(machine.disk.voters, owner);
  inheritance.record.electorate = adopt(before, votes_of(config_of(machine)));
  if (inheritance.record.electorate != before) {
    if (machine.disk_full || machine.disk.health == DiskHealth::failing) return std::nullopt;
    machine.disk.voters = encode_voters(*inheritance.record.electorate, owner);
  }
  if (auto drill = remembered_drill_from_json(machine.disk.drill)) inheritance.drill = *drill;
  if (inherits == Inherits::everything) {
    if (kernel.fenced()) inheritance.deadlines = kernel.deadlines();
    for (const auto& [vip, held] : kernel.addresses()) {
      inheritance.addresses.push_back({held.interface, held.address});
    }
    return inheritance;
  }
  kernel.flush_addresses();
  for (const auto& [vip, deadline] : kernel.deadlines()) {
    state(FenceClosed{{machine.node.name, machine.boot}, vip});
  }
  kernel.disarm_fence();
  machine.haproxy.restart_keeper();
  pass_on_notices(machine);
  return inheritance;
}

ClusterKeys World::keys_of(const Machine& machine) {
  static constexpr ClusterKey first{0x68, 0x61, 0x70, 0x78};
  return machine.keys.value_or(ClusterKeys{first});
}

/// Judged only once: the same text is judged the same way each time, and a swarm reads few texts
/// often.
const CheckedConfig& World::judge(const std::string& text) {
  auto judged = judged_.find(text);
  if (judged == judged_.end()) {
    judged = judged_.emplace(text, check_config(text, "hapx.yaml")).first;
  }
  return judged->second;
}

/// What a hapxd begins with after a boot; none: the world's. What is not fit to begin with has been
/// put right until then.
std::optional<ClusterConfig> World::file_of(const Machine& machine) {
  if (machine.file.empty()) return std::nullopt;
  const CheckedConfig& checked = judge(machine.file);
  if (!checked.config) return std::nullopt;
  const auto& nodes = checked.config->nodes;
  const bool is_named =
      std::ranges::find(nodes, machine.node.name, &NodeConfig::name) != nodes.end();
  return is_named ? checked.config : std::nullopt;
}

/// hapxd says why and ends, and its keeper with it.
void World::fail_to_start(Machine& machine) {
  note(machine.options.name.text() + " ** hapxd can't write into its state directory, and ends");
  machine.keeper = KeeperState::absent;
  if (std::exchange(machine.start_due, true)) return;
  schedule_on(machine, started_again, [this, &machine] {
    machine.start_due = false;
    start(machine.options.name);
  });
}

void World::start_process(Machine& machine, Inherits inherits) {
  disturb(machine.options.name.text() + " starts a process");
  NodeOptions options;
  if (inherits == Inherits::nothing) machine.accepted = file_of(machine);
  options.config = config_of(machine);
  machine.list.clear();
  if (const auto votes = membership::votes_of(options.config);
      votes != membership::votes_of(options_.config)) {
    machine.list = votes;
  }
  machine.longest_lease = std::max(machine.longest_lease, options.config.timing.lease);
  options.self = machine.node.name;
  options.boot = machine.boot;
  options.incarnation = {random_.next()};
  options.keys = keys_of(machine);
  std::optional<Inheritance> inheritance = find_inheritance(machine, inherits);
  if (!inheritance) return fail_to_start(machine);
  options.inheritance = *std::move(inheritance);
  options.haproxy_paths = lb_supervisor::haproxy_paths("/run/hapx");
  options.seed = random_.next();
  options.version = "simulated";
  Knowledge knowledge;
  knowledge.deadlines = options.inheritance.deadlines;
  for (const FoundAddress& found : options.inheritance.addresses) {
    knowledge.addresses.insert(found.address.address);
  }
  machine.process = std::make_unique<Process>(Process{
      Node(std::move(options), clock_of(machine)), ++lives_, false, {}, {}, knowledge, now_, 0, 0});
  changed();
  step(machine, Started{});
  tell_of_wall_clock(machine);
  tell_of_metrics(machine);
  if (!bears_vips(machine)) return;
  for (const InterfaceName& interface : vip_interfaces_) {
    const Duration after = random_.between(Duration(50us), Duration(500us));
    schedule_on(machine, after, [this, &machine, interface, life = lives_] {
      // As it is then: netlink never tells of an earlier state after a later one.
      if (!machine.process || machine.process->life != life) return;
      deliver(machine, machine.kernel.link(interface));
    });
  }
  if (is_any_routed()) tell_of_routing(machine, random_.between(Duration(50us), Duration(500us)));
  tell(machine, machine.haproxy.connect());
}

void World::tell_of_metrics(Machine& machine) {
  if (machine.metrics_port_taken) {
    tell(machine, Duration(0), WindowUnavailable{"taken by the simulation"});
  } else {
    tell(machine, Duration(0), WindowOpened{});
  }
}

void World::end_process(Machine& machine) {
  if (machine.process) note(machine.options.name.text() + " ** the process is gone");
  machine.process.reset();
  machine.dues.reset();
  settle_store(machine);
  changed();
}

void World::restart_in_flight(Machine& machine) {
  end_process(machine);
  const Duration after =
      random_.between(exit_heard_min, exit_heard_max) + random_.between(exec_min, exec_max);
  schedule_on(machine, after, [this, &machine] {
    if (machine.keeper != KeeperState::running || machine.process) return;
    start_process(machine, Inherits::everything);
  });
}

void World::tell(Machine& machine, Duration after, const Event& event) {
  if (!machine.process) return;
  const std::uint64_t life = machine.process->life;
  schedule_on(machine, after, [this, &machine, life, event] {
    if (machine.process && machine.process->life == life) deliver(machine, event);
  });
}

void World::tell(Machine& machine, const Later& later) {
  std::visit([&](const auto& event) { tell(machine, later.after, event); }, later.event);
}

void World::deliver(Machine& machine, const Event& event) {
  if (!machine.process) return;
  std::deque<Event>& inbox = machine.process->inbox;
  const bool may_be_lost = std::holds_alternative<membership::DatagramArrived>(event);
  if (machine.thinks() && inbox.empty()) {
    step(machine, event);
  } else if (inbox.size() < inbox_max || !may_be_lost) {
    inbox.push_back(event);
  }
}

void World::drain_inbox(Machine& machine) {
  if (!machine.thinks()) return;
  const std::uint64_t life = machine.process->life;
  const auto goes_on = [&] {
    return machine.thinks() && machine.process->life == life && !machine.process->inbox.empty();
  };
  // A loop that wakes late finds its timers and its sockets ready at once, in either order.
  if (goes_on() && random_.chance(500)) step(machine, DeadlineReached{});
  while (goes_on()) {
    const Event event = std::move(machine.process->inbox.front());
    machine.process->inbox.pop_front();
    step(machine, event);
  }
}

void World::step(Machine& machine, const Event& event) {
  const std::string& name = machine.options.name.text();
  bool news = is_news(event);
  machine.dues.reset();
  if ((news && traces()) || options_.trace == TraceDetail::everything)
    note(name + " <- " + describe(event));
  learn(machine.process->knowledge, event);
  Process& process = *machine.process;
  process.last_step = now_;
  const Instant now = clock_of(machine);
  const Actions actions = options_.replays_permille > 0
                              ? process.recorder.step(process.node, event, now)
                              : process.node.step(event, now);
  Interpreter interpreter(*this, machine);
  for (const Action& action : actions) {
    const bool told = is_news(action);
    news = news || told;
    if ((told && traces()) || options_.trace == TraceDetail::everything) {
      note(name + " -> " + describe(action));
    }
    std::visit(interpreter, action);
  }
  process.wake_latency = random_.between(wake_latency_min, wake_latency_max);
  end_step(machine, news);
}

void World::learn(Knowledge& known, const Event& event) {
  using namespace lb_supervisor;
  if (const auto* added = std::get_if<vip::AddressAdded>(&event)) {
    if (!known.removals.contains(added->address)) known.addresses.insert(added->address);
  } else if (const auto* removed = std::get_if<vip::AddressRemoved>(&event)) {
    known.addresses.erase(removed->address);
  } else if (const auto* probed = std::get_if<HaproxyProbed>(&event)) {
    known.haproxy_answered = true;
    known.haproxy = probed->generation;
    known.probes_failed = 0;
  } else if (const auto* failed = std::get_if<HaproxyProbeFailed>(&event)) {
    if (failed->generation != known.haproxy) return;  // of one that may succeed it
    if (++known.probes_failed >= probes_failed_max) known.haproxy_answered = false;
  } else if (const auto* exited = std::get_if<HaproxyExited>(&event)) {
    if (exited->generation == known.haproxy) known.haproxy_answered = false;
  } else if (const auto* keeper = std::get_if<KeeperConnected>(&event);
             keeper && !keeper->running) {
    known.haproxy_answered = false;
  }
}

void World::end_step(Machine& machine, bool news) {
  Process& process = *machine.process;
  const Instant now = clock_of(machine);
  const std::optional<Instant> deadline = process.node.next_deadline();
  process.steps_overdue = deadline && *deadline <= now ? process.steps_overdue + 1 : 0;

  StepEnded ended;
  ended.node = machine.options.name;
  ended.sleeps = process.steps_overdue <= steps_overdue_max;
  ended.said = std::exchange(process.said, 0);
  const Knowledge& known = process.knowledge;
  for (const auto& [vip, held] : machine.kernel.addresses()) {
    const auto until = known.deadlines.find(vip);
    const bool ahead = until != known.deadlines.end() && until->second > now;
    ended.held.push_back({vip, ahead, known.removals.contains(vip)});
  }
  // What a node believes changes with news only.
  const Status believed = news ? process.node.status(now) : Status();
  if (news) observe_orders(machine, believed);
  for (const ServiceStatus& service : believed.services) {
    if (service.holder && *service.holder != machine.node.name) continue;
    StepEnded::Books books{service.name, service.vip == ResourceStatus::started,
                           service.haproxy == ResourceStatus::started, true};
    for (const auto& [vip, address] : addresses_) {
      if (address.service == service.name && !known.addresses.contains(vip)) {
        books.addresses_known = false;
      }
    }
    ended.books.push_back(books);
  }
  state(std::move(ended));
}

void World::pass_on_notices(Machine& machine) {
  const auto put_back = [this, &machine](const vip::FenceRemoved& removed) {
    if (!machine.process) return;
    const std::uint64_t life = machine.process->life;
    schedule_on(machine, filter_restored, [this, &machine, removed, life] {
      if (!machine.process || machine.process->life != life) return;
      if (!machine.thinks()) {  // the door thinks no more than the rest of its process
        machine.process->inbox.push_back(removed);
        return;
      }
      machine.kernel.attach_filter_again();
      deliver(machine, removed);
      deliver(machine, vip::FenceArmed{});
    });
  };
  for (const Notice& notice : machine.kernel.take_notices()) {
    changed();
    std::visit(
        Overloaded{[&](const vip::AddressRemoved& it) { tell(machine, address_gone_heard, it); },
                   [&](const vip::LinkChanged& it) {
                     if (!vip_interfaces_.contains(it.interface)) return;
                     tell(machine, link_heard, it);
                   },
                   put_back},
        notice);
  }
}

void World::send(Machine& from, const membership::SendDatagram& datagram) {
  const std::size_t way = datagram.way;
  const Endpoint sender{address_of(from.node, way), options_.config.port};
  recorder_.hear(sender, datagram);
  for (auto& [name, machine] : machines_) {
    if (machine.node.links.size() < way || datagram.to.port != options_.config.port ||
        datagram.to.address != address_of(machine.node, way)) {
      continue;
    }
    const std::vector<Duration> copies = network_.carry(from.node.name, machine.node.name, way);
    if (!has_carrier(from, way)) return;
    for (const Duration& under_way : copies)
      arrive(machine, under_way, way, sender, datagram.bytes);
  }
}

void World::arrive(Machine& to, Duration under_way, std::size_t way, const Endpoint& from,
                   const std::vector<std::uint8_t>& bytes) {
  schedule(under_way, [this, &to, way, from, bytes] {
    if (!to.runs() || !has_carrier(to, way)) return;
    deliver(to, membership::DatagramArrived{from, bytes});
  });
}

bool World::has_carrier(const Machine& machine, std::size_t way) const {
  return machine.kernel.link(way == 0 ? options_.heartbeat_interface : interface_of(way)).carrier;
}

bool World::hears(const Machine& from, const Machine& to) const {
  for (std::size_t way = 0; way <= std::min(from.node.links.size(), to.node.links.size()); ++way) {
    const bool carries = network_.carries(from.node.name, to.node.name, way);
    if (carries && has_carrier(from, way) && has_carrier(to, way)) return true;
  }
  return false;
}

}  // namespace hapx::appliance::sim
