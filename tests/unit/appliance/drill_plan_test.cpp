// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/drill/plan.hpp"

namespace hapx::appliance::drill {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

ClusterConfig cluster_of(unsigned nodes, bool has_witness = false) {
  ClusterConfig cluster;
  for (unsigned number = 1; number <= nodes; ++number) {
    NodeConfig node;
    node.name = NodeName("node" + std::to_string(number));
    if (has_witness && number == nodes) node.role = Role::witness;
    cluster.nodes.push_back(node);
  }
  return cluster;
}

/// A plan with this spec; its first line is line 5.
std::string file_with(const std::string& spec) {
  return "apiVersion: hapx.dev/v1alpha1\nkind: DrillPlan\nmetadata: {name: weekly}\nspec:\n" + spec;
}

CheckedPlan checked(const std::string& spec, const ClusterConfig& cluster = cluster_of(3)) {
  return check_plan(file_with(spec), "plan.yaml", cluster);
}

/// The only refusal.
std::string refusal(const std::string& spec, const ClusterConfig& cluster = cluster_of(3)) {
  const CheckedPlan plan = checked(spec, cluster);
  EXPECT_FALSE(plan.plan);
  EXPECT_EQ(plan.refusals.size(), 1U);
  std::string all;
  for (const Error& error : plan.refusals) all += error.sentence + "\n";
  return all;
}

TEST(DrillPlan, IsReadWithAllThatCanBeSaid) {
  const CheckedPlan read = checked(
      "  objective: 1s\n  count: 2\n  seed: 7\n  pause: 10s\n  faults:\n"
      "    - hand-over\n"
      "    - {fault: power-loss, node: node2, objective: 400ms, count: 5}\n"
      "    - {fault: daemon-freeze, length: 100ms}\n");
  ASSERT_TRUE(read.plan) << read.refusals.front().sentence;
  Plan plan;
  plan.name = "weekly";
  plan.objective = seconds(1);
  plan.count = 2;
  plan.seed = 7;
  plan.pause = seconds(10);
  plan.faults = {
      {Fault::hand_over, {}, {}, {}, {}},
      {Fault::power_loss, NodeName("node2"), milliseconds(400), {}, 5},
      {Fault::daemon_freeze, {}, {}, milliseconds(100), {}},
  };
  EXPECT_EQ(*read.plan, plan);
}

TEST(DrillPlan, ShapesAreRefusedWithTheirPlace) {
  EXPECT_THAT(refusal("  faults: [power-los]\n"),
              HasSubstr("plan.yaml:5:12: unknown fault `power-los`; did you mean `power-loss`?"));
  EXPECT_THAT(refusal("  faults: [earthquake]\n"), HasSubstr("`hapx drill list` has them"));
  EXPECT_THAT(refusal("  faults: [hand-over]\n  objectiv: 1s\n"),
              HasSubstr("plan.yaml:6:3: unknown key `objectiv`; did you mean `objective`?"));
  EXPECT_THAT(refusal("  faults:\n    - {fault: hand-over, nod: node1}\n"),
              HasSubstr("plan.yaml:6:26: unknown key `nod`; did you mean `node`?"));
  EXPECT_THAT(refusal("  faults: [hand-over]\n  objective: soon\n"), HasSubstr("plan.yaml:6:14"));
  EXPECT_THAT(refusal("  faults: [[hand-over]]\n"), HasSubstr("a fault must be a name"));
  EXPECT_THAT(refusal("  faults: hand-over\n"), HasSubstr("must be a list"));
  EXPECT_THAT(refusal("  faults: []\n"), HasSubstr("a plan without a fault tests nothing"));
  EXPECT_THAT(refusal("  count: 3\n"), HasSubstr("`faults` is missing in spec"));
  EXPECT_THAT(refusal("  faults: [{node: node1}]\n"), HasSubstr("`fault` is missing"));
  EXPECT_THAT(check_plan("- x", "p", cluster_of(3)).refusals.front().sentence,
              HasSubstr("p:1:1: "));
  EXPECT_THAT(check_plan("apiVersion: hapx.dev/v1alpha1\nkind: Cluster\nmetadata: {name: a}\n"
                         "spec: {faults: [hand-over]}\n",
                         "p", cluster_of(3))
                  .refusals.front()
                  .sentence,
              HasSubstr("p:2:7: kind must be `DrillPlan`, not `Cluster`"));
}

TEST(DrillPlan, ANameThatCouldBecomeSomethingElseIsRefused) {
  const auto named = [](const std::string& name) {
    return check_plan("apiVersion: hapx.dev/v1alpha1\nkind: DrillPlan\nmetadata: {name: \"" + name +
                          "\"}\nspec: {faults: [hand-over]}\n",
                      "p", cluster_of(3))
        .plan.has_value();
  };
  EXPECT_TRUE(named("weekly-2"));
  for (const char* name : {"", "a b", "<b>", "../up", "-a", "Weekly"}) EXPECT_FALSE(named(name));
}

TEST(DrillPlan, AnObjectiveBelowTheLeaseIsRefusedWhereNobodyCanMeetIt) {
  const std::string said = refusal("  faults:\n    - {fault: power-loss, objective: 200ms}\n");
  EXPECT_THAT(said, HasSubstr("plan.yaml:6:38: the objective 200ms can't be met for power-loss"));
  EXPECT_THAT(said, HasSubstr("300ms"));
  EXPECT_THAT(refusal("  objective: 100ms\n  faults: [hand-over, power-loss]\n"),
              HasSubstr("plan.yaml:5:14: the objective 100ms can't be met for power-loss"));
  EXPECT_TRUE(checked("  objective: 300ms\n  faults: [power-loss]\n").plan);
  EXPECT_TRUE(checked("  objective: 30ms\n  faults: [hand-over, daemon-kill, partition]\n").plan);
  ClusterConfig linked = cluster_of(3);
  EXPECT_FALSE(checked("  objective: 60ms\n  faults: [link-down]\n", linked).plan);
  for (NodeConfig& node : linked.nodes) node.links = {ipv4(10, 0, 0, 1)};
  EXPECT_TRUE(checked("  objective: 60ms\n  faults: [link-down]\n", linked).plan);
}

TEST(DrillPlan, LimitsAreKept) {
  EXPECT_THAT(refusal("  faults: [hand-over]\n  count: 0\n"), HasSubstr("1 to 100 times"));
  EXPECT_THAT(refusal("  faults: [hand-over]\n  count: 101\n"), HasSubstr("1 to 100 times"));
  EXPECT_THAT(refusal("  faults: [{fault: hand-over, count: 101}]\n"), HasSubstr("1 to 100"));
  EXPECT_THAT(refusal("  faults: [hand-over]\n  objective: 1ms\n"), HasSubstr("is from 20ms"));
  EXPECT_THAT(refusal("  faults: [hand-over]\n  pause: 2h\n"), HasSubstr("at most 1h"));
  EXPECT_THAT(refusal("  faults: [{fault: hand-over, length: 1s}]\n"), HasSubstr("does not last"));
  EXPECT_THAT(refusal("  faults: [{fault: daemon-freeze, length: 2m}]\n"), HasSubstr("up to 1m"));
  EXPECT_THAT(refusal("  faults: [{fault: partition, length: 300ms}]\n"),
              HasSubstr("longer than the lease"));
  EXPECT_THAT(refusal("  faults: [hand-over, hand-over]\n"), HasSubstr("5:23: hand-over stands"));
  std::string many = "  count: 100\n  faults:\n";
  for (const std::string_view name : fault_names()) many += "    - " + std::string(name) + "\n";
  EXPECT_THAT(refusal(many), HasSubstr("2100 runs"));
}

TEST(DrillPlan, NodesMustBeThereAndFit) {
  EXPECT_THAT(refusal("  faults: [{fault: power-loss, node: node4}]\n"),
              HasSubstr("5:38: the cluster has no node `node4`"));
  EXPECT_THAT(refusal("  faults: [{fault: cold-start, node: node1}]\n"),
              HasSubstr("cold-start strikes all nodes; remove the node"));
  EXPECT_THAT(refusal("  faults: [{fault: power-loss, node: node3}]\n", cluster_of(3, true)),
              HasSubstr("is a witness"));
  EXPECT_TRUE(checked("  faults: [{fault: peer-loss, node: node3}]\n").plan);
}

TEST(DrillPlan, IsRefusedWhereThereIsNoRedundancyToTest) {
  EXPECT_THAT(refusal("  faults: [hand-over]\n", cluster_of(1)), HasSubstr("a second node"));
  EXPECT_TRUE(checked("  faults: [hand-over]\n", cluster_of(2)).plan);
  EXPECT_THAT(refusal("  faults: [power-loss]\n", cluster_of(2)),
              HasSubstr("takes 1 vote of 2, and what is left is no majority"));
  ClusterConfig pair = cluster_of(2);
  pair.no_quorum_policy = NoQuorumPolicy::ignore;
  EXPECT_TRUE(checked("  faults: [power-loss]\n", pair).plan);
  EXPECT_TRUE(checked("  faults: [power-loss]\n", cluster_of(3, true)).plan);
  EXPECT_TRUE(checked("  faults: [haproxy-kill]\n", cluster_of(1)).plan);
}

TEST(DrillPlan, TheDefaultTakesNobodysPowerAndIsOverBeforeALease) {
  const Timing lan;
  const Plan plan = default_plan(lan);
  EXPECT_TRUE(judge(plan, cluster_of(2)).empty());
  for (const PlannedFault& planned : plan.faults) {
    EXPECT_EQ(words_of(planned.fault).places.on_cluster, Consent::given);
    EXPECT_FALSE(takes_a_vote(planned.fault)) << name_of(planned.fault);
    EXPECT_LT(length_of(planned), lan.lease) << name_of(planned.fault);
  }
  EXPECT_FALSE(judge(plan, cluster_of(1)).empty());
}

TEST(DrillPlan, WithoutASeedStepsAreAsWritten) {
  Plan plan;
  plan.objective = seconds(1);
  plan.count = 2;
  plan.faults = {{Fault::hand_over, {}, {}, {}, {}},
                 {Fault::vip_delete, {}, milliseconds(50), {}, 1}};
  const auto steps = steps_of(plan);
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps[0].planned.objective, seconds(1));
  EXPECT_EQ(steps[1].number, 2U);
  EXPECT_EQ(steps[1].of, 2U);
  EXPECT_EQ(steps[2].planned.objective, milliseconds(50));
  EXPECT_EQ(steps[2].of, 1U);
}

