// SPDX-License-Identifier: Apache-2.0
// The nodes of a lab, drilled as a real cluster is: by agents that a command reaches, from a
// machine beside the nodes and from one of them. The plan that a pair in production can bear
// passes; whoever is killed, no fault stays; and what may not be drilled is refused before anything
// is done.
#include <gmock/gmock.h>

#include "appliance/drill/history.hpp"
#include "ground.hpp"

namespace hapx::appliance::lab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ClusterDrill : public Ground {
 protected:
  void begin() {
    build();
    ASSERT_FALSE(HasFailure());
    start_all();
    ASSERT_NE(settled(), 0U);
    expect_well();
  }

  void TearDown() override {
    if (!lab_) return Ground::TearDown();
    for (const Process& process : processes_in(plan().client_netns, "hapx")) {
      send_signal(process, SIGKILL);
    }
    Ground::TearDown();
  }

  [[nodiscard]] std::string reach() const {
    return "ip netns exec hapx-" + name() + "-{node} " + HAPX_PROGRAMS + "/hapx --socket " +
           plan().run_root + "/{node}/run/hapxd.sock";
  }

  /// What an operator says on a machine whose hapxd, if it has one, is node1's.
  [[nodiscard]] std::vector<std::string> words(const std::vector<std::string>& more) const {
    std::vector<std::string> all{std::string(HAPX_PROGRAMS) + "/hapx",
                                 "--socket",
                                 node(1).run_folder + "/hapxd.sock",
                                 "drill",
                                 "run",
                                 "--config",
                                 plan().config_file,
                                 "--state-dir",
                                 file("none")};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  [[nodiscard]] Outcome drill_from(const std::string& netns,
                                   const std::vector<std::string>& more) const {
    const auto outcome = run(words(more), {.netns = netns, .patience = std::chrono::minutes(4)});
    EXPECT_TRUE(outcome) << outcome.error().sentence;
    return outcome ? *outcome : Outcome{};
  }

  void expect_refused(const std::string& netns, const std::vector<std::string>& more,
                      const std::string& why) const {
    const Outcome outcome = drill_from(netns, more);
    EXPECT_EQ(outcome.code, 1) << outcome.errors;
    EXPECT_EQ(outcome.output, "");
    EXPECT_THAT(outcome.errors, HasSubstr(why));
  }

  void expect_passed(const Outcome& outcome, std::size_t faults) const {
    EXPECT_EQ(outcome.code, 0) << outcome.output << outcome.errors << logs();
    const auto report = past_drill_from_json(outcome.output);
    ASSERT_TRUE(report) << outcome.output << outcome.errors;
    EXPECT_TRUE(report->is_passed);
    EXPECT_EQ(report->faults.size(), faults);
    for (const PastFault& fault : report->faults) {
      EXPECT_EQ(fault.passed, fault.runs) << fault.name;
      std::cout << fault.name << ": outage " << fault.outage_median / std::chrono::microseconds(1)
                << " us at the median of " << fault.runs << "\n";
    }
    EXPECT_THAT(outcome.errors, HasSubstr("all nodes say that all is well again"));
  }

  /// A drill that goes on while the test does; what it says is in `said`.
  [[nodiscard]] pid_t begin_drill(const std::string& said,
                                  const std::vector<std::string>& more) const {
    const auto pid = start_daemon(words(more), {plan().client_netns, said, ""});
    EXPECT_TRUE(pid) << pid.error().sentence;
    return pid ? *pid : 0;
  }

  void comes_to_say_in(const std::string& said, const std::string& what) const {
    comes("a drill that says \"" + what + "\"", [&] {
      const auto text = read_file(said);
      return text && text->find(what) != std::string::npos;
    });
  }

  /// A fault that lasts as long as one may, or so long.
  [[nodiscard]] std::string long_plan(const std::string& fault,
                                      const std::string& length = "1m") const {
    const std::string path = file(fault + ".yaml");
    EXPECT_TRUE(
        write_file(path,
                   "apiVersion: hapx.dev/v1alpha1\nkind: DrillPlan\nmetadata: {name: long}\n"
                   "spec:\n  faults:\n    - {fault: " +
                       fault + ", length: " + length + "}\n"));
    return path;
  }

  [[nodiscard]] bool stands_still(const Process& process) const {
    const auto state = read_file("/proc/" + std::to_string(process.pid) + "/stat");
    return state && state->find(") T ") != std::string::npos;
  }

  /// Whether anything that a drill does is done now.
  [[nodiscard]] bool is_struck() const {
    for (const NodePlan& each : plan().nodes) {
      if (output_in(each.netns, {"nft", "list", "tables"}).find("hapx_drill") !=
          std::string::npos) {
        return true;
      }
      if (output_in(each.netns, {"ip", "-o", "link", "show", "dev", "eth0"}).find(",UP,") ==
          std::string::npos) {
        return true;
      }
      for (const Process& process : processes_in(each.netns)) {
        if (stands_still(process) || is_covered(process)) return true;
      }
    }
    return false;
  }

  [[nodiscard]] static std::size_t matches_in(const std::string& text, const std::string& what) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
      ++count;
    }
    return count;
  }

  /// Whether anything lies over its folders.
  [[nodiscard]] bool is_covered(const Process& process) const {
    const auto mounts = read_file("/proc/" + std::to_string(process.pid) + "/mountinfo");
    return mounts && (mounts->find("hapx-full") != std::string::npos ||
                      mounts->find(plan().config_file) != std::string::npos);
  }

  void expect_undone() const {
    EXPECT_TRUE(eventually([&] { return !is_struck(); })) << logs();
  }

  /// What this node remembers of the last drill, as it tells whoever watches it.
  [[nodiscard]] std::vector<std::string> remembered(unsigned number) const {
    std::vector<std::string> faults;
    const auto drill = status(number).drill;
    for (const PastFault& fault : drill.value_or(PastDrill{}).faults) faults.push_back(fault.name);
    return faults;
  }

  void expect_well() const {
    EXPECT_TRUE(comes("a cluster that is well",
                      [&] { return lab_->missing().empty() && status(1).degraded.empty(); }));
  }
};

