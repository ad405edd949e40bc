// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/lab_place.hpp"

#include <algorithm>
#include <memory>

#include <signal.h>

#include "appliance/drill/io/dead_man.hpp"
#include "appliance/drill/io/overlay.hpp"
#include "appliance/drill/io/stranger.hpp"
#include "appliance/lab/io/cable.hpp"
#include "appliance/lab/io/file.hpp"
#include "config/assert.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance::drill {
namespace {

using lab::Lab;
using lab::NodePlan;
using lab::Process;

/// Longer than a run waits for the service to come back.
constexpr Duration dead_man_patience = std::chrono::minutes(1);

/// A machine of a lab boots in an instant.
constexpr Duration boot_patience = std::chrono::seconds(40);

/// What was done, and what ends it; nobody is told of it yet.
struct Done {
  std::string struck;
  Instant at;
  std::function<Result<void>()> undo;
};

Result<void> nothing() {
  return {};
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
Result<Done> kill(const NodePlan& node, const std::vector<std::string_view>& names,
                  std::function<Result<void>()> undo) {
  const auto struck = processes_of(node, names);
  if (!struck) return struck.error();
  for (const Process& process : *struck) {
    if (struck->size() > 1) lab::send_signal(process, SIGSTOP);
  }
  const Instant at = boot_now();
  for (const Process& process : *struck) lab::send_signal(process, SIGKILL);
  return Done{node.name.text(), at, std::move(undo)};
}

/// The undoing continues exactly those that were stopped, if they still live.
Result<Done> freeze(const NodePlan& node, const std::vector<std::string_view>& names) {
  auto found = processes_of(node, names);
  if (!found) return found.error();
  const auto struck = std::make_shared<std::vector<Process>>(std::move(*found));
  const Instant at = boot_now();
  for (const Process& process : *struck) lab::send_signal(process, SIGSTOP);
  return Done{node.name.text(), at, [struck]() -> Result<void> {
                for (const Process& process : *struck) lab::send_signal(process, SIGCONT);
                return {};
              }};
}

Result<Done> cut_power(Lab& lab, const NodePlan& node) {
  const Instant at = boot_now();
  if (auto done = lab.power_off(node); !done) return done.error();
  return Done{node.name.text(), at, [&lab, &node]() -> Result<void> {
                if (auto done = lab.power_on(node); !done) return done;
                return lab.start(node);
              }};
}

Result<Done> pull_cable(const Lab& lab, const NodePlan& node) {
  const Instant at = boot_now();
  const std::string wire = lab.plan().wire_netns;
  if (auto done = lab::set_carrier(wire, node.bridge_port, lab::Carrier::down); !done) {
    return done.error();
  }
  return Done{node.name.text(), at,
              [wire, &node] { return lab::set_carrier(wire, node.bridge_port, lab::Carrier::up); }};
}

Result<Done> partition(const Lab& lab, const NodePlan& node, lab::Cut cut) {
  const std::string wire = lab.plan().wire_netns;
  const auto filter = [wire](const std::string& rules) {
    return lab::run_well({"nft", "-f", "-"}, {.netns = wire, .input = rules});
  };
  const Instant at = boot_now();
  if (auto done = filter(lab::partition_rules(node, cut)); !done) return done.error();
  return Done{node.name.text(), at, [filter, &node] { return filter(lab::heal_rules(node)); }};
}

Result<Done> delete_address(const Lab& lab, const NodePlan& node) {
  const std::string card(lab::inner_interface);
  const Instant at = boot_now();
  auto done = lab::run_well({"ip", "addr", "del", to_string(lab.plan().vip), "dev", card},
                            {.netns = node.netns});
  if (!done) return done.error();
  return Done{node.name.text(), at, nothing};
}

Result<Done> start_cold(Lab& lab) {
  for (const NodePlan& node : lab.plan().nodes) {
    if (auto done = lab.power_on(node); !done) return done.error();
  }
  const Instant at = boot_now();
  for (const NodePlan& node : lab.plan().nodes) {
    if (auto done = lab.start(node); !done) return done.error();
  }
  return Done{"", at, nothing};
}

/// Its process is looked for before, since that takes longer than what is to be measured.
Result<Done> break_apiserver(Lab& lab, int signal) {
  const lab::ApiserverPlan& server = lab.plan().apiservers.front();
  const auto struck = lab::processes_in(lab.plan().apiserver_netns, lab::stand_in_name(server));
  if (struck.empty()) return without("kube-apiserver that runs");
  const Instant at = boot_now();
  for (const Process& process : struck) lab::send_signal(process, signal);
  return Done{server.name, at, [&lab, &server] { return lab.tell(server, lab::Health::well); }};
}

Result<Done> fill_disk(const NodePlan& node) {
  const auto struck = processes_of(node, {lab::keeper_name});
  if (!struck) return struck.error();
  const Instant at = boot_now();
  const pid_t inside = struck->front().pid;
  if (auto done = fill_up(node.state_folder, inside); !done) return done.error();
  return Done{node.name.text(), at, [&node, inside] { return uncover(node.state_folder, inside); }};
}

Result<Done> offer_nonsense(const Lab& lab, const NodePlan& node) {
  const auto struck = processes_of(node, {lab::keeper_name});
  if (!struck) return struck.error();
  const Instant at = boot_now();
  const pid_t inside = struck->front().pid;
  const std::string& file = lab.plan().config_file;
  const auto refused = refuses_nonsense(file, inside, [&] { return lab.ask(node, {"reload"}); });
  if (!refused) return refused.error();
  return Done{node.name.text(), at, [file, inside] { return uncover(file, inside); }};
}

Result<Done> let_a_stranger_claim(const Lab& lab) {
  const Instant at = boot_now();
  // Where no node's card and no client's is: on the machine of the kube-apiservers.
  auto stranger = start_stranger(lab.plan().apiserver_netns, std::string(lab::inner_interface),
                                 lab.plan().vip.address);
  if (!stranger) return stranger.error();
  const auto held = std::make_shared<std::optional<Instrument>>(std::move(*stranger));
  return Done{to_string(stranger_mac), at, [held]() -> Result<void> {
                held->reset();
                return {};
              }};
}

Result<Scene> darken(Lab& lab) {
  for (const NodePlan& node : lab.plan().nodes) {
    if (auto done = lab.power_off(node); !done) return done.error();
  }
  return Scene{};
}

/// REQUIRES a node of the lab.
const NodePlan& node_named(const Lab& lab, const std::string& name) {
  const NodePlan* node = lab::node_of(lab.plan(), name);
  HAPX_ASSERT(node != nullptr);
  return *node;
}

Result<Done> strike(Fault fault, Lab& lab, const Scene& scene) {
  if (fault == Fault::cold_start) return start_cold(lab);
  HAPX_ASSERT(!scene.holder.empty());
  const NodePlan& holder = node_named(lab, scene.holder);
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
      return cut_power(lab, node_named(lab, scene.coordinator));
    case Fault::peer_loss:
      return cut_power(lab, node_named(lab, scene.peer));
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
    case Fault::clock_jump:
    case Fault::cold_start:
      break;
  }
  return without("such fault");
}

/// With somebody who undoes it when we are gone.
Result<Break> guarded(Done done, Duration length) {
  auto dead_man = DeadMan::arm(done.undo, length + dead_man_patience);
  if (!dead_man) {
    static_cast<void>(done.undo());
    return dead_man.error();
  }
  const auto guard = std::make_shared<DeadMan>(std::move(*dead_man));
  return Break{std::move(done.struck), done.at,
               [guard, undo = std::move(done.undo)]() -> Result<Instant> {
                 const Instant begun = boot_now();
                 if (!guard->let_go()) return begun;
                 if (auto undone = undo(); !undone) return undone.error();
                 return begun;
               }};
}

}  // namespace

