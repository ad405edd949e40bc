// SPDX-License-Identifier: Apache-2.0
// What hapx adds to Pacemaker's rules: carriers, the fitness of HAProxy, healthy apiservers, moves
// and witnesses.
#include <gtest/gtest.h>

#include "scheduler_answer.hpp"

namespace hapx::appliance {
namespace {

const NodeName node1("node1");
const NodeName node2("node2");
const NodeName node3("node3");

/// api runs whole on node1, and node2 could have it.
Facts running_on_node1() {
  return facts_from(R"(
cluster: {resourceStickiness: 100, migrationThreshold: 3}
nodes: {node1: online, node2: online}
services: [{name: api}]
status: {api: {vip: node1, haproxy: node1}})");
}

Facts with_third_node(Facts facts) {
  facts.nodes.push_back({.name = node3});
  return facts;
}

std::string place(const Facts& facts) {
  return place_of(schedule(facts).services[0].placement);
}

std::string reason(const Facts& facts, const char* node) {
  return verdict_on(schedule(facts).services[0], node).reason;
}

TEST(SchedulerLink, ANodeWithoutCarrierIsLeftForThatServiceOnly) {
  Facts facts = running_on_node1();
  facts.services.push_back(facts.services[0]);
  facts.services[1].name = ServiceName("web");
  facts.services[0].readiness[node1].link_up = false;
  const Schedule result = schedule(facts);
  EXPECT_EQ(place_of(result.services[0].placement), "node2");
  EXPECT_EQ(place_of(result.services[1].placement), "node1");
  EXPECT_EQ(reason(facts, "node1"), "node1: excluded, the interface of its VIP has no carrier");
}

TEST(SchedulerLink, WithoutAnyCarrierTheServiceIsNowhere) {
  Facts facts = running_on_node1();
  facts.services[0].readiness[node1].link_up = false;
  facts.services[0].readiness[node2].link_up = false;
  EXPECT_EQ(place(facts), "-");
}

TEST(SchedulerFitness, AnUnfitHaproxyMovesTheService) {
  Facts facts = running_on_node1();
  facts.services[0].readiness[node1].haproxy_fit = false;
  EXPECT_EQ(place(facts), "node2");
  EXPECT_EQ(reason(facts, "node1"), "node1: excluded, its HAProxy is not fit to serve");
}

TEST(SchedulerFitness, UnfitEverywhereLeavesTheVipWhereItIs) {
  Facts facts = running_on_node1();
  facts.services[0].readiness[node1].haproxy_fit = false;
  facts.services[0].readiness[node2].haproxy_fit = false;
  EXPECT_EQ(place(facts), "node1/-");
}

TEST(SchedulerApiServers, ANodeThatSeesStrictlyMoreIsPreferred) {
  Facts facts = running_on_node1();
  facts.services[0].readiness[node1].healthy_api_servers = 2;
  facts.services[0].readiness[node2].healthy_api_servers = 2;
  EXPECT_EQ(place(facts), "node1");
  facts.services[0].readiness[node2].healthy_api_servers = 3;
  EXPECT_EQ(place(facts), "node2");
  EXPECT_EQ(reason(facts, "node1"), "node1: not chosen, sees 2 healthy apiservers, node2 sees 3");
  EXPECT_EQ(reason(facts, "node2"), "node2: chosen, sees the most healthy apiservers (3)");
}

TEST(SchedulerApiServers, AControlPlaneThatIsDownEverywhereMovesNothing) {
  Facts facts = running_on_node1();
  facts.services[0].readiness[node1].healthy_api_servers = 0;
  facts.services[0].readiness[node2].healthy_api_servers = 0;
  EXPECT_EQ(actions_of(schedule(facts)), Lines{});
}

TEST(SchedulerApiServers, TheScoreDecidesAmongThoseThatSeeTheMost) {
  Facts facts = with_third_node(running_on_node1());
  facts.services[0].readiness[node2].healthy_api_servers = 3;
  facts.services[0].readiness[node3].healthy_api_servers = 3;
  facts.services[0].location[node3] = Score(1);
  EXPECT_EQ(place(facts), "node3");
  EXPECT_EQ(reason(facts, "node3"),
            "node3: chosen, sees the most healthy apiservers (3), highest score 1 (location 1)");
}

TEST(SchedulerApiServers, ANodeThatMayNotHaveTheServiceIsNoReasonToMove) {
  Facts facts = running_on_node1();
  facts.services[0].readiness[node2].healthy_api_servers = 3;
  facts.services[0].location[node2] = Score(-1);
  EXPECT_EQ(place(facts), "node1");
}

TEST(SchedulerMove, AnOrderBeatsStickinessAndPreference) {
  Facts facts = running_on_node1();
  facts.services[0].location[node1] = Score(5000);
  facts.services[0].moved_to = node2;
  EXPECT_EQ(place(facts), "node2");
  EXPECT_EQ(reason(facts, "node2"),
            "node2: chosen, highest score INFINITY (moved there by an operator)");
}

TEST(SchedulerMove, AnOrderDoesNotBeatABanAFailureOrAnAbsence) {
  Facts facts = running_on_node1();
  facts.services[0].moved_to = node2;
  Facts banned = facts;
  banned.services[0].location[node2] = Score::minus_infinity();
  EXPECT_EQ(place(banned), "node1");
  Facts failed = facts;
  failed.services[0].vip.failures[node2] = {.count = Score(3)};
  EXPECT_EQ(place(failed), "node1");
  Facts absent = facts;
  absent.nodes[1].state = NodeState::offline;
  EXPECT_EQ(place(absent), "node1");
}

TEST(SchedulerMove, AnOrderOutweighsFewerApiServersButNotNone) {
  Facts facts = running_on_node1();
  facts.services[0].moved_to = node2;
  facts.services[0].readiness[node1].healthy_api_servers = 3;
  facts.services[0].readiness[node2].healthy_api_servers = 1;
  EXPECT_EQ(place(facts), "node2");
  facts.services[0].readiness[node2].healthy_api_servers = 0;
  EXPECT_EQ(place(facts), "node1");
  EXPECT_EQ(reason(facts, "node2"), "node2: not chosen, sees 0 healthy apiservers, node1 sees 3");
}

TEST(SchedulerWitness, IsNeverACandidate) {
  Facts facts = running_on_node1();
  facts.nodes[1].role = Role::witness;
  facts.nodes[0].state = NodeState::standby;
  facts.services[0].location[node2] = Score::infinity();
  EXPECT_EQ(place(facts), "-");
  EXPECT_EQ(reason(facts, "node2"), "node2: excluded, it is a witness");
}

}  // namespace
}  // namespace hapx::appliance