TEST_F(ClusterDrill, TheDefaultPlanPassesFromAMachineBesideTheNodes) {
  begin();
  const Outcome outcome = drill_from(plan().client_netns, {"--reach", reach(), "-o", "json"});
  expect_passed(outcome, 5);
  EXPECT_THAT(outcome.output, HasSubstr("\"cluster\":\""));
  EXPECT_THAT(outcome.output, HasSubstr("\"unheard\":\"\"")) << "it hears all of them";
  for (unsigned i = 1; i <= 3; ++i) EXPECT_THAT(remembered(i), SizeIs(5)) << "node" << i;
  expect_undone();
  expect_well();
}

TEST_F(ClusterDrill, TheDefaultPlanPassesFromANode) {
  begin();
  const Outcome outcome = drill_from(node(1).netns, {"--reach", reach(), "-o", "json"});
  expect_passed(outcome, 5);
  EXPECT_THAT(outcome.output, HasSubstr("\"unheard\":\"node1\""));
  expect_undone();
  expect_well();
}

TEST_F(ClusterDrill, WhatMovesTheAddressPasses) {
  begin();
  const Outcome outcome =
      drill_from(plan().client_netns, {"--reach", reach(), "--fault", "haproxy-freeze", "--fault",
                                       "daemon-freeze-with-keeper", "--fault", "partition",
                                       "--fault", "partition-one-way", "-o", "json"});
  expect_passed(outcome, 4);
  expect_undone();
  expect_well();
}

TEST_F(ClusterDrill, WhatANodeDoesToItselfPasses) {
  begin();
  const Outcome outcome =
      drill_from(plan().client_netns, {"--reach", reach(), "--fault", "daemon-kill-with-keeper",
                                       "--fault", "config-refused", "--destructive", "--fault",
                                       "disk-full", "--fault", "duplicate-vip", "-o", "json"});
  expect_passed(outcome, 4);
  EXPECT_THAT(outcome.output, HasSubstr("\"struck\":\"52:54:00:0f:0e:01\""));
  EXPECT_EQ(matches_in(outcome.output, "\"strangersClaims\":0"), 3U) << "of the other three";

  expect_undone();
  expect_well();
}