LabPlace::LabPlace(lab::Lab& lab, Duration beat) : lab_(lab) {
  const lab::Plan& plan = lab.plan();
  facts_.timing = plan.timing;
  facts_.boot_patience = boot_patience;
  facts_.service = plan.service;
  facts_.view = view_of(plan);
  facts_.view.beat = beat;
  for (const NodePlan& node : plan.nodes) {
    facts_.nodes.push_back(node.name.text());
    if (node.role == Role::full) facts_.holders.push_back(node.name.text());
    facts_.names[node.mac] = node.name.text();
  }
}

bool LabPlace::is_reached(const std::string& node) const {
  return lab_.has_power(node_named(lab_, node));
}

Result<lab::Outcome> LabPlace::ask(const std::string& node, const std::vector<std::string>& words) {
  return lab_.ask(node_named(lab_, node), words);
}

Result<void> LabPlace::wait_until_well(Duration patience) {
  return lab_.wait_until_served(patience);
}

Result<Scene> LabPlace::prepare(const PlannedFault& planned) {
  return planned.fault == Fault::cold_start ? darken(lab_) : cast(planned, *this);
}

Result<Break> LabPlace::inject(Fault fault, Duration length, const Scene& scene) {
  if (fault == Fault::hand_over) return hand_over(*this, scene);
  auto done = strike(fault, lab_, scene);
  if (!done) return done.error();
  return guarded(std::move(*done), length);
}

}  // namespace hapx::appliance::drill
