// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/why_text.hpp"

namespace hapx::appliance::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Command read(const std::vector<std::string>& words,
             const std::optional<std::string>& socket = std::nullopt) {
  auto outcome = read_hapx_words(words, socket);
  if (const auto* usage = std::get_if<Usage>(&outcome)) ADD_FAILURE() << usage->text;
  auto* command = std::get_if<Command>(&outcome);
  return command ? *command : Command{};
}

Usage refuse(const std::vector<std::string>& words) {
  auto outcome = read_hapx_words(words, std::nullopt);
  const auto* usage = std::get_if<Usage>(&outcome);
  EXPECT_NE(usage, nullptr);
  return usage ? *usage : Usage{};
}

TEST(HapxWords, GlobalOptionsStandAnywhere) {
  EXPECT_EQ(read({"status"}).global, GlobalOptions{});
  const GlobalOptions wanted{"/x", Output::yaml};
  EXPECT_EQ(read({"--socket", "/x", "-o", "yaml", "get", "members"}).global, wanted);
  EXPECT_EQ(read({"get", "-o", "yaml", "members", "--socket=/x"}).global, wanted);
  EXPECT_EQ(read({"get", "members", "--socket", "/x", "--output", "yaml"}).global, wanted);
  EXPECT_EQ(read({"lab", "status", "-oyaml", "--socket", "/x"}).global, wanted);
}

TEST(HapxWords, TheEnvironmentNamesTheSocketUnlessAWordDoes) {
  EXPECT_EQ(read({"status"}, "/env").global.socket, "/env");
  EXPECT_EQ(read({"status"}, "").global.socket, "/run/hapx/hapxd.sock");
  EXPECT_EQ(read({"status", "--socket", "/word"}, "/env").global.socket, "/word");
}

TEST(HapxWords, VerbsCarryTheirOwn) {
  EXPECT_TRUE(std::get<ShowStatus>(read({"status", "--watch"}).verb).watch);
  EXPECT_EQ(std::get<Get>(read({"get", "services"}).verb).thing, Thing::services);
  EXPECT_EQ(std::get<Why>(read({"why"}).verb).service, "");
  EXPECT_EQ(std::get<Why>(read({"why", "api"}).verb).service, "api");
  EXPECT_EQ(std::get<CheckConfig>(read({"config", "check"}).verb).file, default_config_file);
  EXPECT_EQ(std::get<ShowConfig>(read({"config", "show", "-"}).verb).file, "-");
  EXPECT_EQ(
      std::get<RenderHaproxy>(read({"config", "haproxy", "f", "--run-dir", "/r"}).verb).run_dir,
      "/r");
  EXPECT_EQ(std::get<DiffConfig>(read({"config", "diff"}).verb).file, default_config_file);
  EXPECT_TRUE(std::holds_alternative<ShowSchema>(read({"config", "schema"}).verb));
  EXPECT_EQ(std::get<Doctor>(read({"doctor", "f", "--node", "node2"}).verb).node, "node2");
  EXPECT_EQ(std::get<Doctor>(read({"doctor"}).verb).file, default_config_file);
  const auto wire = std::get<DoctorWire>(
      read({"doctor", "wire", "f", "--peer", "node2", "--address", "192.0.2.1", "--wait", "5s"})
          .verb);
  EXPECT_EQ(wire.file, "f");
  EXPECT_EQ(wire.peer, "node2");
  EXPECT_THAT(wire.addresses, ElementsAre("192.0.2.1"));
  EXPECT_EQ(wire.wait, "5s");
  EXPECT_EQ(std::get<MakeKey>(read({"keygen", "k"}).verb).file, "k");
  EXPECT_EQ(std::get<Move>(read({"move", "api", "node2"}).verb).to, "node2");
  EXPECT_EQ(std::get<Move>(read({"move", "api"}).verb).to, "");
  EXPECT_TRUE(std::holds_alternative<ReleaseAll>(read({"release-all"}).verb));
  EXPECT_TRUE(std::holds_alternative<DrillList>(read({"drill", "list"}).verb));
  const auto swarm =
      std::get<RunSwarm>(read({"sim", "--seed", "7", "--count", "3", "--minutes", "2"}).verb);
  EXPECT_EQ(swarm.seed, 7U);
  EXPECT_EQ(swarm.count, 3U);
  EXPECT_EQ(swarm.minutes, 2U);
  EXPECT_EQ(swarm.edition, 0U) << "the newest";
  EXPECT_EQ(std::get<RunSwarm>(read({"sim", "--edition", "1"}).verb).edition, 1U);
}

