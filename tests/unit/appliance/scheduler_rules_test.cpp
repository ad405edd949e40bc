// SPDX-License-Identifier: Apache-2.0
// Pacemaker's rules, one test each. Whole scenarios with Pacemaker's own answers are in
// tests/transcripts/scheduler.
#include <gtest/gtest.h>

#include "scheduler_answer.hpp"

namespace hapx::appliance {
namespace {

TEST(SchedulerStates, NothingRunsOnStandbyMaintenanceOrOfflineNodes) {
  for (const std::string state : {"standby", "maintenance", "offline"}) {
    EXPECT_EQ(placement("nodes: {node1: " + state + ", node2: online}\nservices: [{name: api}]"),
              "node2");
    EXPECT_EQ(placement("nodes: {node1: " + state + "}\nservices: [{name: api}]"), "-");
  }
}

TEST(SchedulerStates, WhatRunsOnAStandbyNodeLeavesInOrder) {
  EXPECT_EQ(actions(R"(
nodes: {node1: standby, node2: online}
services: [{name: api}]
status: {api: {vip: node1, haproxy: node1}})"),
            (Lines{"stop haproxy api@node1", "stop vip api@node1", "start vip api@node2",
                   "start haproxy api@node2"}));
}

TEST(SchedulerStates, WhatRanOnALostNodeIsStartedElsewhereWithoutAStop) {
  EXPECT_EQ(actions(R"(
cluster: {resourceStickiness: 1000}
nodes: {node1: offline, node2: online}
services: [{name: api}]
status: {api: {vip: node1, haproxy: {node: node1, failed: stop, failCount: {node1: INFINITY}}}})"),
            (Lines{"start vip api@node2", "start haproxy api@node2"}));
}

TEST(SchedulerStates, WhatRunsOnANodeInMaintenanceIsLeftAlone) {
  EXPECT_EQ(actions(R"(
nodes: {node1: maintenance, node2: online}
services: [{name: api}]
status: {api: {vip: node1, haproxy: {node: node1, failed: monitor, rc: 7}}})"),
            Lines{});
}

TEST(SchedulerStates, MaintenanceModeStopsAndStartsNothing) {
  constexpr auto scenario = R"(
cluster: {maintenanceMode: true, haveQuorum: false}
nodes: {node1: standby, node2: online}
services: [{name: api}, {name: web}]
status: {api: {vip: node1, haproxy: {node: node1, failed: monitor, rc: 7}}})";
  EXPECT_EQ(actions(scenario), Lines{});
  EXPECT_EQ(placement(scenario), "node1/-");
}

TEST(SchedulerStates, MaintenanceModeTakesAnErrorForAFailureThatIsStillThere) {
  EXPECT_EQ(placement(R"(
cluster: {maintenanceMode: true}
nodes: {node1: online}
services: [{name: api}]
status: {api: {vip: node1, haproxy: {node: node1, failed: monitor, rc: 1}}})"),
            "node1");
}

TEST(SchedulerFailures, AFailedMonitorIsRecoveredInPlace) {
  EXPECT_EQ(actions(R"(
cluster: {resourceStickiness: 100}
nodes: {node1: online, node2: online}
services: [{name: api}]
status: {api: {vip: node2, haproxy: {node: node2, failed: monitor, failCount: {node2: 1}}}})"),
            (Lines{"stop haproxy api@node2", "start haproxy api@node2"}));
}

TEST(SchedulerFailures, AFailedStartMustBeStoppedBeforeItIsStartedElsewhere) {
  EXPECT_EQ(actions(R"(
nodes: {node1: online, node2: online}
services: [{name: api}]
status: {api: {vip: {node: node1, failed: start, failCount: {node1: INFINITY}}}})"),
            (Lines{"stop vip api@node1", "start vip api@node2", "start haproxy api@node2"}));
}

TEST(SchedulerFailures, AFailedStopBlocksEvenWhereTheThresholdIsOff) {
  EXPECT_EQ(placement(R"(
cluster: {migrationThreshold: 0}
nodes: {node1: online, node2: online}
services: [{name: api}]
status: {api: {haproxy: {node: node2, failed: stop, failCount: {node2: INFINITY}}}})"),
            "node1/node2");
}

TEST(SchedulerFailures, ExpireWhenTheyAreOlderThanTheTimeout) {
  const auto scenario = [](const std::string& age, const std::string& operation) {
    return "cluster: {failureTimeout: 60s, migrationThreshold: 1}\n"
           "nodes: {node1: online, node2: online}\nservices: [{name: api}]\n"
           "status: {api: {vip: node1, haproxy: {node: node1, failed: " +
           operation + ", failCount: {node1: 1}, lastFailure: {node1: " + age + "}}}}";
  };
  EXPECT_EQ(actions(scenario("61", "monitor")), Lines{});
  EXPECT_EQ(actions(scenario("61", "stop")), Lines{});
  EXPECT_EQ(actions(scenario("61", "start")), (Lines{"start haproxy api@node1"}));
  EXPECT_EQ(placement(scenario("60", "monitor")), "node2");
}

TEST(SchedulerFailures, AFailedMonitorThatBlocksNeverExpires) {
  EXPECT_EQ(placement(R"(
cluster: {failureTimeout: 60s}
nodes: {node1: online, node2: online}
services: [{name: api, onFail: {vip: block}}]
status: {api: {vip: {node: node1, failed: monitor, failCount: {node1: 1}, lastFailure: {node1: 2h}},
               haproxy: node1}})"),
            "node1/-");
}

TEST(SchedulerFailures, TheThresholdBarsANodeAndZeroTurnsItOff) {
  const auto scenario = [](const std::string& threshold) {
    return "cluster: {migrationThreshold: " + threshold +
           "}\nnodes: {node1: online, node2: online}\n"
           "services: [{name: api}]\n"
           "status: {api: {vip: {failCount: {node1: 3}}}}";
  };
  EXPECT_EQ(placement(scenario("3")), "node2");
  EXPECT_EQ(placement(scenario("4")), "node1");
  EXPECT_EQ(placement(scenario("0")), "node1");
  EXPECT_EQ(placement(scenario("INFINITY")), "node1");
}

TEST(SchedulerOnFail, IgnoredFailuresAreNoneAndSuspendTheThreshold) {
  EXPECT_EQ(actions(R"(
cluster: {migrationThreshold: 1}
nodes: {node1: online, node2: online}
services: [{name: api, onFail: {haproxy: ignore}}]
status: {api: {vip: node1, haproxy: {node: node1, failed: monitor, failCount: {node1: 5}}}})"),
            Lines{});
}

TEST(SchedulerOnFail, StandbyEmptiesTheNodeOfAllServices) {
  EXPECT_EQ(actions(R"(
nodes: {node1: online, node2: online}
services: [{name: web}, {name: api, onFail: {vip: standby}}]
status:
  web: {vip: node1, haproxy: node1}
  api: {vip: {node: node2, failCount: {node1: 1}}, haproxy: node2})"),
            (Lines{"stop haproxy web@node1", "stop vip web@node1", "start vip web@node2",
                   "start haproxy web@node2"}));
}

TEST(SchedulerOnFail, StopKeepsTheServiceDownForAPastFailureAnywhere) {
  EXPECT_EQ(placement(R"(
nodes: {node1: online, node2: online}
services: [{name: api, onFail: {vip: stop}}]
status: {api: {vip: {node: node2, failCount: {node1: 1}}, haproxy: node2}})"),
            "-");
}

TEST(SchedulerChoice, EqualsAreSettledByLoadThenPlaceThenName) {
  EXPECT_EQ(placement("nodes: {node2: online, node10: online}\nservices: [{name: api}]"), "node10");
  EXPECT_EQ(placement("nodes: {a: online, Z: online}\nservices: [{name: api}]"), "Z");
  EXPECT_EQ(placement(R"(
nodes: {node1: online, node2: online}
services: [{name: api}]
status: {api: {vip: node2, haproxy: node2}})"),
            "node2");
}

TEST(SchedulerChoice, ANegativeScoreBarsTheOnlyNode) {
  EXPECT_EQ(placement("nodes: {node1: online}\nservices: [{name: api, location: {node1: -1}}]"),
            "-");
}

TEST(SchedulerQuorum, StopEndsWhatIsManagedAndNothingElse) {
  constexpr auto scenario = R"(
cluster: {haveQuorum: false}
nodes: {node1: online, node2: maintenance}
services: [{name: api}, {name: web}]
status: {api: {vip: node1, haproxy: node1}, web: {vip: node2, haproxy: node2}})";
  EXPECT_EQ(actions(scenario), (Lines{"stop haproxy api@node1", "stop vip api@node1"}));
}

