// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/breaker.hpp"

#include <algorithm>
#include <memory>

#include <signal.h>

#include "appliance/lab/io/cable.hpp"
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

Result<Break> kill(const NodePlan& node, const std::vector<std::string_view>& names,
                   std::function<Result<void>()> undo) {
  const auto struck = processes_of(node, names);
  if (!struck) return struck.error();
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

Result<Break> partition(const Lab& lab, const NodePlan& node) {
  const std::string wire = lab.plan().wire_netns;
  const auto filter = [wire](const std::string& rules) {
    return lab::run_well({"nft", "-f", "-"}, {.netns = wire, .input = rules});
  };
  const Instant at = boot_now();
  if (auto done = filter(lab::partition_rules(node)); !done) return done.error();
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

/// The coordinator stays when the service moves, so moving it parts the two roles.
Result<Scene> part_roles(const Lab& lab, const Scene& scene) {
  if (scene.holder == nullptr) return without("holder");
  if (scene.coordinator == nullptr) return without("coordinator");
  if (scene.holder != scene.coordinator) return scene;
  const NodePlan* heir = other_full_node(lab, scene.holder, scene.coordinator);
  if (heir == nullptr) return without("other node");
  if (auto done = order_move(lab, *scene.holder, *heir); !done) return done.error();
  const Instant deadline = boot_now() + order_patience;
  while (boot_now() < deadline && lab::pause(std::chrono::milliseconds(50))) {
    const auto now = scene_of(lab);
    if (now && now->holder == heir && now->coordinator == scene.coordinator) return now;
  }
  return Error{ErrorKind::unavailable, "the service did not move away from the coordinator", 0};
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

Result<Scene> prepare(Fault fault, Lab& lab) {
  if (fault == Fault::cold_start) return darken(lab);
  auto scene = scene_of(lab);
  if (!scene) return scene.error();
  if (scene->holder == nullptr) return without("holder");
  if (fault == Fault::coordinator_kill) return part_roles(lab, *scene);
  return scene;
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
      return partition(lab, holder);
    case Fault::coordinator_kill:
      return cut_power(lab, *scene.coordinator);
    case Fault::hand_over:
      return hand_over(lab, holder);
    case Fault::cold_start:
      break;
  }
  return without("such fault");
}

}  // namespace hapx::appliance::drill
