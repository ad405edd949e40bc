// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/interpreter.hpp"

#include "membership/promise_memory.hpp"

namespace hapx::appliance::sim {

using namespace std::chrono_literals;

namespace {
// As measured on two cores.
constexpr Duration netlink_takes = 50us;
constexpr Duration announcement_takes = 20us;
constexpr Duration fence_takes = 2200us;  // to load and to attach
const Error broken_door{ErrorKind::failed, "made to fail by the simulation", 5};
}  // namespace

bool Interpreter::fails(Door door) {
  unsigned& left = machine_.failures[door];
  if (left == 0) return false;
  --left;
  world_.disturb(machine_.options.name.text() + ": a call fails as ordered");
  return true;
}

void Interpreter::operator()(const membership::SendDatagram& action) {
  if (action.way == 0) ++machine_.process->said;  // its copies by other ways are no more of them
  world_.send(machine_, action);
}

void Interpreter::operator()(const membership::StorePromise& action) {
  using namespace membership;
  machine_.kernel.store(action.slot * promise_slot_bytes, action.bytes);
  if (machine_.is_clone()) return;  // the checkers watch the node's own voter, and excuse this one
  const NodeName& voter = machine_.node.name;
  const VoterIdentity self{world_.options_.config.name, voter, machine_.boot};
  const auto promise = decode_promise(action.bytes, self);
  if (!promise) return;  // the header
  const std::pair place(voter, promise->key);
  const auto last = world_.accepted_.find(place);
  if (!promise->accepted) {
    if (last == world_.accepted_.end()) return;
    world_.accepted_.erase(last);
    world_.state(PromiseForgotten{voter, promise->key});
  } else if (last == world_.accepted_.end() || last->second != *promise->accepted) {
    world_.accepted_[place] = *promise->accepted;
    const auto until = machine_.clock.when(promise->accepted->expiry);
    world_.state(Promised{{voter, machine_.boot},
                          promise->key,
                          promise->accepted->session(),
                          until.value_or(Moment::max()),
                          world_.clock_of(machine_),
                          promise->accepted->expiry});
  }
}

void Interpreter::operator()(const membership::StoreRecord& action) {
  world_.store_record(machine_, action);
}

void Interpreter::operator()(const membership::AskArbiter& action) {
  ++machine_.process->said;
  world_.ask_arbiter(machine_, action);
}

void Interpreter::operator()(const vip::ArmFence& action) {
  const std::vector<IpAddress> addresses = action.addresses;
  world_.schedule_on(
      machine_, fence_takes,
      [this_world = &world_, it = &machine_, addresses, life = machine_.process->life] {
        if (!it->process || it->process->life != life) return;
        const Result<void> armed = it->kernel.arm_fence(addresses);
        if (armed) {
          this_world->deliver(*it, vip::FenceArmed{});
        } else {
          this_world->deliver(*it, vip::FenceUnavailable{armed.error().sentence});
        }
      });
}

void Interpreter::operator()(const vip::ExtendDeadline& action) {
  machine_.kernel.extend_deadline(action.address, action.until);
  machine_.process->knowledge.deadlines[action.address] = action.until;
  if (machine_.kernel.fenced()) {
    const auto until = machine_.clock.when(action.until);
    world_.state(DeadlineExtended{{machine_.node.name, machine_.boot},
                                  action.address,
                                  until.value_or(Moment::max()),
                                  machine_.list});
  }
  world_.observe();
}

void Interpreter::operator()(const vip::CloseFence& action) {
  machine_.kernel.close_fence(action.address);
  machine_.process->knowledge.deadlines.erase(action.address);
  world_.state(FenceClosed{{machine_.node.name, machine_.boot}, action.address});
  world_.observe();
}

void Interpreter::operator()(const vip::AddAddress& action) {
  using Operation = vip::AddressRefused::Operation;
  const IpAddress& address = action.address.address;
  Result<void> added = broken_door;
  if (!fails(Door::add_address)) {
    if (!machine_.kernel.holds(address)) world_.state(AddressTaken{machine_.options.name, address});
    added = machine_.kernel.add_address(action.interface, action.address, action.lifetime,
                                        world_.clock_of(machine_));
  }
  if (added) {
    machine_.process->knowledge.removals.erase(address);
    world_.tell(machine_, netlink_takes, vip::AddressAdded{action.interface, address});
  } else {
    world_.tell(machine_, netlink_takes,
                vip::AddressRefused{action.interface, address, Operation::add, added.error()});
  }
  world_.observe();
}

void Interpreter::operator()(const vip::RemoveAddress& action) {
  using Operation = vip::AddressRefused::Operation;
  const IpAddress& address = action.address.address;
  machine_.process->knowledge.removals.insert(address);
  machine_.process->knowledge.addresses.erase(address);
  if (fails(Door::remove_address)) {
    world_.tell(machine_, netlink_takes,
                vip::AddressRefused{action.interface, address, Operation::remove, broken_door});
  } else {
    // Absent or not, what was wanted is so; the kernel's notice and its answer are one event.
    if (machine_.kernel.remove_address(action.interface, action.address)) {
      static_cast<void>(machine_.kernel.take_notices());
    }
    world_.tell(machine_, netlink_takes, vip::AddressRemoved{action.interface, address});
  }
  world_.observe();
}

void Interpreter::operator()(const vip::Probe& action) {
  const vip::LinkChanged link = machine_.kernel.link(action.interface);
  if (fails(Door::probe) || !link.present) {
    world_.tell(machine_, netlink_takes,
                vip::ProbeFailed{action.interface, action.address, broken_door});
    return;
  }
  world_.tell(machine_, announcement_takes, vip::ProbeSent{action.interface, action.address});
  if (link.carrier) world_.probe(machine_, action.interface, action.address);
}

void Interpreter::operator()(const vip::Announce& action) {
  const Knowledge& known = machine_.process->knowledge;
  world_.state(Announced{machine_.options.name, action.address,
                         known.addresses.contains(action.address), known.haproxy_answered});
  const vip::LinkChanged link = machine_.kernel.link(action.interface);
  if (fails(Door::announce) || !link.present) {
    world_.tell(machine_, netlink_takes,
                vip::AnnouncementFailed{action.interface, action.address, broken_door});
    return;
  }
  world_.tell(machine_, announcement_takes,
              vip::AnnouncementSent{action.interface, action.address});
  const bool leaves =
      link.carrier && machine_.kernel.passes(action.address, world_.clock_of(machine_));
  const bool reaches = world_.reaches_clients(machine_.options.name);
  const bool arrives = !world_.random_.chance(world_.network_.weather().loss_permille);
  const auto found = world_.addresses_.find(action.address);
  if (found == world_.addresses_.end() || !leaves || !arrives) return;
  if (reaches) found->second.neighbour = machine_.options.name;
  world_.say(&machine_, {action.address, link.mac, {}, vip::ClaimKind::announcement});
  world_.observe();
}

/// The world's one client is told by announcements alone.
void Interpreter::operator()(const vip::AnnounceTo&) {}

void Interpreter::operator()(const vip::Advertise& action) {
  const Knowledge& known = machine_.process->knowledge;
  world_.state(Announced{machine_.options.name, action.address,
                         known.addresses.contains(action.address), known.haproxy_answered});
  if (fails(Door::announce)) {
    world_.tell(machine_, netlink_takes,
                vip::AnnouncementFailed{action.interface, action.address, broken_door});
    return;
  }
  world_.advertise(machine_, action);
  world_.observe();
}

void Interpreter::operator()(const vip::Withdraw& action) {
  machine_.routing.set_switch(action.address, false);
  world_.tell_of_routing(machine_, netlink_takes);
  world_.observe();
}

void Interpreter::operator()(const vip::ListClients& action) {
  if (fails(Door::list_clients)) {
    world_.tell(machine_, netlink_takes, vip::ClientsNotListed{action.address, broken_door});
  } else {
    world_.tell(machine_, netlink_takes, world_.list_clients(machine_, action.address));
  }
}

void Interpreter::operator()(const vip::Tickle& action) {
  if (fails(Door::tickle)) {
    world_.tell(machine_, netlink_takes, vip::TickleFailed{action.served.address, broken_door});
  } else {
    world_.tickle(machine_, action);
  }
}

/// All clients of the world believe the same.
void Interpreter::operator()(const vip::AnnounceToClients& action) {
  const auto found = world_.addresses_.find(action.address);
  const bool leaves = machine_.kernel.passes(action.address, world_.clock_of(machine_));
  const bool arrives = !world_.random_.chance(world_.network_.weather().loss_permille);
  if (found == world_.addresses_.end() || !leaves || !arrives) return;
  found->second.neighbour = machine_.options.name;
  world_.observe();
}

void Interpreter::operator()(const lb_supervisor::CheckHaproxyConfig& action) {
  world_.tell(machine_, machine_.haproxy.check(action));
}

void Interpreter::operator()(const lb_supervisor::StartHaproxy& action) {
  if (fails(Door::start_haproxy)) {
    world_.tell(machine_, netlink_takes,
                lb_supervisor::HaproxyStartFailed{action.generation, broken_door.sentence});
    return;
  }
  world_.changed();
  world_.tell(machine_, machine_.haproxy.start(action, world_.now_));
}

void Interpreter::operator()(const lb_supervisor::RetireHaproxy& action) {
  world_.changed();
  for (const Later& later : machine_.haproxy.retire(action)) world_.tell(machine_, later);
}

void Interpreter::operator()(const lb_supervisor::KillHaproxy& action) {
  world_.changed();
  for (const Later& later : machine_.haproxy.kill(action.generation)) world_.tell(machine_, later);
}

void Interpreter::operator()(const lb_supervisor::ProbeHaproxy& action) {
  world_.tell(machine_, machine_.haproxy.probe(action.generation, world_.now_));
}

void Interpreter::operator()(const lb_supervisor::AmendHaproxy& action) {
  if (!fails(Door::amend_haproxy)) machine_.haproxy.amend(action, world_.now_);
}

void Interpreter::operator()(const lb_supervisor::AskBackends& action) {
  for (const Later& later : machine_.haproxy.ask_backends(action.generation, world_.now_)) {
    world_.tell(machine_, later);
  }
}

void Interpreter::operator()(const Respond& action) {
  world_.answers_[action.id] = action;
  if (action.goes_on) machine_.process->readers.insert(action.id);
  world_.note_order_answer(action);
}

void Interpreter::operator()(const Publish& action) {
  for (const std::uint64_t reader : machine_.process->readers)
    world_.answers_[reader].body = action.piece;
}

void Interpreter::operator()(const WriteLog&) {}  // it is in the trace, like every action

void Interpreter::operator()(const NotifyServiceManager&) {}

void Interpreter::operator()(const ReadConfig&) {
  const std::string& text = machine_.file.empty() ? world_.file_ : machine_.file;
  const CheckedConfig& checked = world_.judge(text);
  if (checked.config) {
    world_.tell(machine_, Duration(0), ConfigRead{*checked.config, text, world_.keys_of(machine_)});
  } else {
    world_.tell(machine_, Duration(0), ConfigRefused{checked.refusals.front().sentence});
  }
}

void Interpreter::operator()(const RestartInFlight& action) {
  if (fails(Door::restart_in_flight)) {
    world_.tell(machine_, Duration(0), ConfigRefused{broken_door.sentence});
    return;
  }
  machine_.accepted = action.config;
  restart_in_flight();
}

void Interpreter::restart_in_flight() {
  Machine& it = machine_;
  world_.schedule_on(it, Duration(0), [this_world = &world_, &it, life = it.process->life] {
    if (it.process && it.process->life == life) this_world->restart_in_flight(it);
  });
}

void Interpreter::operator()(const KeepDrill& action) {
  world_.keep_drill(machine_, action.document);
}

void Interpreter::operator()(const KeepRecording& action) {
  world_.keep_recording(machine_, action);
}

void Interpreter::operator()(const Exit& action) {
  Machine& it = machine_;
  if (action.status != 0) return restart_in_flight();
  world_.schedule_on(it, Duration(0), [this_world = &world_, &it, life = it.process->life] {
    if (!it.process || it.process->life != life) return;
    it.keeper = KeeperState::absent;
    it.haproxy.restart_keeper();
    this_world->end_process(it);
  });
}

}  // namespace hapx::appliance::sim