TEST(HapxWords, ImportTakesFilesAndWhatTheyDoNotSay) {
  const auto import = std::get<Import>(read({"import",
                                             "a",
                                             "--node",
                                             "node1=10.0.0.1",
                                             "b",
                                             "--node=node2=10.0.0.2",
                                             "--witness",
                                             "node3=10.0.0.3",
                                             "--vip",
                                             "10.0.0.9/24",
                                             "--apiserver",
                                             "m1",
                                             "--interface",
                                             "eth0",
                                             "--cluster",
                                             "demo",
                                             "--tie-breaker",
                                             "10.0.0.254",
                                             "--out",
                                             "f",
                                             "-"})
                                           .verb);
  EXPECT_THAT(import.files, ElementsAre("a", "b", "-"));
  EXPECT_THAT(import.wishes.nodes, ElementsAre("node1=10.0.0.1", "node2=10.0.0.2"));
  EXPECT_THAT(import.wishes.witnesses, ElementsAre("node3=10.0.0.3"));
  EXPECT_THAT(import.wishes.vips, ElementsAre("10.0.0.9/24"));
  EXPECT_THAT(import.wishes.api_servers, ElementsAre("m1"));
  EXPECT_EQ(import.wishes.interface, "eth0");
  EXPECT_EQ(import.wishes.cluster, "demo");
  EXPECT_EQ(import.wishes.tie_breaker, "10.0.0.254");
  EXPECT_EQ(import.out, "f");
  EXPECT_TRUE(std::get<Import>(read({"import"}).verb).files.empty());
}

TEST(HapxWords, StandingOrdersAreGivenAndLifted) {
  const auto order = [](const std::vector<std::string>& words) {
    return std::get<ChangeOrders>(read(words).verb);
  };
  using What = ChangeOrders::What;
  const auto standby = order({"standby", "node1", "--ttl", "30m", "--wait"});
  EXPECT_EQ(standby.what, What::standby);
  EXPECT_TRUE(standby.gives);
  EXPECT_EQ(standby.node, "node1");
  EXPECT_EQ(standby.time, "30m");
  EXPECT_TRUE(standby.wait);
  EXPECT_FALSE(order({"online", "node1"}).gives);
  EXPECT_EQ(order({"maintenance", "on"}).what, What::maintenance);
  EXPECT_TRUE(order({"maintenance", "on", "--ttl=2h"}).gives);
  EXPECT_FALSE(order({"maintenance", "off"}).gives);
  const auto ban = order({"ban", "api", "node2"});
  EXPECT_EQ(ban.what, What::ban);
  EXPECT_EQ(ban.service, "api");
  EXPECT_EQ(ban.node, "node2");
  EXPECT_EQ(order({"clear", "api"}).node, "");
  EXPECT_EQ(order({"clear", "api", "node2"}).node, "node2");
  EXPECT_FALSE(order({"clear", "api", "node2"}).gives);
}

TEST(HapxWords, WrongWordsOfStandingOrdersAreOneSentence) {
  EXPECT_THAT(refuse({"standby"}).text, HasSubstr("NODE"));
  EXPECT_THAT(refuse({"standby", "node1", "--ttl", "soon"}).text, HasSubstr("soon"));
  EXPECT_THAT(refuse({"maintenance"}).text, HasSubstr("on or off"));
  EXPECT_EQ(refuse({"online", "node1", "--ttl", "1h"}).status, exit_wrong_words);
  EXPECT_THAT(refuse({"standby", "--help"}).text, HasSubstr("Exit status"));
}

TEST(HapxWords, LabsAndDrillsAreDescribed) {
  const auto up =
      std::get<LabUp>(read({"lab", "up", "--name", "x", "--nodes", "2", "--profile", "fast"}).verb);
  EXPECT_EQ(up.wishes, (lab::Wishes{"x", 2, false, "fast"}));
  EXPECT_EQ(std::get<LabUp>(read({"lab", "up", "--links", "1"}).verb).wishes.links, 1U);
  EXPECT_EQ(std::get<LabDown>(read({"lab", "down"}).verb).name, "lab");
  const auto run = std::get<DrillRun>(read({"drill", "run", "--lab", "--fault", "a", "--fault", "b",
                                            "--count", "5", "--witness", "--record", "r.json"})
                                          .verb);
  EXPECT_THAT(run.faults, ElementsAre("a", "b"));
  EXPECT_EQ(run.count, 5U);
  EXPECT_EQ(run.plan_file, "");
  EXPECT_TRUE(run.lab.wishes.witness);
  EXPECT_EQ(run.record_file, "r.json");
}