TEST(DrillPlan, ASeedMixesStepsAlwaysInTheSameWayAndLosesNone) {
  Plan plan = default_plan(Timing{});
  plan.count = 5;
  plan.seed = 7;
  const auto steps = steps_of(plan);
  EXPECT_EQ(steps, steps_of(plan));
  std::map<Fault, unsigned> counts;
  for (const Step& step : steps) EXPECT_EQ(step.number, ++counts[step.planned.fault]);
  EXPECT_EQ(counts.size(), plan.faults.size());
  for (const auto& [fault, count] : counts) EXPECT_EQ(count, 5U) << name_of(fault);
  plan.seed = 8;
  EXPECT_NE(steps, steps_of(plan));
  plan.seed.reset();
  EXPECT_NE(steps, steps_of(plan));
}

TEST(DrillPlan, ADryRunTellsEachStep) {
  Plan plan = default_plan(Timing{});
  plan.objective = seconds(1);
  plan.seed = 3;
  const std::string text = plan_as_text(plan, cluster_of(3));
  EXPECT_THAT(text, HasSubstr("plan 'default': 5 runs, in the order of seed 3"));
  EXPECT_THAT(text, HasSubstr("daemon-freeze"));
  EXPECT_THAT(text, HasSubstr("150ms"));
  boost::system::error_code error;
  const auto value = boost::json::parse(plan_as_json(plan, cluster_of(3)), error);
  ASSERT_FALSE(error);
  EXPECT_EQ(value.at("steps").as_array().size(), 5U);
  EXPECT_EQ(value.at("steps").as_array().at(0).at("objectiveMs").to_number<double>(), 1000.0);
}

}  // namespace
}  // namespace hapx::appliance::drill
