// SPDX-License-Identifier: Apache-2.0
#include "appliance/lab/io/verbs.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <boost/json.hpp>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/lab/io/interrupt.hpp"
#include "appliance/lab/io/lab.hpp"
#include "appliance/lab/io/spawn.hpp"

namespace hapx::appliance::lab {
namespace {

namespace json = boost::json;

constexpr Duration start_patience = std::chrono::seconds(15);

struct HealthWord {
  std::string_view text;
  Health health;
};
constexpr std::array<HealthWord, 6> healths{{{"well", Health::well},
                                             {"failing", Health::failing},
                                             {"unready", Health::unready},
                                             {"ending", Health::ending},
                                             {"hanging", Health::hanging},
                                             {"dead", Health::dead}}};

int fail(const Error& error, std::ostream& err) {
  err << "hapx: " << error.sentence << "\n";
  return exit_failed;
}

struct NodeState {
  bool has_power = false;
  std::vector<std::string> processes;
  std::string view;  ///< empty: all is well
};

NodeState state_of(const Lab& lab, const NodePlan& node) {
  NodeState state;
  state.has_power = lab.has_power(node);
  if (!state.has_power) return state;
  for (const Process& process : processes_in(node.netns)) state.processes.push_back(process.name);
  std::ranges::sort(state.processes);
  const auto seen = lab.observe(node);
  state.view = seen ? missing_in(*seen, lab.plan().nodes.size()) : seen.error().sentence;
  return state;
}

void print_text(const NodePlan& node, const NodeState& state, std::ostream& out) {
  out << node.name.text() << "  " << to_string(node.address)
      << (node.role == Role::witness ? "  witness" : "") << (state.has_power ? "" : "  no power");
  for (const std::string& name : state.processes) out << "  " << name;
  if (state.has_power) out << "  " << (state.view.empty() ? "sees all well" : state.view);
  out << "\n";
}

json::object as_json(const NodePlan& node, const NodeState& state) {
  json::array processes;
  for (const std::string& name : state.processes) processes.push_back(json::value(name));
  return {{"name", node.name.text()},
          {"address", to_string(node.address)},
          {"witness", node.role == Role::witness},
          {"power", state.has_power},
          {"netns", node.netns},
          {"socket", node.run_folder + "/hapxd.sock"},
          {"log", node.log_file},
          {"processes", std::move(processes)},
          {"missing", state.view}};
}

}  // namespace

int lab_up(const UpOptions& options, std::ostream& out, std::ostream& err) {
  const InterruptWatch watch;
  err << "building the lab '" << options.wishes.name << "'\n" << std::flush;
  auto lab = Lab::build(options.wishes, options.programs);
  if (!lab) return fail(lab.error(), err);
  auto started = lab->start_all();
  if (started) {
    err << "waiting until the address is served\n" << std::flush;
    started = lab->wait_until_served(start_patience);
  }
  if (!started) {
    if (auto removed = Lab::remove(options.wishes.name); !removed) fail(removed.error(), err);
    if (interrupted()) return exit_interrupted;
    return fail(started.error(), err);
  }
  const Plan& plan = lab->plan();
  out << "lab '" << plan.wishes.name << "': " << plan.nodes.size() << " nodes, "
      << to_string(Endpoint{plan.vip.address, plan.port}) << " is served\n";
  return exit_done;
}

int lab_status(const std::string& name, const std::string& programs, Output output,
               std::ostream& out, std::ostream& err) {
  const auto lab = Lab::attach(name, programs);
  if (!lab) return fail(lab.error(), err);
  json::array nodes;
  bool is_well = true;
  for (const NodePlan& node : lab->plan().nodes) {
    const NodeState state = state_of(*lab, node);
    is_well = is_well && state.has_power && state.view.empty();
    if (output == Output::text) print_text(node, state, out);
    nodes.push_back(as_json(node, state));
  }
  if (output == Output::json) {
    out << json::serialize(json::object{{"lab", name},
                                        {"address", to_string(lab->plan().vip)},
                                        {"well", is_well},
                                        {"nodes", std::move(nodes)}})
        << "\n";
  }
  return is_well ? exit_done : exit_failed;
}

int lab_exec(const std::string& name, const std::string& where,
             const std::vector<std::string>& command, std::ostream& err) {
  const auto lab = Lab::attach(name, "");
  if (!lab) return fail(lab.error(), err);
  const auto netns = netns_of(lab->plan(), where);
  if (!netns) {
    return fail({ErrorKind::absent, "the lab '" + name + "' has no machine '" + where + "'", 0},
                err);
  }
  if (command.empty()) return fail({ErrorKind::refused, "no command is given", 0}, err);
  std::vector<std::string> words = command;
  if (const NodePlan* node = node_of(lab->plan(), where)) {
    words.insert(words.begin(), {"env", "HAPX_SOCKET=" + node->run_folder + "/hapxd.sock"});
  }
  const InterruptWatch watch;
  const pid_t pid = ::fork();
  if (pid < 0) return fail(system_error(errno, words.front()), err);
  if (pid == 0) exec_in(*netns, words, {0, 1, 2});
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int lab_apiserver(const std::string& name, const std::string& server, const std::string& health,
                  std::ostream& out, std::ostream& err) {
  auto lab = Lab::attach(name, "");
  if (!lab) return fail(lab.error(), err);
  const auto& servers = lab->plan().apiservers;
  const auto chosen = std::ranges::find(servers, server, &ApiserverPlan::name);
  const auto words = std::ranges::find(healths, health, &HealthWord::text);
  if (chosen == servers.end() || words == healths.end()) {
    return fail({ErrorKind::refused,
                 "say one of apiserver1 to apiserver" + std::to_string(servers.size()) +
                     " and one of well, failing, unready, ending, hanging, dead",
                 0},
                err);
  }
  if (auto told = lab->tell(*chosen, words->health); !told) return fail(told.error(), err);
  out << server << " is " << health << "\n";
  return exit_done;
}

int lab_down(const std::string& name, std::ostream& out, std::ostream& err) {
  const InterruptWatch watch;
  if (auto removed = Lab::remove(name); !removed) return fail(removed.error(), err);
  out << "lab '" << name << "' is gone\n";
  return exit_done;
}

}  // namespace hapx::appliance::lab
