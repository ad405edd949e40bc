// SPDX-License-Identifier: Apache-2.0
// Before a real cluster is drilled: how its nodes are reached, whether that is enough, and whether
// all is well enough to begin.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/drill/fault_list.hpp"
#include "appliance/drill/reach.hpp"
#include "appliance/drill/readiness.hpp"

namespace hapx::appliance::drill {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ClusterConfig cluster_of(unsigned count) {
  ClusterConfig cluster;
  cluster.name = ClusterName("kube-demo");
  for (unsigned number = 1; number <= count; ++number) {
    NodeConfig& node = cluster.nodes.emplace_back();
    node.name = NodeName("node" + std::to_string(number));
    node.address = ipv4(192, 168, 4, static_cast<std::uint8_t>(10 + number));
  }
  return cluster;
}

TEST(Reach, TheCommandIsTakenApartAtBlanksAndGivenToNoShell) {
  const NodeConfig node = cluster_of(2).nodes[1];
  const auto words = command_for("  ssh -p 22\troot@{address} $(reboot) --node={node} ", node);
  ASSERT_TRUE(words) << words.error().sentence;
  EXPECT_THAT(*words, ElementsAre("ssh", "-p", "22", "root@192.168.4.12", "$(reboot)",
                                  "--node=node2", "drill", "agent"));
}

TEST(Reach, ACommandThatIsTheSameForAllNodesIsRefused) {
  const NodeConfig node = cluster_of(1).nodes[0];
  const auto same = command_for("ssh root@node1 hapx", node);
  ASSERT_FALSE(same);
  EXPECT_THAT(same.error().sentence, HasSubstr("write {address} or {node}"));
  EXPECT_FALSE(command_for(" ", node));
  EXPECT_FALSE(command_for("", node));
}

Plan plan_of(Fault fault, const std::string& node = "") {
  Plan plan;
  PlannedFault& planned = plan.faults.emplace_back();
  planned.fault = fault;
  if (!node.empty()) planned.node = NodeName(node);
  return plan;
}

TEST(Reach, AFaultWantsItsVictimReached) {
  const ClusterConfig cluster = cluster_of(2);
  const std::vector<NodeName> self{NodeName("node1")};
  const std::vector<NodeName> all{NodeName("node1"), NodeName("node2")};
  EXPECT_EQ(out_of_reach(plan_of(Fault::haproxy_kill), cluster, all), "");
  EXPECT_EQ(out_of_reach(plan_of(Fault::haproxy_kill, "node1"), cluster, self), "");
  EXPECT_EQ(out_of_reach(plan_of(Fault::hand_over), cluster, self), "") << "any node passes it on";
  EXPECT_THAT(out_of_reach(plan_of(Fault::haproxy_kill), cluster, self),
              HasSubstr("node2 is not reached from here; say how, like --reach"));
  EXPECT_THAT(out_of_reach(plan_of(Fault::daemon_kill, "node2"), cluster, self),
              HasSubstr("daemon-kill is to strike node2, which is not reached"));
  EXPECT_THAT(out_of_reach(plan_of(Fault::hand_over), cluster, {}),
              HasSubstr("this machine is no node of `kube-demo`"));
}

TEST(Reach, AWitnessNeedNotBeReached) {
  ClusterConfig cluster = cluster_of(2);
  cluster.nodes[1].role = Role::witness;
  EXPECT_EQ(out_of_reach(plan_of(Fault::haproxy_kill), cluster, {NodeName("node1")}), "");
}

TEST(Reach, WhatIsNotBuiltOrNotWantedIsRefusedWithItsReason) {
  EXPECT_EQ(refused_on_cluster(Fault::daemon_freeze, Consent::given), "");
  EXPECT_EQ(refused_on_cluster(Fault::partition, Consent::given), "");
  for (const Consent consent : {Consent::given, Consent::destructive}) {
    EXPECT_THAT(refused_on_cluster(Fault::cold_start, consent), HasSubstr("never done to a real"));
    EXPECT_THAT(refused_on_cluster(Fault::apiserver_hang, consent), HasSubstr("only in a lab"));
  }
  for (const FaultWords& words : faults) {
    const bool is_done = refused_on_cluster(words.fault, Consent::destructive).empty();
    EXPECT_EQ(is_done, words.places.is_built_on_cluster) << words.name;
  }
}

TEST(Reach, WhatEndsAMachineWantsToBeAskedForTwice) {
  for (const Fault fault : {Fault::power_loss, Fault::peer_loss, Fault::coordinator_kill}) {
    EXPECT_THAT(refused_on_cluster(fault, Consent::given),
                HasSubstr("what may be lost is whatever that machine has not written to its disk"));
    EXPECT_THAT(refused_on_cluster(fault, Consent::given), HasSubstr("say --destructive"));
    EXPECT_EQ(refused_on_cluster(fault, Consent::destructive), "");
    EXPECT_TRUE(ends_machine(fault));
  }
}

TEST(Reach, TheDefaultPlanCanBeDoneToARealCluster) {
  for (const PlannedFault& planned : default_plan(Timing()).faults) {
    EXPECT_EQ(refused_on_cluster(planned.fault, Consent::given), "") << name_of(planned.fault);
  }
}

Status healthy() {
  Status status;
  status.node = NodeName("node1");
  status.quorate = true;
  ServiceStatus& service = status.services.emplace_back();
  service.name = ServiceName("api");
  service.holder = NodeName("node1");
  service.vip = service.haproxy = ResourceStatus::started;
  for (const char* name : {"node1", "node2"}) {
    MemberStatus& member = status.members.emplace_back();
    member.name = NodeName(name);
    member.state = MemberState::online;
    ServiceOnNode& place = service.nodes.emplace_back();
    place.node = NodeName(name);
    place.link_up = place.haproxy_fit = true;
    place.healthy_api_servers = place.api_servers = 3;
  }
  return status;
}

TEST(Reach, WhoLooksOnIsOneMachine) {
  EXPECT_THAT(onlooker_command(" ssh worker1 hapx").value(),
              testing::ElementsAre("ssh", "worker1", "hapx", "drill", "agent"));
  EXPECT_FALSE(onlooker_command(" "));
  std::string endless;
  for (std::size_t i = 0; i <= reach_words_max; ++i) endless += "a ";
  EXPECT_FALSE(onlooker_command(endless));
}

std::string hindrance(const Status& status) {
  return hindrance_in(status, ServiceName("api"));
}

TEST(Readiness, NothingHindersWhereAllIsWell) {
  EXPECT_EQ(hindrance(healthy()), "");
}

TEST(Readiness, WhatIsWrongAlreadyHinders) {
  Status status = healthy();
  status.members[1].state = MemberState::standby;
  EXPECT_EQ(hindrance(status), "node2 is standby, as node1 sees it");
  status = healthy();
  status.quorate = false;
  EXPECT_EQ(hindrance(status), "node1 has no quorum");
  status = healthy();
  status.degraded = {"apiserver3 is down"};
  EXPECT_EQ(hindrance(status), "node1 says: apiserver3 is down");
  status = healthy();
  status.services[0].haproxy = ResourceStatus::failed;
  EXPECT_THAT(hindrance(status), HasSubstr("api is not served"));
  EXPECT_THAT(hindrance_in(healthy(), ServiceName("other")), HasSubstr("knows no service other"));
}

TEST(Readiness, SomebodyMustBeAbleToTakeOver) {
  Status status = healthy();
  status.services[0].nodes[1].link_up = false;
  EXPECT_EQ(hindrance(status), "nobody could take over: node2 has no link");
  status = healthy();
  status.services[0].nodes[1].haproxy_fit = false;
  EXPECT_THAT(hindrance(status), HasSubstr("the HAProxy of node2 is not fit"));
  status = healthy();
  status.services[0].nodes.pop_back();
  EXPECT_EQ(hindrance(status), "") << "a cluster of one";
}

}  // namespace
}  // namespace hapx::appliance::drill
