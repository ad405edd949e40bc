// SPDX-License-Identifier: Apache-2.0
#include "appliance/scenario.hpp"

#include <gtest/gtest.h>

#include "scheduler_answer.hpp"

namespace hapx::appliance {
namespace {

using namespace std::chrono_literals;

std::string refusal_of(std::string_view scenario) {
  const auto facts = parse_scenario(scenario, "s.yaml");
  return facts ? "accepted" : facts.error().sentence;
}

TEST(Scenario, ReadsEverySectionAndLooksIntoNoneOfTheOthers) {
  const auto facts = parse_scenario(R"(
name: some
kind: mixed
why: {anything: [goes]}
cluster:
  haveQuorum: false
  noQuorumPolicy: freeze
  maintenanceMode: true
  resourceStickiness: 100
  migrationThreshold: 3
  failureTimeout: 5min
  startFailureIsFatal: false
status:
  api:
    vip: node1
    haproxy: {node: node2, failed: monitor, rc: 1, failCount: {node2: 3, node1: INFINITY},
              lastFailure: {node2: 2h}}
services:
  - name: api
    location: {node2: 50, node1: -INFINITY}
    onFail: {haproxy: block}
nodes: {node2: online, node1: standby}
expect: nothing
)",
                                    "s.yaml");
  ASSERT_TRUE(facts) << facts.error().sentence;
  const NodeName node1("node1");
  const NodeName node2("node2");
  EXPECT_EQ(facts->cluster, (ClusterFacts{.have_quorum = false,
                                          .no_quorum_policy = NoQuorumPolicy::freeze,
                                          .maintenance_mode = true,
                                          .resource_stickiness = Score(100),
                                          .migration_threshold = Score(3),
                                          .failure_timeout = 5min}));
  EXPECT_EQ(facts->nodes, (std::vector<NodeFacts>{{.name = node2, .state = NodeState::online},
                                                  {.name = node1, .state = NodeState::standby}}));
  ASSERT_EQ(facts->services.size(), 1U);
  const ServiceFacts& api = facts->services[0];
  EXPECT_EQ(api.location.at(node1), Score::minus_infinity());
  EXPECT_EQ(api.on_fail, (OnFailConfig{.vip = OnFail::restart, .haproxy = OnFail::block}));
  EXPECT_EQ(api.vip.node, node1);
  EXPECT_FALSE(api.vip.failed);
  EXPECT_EQ(api.haproxy.failed, FailedOperation::monitor);
  EXPECT_EQ(api.haproxy.monitor_says, MonitorSays::error);
  EXPECT_EQ(api.haproxy.failures.at(node2), (FailureFacts{.count = Score(3), .age = 2h}));
  EXPECT_EQ(api.haproxy.failures.at(node1), (FailureFacts{.count = Score::infinity(), .age = 10s}));
}

TEST(Scenario, HasPacemakersDefaults) {
  const auto facts = parse_scenario("nodes: {a: online}\nservices: [{name: api}]", "s.yaml");
  ASSERT_TRUE(facts) << facts.error().sentence;
  EXPECT_TRUE(facts->cluster.have_quorum);
  EXPECT_EQ(facts->cluster.no_quorum_policy, NoQuorumPolicy::stop);
  EXPECT_EQ(facts->cluster.resource_stickiness, Score(0));
  EXPECT_EQ(facts->cluster.migration_threshold, Score::infinity());
  EXPECT_EQ(facts->cluster.failure_timeout, Duration::zero());
}

TEST(Scenario, EmptySectionsAreAbsentOnes) {
  EXPECT_EQ(refusal_of("cluster:\nnodes: {a: online}\nservices: [{name: s, location: , onFail: }]\n"
                       "status: {s: {vip: null, haproxy: {node: null, failed: null}}}"),
            "accepted");
}

TEST(Scenario, RefusalsAreOneBoundedLine) {
  const std::string escape(R"("\x1b[2J\n)");
  const std::string longest(1000, 'x');
  const auto service = [](const std::string& keys) {
    return "nodes: {a: online}\nservices: [{name: api" + keys + "}]\n";
  };
  for (const std::string& text :
       {service(", " + escape + "\": 1"), "nodes: {a: " + escape + "\"}\nservices: []",
        service(", location: {a: " + escape + "\"}"), service(", location: {" + escape + "\": 1}"),
        service("") + "cluster: {failureTimeout: " + escape + "\"}",
        service("") + "status: {" + escape + "\": {}}", "nodes: {a: " + longest + "}\nservices: []",
        service("") + "cluster: {resourceStickiness: " + longest + "}",
        service("") + "cluster: {failureTimeout: " + longest + "}",
        service("") + "status: {api: {vip: " + longest + "}}"}) {
    const std::string sentence = refusal_of(text);
    EXPECT_EQ(sentence.find_first_of("\x1b\n"), std::string::npos) << sentence;
    EXPECT_LT(sentence.size(), 300U) << sentence;
  }
}

TEST(Scenario, RefusalsNameThePlace) {
  EXPECT_EQ(refusal_of("nodes: {a: online}\nservices: []\nstatsu: {}"),
            "s.yaml:3:1: unknown key `statsu`; known here: name kind why expect cluster nodes "
            "services status");
  EXPECT_EQ(refusal_of("nodes: {a: onlin}\nservices: []"),
            "s.yaml:1:12: `onlin` is none of: online standby maintenance offline");
  EXPECT_EQ(refusal_of("nodes: {a: online}\nservices:\n  - {name: api, location: {b: 1}}"),
            "s.yaml:3:28: no node of this scenario is named `b`");
  EXPECT_EQ(refusal_of("nodes: {a: online}\nservices: [{name: api}]\nstatus: {web: {vip: a}}"),
            "s.yaml:3:10: no service of this scenario is named `web`");
  EXPECT_EQ(refusal_of("nodes: {a: online}\nservices: [{name: api}]\nstatus: {api: {vip: b}}"),
            "s.yaml:3:21: no node of this scenario is named `b`");
  EXPECT_EQ(refusal_of("nodes: {a: online}\nservices: [{name: api}, {name: api}]"),
            "s.yaml:2:32: a second service named `api`");
  EXPECT_EQ(refusal_of("services: []"), "s.yaml:1:1: the key `nodes` is missing");
  EXPECT_EQ(refusal_of("nodes: {a: online}\nservices: [{}]"),
            "s.yaml:2:12: the key `name` is missing");
}

TEST(Scenario, RefusesValuesOutOfRange) {
  const auto cluster = [](const std::string& option) {
    return refusal_of("cluster: {" + option + "}\nnodes: {a: online}\nservices: []");
  };
  EXPECT_EQ(cluster("resourceStickiness: -1"), "s.yaml:1:31: -1 is below 0");
  EXPECT_EQ(cluster("resourceStickiness: many"),
            "s.yaml:1:31: `many` is not an integer, INFINITY or -INFINITY");
  EXPECT_EQ(cluster("migrationThreshold: 1.5"),
            "s.yaml:1:31: `1.5` is not an integer, INFINITY or -INFINITY");
  EXPECT_EQ(cluster("failureTimeout: 5 parsecs"),
            "s.yaml:1:27: `5 parsecs` is not a duration like 90s, 5min or 2h");
  EXPECT_EQ(cluster("failureTimeout: 99999999999999999999s"),
            "s.yaml:1:27: `99999999999999999999s` is not a duration like 90s, 5min or 2h");
  EXPECT_EQ(cluster("haveQuorum: maybe"), "s.yaml:1:23: `maybe` is none of: true false");
  EXPECT_EQ(cluster("failureTimeout: ''"),
            "s.yaml:1:27: a duration like 90s, 5min or 2h belongs here");
  EXPECT_EQ(refusal_of("nodes: {a: online, b: online, c: online, d: online}\nservices: []"),
            "s.yaml:1:8: a scenario has 1 to 3 nodes");
  EXPECT_EQ(refusal_of("nodes: {a: online}\nservices: [{name: s}]\n"
                       "status: {s: {vip: {failed: start}}}"),
            "s.yaml:3:19: `failed` needs the `node` on which it has failed");
}

TEST(Scenario, RefusesWrongShapesWithoutFalling) {
  for (const char* text :
       {"", "[]", "x", "nodes: 3\nservices: []", "nodes: []\nservices: {}", "nodes: {a: [1]}",
        "nodes: {a: online}\nservices: [1]", "nodes: {a: online}\nservices: [{name: {}}]",
        "nodes: {a: online}\nservices: [{name: s, onFail: 3}]",
        "nodes: {a: online}\nservices: [{name: s}]\nstatus: {s: {vip: [a]}}",
        "nodes: {a: online}\nservices: [{name: s}]\nstatus: {s: 7}",
        "nodes: {a: online}\nservices: [{name: s}]\nstatus: {s: {vip: {failCount: 3}}}"}) {
    EXPECT_NE(refusal_of(text), "accepted") << text;
    EXPECT_EQ(refusal_of(text).find("s.yaml:"), 0U) << refusal_of(text);
  }
}

constexpr auto moving = R"(
nodes: {node1: standby, node2: online}
services: [{name: api}, {name: web, location: {node2: -1}}, {name: db}]
status: {api: {vip: node1}, db: {vip: {node: node1, failed: stop, failCount: {node1: INFINITY}}}})";

TEST(Scenario, AnswersInJson) {
  const std::string json = to_json(schedule(facts_from(moving)));
  EXPECT_EQ(json.substr(0, json.find(",\"why\"")),
            R"({"placement":{"api":"node2","web":null,"db":{"vip":"node1","haproxy":null}},)"
            R"("actions":[{"op":"stop","resource":"vip","service":"api","node":"node1"},)"
            R"({"op":"start","resource":"vip","service":"api","node":"node2"},)"
            R"({"op":"start","resource":"haproxy","service":"api","node":"node2"}])");
  EXPECT_NE(json.find(R"({"node":"node1","standing":"excluded","score":"0",)"
                      R"("reason":"node1: excluded, it is in standby"})"),
            std::string::npos)
      << json;
}

TEST(Scenario, AnswersInText) {
  EXPECT_EQ(to_text(schedule(facts_from(moving))),
            "api is on node2: no other node may run it\n"
            "    node1: excluded, it is in standby [0]\n"
            "    node2: chosen, no other node may run it [0]\n"
            "  stop vip api@node1\n"
            "  start vip api@node2\n"
            "  start haproxy api@node2\n"
            "web is stopped: no node may run it\n"
            "    node1: excluded, it is in standby [0]\n"
            "    node2: excluded, its score is negative: -1 (location -1) [-1]\n"
            "  nothing to do\n"
            "db stays on node1: VIP could not be stopped, an operator must look at it; HAProxy is "
            "stopped: it is in standby\n"
            "    node1: chosen, VIP could not be stopped, an operator must look at it [-INFINITY]\n"
            "    node2: not chosen, the VIP stays on node1 [0]\n"
            "  nothing to do\n");
  EXPECT_EQ(to_text(Schedule{}), "no services\n");
}

}  // namespace
}  // namespace hapx::appliance