TEST(HapxWords, ADrillMayBeAPlan) {
  const auto run = std::get<DrillRun>(read({"drill", "run", "--lab", "plan.yaml", "--dry-run",
                                            "--objective", "400ms", "--seed", "7"})
                                          .verb);
  EXPECT_EQ(run.plan_file, "plan.yaml");
  EXPECT_TRUE(run.is_dry);
  EXPECT_EQ(run.objective, std::chrono::milliseconds(400));
  EXPECT_EQ(run.seed, 7U);
  EXPECT_EQ(run.count, std::nullopt);
  EXPECT_TRUE(std::get<DrillRun>(read({"drill", "run", "--lab"}).verb).faults.empty());
  EXPECT_EQ(refuse({"drill", "run", "--lab", "p", "--fault", "x"}).status, exit_wrong_words);
  EXPECT_THAT(refuse({"drill", "run", "--lab", "--objective", "soon"}).text, HasSubstr("soon"));
}

TEST(HapxWords, ADrillIsOfARealClusterOrOfALab) {
  const auto real = std::get<DrillRun>(read({"drill", "run", "--reach", "ssh root@{address} hapx",
                                             "--config", "/c.yaml", "--service", "api"})
                                           .verb);
  EXPECT_FALSE(real.in_lab);
  EXPECT_EQ(real.reach, "ssh root@{address} hapx");
  EXPECT_FALSE(real.may_destroy);
  EXPECT_EQ(real.config_file, "/c.yaml");
  EXPECT_EQ(real.service, "api");
  EXPECT_TRUE(std::get<DrillRun>(read({"drill", "run", "--destructive"}).verb).may_destroy);
  EXPECT_EQ(std::get<DrillRun>(read({"drill", "run", "--beat=1ms"}).verb).beat,
            std::chrono::milliseconds(1));
  for (const char* beat : {"--beat=999us", "--beat=101ms", "--beat=often"}) {
    EXPECT_NE(refuse({"drill", "run", beat}).status, 0) << beat;
  }
  EXPECT_EQ(std::get<DrillRun>(read({"drill", "run", "--from=a b", "--from", "c"}).verb).from,
            (std::vector<std::string>{"a b", "c"}));
  const auto usual = std::get<DrillRun>(read({"drill", "run"}).verb);
  EXPECT_EQ(usual.config_file, default_config_file);
  EXPECT_TRUE(std::get<DrillRun>(read({"drill", "run", "--lab"}).verb).in_lab);
  for (const char* of_real :
       {"--reach=x", "--from=x", "--config=x", "--service=x", "--destructive"}) {
    EXPECT_EQ(refuse({"drill", "run", "--lab", of_real}).status, exit_wrong_words) << of_real;
  }
  EXPECT_TRUE(std::holds_alternative<DrillAgent>(read({"drill", "agent"}).verb));
}

TEST(HapxWords, AProbeIsToldAnAddress) {
  const auto probe = [](const std::vector<std::string>& words) {
    return std::get<Probe>(read(words).verb);
  };
  EXPECT_EQ(to_string(probe({"probe", "192.168.4.20"}).endpoint), "192.168.4.20:6443");
  EXPECT_EQ(to_string(probe({"probe", "192.168.4.20:8443"}).endpoint), "192.168.4.20:8443");
  EXPECT_EQ(to_string(probe({"probe", "2001:db8::20"}).endpoint), "[2001:db8::20]:6443");
  const Probe bounded = probe({"probe", "[2001:db8::20]:1", "--for", "10m", "--objective", "1s"});
  EXPECT_EQ(bounded.length, std::chrono::minutes(10));
  EXPECT_EQ(bounded.objective, std::chrono::seconds(1));
  EXPECT_THAT(refuse({"probe", "kube"}).text, HasSubstr("`kube` is no address"));
  EXPECT_EQ(refuse({"probe"}).status, exit_wrong_words);
  EXPECT_EQ(refuse({"probe", "192.168.4.20:0"}).status, exit_wrong_words);
}

TEST(HapxWords, TheCommandOfLabExecIsLeftAlone) {
  const auto exec =
      std::get<LabExec>(read({"-o", "json", "lab", "--socket", "/x", "exec", "--name", "x", "node1",
                              "ip", "-o", "addr", "--help", "--", "--name"})
                            .verb);
  EXPECT_EQ(exec.name, "x");
  EXPECT_EQ(exec.where, "node1");
  EXPECT_THAT(exec.command, ElementsAre("ip", "-o", "addr", "--help", "--", "--name"));
  EXPECT_THAT(std::get<LabExec>(read({"lab", "exec", "node1", "--", "ls"}).verb).command,
              ElementsAre("ls"));
  EXPECT_EQ(refuse({"lab", "exec", "node1"}).status, exit_wrong_words);
  EXPECT_EQ(refuse({"lab", "exec", "--help"}).status, 0);
}

