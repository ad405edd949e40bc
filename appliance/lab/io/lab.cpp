// SPDX-License-Identifier: Apache-2.0
#include "appliance/lab/io/lab.hpp"

#include <array>
#include <cerrno>
#include <climits>

#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "appliance/lab/io/apiserver.hpp"
#include "appliance/lab/io/cable.hpp"
#include "appliance/lab/io/file.hpp"
#include "appliance/lab/io/interrupt.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance::lab {
namespace {

constexpr Duration kill_patience = std::chrono::seconds(5);
/// Longer than a stand-in gives to what it serves.
constexpr int end_milliseconds_max = 10'000;
constexpr Duration ask_patience = std::chrono::seconds(3);
constexpr const char* run_home = "/run/hapx-lab";
constexpr const char* state_home = "/var/lib/hapx-lab";

std::string wishes_file(const Plan& plan) {
  return plan.run_root + "/wishes";
}

/// A random one of RFC 4122's version 4, as the kernel makes it at each boot.
std::string new_boot_id() {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) < 0) bytes.fill(0);
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 0x0f];
  }
  return text + "\n";
}

Result<void> ip_batch(const std::string& netns, const std::string& lines) {
  return run_well({"ip", "-batch", "-"}, {.netns = netns, .input = lines});
}

/// The network's settings under /proc/sys are those of the namespace that one is in.
Result<void> tell_kernel(const std::string& netns, const std::vector<Setting>& settings) {
  if (settings.empty()) return {};
  return within(netns, [&]() -> Result<void> {
    for (const Setting& setting : settings) {
      if (auto done = write_file("/proc/sys/" + setting.name, setting.value); !done) return done;
    }
    return {};
  });
}

/// Where the name is all that is known, the largest plan covers what may be there.
Result<Plan> largest_plan(const std::string& name) {
  return make_plan({.name = name, .nodes = 3, .witness = false, .profile = "lan"});
}

bool is_netns(const std::string& name) {
  return exists("/run/netns/" + name);
}

/// /run is memory on a real machine. Where it is a disk, writing to it can take seconds, which no
/// daemon is made for; so a lab brings its own memory.
Result<void> mount_memory(const std::string& folder) {
  struct statfs status {};
  if (::statfs(folder.c_str(), &status) == 0 && status.f_type == TMPFS_MAGIC) return {};
  if (::mount("hapx-lab", folder.c_str(), "tmpfs", MS_NODEV | MS_NOSUID, "mode=0755") != 0) {
    return system_error(errno, "memory for " + folder);
  }
  return {};
}

Result<void> remove_netns(const std::string& name) {
  if (!is_netns(name)) return {};
  if (auto killed = kill_all_in(name, kill_patience); !killed) return killed;
  return run_well({"ip", "netns", "del", name}, {});
}

/// What tells a stand-in that runs to behave so.
int signal_for(Health health) {
  switch (health) {
    case Health::failing:
      return SIGUSR1;
    case Health::unready:
      return SIGHUP;
    case Health::ending:
      return SIGTERM;
    case Health::dead:
      return SIGKILL;
    case Health::well:
    case Health::hanging:
      break;
  }
  return SIGUSR2;
}

}  // namespace

std::string own_programs() {
  std::array<char, PATH_MAX> path{};
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  if (length <= 0) return "/usr/bin";
  const std::string_view whole(path.data(), static_cast<std::size_t>(length));
  return std::string(whole.substr(0, whole.find_last_of('/')));
}

std::string stand_in_name(const ApiserverPlan& server) {
  return "lab-" + server.name;
}

Result<Lab> Lab::build(const Wishes& wishes, const std::string& programs) {
  if (::geteuid() != 0) {
    return Error{ErrorKind::forbidden, "a lab is made of network namespaces: only root can", 0};
  }
  auto plan = make_plan(wishes);
  if (!plan) return plan.error();
  if (auto made = make_folder(run_home); !made) return made.error();
  // Making the folder is taking the name: of two that try, one succeeds.
  if (::mkdir(plan->run_root.c_str(), 0755) != 0) {
    if (errno != EEXIST) return system_error(errno, plan->run_root);
    return Error{ErrorKind::exists,
                 "the lab '" + wishes.name + "' is up already (end it with `hapx lab down`)", 0};
  }
  Lab lab(*plan, programs.empty() ? own_programs() : programs);
  if (auto built = lab.build_all(); !built) {
    static_cast<void>(remove(wishes.name));
    return built.error();
  }
  return lab;
}

