// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/node_faults.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <signal.h>

#include "appliance/drill/io/power_cut.hpp"
#include "appliance/lab/io/lab.hpp"
#include "appliance/lab/io/process.hpp"

namespace hapx::appliance::drill {
namespace {

using lab::Process;
using Processes = std::vector<Process>;

/// Of nobody else; it goes as a whole.
constexpr std::string_view table = "inet hapx_drill";
/// Until what was said last has left the machine, over the slowest login.
constexpr Duration farewell = std::chrono::milliseconds(200);

Result<void> nothing() {
  return {};
}

Error absent(std::string_view name) {
  return {ErrorKind::absent, "no " + std::string(name) + " runs here", 0};
}

/// Our own, and no other program of that name: those that a keeper of ours has started.
Result<Processes> children_of(std::string_view keeper, std::string_view name) {
  Processes all = lab::processes_here();
  std::vector<pid_t> keepers;
  for (const Process& process : all) {
    if (process.name == keeper) keepers.push_back(process.pid);
  }
  std::erase_if(all, [&](const Process& process) {
    return process.name != name ||
           std::ranges::find(keepers, lab::parent_of(process)) == keepers.end();
  });
  if (all.empty()) return absent(name);
  return all;
}

Result<Processes> daemons() {
  return children_of(lab::keeper_name, lab::daemon_name);
}

Result<Processes> haproxies() {
  return children_of(lab::haproxy_keeper_name, lab::haproxy_name);
}

Result<Processes> daemons_and_keepers() {
  auto found = daemons();
  if (!found) return found;
  Processes keepers = lab::processes_here();
  std::erase_if(keepers, [](const Process& one) { return one.name != lab::keeper_name; });
  // The keepers first: else one sees its child stand still.
  std::ranges::move(*found, std::back_inserter(keepers));
  return keepers;
}

void signal_all(const Processes& processes, int signal) {
  for (const Process& process : processes) lab::send_signal(process, signal);
}

Result<NodeFault> kill(Result<Processes> found) {
  if (!found) return found.error();
  const auto struck = std::make_shared<Processes>(std::move(*found));
  return NodeFault{[struck]() -> Result<void> {
                     signal_all(*struck, SIGKILL);
                     return {};
                   },
                   nothing};
}

/// The undoing continues exactly those that were stopped, if they still live.
Result<NodeFault> freeze(Result<Processes> found) {
  if (!found) return found.error();
  const auto struck = std::make_shared<Processes>(std::move(*found));
  return NodeFault{[struck]() -> Result<void> {
                     signal_all(*struck, SIGSTOP);
                     return {};
                   },
                   [struck]() -> Result<void> {
                     signal_all(*struck, SIGCONT);
                     return {};
                   }};
}

/// hapxd adds it again, or takes it off for good where it has lost the right meanwhile.
NodeFault delete_address(const Strike& order) {
  return {[order] {
            return lab::run_well(
                {"ip", "addr", "del", to_string(order.address), "dev", order.card.text()}, {});
          },
          nothing};
}

Result<void> filter(const std::string& rules) {
  return lab::run_well({"nft", "-f", "-"}, {.input = rules});
}

std::string without_table() {
  // Declared first, so that deleting it can't fail.
  const std::string name(table);
  return "table " + name + "\ndelete table " + name + "\n";
}

enum class Way { both, outward };

/// Heartbeats are dropped, all else passes.
std::string cut_rules(std::uint16_t port, Way way) {
  const std::string drop = "udp dport " + std::to_string(port) + " drop";
  std::string rules = without_table() + "table " + std::string(table) + " {\n";
  rules += "  chain out { type filter hook output priority -300; " + drop + "; }\n";
  if (way == Way::both) {
    rules += "  chain in { type filter hook input priority -300; " + drop + "; }\n";
  }
  return rules + "}\n";
}

NodeFault cut(std::uint16_t port, Way way) {
  return {[port, way] { return filter(cut_rules(port, way)); },
          [] { return filter(without_table()); }};
}

Result<NodeFault> end_machine() {
  auto cut = power_cut();
  if (!cut) return cut.error();
  return NodeFault{std::move(*cut), nothing, farewell};
}

}  // namespace

Result<NodeFault> node_fault(const Strike& order) {
  switch (order.fault) {
    case Fault::haproxy_kill:
      return kill(haproxies());
    case Fault::haproxy_freeze:
      return freeze(haproxies());
    case Fault::vip_delete:
      return delete_address(order);
    case Fault::daemon_kill:
      return kill(daemons());
    case Fault::daemon_freeze:
      return freeze(daemons());
    case Fault::daemon_freeze_with_keeper:
      return freeze(daemons_and_keepers());
    case Fault::partition:
      return cut(order.port, Way::both);
    case Fault::partition_one_way:
      return cut(order.port, Way::outward);
    case Fault::power_loss:
    case Fault::coordinator_kill:
    case Fault::peer_loss:
      return end_machine();
    case Fault::link_down:
    case Fault::daemon_kill_with_keeper:
    case Fault::apiserver_down:
    case Fault::apiserver_hang:
    case Fault::disk_full:
    case Fault::clock_jump:
    case Fault::config_refused:
    case Fault::duplicate_vip:
    case Fault::hand_over:
    case Fault::cold_start:
      break;
  }
  return Error{ErrorKind::refused,
               "this hapx can't do " + std::string(name_of(order.fault)) + " to a node", 0};
}

}  // namespace hapx::appliance::drill
