// SPDX-License-Identifier: Apache-2.0
// The sentences of `hapx why`: every node has one, and it names what decided.
#include <gtest/gtest.h>

#include "scheduler_answer.hpp"

namespace hapx::appliance {
namespace {

ServiceSchedule first_service(std::string_view scenario) {
  const Schedule result = schedule(facts_from(scenario));
  return result.services.empty() ? ServiceSchedule{} : result.services[0];
}

std::string reason(std::string_view scenario, std::string_view node) {
  return verdict_on(first_service(scenario), node).reason;
}

TEST(SchedulerReason, NamesStickinessForWhoStays) {
  constexpr auto scenario = R"(
cluster: {resourceStickiness: 100}
nodes: {node1: online, node2: online}
services: [{name: api}]
status: {api: {vip: node1, haproxy: node1}})";
  EXPECT_EQ(reason(scenario, "node1"), "node1: chosen, runs there already (stickiness 200)");
  EXPECT_EQ(reason(scenario, "node2"), "node2: not chosen, score 0 against 200 on node1");
  EXPECT_EQ(first_service(scenario).reason, "api is on node1: runs there already (stickiness 200)");
}

TEST(SchedulerReason, CountsFailures) {
  constexpr auto scenario = R"(
cluster: {migrationThreshold: 3}
nodes: {node1: online, node2: online}
services: [{name: api}]
status: {api: {vip: node1, haproxy: {node: node1, failCount: {node2: 3}}}})";
  EXPECT_EQ(reason(scenario, "node2"),
            "node2: excluded, its HAProxy has failed 3 times of 3 allowed");
  EXPECT_EQ(verdict_on(first_service(scenario), "node2").standing, Standing::excluded);
  EXPECT_EQ(verdict_on(first_service(scenario), "node2").score, Score::minus_infinity());
}

TEST(SchedulerReason, NamesEveryAbsence) {
  constexpr auto scenario = R"(
nodes: {node1: offline, node2: standby, node3: maintenance}
services: [{name: api}])";
  EXPECT_EQ(reason(scenario, "node1"), "node1: excluded, it is offline");
  EXPECT_EQ(reason(scenario, "node2"), "node2: excluded, it is in standby");
  EXPECT_EQ(reason(scenario, "node3"), "node3: excluded, it is in maintenance");
  EXPECT_EQ(first_service(scenario).reason, "api is stopped: no node may run it");
}

TEST(SchedulerReason, NamesWhichFailureEmptiedANode) {
  EXPECT_EQ(reason(R"(
nodes: {node1: online, node2: online}
services: [{name: api}, {name: web, onFail: {haproxy: standby}}]
status: {web: {haproxy: {failCount: {node1: 1}}}})",
                   "node1"),
            "node1: excluded, HAProxy of web has failed there and onFail is standby");
}

TEST(SchedulerReason, NamesBansAndNegativeScores) {
  constexpr auto scenario = R"(
nodes: {node1: online, node2: online, node3: online}
services: [{name: api, location: {node1: -INFINITY, node2: -5, node3: 7}}])";
  EXPECT_EQ(reason(scenario, "node1"), "node1: excluded, it is banned by location");
  EXPECT_EQ(reason(scenario, "node2"), "node2: excluded, its score is negative: -5 (location -5)");
  EXPECT_EQ(reason(scenario, "node3"), "node3: chosen, no other node may run it (location 7)");
}

TEST(SchedulerReason, SaysWhatSettledATie) {
  constexpr auto scenario = R"(
nodes: {node1: online, node2: online}
services: [{name: api}])";
  EXPECT_EQ(reason(scenario, "node1"), "node1: chosen, first by name among equals");
  EXPECT_EQ(reason(scenario, "node2"),
            "node2: not chosen, as good as node1, which comes first by name");
  const Schedule two = schedule(facts_from(R"(
nodes: {node1: online, node2: online}
services: [{name: api}, {name: web}])"));
  EXPECT_EQ(verdict_on(two.services[1], "node1").reason,
            "node1: not chosen, as good as node2 but carries more load");
  EXPECT_EQ(verdict_on(two.services[1], "node2").reason,
            "node2: chosen, carries the least load among equals");
}

TEST(SchedulerReason, SaysWhoHoldsAnUntouchableService) {
  constexpr auto scenario = R"(
nodes: {node1: standby, node2: online}
services: [{name: api}]
status: {api: {vip: node1, haproxy: {node: node1, failed: stop, failCount: {node1: INFINITY}}}})";
  EXPECT_EQ(first_service(scenario).reason,
            "api stays on node1: HAProxy could not be stopped, an operator must look at it");
  EXPECT_EQ(verdict_on(first_service(scenario), "node1").standing, Standing::chosen);
  EXPECT_EQ(reason(scenario, "node2"), "node2: not chosen, the VIP stays on node1");
}

TEST(SchedulerReason, SaysThatQuorumIsMissing) {
  constexpr auto scenario = R"(
cluster: {haveQuorum: false}
nodes: {node1: online}
services: [{name: api}]
status: {api: {vip: node1, haproxy: node1}})";
  EXPECT_EQ(first_service(scenario).reason,
            "api is stopped: there is no quorum and noQuorumPolicy is stop");
  EXPECT_EQ(reason(scenario, "node1"),
            "node1: not chosen, there is no quorum and noQuorumPolicy is stop");
}

TEST(SchedulerReason, SaysWhyHaproxyIsNotWithItsVip) {
  EXPECT_EQ(first_service(R"(
cluster: {migrationThreshold: 1}
nodes: {node1: online}
services: [{name: api}]
status: {api: {vip: node1, haproxy: {node: node1, failCount: {node1: 1}}}})")
                .reason,
            "api is on node1: runs there already; HAProxy is stopped: "
            "its HAProxy has failed 1 time of 1 allowed");
}

}  // namespace
}  // namespace hapx::appliance