TEST(SchedulerQuorum, FreezeLeavesNoHaproxyWithoutItsVip) {
  EXPECT_EQ(actions(R"(
cluster: {haveQuorum: false, noQuorumPolicy: freeze}
nodes: {node1: online}
services: [{name: api}]
status: {api: {vip: null, haproxy: node1}})"),
            (Lines{"stop haproxy api@node1"}));
}

// What surprises.

TEST(SchedulerSurprise, LosingBothHaproxiesToTheThresholdLeavesTheVipUpAlone) {
  EXPECT_EQ(actions(R"(
cluster: {migrationThreshold: 3}
nodes: {node1: online, node2: online}
services: [{name: api}]
status: {api: {vip: node1, haproxy: {node: node1, failCount: {node1: 3, node2: 3}}}})"),
            (Lines{"stop haproxy api@node1"}));
}

TEST(SchedulerSurprise, LosingBothVipsToTheThresholdStopsBoth) {
  EXPECT_EQ(placement(R"(
cluster: {migrationThreshold: 3}
nodes: {node1: online, node2: online}
services: [{name: api}]
status: {api: {vip: {node: node1, failCount: {node1: 3, node2: 3}}, haproxy: node1}})"),
            "-");
}

TEST(SchedulerSurprise, HaproxysFailuresMoveAVipThatNeverFailed) {
  EXPECT_EQ(placement(R"(
cluster: {migrationThreshold: 3, resourceStickiness: 1000}
nodes: {node1: online, node2: online}
services: [{name: api}]
status: {api: {vip: node1, haproxy: {node: node1, failed: monitor, failCount: {node1: 3}}}})"),
            "node2");
}

