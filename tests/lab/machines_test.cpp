// SPDX-License-Identifier: Apache-2.0
// The lab itself, without hapxd: machines, cables, power, stand-ins, and that all of it goes away.
#include <fstream>
#include <sstream>

#include <linux/magic.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "appliance/drill/io/prober.hpp"
#include "appliance/lab/io/cable.hpp"
#include "appliance/lab/io/interrupt.hpp"
#include "appliance/lab/io/socket.hpp"
#include "appliance/lab/io/verbs.hpp"
#include "config/io/clock.hpp"
#include "scratch_lab.hpp"

namespace hapx::appliance::lab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string output_in(const std::string& netns, const std::vector<std::string>& command) {
  const auto outcome = run(command, {.netns = netns});
  return outcome ? outcome->output : outcome.error().sentence;
}

class Machines : public ScratchLab {
 protected:
  Lab built(Wishes wishes = {}) {
    wishes.name = name();
    auto lab = Lab::build(wishes, "/nonexistent");
    EXPECT_TRUE(lab) << lab.error().sentence;
    return std::move(lab.value());
  }
};

/// What is so whatever the family of their addresses.
class MachinesOf : public Machines, public testing::WithParamInterface<Family> {
 protected:
  void SetUp() override {
    Machines::SetUp();
    if (!kernel_has(GetParam())) GTEST_SKIP() << "this kernel has no IPv6";
  }
};

INSTANTIATE_TEST_SUITE_P(Lab, MachinesOf, testing::Values(Family::ipv4, Family::ipv6), family_name);

TEST_P(MachinesOf, AreBuiltAndNothingIsLeftWhenTheyGo) {
  const Lab lab = built({.family = GetParam()});
  const Plan& plan = lab.plan();
  const auto inhabitants = ScratchLab::inhabitants(plan);
  EXPECT_EQ(inhabitants.size(), plan.apiservers.size());
  for (const Process& process : inhabitants) EXPECT_FALSE(process.name.starts_with("hapx"));
  for (const NodePlan& node : plan.nodes) {
    const std::string card = output_in(node.netns, {"ip", "addr", "show", "dev", "eth0"});
    EXPECT_NE(card.find(to_string(node.address)), std::string::npos) << card;
    EXPECT_NE(card.find(to_string(node.mac)), std::string::npos) << card;
    EXPECT_NE(card.find("state UP"), std::string::npos) << card;
  }
  const auto attached = Lab::attach(name(), "");
  ASSERT_TRUE(attached) << attached.error().sentence;
  EXPECT_EQ(attached->plan(), plan);
  EXPECT_TRUE(Lab::remove(name()));
  expect_nothing_left(plan, inhabitants);
  EXPECT_EQ(Lab::attach(name(), "").error().kind, ErrorKind::absent);
  EXPECT_TRUE(Lab::remove(name())) << "removing nothing is no failure";
}

TEST_F(Machines, ANameIsTakenOnce) {
  const Lab lab = built();
  const auto second = Lab::build({.name = name()}, "");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::exists);
  EXPECT_TRUE(exists(lab.plan().run_root)) << "the refusal took the first one away";
}

TEST_F(Machines, AHalfBuiltLabIsRemovedByItsName) {
  const Lab lab = built();
  ASSERT_TRUE(run_well({"ip", "netns", "del", lab.plan().client_netns}, {}));
  ASSERT_TRUE(run_well({"rm", lab.plan().run_root + "/wishes"}, {}));
  const auto inhabitants = ScratchLab::inhabitants(lab.plan());
  EXPECT_TRUE(Lab::remove(name()));
  expect_nothing_left(lab.plan(), inhabitants);
}

