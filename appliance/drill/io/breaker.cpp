// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/breaker.hpp"

#include <algorithm>
#include <memory>

#include <signal.h>

#include "appliance/drill/io/full_disk.hpp"
#include "appliance/drill/io/stranger.hpp"
#include "appliance/lab/io/cable.hpp"
#include "appliance/lab/io/file.hpp"
#include "appliance/lab/io/interrupt.hpp"
#include "config/assert.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance::drill {
namespace {

using lab::Lab;
using lab::NodePlan;
using lab::Process;

constexpr Duration order_patience = std::chrono::seconds(10);

Result<void> nothing() {
  return {};
}

Error without(const char* whom) {
  return {ErrorKind::absent, std::string("nobody to strike: there is no ") + whom, 0};
}

/// Those processes of the node, in the order of the names.
Result<std::vector<Process>> processes_of(const NodePlan& node,
                                          const std::vector<std::string_view>& names) {
  std::vector<Process> found;
  for (const std::string_view name : names) {
    std::vector<Process> named = lab::processes_in(node.netns, name);
    if (named.empty()) {
      return Error{ErrorKind::absent, node.name.text() + " runs no " + std::string(name), 0};
    }
    std::ranges::move(named, std::back_inserter(found));
  }
  return found;
}

/// At once: none of them sees another one end, and gives up in order what is to be lost.
Result<Break> kill(const NodePlan& node, const std::vector<std::string_view>& names,
                   std::function<Result<void>()> undo) {
  const auto struck = processes_of(node, names);
  if (!struck) return struck.error();
  for (const Process& process : *struck) {
    if (struck->size() > 1) lab::send_signal(process, SIGSTOP);
  }
  const Instant at = boot_now();
  for (const Process& process : *struck) lab::send_signal(process, SIGKILL);
  return Break{node.name.text(), at, std::move(undo)};
}

/// The undoing continues exactly those that were stopped, if they still live.
Result<Break> freeze(const NodePlan& node, const std::vector<std::string_view>& names) {
  auto found = processes_of(node, names);
  if (!found) return found.error();
  const auto struck = std::make_shared<std::vector<Process>>(std::move(*found));
  const Instant at = boot_now();
  for (const Process& process : *struck) lab::send_signal(process, SIGSTOP);
  return Break{node.name.text(), at, [struck]() -> Result<void> {
                 for (const Process& process : *struck) lab::send_signal(process, SIGCONT);
                 return {};
               }};
}

Result<Break> cut_power(Lab& lab, const NodePlan& node) {
  const Instant at = boot_now();
  if (auto done = lab.power_off(node); !done) return done.error();
  return Break{node.name.text(), at, [&lab, &node]() -> Result<void> {
                 if (auto done = lab.power_on(node); !done) return done;
                 return lab.start(node);
               }};
}

Result<Break> pull_cable(const Lab& lab, const NodePlan& node) {
  const Instant at = boot_now();
  const std::string wire = lab.plan().wire_netns;
  if (auto done = lab::set_carrier(wire, node.bridge_port, lab::Carrier::down); !done) {
    return done.error();
  }
  return Break{node.name.text(), at, [wire, &node] {
                 return lab::set_carrier(wire, node.bridge_port, lab::Carrier::up);
               }};
}

Result<Break> partition(const Lab& lab, const NodePlan& node, lab::Cut cut) {
  const std::string wire = lab.plan().wire_netns;
  const auto filter = [wire](const std::string& rules) {
    return lab::run_well({"nft", "-f", "-"}, {.netns = wire, .input = rules});
  };
  const Instant at = boot_now();
  if (auto done = filter(lab::partition_rules(node, cut)); !done) return done.error();
  return Break{node.name.text(), at, [filter, &node] { return filter(lab::heal_rules(node)); }};
}

Result<Break> delete_address(const Lab& lab, const NodePlan& node) {
  const std::string card(lab::inner_interface);
  const Instant at = boot_now();
  auto done = lab::run_well({"ip", "addr", "del", to_string(lab.plan().vip), "dev", card},
                            {.netns = node.netns});
  if (!done) return done.error();
  return Break{node.name.text(), at, nothing};
}

Result<void> order_move(const Lab& lab, const NodePlan& from, const NodePlan& to) {
  const auto answer = lab.ask(from, {"move", lab.plan().service.text(), to.name.text()});
  if (!answer) return answer.error();
  if (answer->code == 0) return {};
  return Error{ErrorKind::failed, "`hapx move` was refused: " + answer->errors, 0};
}

/// A node that may hold the address, and is neither of these.
const NodePlan* other_full_node(const Lab& lab, const NodePlan* one, const NodePlan* another) {
  const auto found = std::ranges::find_if(lab.plan().nodes, [&](const NodePlan& node) {
    return node.role == Role::full && &node != one && &node != another;
  });
  return found == lab.plan().nodes.end() ? nullptr : &*found;
}

Result<Break> hand_over(const Lab& lab, const NodePlan& holder) {
  const NodePlan* heir = other_full_node(lab, &holder, nullptr);
  if (heir == nullptr) return without("other node");
  const Instant at = boot_now();
  if (auto done = order_move(lab, holder, *heir); !done) return done.error();
  return Break{holder.name.text(), at, nothing};
}

Result<Break> start_cold(Lab& lab) {
  for (const NodePlan& node : lab.plan().nodes) {
    if (auto done = lab.power_on(node); !done) return done.error();
  }
  const Instant at = boot_now();
  for (const NodePlan& node : lab.plan().nodes) {
    if (auto done = lab.start(node); !done) return done.error();
  }
  return Break{"", at, nothing};
}

/// Its process is looked for before, since that takes longer than what is to be measured.
Result<Break> break_apiserver(Lab& lab, int signal) {
  const lab::ApiserverPlan& server = lab.plan().apiservers.front();
  const auto struck = lab::processes_in(lab.plan().apiserver_netns, lab::stand_in_name(server));
  if (struck.empty()) return without("kube-apiserver that runs");
  const Instant at = boot_now();
  for (const Process& process : struck) lab::send_signal(process, signal);
  return Break{server.name, at, [&lab, &server] { return lab.tell(server, lab::Health::well); }};
}

Result<Break> fill_disk(const NodePlan& node) {
  const auto struck = processes_of(node, {lab::keeper_name});
  if (!struck) return struck.error();
  const Instant at = boot_now();
  const pid_t inside = struck->front().pid;
  if (auto done = fill(node.state_folder, inside); !done) return done.error();
  return Break{node.name.text(), at, [&node, inside] { return empty(node.state_folder, inside); }};
}

/// All nodes read the same file, so it is put back at once when it was taken.
Result<Break> offer_nonsense(const Lab& lab, const NodePlan& node) {
  const std::string file = lab.plan().config_file;
  const auto former = lab::read_file(file);
  if (!former) return former.error();
  const auto put_back = [file, former = *former] { return lab::write_file(file, former); };
  const Instant at = boot_now();
  auto refused = lab::write_file(file, "apiVersion: hapx.dev/v1alpha1\nkind: Nonsense\n");
  if (refused) {
    const auto answer = lab.ask(node, {"reload"});
    if (!answer) refused = answer.error();
    if (answer && answer->code == 0) {
      refused = Error{ErrorKind::failed, "a file that can't be read was taken", 0};
    }
  }
  if (refused) return Break{node.name.text(), at, put_back};
  static_cast<void>(put_back());
  return refused.error();
}

Result<Break> let_a_stranger_claim(const Lab& lab) {
  const Instant at = boot_now();
  auto stranger = start_stranger(lab.plan());
  if (!stranger) return stranger.error();
  const auto held = std::make_shared<std::optional<Instrument>>(std::move(*stranger));
  return Break{to_string(stranger_mac), at, [held]() -> Result<void> {
                 held->reset();
                 return {};
               }};
}

/// Hands the service over by order, and waits until it is there.
Result<Scene> bring(const Lab& lab, const Scene& scene, const NodePlan& heir) {
  if (scene.holder == &heir) return scene;
  if (auto done = order_move(lab, *scene.holder, heir); !done) return done.error();
  const Instant deadline = boot_now() + order_patience;
  while (boot_now() < deadline && lab::pause(std::chrono::milliseconds(50))) {
    const auto now = scene_of(lab);
    if (now && now->holder == &heir) return now;
  }
  return Error{ErrorKind::unavailable, "the service did not move to " + heir.name.text(), 0};
}

/// The coordinator stays when the service moves, so moving it parts the two roles.
Result<Scene> part_roles(const Lab& lab, const Scene& scene) {
  if (scene.coordinator == nullptr) return without("coordinator");
  if (scene.holder != scene.coordinator) return scene;
  const NodePlan* heir = other_full_node(lab, scene.holder, scene.coordinator);
  if (heir == nullptr) return without("other node");
  auto parted = bring(lab, scene, *heir);
  if (parted && parted->holder == parted->coordinator) {
    return Error{ErrorKind::unavailable, "the coordinator moved with the service", 0};
  }
  return parted;
}

/// A node that could take over: the one that is wanted, else one that does not coordinate, either.
Result<Scene> choose_peer(const Lab& lab, const Scene& scene, const NodePlan* wanted) {
  if (wanted == scene.holder) wanted = nullptr;
  Scene chosen = scene;
  chosen.peer = wanted != nullptr ? wanted : other_full_node(lab, scene.holder, scene.coordinator);
  if (chosen.peer == nullptr) chosen.peer = other_full_node(lab, scene.holder, nullptr);
  if (chosen.peer == nullptr) return without("node that could take over");
  return chosen;
}

/// Sees to it that the fault strikes the node that was asked for.
Result<Scene> cast(const PlannedFault& planned, const Lab& lab, Scene scene) {
  const Victim victim = words_of(planned.fault).victim;
  const NodePlan* wanted = planned.node ? lab::node_of(lab.plan(), planned.node->text()) : nullptr;
  if (victim == Victim::coordinator) return part_roles(lab, scene);
  if (wanted != nullptr && victim == Victim::holder) return bring(lab, scene, *wanted);
  if (victim != Victim::peer) return scene;
  if (wanted != nullptr && wanted == scene.holder) {
    const NodePlan* heir = other_full_node(lab, wanted, nullptr);
    if (heir == nullptr) return without("other node");
    auto moved = bring(lab, scene, *heir);
    if (!moved) return moved;
    scene = *moved;
  }
  return choose_peer(lab, scene, wanted);
}

Result<Scene> darken(Lab& lab) {
  for (const NodePlan& node : lab.plan().nodes) {
    if (auto done = lab.power_off(node); !done) return done.error();
  }
  return Scene{};
}

}  // namespace