Result<Lab> Lab::attach(const std::string& name, const std::string& programs) {
  const auto largest = largest_plan(name);
  if (!largest) return largest.error();
  const auto text = read_file(wishes_file(*largest));
  if (!text) return Error{ErrorKind::absent, "there is no lab '" + name + "'", 0};
  const auto wishes = parse_wishes(*text);
  if (!wishes) return wishes.error();
  auto plan = make_plan(*wishes);
  if (!plan) return plan.error();
  return Lab(std::move(*plan), programs.empty() ? own_programs() : programs);
}

Result<void> Lab::remove(const std::string& name) {
  const auto plan = largest_plan(name);
  if (!plan) return plan.error();
  Result<void> result;
  for (const std::string& netns : namespaces_of(*plan)) {
    if (auto removed = remove_netns(netns); !removed) result = removed;
  }
  // Nothing is mounted there when /run is memory already.
  ::umount2(plan->run_root.c_str(), MNT_DETACH);
  for (const std::string& folder : {plan->state_root, plan->run_root}) {
    if (auto removed = remove_folder(folder); !removed) result = removed;
  }
  remove_if_empty(state_home);
  remove_if_empty(run_home);
  return result;
}

Result<void> Lab::build_all() {
  if (auto done = mount_memory(plan_.run_root); !done) return done;
  if (auto done = make_folder(plan_.state_root); !done) return done;
  if (auto done = write_file(wishes_file(plan_), render_wishes(plan_.wishes)); !done) return done;
  if (auto done = write_file(plan_.config_file, render_config(plan_)); !done) return done;
  const std::vector<std::string> shared{plan_.wire_netns, plan_.apiserver_netns,
                                        plan_.client_netns};
  if (auto done = ip_batch("", netns_batch(shared)); !done) return done;
  if (auto done = ip_batch(plan_.wire_netns, bridge_batch(plan_)); !done) return done;
  if (auto done = plug_in(apiservers_machine(plan_)); !done) return done;
  if (auto done = plug_in(client_machine(plan_)); !done) return done;
  for (const ApiserverPlan& server : plan_.apiservers) {
    if (auto done = start_stand_in(server); !done) return done;
  }
  for (const NodePlan& node : plan_.nodes) {
    if (interrupted()) return Error{ErrorKind::unavailable, "interrupted", 0};
    if (auto done = power_on(node); !done) return done;
  }
  return {};
}

Result<void> Lab::plug_in(const Machine& machine) {
  if (auto done = tell_kernel(machine.netns, machine_settings(plan_)); !done) return done;
  if (auto done = ip_batch(plan_.wire_netns, cable_batch(machine)); !done) return done;
  return ip_batch(machine.netns, machine_batch(machine));
}

Result<void> Lab::start_stand_in(const ApiserverPlan& server) {
  const Endpoint endpoint{server.address, plan_.port};
  auto pid = fork_into(plan_.apiserver_netns, stand_in_name(server), Bond::detached,
                       [&](const std::function<void()>& ready) {
                         return serve_apiserver(server.name, endpoint, ready);
                       });
  if (!pid) return pid.error();
  return {};
}

Result<void> Lab::tell(const ApiserverPlan& server, Health health) {
  auto found = processes_in(plan_.apiserver_netns, stand_in_name(server));
  const bool is_to_run = health != Health::dead && health != Health::ending;
  if (found.empty() && is_to_run) {
    if (auto started = start_stand_in(server); !started) return started;
    found = processes_in(plan_.apiserver_netns, stand_in_name(server));
  }
  for (const Process& process : found) {
    send_signal(process, signal_for(health));
    send_signal(process, health == Health::hanging ? SIGSTOP : SIGCONT);
    if (is_to_run) continue;
    pollfd gone{process.handle.number(), POLLIN, 0};
    if (::poll(&gone, 1, end_milliseconds_max) != 1) {
      return Error{ErrorKind::unavailable, server.name + " does not end", 0};
    }
  }
  return {};
}