TEST_F(Machines, APowerLossTakesProcessesNamespaceAndRunFolderButNotTheState) {
  Lab lab = built();
  const NodePlan& node = lab.plan().nodes[0];
  ASSERT_TRUE(start_daemon({"sleep", "1000"}, {node.netns, node.log_file, node.boot_id_file}));
  ASSERT_TRUE(write_file(node.run_folder + "/promises", "x"));
  ASSERT_TRUE(write_file(node.state_folder + "/record", "x"));
  const auto boot_id = read_file(node.boot_id_file);
  const auto inhabitants = processes_in(node.netns);
  ASSERT_EQ(inhabitants.size(), 1U);
  EXPECT_EQ(inhabitants[0].name, "sleep");

  const auto off = lab.power_off(node);
  ASSERT_TRUE(off) << off.error().sentence;
  EXPECT_FALSE(lab.has_power(node));
  EXPECT_FALSE(exists(node.run_folder));
  EXPECT_TRUE(exists(node.state_folder + "/record"));
  pollfd gone{inhabitants[0].handle.number(), POLLIN, 0};
  EXPECT_EQ(::poll(&gone, 1, 0), 1);
  EXPECT_TRUE(lab.power_off(node)) << "no power twice is no failure";

  const auto on = lab.power_on(node);
  ASSERT_TRUE(on) << on.error().sentence;
  EXPECT_TRUE(lab.has_power(node));
  EXPECT_FALSE(exists(node.run_folder + "/promises"));
  EXPECT_TRUE(exists(node.state_folder + "/record"));
  EXPECT_NE(*read_file(node.boot_id_file), *boot_id);
  EXPECT_TRUE(processes_in(node.netns).empty());
}

TEST_F(Machines, ADaemonSeesItsOwnMachine) {
  const Lab lab = built();
  const NodePlan& node = lab.plan().nodes[1];
  const std::string look = "cat /proc/sys/kernel/random/boot_id; ls /sys/class/net; echo $PATH";
  ASSERT_TRUE(start_daemon({"sh", "-c", look}, {node.netns, node.log_file, node.boot_id_file}));
  const std::string boot_id = *read_file(node.boot_id_file);
  std::string seen;
  EXPECT_TRUE(eventually([&] {
    seen = read_file(node.log_file).value();
    return seen.find("/sbin") != std::string::npos;
  })) << seen;
  EXPECT_TRUE(seen.starts_with(boot_id)) << seen;
  EXPECT_NE(boot_id, *read_file("/proc/sys/kernel/random/boot_id"));
  EXPECT_NE(seen.find("eth0\nlo\n"), std::string::npos) << seen;
}

TEST_F(Machines, ADaemonThatIsNotThereSaysSo) {
  const Lab lab = built();
  const NodePlan& node = lab.plan().nodes[0];
  const auto pid = start_daemon({"/nonexistent/hapxd"}, {node.netns, node.log_file, ""});
  ASSERT_FALSE(pid);
  EXPECT_NE(pid.error().sentence.find("/nonexistent/hapxd: No such file"), std::string::npos)
      << pid.error().sentence;
}

TEST_F(Machines, APulledCableTakesTheCarrier) {
  const Lab lab = built();
  const NodePlan& node = lab.plan().nodes[0];
  const auto card = [&] { return output_in(node.netns, {"ip", "link", "show", "dev", "eth0"}); };
  EXPECT_EQ(card().find("NO-CARRIER"), std::string::npos) << card();
  ASSERT_TRUE(set_carrier(lab.plan().wire_netns, node.bridge_port, Carrier::down));
  EXPECT_TRUE(eventually([&] { return card().find("NO-CARRIER") != std::string::npos; })) << card();
  ASSERT_TRUE(set_carrier(lab.plan().wire_netns, node.bridge_port, Carrier::up));
  EXPECT_TRUE(eventually([&] { return card().find("NO-CARRIER") == std::string::npos; })) << card();
  const auto absent = set_carrier(lab.plan().wire_netns, "node9", Carrier::down);
  ASSERT_FALSE(absent);
  EXPECT_NE(absent.error().sentence.find("node9"), std::string::npos);
}