TEST(SchedulerSurprise, ABlockedVipStopsItsHaproxy) {
  EXPECT_EQ(actions(R"(
nodes: {node1: online, node2: online}
services: [{name: api, onFail: {vip: block}}]
status: {api: {vip: {node: node1, failed: monitor, failCount: {node1: 1}}, haproxy: node1}})"),
            (Lines{"stop haproxy api@node1"}));
}

TEST(SchedulerSurprise, ABlockedHaproxyPinsItsVipOnAStandbyNodeAndWithoutQuorum) {
  constexpr auto scenario = R"(
cluster: {haveQuorum: false}
nodes: {node1: standby, node2: online}
services: [{name: api}]
status: {api: {vip: node1, haproxy: {node: node1, failed: stop, failCount: {node1: INFINITY}}}})";
  EXPECT_EQ(actions(scenario), Lines{});
  EXPECT_EQ(placement(scenario), "node1");
}

TEST(SchedulerSurprise, AWholeServiceHasStickinessTwiceAndAVipAloneOnce) {
  constexpr auto head = R"(
cluster: {resourceStickiness: 100}
nodes: {node1: online, node2: online}
services: [{name: api, location: {node2: 150}}]
)";
  EXPECT_EQ(placement(std::string(head) + "status: {api: {vip: node1, haproxy: node1}}"), "node1");
  EXPECT_EQ(placement(std::string(head) + "status: {api: {vip: node1}}"), "node2");
}

TEST(SchedulerSurprise, AHaproxyWithoutItsVipDrawsItAndIsRestarted) {
  EXPECT_EQ(actions(R"(
cluster: {resourceStickiness: 100}
nodes: {node1: online, node2: online}
services: [{name: api}]
status: {api: {haproxy: node2}})"),
            (Lines{"stop haproxy api@node2", "start vip api@node2", "start haproxy api@node2"}));
}

TEST(SchedulerSurprise, FreezeForbidsOnlyStartingWhatIsStopped) {
  constexpr auto head = R"(
cluster: {haveQuorum: false, noQuorumPolicy: freeze}
services: [{name: api, location: {node2: 10}}]
)";
  EXPECT_EQ(placement(std::string(head) + "nodes: {node1: online, node2: online}\n"
                                          "status: {api: {vip: node1, haproxy: node1}}"),
            "node2");
  EXPECT_EQ(placement(std::string(head) + "nodes: {node1: offline, node2: online}\n"
                                          "status: {api: {vip: node1, haproxy: node1}}"),
            "-");
}

TEST(SchedulerSurprise, StopOnHaproxyLeavesTheVipUpAndForgetsHaproxysStickiness) {
  EXPECT_EQ(placement(R"(
cluster: {resourceStickiness: 100}
nodes: {node1: online, node2: online}
services: [{name: api, location: {node2: 150}, onFail: {haproxy: stop}}]
status: {api: {vip: node1, haproxy: {node: node1, failed: monitor, failCount: {node1: 1}}}})"),
            "node2/-");
}

TEST(SchedulerSurprise, WithoutStickinessRunningServicesAreMovedToSpreadTheLoad) {
  constexpr auto tail = R"(
nodes: {node1: online, node2: online}
services: [{name: api}, {name: web}]
status: {api: {vip: node1, haproxy: node1}, web: {vip: node1, haproxy: node1}})";
  EXPECT_EQ(actions(tail), (Lines{"stop haproxy web@node1", "stop vip web@node1",
                                  "start vip web@node2", "start haproxy web@node2"}));
  EXPECT_EQ(actions(std::string("cluster: {resourceStickiness: 1}") + tail), Lines{});
}

}  // namespace
}  // namespace hapx::appliance