Result<void> Lab::start_all() {
  if (!exists(plan_.key_file)) {
    const std::vector<std::string> keygen{programs_ + "/hapx", "keygen", plan_.key_file};
    if (auto done = run_well(keygen, {}); !done) return done;
  }
  for (const NodePlan& node : plan_.nodes) {
    if (auto done = start(node); !done) return done;
  }
  return {};
}

Result<void> Lab::start(const NodePlan& node) {
  const std::vector<std::string> command{
      programs_ + "/hapxd", "--config",        plan_.config_file, "--node",       node.name.text(),
      "--state-dir",        node.state_folder, "--run-dir",       node.run_folder};
  auto pid = start_daemon(command, {node.netns, node.log_file, node.boot_id_file});
  if (!pid) return pid.error();
  return {};
}

Result<void> Lab::power_off(const NodePlan& node) {
  if (!has_power(node)) return {};
  for (const std::string& port : ports_of(node)) {
    if (auto done = silence(plan_.wire_netns, port); !done) return done;
  }
  if (auto done = kill_all_in(node.netns, kill_patience); !done) return done;
  // The cables would only vanish when the kernel gets round to taking the namespace apart.
  for (const std::string& port : ports_of(node)) {
    const RunOptions at_wire{.netns = plan_.wire_netns};
    if (auto done = run_well({"ip", "link", "del", port}, at_wire); !done) return done;
  }
  if (auto done = remove_netns(node.netns); !done) return done;
  if (auto done = remove_folder(node.run_folder); !done) return done;
  return {};
}

Result<void> Lab::power_on(const NodePlan& node) {
  if (has_power(node)) return {};
  if (auto done = make_folder(node.run_folder); !done) return done;
  if (auto done = make_folder(node.state_folder); !done) return done;
  if (auto done = write_file(node.boot_id_file, new_boot_id(), 0444); !done) return done;
  if (auto done = ip_batch("", netns_batch({node.netns})); !done) return done;
  if (auto done = plug_in(machine_of(plan_, node)); !done) return done;
  for (const Machine& card : links_of(node)) {
    if (auto done = plug_in(card); !done) return done;
  }
  return {};
}

bool Lab::has_power(const NodePlan& node) const {
  return is_netns(node.netns);
}

Result<Outcome> Lab::ask(const NodePlan& node, const std::vector<std::string>& arguments) const {
  std::vector<std::string> command{programs_ + "/hapx", "--socket",
                                   node.run_folder + "/hapxd.sock"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run(command, {.patience = ask_patience});
}

Result<Observation> Lab::observe(const NodePlan& node) const {
  const auto outcome = ask(node, {"-o", "json", "status"});
  if (!outcome) return outcome.error();
  // A node that has nothing to say still prints a sentence, to stderr.
  auto seen = parse_observation(outcome->output);
  if (!seen) return Error{ErrorKind::unavailable, node.name.text() + " does not answer", 0};
  return seen;
}

std::string Lab::missing() const {
  for (const NodePlan& node : plan_.nodes) {
    if (!has_power(node)) return node.name.text() + " has no power";
    const auto seen = observe(node);
    if (!seen) return seen.error().sentence;
    std::string reason = missing_in(*seen, plan_.nodes.size());
    if (!reason.empty()) return reason;
  }
  return "";
}

Result<void> Lab::wait_until_served(Duration patience) const {
  const Instant deadline = boot_now() + patience;
  for (;;) {
    std::string reason = missing();
    if (reason.empty()) return {};
    if (!pause(std::chrono::milliseconds(50))) {
      return Error{ErrorKind::unavailable, "interrupted", 0};
    }
    if (boot_now() > deadline) {
      return Error{ErrorKind::unavailable, "not well in time: " + reason, 0};
    }
  }
}

}  // namespace hapx::appliance::lab