TEST(HapxWords, WrongWordsSuggestTheRightOnes) {
  EXPECT_THAT(refuse({"statsu"}).text, HasSubstr("did you mean `status`?"));
  EXPECT_THAT(refuse({"config", "chekc"}).text, HasSubstr("did you mean `check`?"));
  EXPECT_THAT(refuse({"get", "nodes"}).text, HasSubstr("there are members, links, services"));
  EXPECT_THAT(refuse({"config"}).text,
              HasSubstr("wants one of check, show, diff, schema or haproxy"));
  EXPECT_THAT(refuse({"drill", "run", "--nodes", "2"}).text, HasSubstr("--lab"));
  for (const auto& words : std::vector<std::vector<std::string>>{{},
                                                                 {"nonsense"},
                                                                 {"status", "x"},
                                                                 {"status", "--x"},
                                                                 {"-o"},
                                                                 {"--socket"},
                                                                 {"status", "-o", "JSON"},
                                                                 {"lab", "up", "--nodes", "4"},
                                                                 {"lab", "up", "--nodes", "x"},
                                                                 {"lab", "up", "--profile", "warp"},
                                                                 {"lab", "up", "--ip-version", "5"},
                                                                 {"lab", "up", "--links", "4"},
                                                                 {"doctor", "wire", "--port", "0"},
                                                                 {"doctor", "wire", "--wait", "5"},
                                                                 {"simulate"},
                                                                 {"status", "get"},
                                                                 {"", ""},
                                                                 {"get", "members", "events"},
                                                                 {"lab", "exec"}}) {
    const Usage usage = refuse(words);
    EXPECT_EQ(usage.status, exit_wrong_words);
    EXPECT_EQ(std::count(usage.text.begin(), usage.text.end(), '\n'), 1) << usage.text;
  }
}

TEST(WhyText, TellsTheReasonTheNodesAndThePast) {
  Status status;
  status.quorate = true;
  ServiceStatus service;
  service.name = ServiceName("api");
  service.holder = NodeName("node1");
  service.reason = "api is on node1: runs there already";
  service.nodes = {{NodeName("node1"), ResourceStatus::started, ResourceStatus::started, 0, 0, true,
                    true, 3, 3, ""},
                   {NodeName("node2"), ResourceStatus::stopped, ResourceStatus::failed, 0, 3, true,
                    false, 1, 3, "node2: excluded, it failed there 3 times"}};
  status.services = {service};
  status.node = NodeName("node1");
  status.last_takeovers = {{service.name,
                            NodeName("node2"),
                            TakeoverReason::node_lost,
                            std::chrono::milliseconds(5300),
                            {{FailoverPhase::peer_silent, std::chrono::microseconds(61'260)},
                             {FailoverPhase::announced, std::chrono::microseconds(310)}}},
                           {service.name, NodeName("node3"), TakeoverReason::ordered, {}, {}}};
  const std::string text = why_to_text(
      status, {{1, std::chrono::seconds(2), "lease", "api", "", "won", "all agreed", 1}}, {});
  EXPECT_EQ(text,
            "api is on node1: runs there already\n"
            "NODE   VIP      HAPROXY           LINK  API SERVERS  FAILURES  MAY HOLD IT\n"
            "node1  started  started           up    3 of 3 up    0         yes\n"
            "node2  stopped  failed (not fit)  up    1 of 3 up    3         no: it failed there 3 "
            "times\n"
            "last failover to node1: 5.300s ago, from node2 (node-lost), 61.6 ms: peer-silent "
            "61.3, announced 0.3\n"
            "\n"
            "what led there, oldest first:\n"
            "AGO     KIND   SERVICE  WHAT\n"
            "2.000s  lease  api      won (all agreed)\n");
}

TEST(WhyText, SaysWhatItDoesNotKnow) {
  Status status;
  EXPECT_THAT(why_to_text(status, {}, {}), HasSubstr("no services"));
  status.services.resize(1);
  status.services[0].name = ServiceName("api");
  const std::string text = why_to_text(status, {}, {});
  EXPECT_THAT(text, HasSubstr("api is on no node that we know of (no plan has reached this node"));
  EXPECT_THAT(text, HasSubstr("no quorum: this node may know less"));
}

}  // namespace
}  // namespace hapx::appliance::cli