Result<Scene> scene_of(const Lab& lab) {
  Error last{ErrorKind::unavailable, "no node has power", 0};
  for (const NodePlan& node : lab.plan().nodes) {
    if (!lab.has_power(node)) continue;
    const auto seen = lab.observe(node);
    if (!seen) {
      last = seen.error();
      continue;
    }
    const auto node_named = [&](const std::optional<std::string>& name) {
      return name ? lab::node_of(lab.plan(), *name) : nullptr;
    };
    Scene scene;
    scene.coordinator = node_named(seen->coordinator);
    if (!seen->services.empty()) scene.holder = node_named(seen->services.front().holder);
    return scene;
  }
  return last;
}

Result<Scene> prepare(const PlannedFault& planned, Lab& lab) {
  if (planned.fault == Fault::cold_start) return darken(lab);
  auto scene = scene_of(lab);
  if (!scene) return scene.error();
  if (scene->holder == nullptr) return without("holder");
  return cast(planned, lab, *scene);
}

Result<Break> inject(Fault fault, Lab& lab, const Scene& scene) {
  if (fault == Fault::cold_start) return start_cold(lab);
  HAPX_ASSERT(scene.holder != nullptr);
  const NodePlan& holder = *scene.holder;
  switch (fault) {
    case Fault::power_loss:
      return cut_power(lab, holder);
    case Fault::haproxy_kill:
      return kill(holder, {lab::haproxy_name}, nothing);
    case Fault::haproxy_freeze:
      return freeze(holder, {lab::haproxy_name});
    case Fault::vip_delete:
      return delete_address(lab, holder);
    case Fault::link_down:
      return pull_cable(lab, holder);
    case Fault::daemon_kill:
      return kill(holder, {lab::daemon_name}, nothing);
    case Fault::daemon_kill_with_keeper:
      return kill(holder, {lab::keeper_name, lab::daemon_name},
                  [&lab, &holder] { return lab.start(holder); });
    case Fault::daemon_freeze:
      return freeze(holder, {lab::daemon_name});
    case Fault::daemon_freeze_with_keeper:
      return freeze(holder, {lab::keeper_name, lab::daemon_name});
    case Fault::partition:
      return partition(lab, holder, lab::Cut::both_ways);
    case Fault::partition_one_way:
      return partition(lab, holder, lab::Cut::outward);
    case Fault::coordinator_kill:
      return cut_power(lab, *scene.coordinator);
    case Fault::peer_loss:
      return cut_power(lab, *scene.peer);
    case Fault::apiserver_down:
      return break_apiserver(lab, SIGKILL);
    case Fault::apiserver_hang:
      return break_apiserver(lab, SIGSTOP);
    case Fault::disk_full:
      return fill_disk(holder);
    case Fault::config_refused:
      return offer_nonsense(lab, holder);
    case Fault::duplicate_vip:
      return let_a_stranger_claim(lab);
    case Fault::hand_over:
      return hand_over(lab, holder);
    case Fault::clock_jump:
    case Fault::cold_start:
      break;
  }
  return without("such fault");
}

}  // namespace hapx::appliance::drill