TEST_F(ClusterDrill, ACardThatWasDownHasItsRoutesAgain) {
  begin();
  const std::string gateway = to_string(plan().client_address);
  const auto routes = [&](unsigned number) {
    return output_in(node(number).netns, {"ip", "-4", "route", "show", "table", "all"});
  };
  for (unsigned i = 1; i <= 3; ++i) {
    for (const std::string where : {"default", "10.77.0.0/16"}) {
      ASSERT_TRUE(
          run_well({"ip", "route", "add", where, "via", gateway}, {.netns = node(i).netns}));
    }
    ASSERT_TRUE(run_well({"ip", "route", "add", "10.78.0.0/16", "via", gateway, "table", "77"},
                         {.netns = node(i).netns}));
  }
  const auto has_routes = [&](unsigned number) {
    const std::string now = routes(number);
    return now.find("default via " + gateway) != std::string::npos &&
           now.find("10.77.0.0/16 via " + gateway) != std::string::npos &&
           now.find("10.78.0.0/16 via " + gateway + " dev eth0 table 77") != std::string::npos;
  };
  expect_passed(drill_from(plan().client_netns, {"--reach", reach(), "--destructive", "--fault",
                                                 "link-down", "-o", "json"}),
                1);
  for (unsigned i = 1; i <= 3; ++i) EXPECT_TRUE(has_routes(i)) << "node" << i << routes(i);
  expect_undone();

  // Whoever is killed meanwhile.
  const std::string said = file("said");
  const pid_t runner =
      begin_drill(said, {"--reach", reach(), "--destructive", long_plan("link-down", "3s")});
  ASSERT_NE(runner, 0);
  comes_to_say_in(said, ": struck");
  EXPECT_TRUE(is_struck());
  for (const NodePlan& each : plan().nodes) {
    for (const Process& agent : processes_in(each.netns, "hapx")) send_signal(agent, SIGKILL);
  }
  expect_undone();
  for (unsigned i = 1; i <= 3; ++i) {
    EXPECT_TRUE(eventually([&] { return has_routes(i); })) << "node" << i << routes(i);
  }
  expect_well();
}

TEST_F(ClusterDrill, OthersLookOn) {
  begin();
  const std::string program = std::string(HAPX_PROGRAMS) + "/hapx";
  const std::string worker = "ip netns exec " + plan().apiserver_netns + " " + program;
  const std::string peer = "ip netns exec " + node(2).netns + " " + program;
  const Outcome outcome =
      drill_from(plan().client_netns, {"--reach", reach(), "--from", worker, "--from", peer,
                                       "--fault", "hand-over", "--objective", "5s", "-o", "json"});
  expect_passed(outcome, 1);
  EXPECT_EQ(matches_in(outcome.output, "\"from\":\""), 2U) << outcome.output;
  EXPECT_EQ(matches_in(outcome.output, "\"trouble\":\"\""), 3U) << outcome.output;
  expect_refused(plan().client_netns, {"--reach", reach(), "--from", "false"},
                 "false can't be reached");
  expect_refused(
      plan().client_netns,
      {"--reach", reach(), "--from", "ip netns exec " + plan().wire_netns + " " + program},
      " is not served as seen from ");
  expect_well();
}

TEST_F(ClusterDrill, AKilledRunnerLeavesNoFault) {
  begin();
  for (const std::string fault : {"partition", "daemon-freeze-with-keeper"}) {
    const std::string file_of_plan = long_plan(fault);
    for (const std::string step : {"calling the nodes", "waiting until all is well", ": struck"}) {
      const std::string said = file(fault + ".log");
      static_cast<void>(::unlink(said.c_str()));
      const pid_t runner = begin_drill(said, {"--reach", reach(), file_of_plan});
      ASSERT_NE(runner, 0);
      comes_to_say_in(said, step);
      const bool is_to_be_struck = step == ": struck";
      EXPECT_TRUE(!is_to_be_struck || is_struck()) << read_file(said).value();
      ::kill(runner, SIGKILL);
      expect_undone();
      expect_well();
      ASSERT_FALSE(HasFailure()) << fault << ", killed at \"" << step << "\"";
    }
  }
}

TEST_F(ClusterDrill, AKilledAgentLeavesNoFaultAndIsTold) {
  begin();
  const std::string said = file("said");
  const pid_t runner = begin_drill(said, {"--reach", reach(), long_plan("partition", "3s")});
  ASSERT_NE(runner, 0);
  comes_to_say_in(said, ": struck");
  for (const NodePlan& each : plan().nodes) {
    for (const Process& agent : processes_in(each.netns, "hapx")) send_signal(agent, SIGKILL);
  }
  expect_undone();
  comes_to_say_in(said, "can't be reached: the line was cut");
  expect_well();
}

TEST_F(ClusterDrill, OnlyOneDrillIsUnderWayAndItsInterruptionUndoesAll) {
  begin();
  const std::string said = file("said");
  const pid_t first = begin_drill(said, {"--reach", reach(), long_plan("partition")});
  ASSERT_NE(first, 0);
  comes_to_say_in(said, ": struck");
  expect_refused(plan().client_netns, {"--reach", reach()},
                 "node1: a drill is under way here, by process ");
  EXPECT_TRUE(is_struck()) << "the second one ended the first one's fault";
  ::kill(first, SIGINT);
  comes_to_say_in(said, "interrupted: what was done is undone");
  comes_to_say_in(said, "all nodes say that all is well again");
  expect_undone();
  expect_well();
}