Descriptor udp_at(const std::string& netns, const Endpoint& endpoint) {
  Descriptor made;
  const auto done = within(netns, [&]() -> Result<void> {
    const SocketAddress address = socket_address(endpoint);
    made = Descriptor(::socket(address.bytes.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (::bind(made.number(), address.pointer(), address.length) != 0) {
      return system_error(errno, "bind");
    }
    return {};
  });
  EXPECT_TRUE(done) << done.error().sentence;
  return made;
}

void say(const Descriptor& from, const Endpoint& to, const std::string& word) {
  const SocketAddress address = socket_address(to);
  EXPECT_EQ(::sendto(from.number(), word.data(), word.size(), 0, address.pointer(), address.length),
            static_cast<ssize_t>(word.size()))
      << "the cut must not show at the sender: " << std::strerror(errno);
}

std::string heard_at(const Descriptor& at) {
  pollfd waiting{at.number(), POLLIN, 0};
  if (::poll(&waiting, 1, 20'000) != 1) return "(nothing)";
  std::array<char, 64> word{};
  const ssize_t count = ::recv(at.number(), word.data(), word.size(), 0);
  return {word.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

TEST_P(MachinesOf, SpeakAtOnce) {
  Lab lab = built({.family = GetParam()});
  const NodePlan& node = lab.plan().nodes[0];
  ASSERT_TRUE(lab.power_off(node));
  ASSERT_TRUE(lab.power_on(node));
  // A tentative address can't be bound to.
  const Endpoint there{node.address, 9999};
  const Endpoint here{lab.plan().client_address, 9999};
  const Descriptor at_node = udp_at(node.netns, there);
  const Descriptor at_client = udp_at(lab.plan().client_netns, here);
  say(at_node, here, "hello");
  EXPECT_EQ(heard_at(at_client), "hello");
  const std::string card = output_in(node.netns, {"ip", "addr", "show", "dev", "eth0"});
  // In an IPv4 lab the kernel looks for duplicates of the card's own IPv6 address, which nobody
  // uses.
  const bool is_tentative = card.find("tentative") != std::string::npos;
  EXPECT_FALSE(is_tentative && GetParam() == Family::ipv6) << card;
}

TEST_P(MachinesOf, APartitionCutsOneNodesHeartbeatsAndNothingElse) {
  const Lab lab = built({.family = GetParam()});
  const Plan& plan = lab.plan();
  std::vector<Endpoint> ends;
  std::vector<Descriptor> sockets;
  for (const NodePlan& node : plan.nodes) {
    ends.push_back({node.address, 7405});
    sockets.push_back(udp_at(node.netns, ends.back()));
  }
  const Endpoint other{plan.nodes[1].address, 9999};
  const Descriptor other_port = udp_at(plan.nodes[1].netns, other);
  // The first word makes sure that neighbours know each other.
  say(sockets[0], ends[1], "before");
  EXPECT_EQ(heard_at(sockets[1]), "before");

  const auto filter = [&](const std::string& rules) {
    return run_well({"nft", "-f", "-"}, {.netns = plan.wire_netns, .input = rules});
  };
  const auto cut = filter(partition_rules(plan.nodes[0]));
  if (!cut) GTEST_SKIP() << "no bridge filter in this kernel: " << cut.error().sentence;
  say(sockets[0], ends[1], "cut");
  say(sockets[1], ends[0], "cut back");
  say(sockets[0], other, "another port");
  EXPECT_EQ(heard_at(other_port), "another port");
  say(sockets[1], ends[2], "others");
  EXPECT_EQ(heard_at(sockets[2]), "others");

  ASSERT_TRUE(filter(heal_rules(plan.nodes[0])));
  say(sockets[0], ends[1], "healed");
  say(sockets[1], ends[0], "healed back");
  EXPECT_EQ(heard_at(sockets[1]), "healed") << "what was cut is lost, not late";
  EXPECT_EQ(heard_at(sockets[0]), "healed back");
}

TEST_P(MachinesOf, StandInsAnswerFailHangDieAndRecover) {
  Lab lab = built({.family = GetParam()});
  Plan plan = lab.plan();
  const ApiserverPlan& server = lab.plan().apiservers[1];
  plan.vip.address = server.address;  // the prober asks the stand-in itself
  const auto prober = drill::Prober::start(plan);
  ASSERT_TRUE(prober) << prober.error().sentence;
  const auto ends_in = [&](drill::Fate fate) {
    const Instant since = boot_now();
    return eventually([&] {
      for (const drill::Request& request : prober->requests(since)) {
        if (request.fate == fate) return true;
      }
      return false;
    });
  };
  EXPECT_TRUE(ends_in(drill::Fate::served));
  for (const Health health :
       {Health::failing, Health::unready, Health::hanging, Health::dead, Health::ending}) {
    ASSERT_TRUE(lab.tell(server, health));
    EXPECT_TRUE(ends_in(drill::Fate::failed));
    ASSERT_TRUE(lab.tell(server, Health::well));
    EXPECT_TRUE(ends_in(drill::Fate::served));
  }
  EXPECT_EQ(processes_in(plan.apiserver_netns).size(), 3U);
}

TEST_F(Machines, AStandInIsToldByItsName) {
  const Lab lab = built();
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(lab_apiserver(name(), "apiserver2", "dead", out, err), exit_done);
  EXPECT_EQ(out.str(), "apiserver2 is dead\n");
  EXPECT_TRUE(eventually([&] { return processes_in(lab.plan().apiserver_netns).size() == 2; }));
  EXPECT_EQ(lab_apiserver(name(), "apiserver9", "dead", out, err), exit_failed);
  EXPECT_EQ(lab_apiserver(name(), "apiserver1", "ill", out, err), exit_failed);
}

TEST_F(Machines, TheRunFoldersAreMemoryAsOnARealMachine) {
  const Lab lab = built();
  struct statfs status {};
  ASSERT_EQ(::statfs(lab.plan().nodes[0].run_folder.c_str(), &status), 0);
  EXPECT_EQ(status.f_type, TMPFS_MAGIC);
}

TEST_F(Machines, NoProcessOutsideOfALabIsEverFound) {
  EXPECT_TRUE(processes_in("").empty());
  EXPECT_TRUE(processes_in("no-such-namespace").empty());
  // A name that leads to our own namespace, by accident or malice.
  const std::string ours = "/run/netns/hapx-" + name() + "-node1";
  std::filesystem::create_directories("/run/netns");
  std::filesystem::create_symlink("/proc/self/ns/net", ours);
  EXPECT_TRUE(processes_in("hapx-" + name() + "-node1").empty());
  std::filesystem::remove(ours);
}

TEST_F(Machines, ExecRunsInTheMachineAndPassesTheExitCode) {
  const Lab lab = built();
  std::ostringstream err;
  EXPECT_EQ(lab_exec(name(), "node1", {"sh", "-c", "ip addr | grep -q 192.168.4.11"}, err), 0);
  EXPECT_EQ(lab_exec(name(), "client", {"sh", "-c", "ip addr | grep -q 192.168.4.11"}, err), 1);
  EXPECT_EQ(lab_exec(name(), "node2", {"sh", "-c", "test -n \"$HAPX_SOCKET\""}, err), 0);
  EXPECT_EQ(lab_exec(name(), "node1", {"sh", "-c", "exit 7"}, err), 7);
  EXPECT_EQ(err.str(), "");
  EXPECT_EQ(lab_exec(name(), "node4", {"true"}, err), exit_failed);
  EXPECT_NE(err.str().find("has no machine 'node4'"), std::string::npos);
}

TEST_F(Machines, UpWithoutProgramsFailsWithTheReasonAndLeavesNothing) {
  std::ostringstream out;
  std::ostringstream err;
  const Plan plan = *make_plan({.name = name()});
  EXPECT_EQ(lab_up({{.name = name()}, "/nonexistent"}, out, err), exit_failed);
  EXPECT_NE(err.str().find("/nonexistent/hapx"), std::string::npos) << err.str();
  expect_nothing_left(plan, {});
}

/// Programs that start and never become well.
std::string sleepy_programs(const std::string& folder) {
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/hapxd") << "#!/bin/sh\nexec sleep 1000\n";
  std::ofstream(folder + "/hapx") << "#!/bin/sh\nif [ \"$1\" = keygen ]; then : > \"$2\"; fi\n";
  for (const char* program : {"/hapxd", "/hapx"}) {
    ::chmod((folder + program).c_str(), 0755);
  }
  return folder;
}

TEST_F(Machines, InterruptedUpLeavesNothing) {
  const std::string programs = sleepy_programs("/tmp/hapx-" + name());
  const Plan plan = *make_plan({.name = name()});
  const std::string lab_name = name();
  const pid_t pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    std::ostringstream out;
    std::ostringstream err;
    ::_exit(lab_up({{.name = lab_name}, programs}, out, err));
  }
  // Interrupted while it waits: every node's hapxd runs by then.
  EXPECT_TRUE(
      eventually([&] { return processes_in(plan.nodes.back().netns, "sleep").size() == 1; }));
  const auto inhabitants = ScratchLab::inhabitants(plan);
  EXPECT_EQ(inhabitants.size(), plan.nodes.size() + plan.apiservers.size());
  ::kill(pid, SIGINT);
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), exit_interrupted);
  expect_nothing_left(plan, inhabitants);
  std::filesystem::remove_all(programs);
}

}  // namespace
}  // namespace hapx::appliance::lab
