// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/node_faults.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <signal.h>

#include "appliance/cli/hapxd_options.hpp"
#include "appliance/drill/io/card_down.hpp"
#include "appliance/drill/io/overlay.hpp"
#include "appliance/drill/io/power_cut.hpp"
#include "appliance/drill/io/revival.hpp"
#include "appliance/drill/io/stranger.hpp"
#include "appliance/lab/io/lab.hpp"

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

Processes keepers() {
  Processes all = lab::processes_here();
  std::erase_if(all, [](const Process& one) { return one.name != lab::keeper_name; });
  return all;
}

Result<Processes> daemons_and_keepers() {
  auto found = daemons();
  if (!found) return found;
  // The keepers first: else one sees its child stand still.
  Processes all = keepers();
  std::ranges::move(*found, std::back_inserter(all));
  return all;
}

/// Among whose mounts a node's files are seen, and how it was started.
struct Node {
  pid_t pid = 0;
  HapxdOptions options;
};

Result<Node> this_node() {
  const Processes found = keepers();
  if (found.empty()) return absent(lab::keeper_name);
  auto words = lab::command_of(found.front());
  if (!words || words->empty()) return absent(lab::keeper_name);
  words->erase(words->begin());
  auto options = read_hapxd_options(*words, "");
  if (auto* known = std::get_if<HapxdOptions>(&options)) {
    return Node{found.front().pid, std::move(*known)};
  }
  return Error{ErrorKind::refused, "the hapxd that runs here was started with other words", 0};
}

/// Who is gone already needs no signal.
Result<void> signal_all(const Processes& processes, int signal) {
  for (const Process& process : processes) lab::send_signal(process, signal);
  return {};
}

Result<NodeFault> kill(Result<Processes> found) {
  if (!found) return found.error();
  const auto struck = std::make_shared<Processes>(std::move(*found));
  return NodeFault{[struck] { return signal_all(*struck, SIGKILL); }, nothing};
}

/// At once: none of them sees another one end, and gives up in order what is to be lost.
Result<NodeFault> kill_for_good() {
  auto found = daemons_and_keepers();
  if (!found) return found.error();
  const auto struck = std::make_shared<Processes>(std::move(*found));
  const auto revival = Revival::of(struck->front());
  if (!revival) return revival.error();
  const auto strike = [struck] {
    static_cast<void>(signal_all(*struck, SIGSTOP));
    return signal_all(*struck, SIGKILL);
  };
  return NodeFault{strike, [again = *revival] { return again.begin_again(); }};
}

/// The undoing continues exactly those that were stopped, if they still live.
Result<NodeFault> freeze(Result<Processes> found) {
  if (!found) return found.error();
  const auto struck = std::make_shared<Processes>(std::move(*found));
  return NodeFault{[struck] { return signal_all(*struck, SIGSTOP); },
                   [struck] { return signal_all(*struck, SIGCONT); }};
}

/// hapxd adds it again, or takes it off for good where it has lost the right meanwhile.
NodeFault delete_address(const Strike& order) {
  return {[order] {
            return lab::run_well(
                {"ip", "addr", "del", to_string(order.address), "dev", order.card.text()}, {});
          },
          nothing};
}

Result<NodeFault> take_card_down(const InterfaceName& card) {
  auto down = CardDown::prepare(card);
  if (!down) return down.error();
  return NodeFault{[down = *down] { return down.take_down(); },
                   [down = *down] { return down.bring_up(); }};
}

Result<NodeFault> fill_disk() {
  const auto node = this_node();
  if (!node) return node.error();
  const std::string folder = node->options.state_dir;
  return NodeFault{[folder, inside = node->pid] { return fill_up(folder, inside); },
                   [folder, inside = node->pid] { return uncover(folder, inside); }};
}

Result<NodeFault> offer_nonsense(const std::function<Result<lab::Outcome>()>& reload) {
  const auto node = this_node();
  if (!node) return node.error();
  const std::string file = node->options.config_file;
  return NodeFault{
      [file, inside = node->pid, reload] { return refuses_nonsense(file, inside, reload); },
      [file, inside = node->pid] { return uncover(file, inside); }};
}

/// It falls silent by itself, or with us.
NodeFault let_a_stranger_claim(const Strike& order) {
  const auto held = std::make_shared<std::optional<Instrument>>();
  const auto begin = [held, order]() -> Result<void> {
    auto stranger = start_stranger("", order.card.text(), order.address.address);
    if (!stranger) return stranger.error();
    held->emplace(std::move(*stranger));
    return {};
  };
  const auto end = [held]() -> Result<void> {
    held->reset();
    return {};
  };
  return {begin, end};
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

Result<NodeFault> node_fault(const Strike& order,
                             const std::function<Result<lab::Outcome>()>& reload) {
  switch (order.fault) {
    case Fault::haproxy_kill:
      return kill(haproxies());
    case Fault::haproxy_freeze:
      return freeze(haproxies());
    case Fault::vip_delete:
      return delete_address(order);
    case Fault::daemon_kill:
      return kill(daemons());
    case Fault::daemon_kill_with_keeper:
      return kill_for_good();
    case Fault::link_down:
      return take_card_down(order.card);
    case Fault::disk_full:
      return fill_disk();
    case Fault::config_refused:
      return offer_nonsense(reload);
    case Fault::duplicate_vip:
      return let_a_stranger_claim(order);
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
    case Fault::apiserver_down:
    case Fault::apiserver_hang:
    case Fault::clock_jump:
    case Fault::hand_over:
    case Fault::cold_start:
      break;
  }
  return Error{ErrorKind::refused,
               "this hapx can't do " + std::string(name_of(order.fault)) + " to a node", 0};
}

}  // namespace hapx::appliance::drill