TEST_F(ClusterDrill, WhatMayNotBeDrilledIsRefused) {
  begin();
  const std::string& beside = plan().client_netns;
  const std::vector<std::string> reached{"--reach", reach()};
  expect_refused(beside, {}, "this machine is no node of ");
  expect_refused(node(1).netns, {}, "is not reached from here; say how, like --reach");
  expect_refused(beside, {"--reach", "echo {node}"}, "is no answer of a drill");
  expect_refused(beside, {"--reach", "false {node}"}, "node1 can't be reached");
  expect_refused(beside, {"--reach", reach(), "--fault", "earthquake"}, "there is no fault");
  expect_refused(beside, {"--reach", reach(), "--fault", "cold-start"}, "is never done to a real");
  expect_refused(beside, {"--reach", reach(), "--fault", "power-loss"}, "say --destructive");
  const Outcome dry = drill_from(beside, {"--dry-run"});
  EXPECT_EQ(dry.code, 0) << dry.errors;
  EXPECT_THAT(dry.output, HasSubstr("plan 'default': 5 runs"));
  const auto unprivileged =
      run({"setpriv", "--reuid", "65534", "--clear-groups", words({})[0], "drill", "run",
           "--config", plan().config_file, "--reach", reach()},
          {.netns = beside});
  ASSERT_TRUE(unprivileged) << unprivileged.error().sentence;
  EXPECT_THAT(unprivileged->errors, HasSubstr("a drill needs root"));
  // Who may hear frames may, but reaches its own node by the command, too.
  const auto with_frames = run({"setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps",
                                "+net_raw", "--ambient-caps", "+net_raw", words({})[0], "drill",
                                "run", "--config", plan().config_file, "--reach", "false {node}"},
                               {.netns = node(1).netns});
  ASSERT_TRUE(with_frames) << with_frames.error().sentence;
  EXPECT_THAT(with_frames->errors, HasSubstr("node1 can't be reached"));

  ASSERT_EQ(lab_->ask(node(1), {"standby", "node3", "--wait"}).value().code, 0);
  expect_refused(beside, {"--reach", reach()}, "nothing is drilled while node3 is standby");
  ASSERT_EQ(lab_->ask(node(1), {"online", "node3", "--wait"}).value().code, 0);
  expect_well();
  EXPECT_FALSE(is_struck());
}

TEST_F(ClusterDrill, AnybodyMayProbeMeanwhile) {
  begin();
  const std::string address = to_string(Endpoint{plan().vip.address, plan().port});
  const auto seen =
      run({std::string(HAPX_PROGRAMS) + "/hapx", "-o", "json", "probe", address, "--for", "2s"},
          {.netns = plan().client_netns});
  ASSERT_TRUE(seen) << seen.error().sentence;
  EXPECT_EQ(seen->code, 0) << seen->output << seen->errors;
  EXPECT_EQ(std::ranges::count(seen->output, '\n'), 3) << seen->output;
  EXPECT_THAT(seen->output, HasSubstr("\"summary\":{"));
  const auto dark =
      run({std::string(HAPX_PROGRAMS) + "/hapx", "probe", "192.168.4.99", "--for", "1s"},
          {.netns = plan().client_netns});
  ASSERT_TRUE(dark) << dark.error().sentence;
  EXPECT_EQ(dark->code, 1) << "nobody is there: " << dark->output;
}

TEST_F(ClusterDrill, AnOrderWantsNobodyReached) {
  begin();
  expect_passed(drill_from(node(1).netns, {"--fault", "hand-over", "-o", "json"}), 1);
  expect_well();
  EXPECT_THAT(remembered(1), ElementsAre("hand-over"));
  EXPECT_THAT(remembered(2), IsEmpty()) << "who was not told does not know";
  const Duration uptime = status(1).uptime;
  signal_all(1, {daemon_name}, SIGKILL);
  comes("the next hapxd", [&] {
    const Status now = status(1);
    return !now.node.empty() && now.uptime < uptime;
  });
  EXPECT_THAT(remembered(1), ElementsAre("hand-over"));
}

}  // namespace
}  // namespace hapx::appliance::lab
