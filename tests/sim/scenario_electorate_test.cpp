// SPDX-License-Identifier: Apache-2.0
// Who votes changes under a running cluster: a node comes, a node goes, a machine is replaced.
#include "config/write.hpp"
#include "story.hpp"

namespace hapx::appliance::sim {
namespace {

class WhoVotes : public Story {
 protected:
  /// All machines of the world; `running` of them have begun, with a file that names those.
  void begin_with(unsigned running, unsigned machines) {
    WorldOptions options;
    options.config = cluster(machines);
    world_.emplace(options);
    for (const NodeConfig& node : options.config.nodes) {
      world_->write_file(node.name, write_config(cluster(running)));
    }
    for (const NodeConfig& node : cluster(running).nodes) world_->power_on(node.name);
    ASSERT_TRUE(world_->run_until([&] { return world_->all_served(); }, 1500ms)) << "cold start";
    world_->run_for(6s);
    world_->mark();
  }

  /// The operator brings the file to a node, and has it taken; what he is answered.
  std::string give(const NodeName& node, const ClusterConfig& config) {
    world_->write_file(node, write_config(config));
    const auto id = world_->request(node, "POST", "/v1/reload", "");
    EXPECT_TRUE(world_->run_until([&] { return world_->answer(id) != nullptr; }, 5s));
    const Respond* answer = world_->answer(id);
    return answer == nullptr ? std::string() : answer->body;
  }

  /// n3 has no power while the others are given files in which n1 has two votes, three, and so on;
  /// the last of them.
  ClusterConfig n3_misses_changes(unsigned votes) {
    place_on(n1);
    world_->power_off(n3);
    world_->run_for(1s);
    ClusterConfig heavier = cluster(3);
    while (heavier.nodes[0].votes < votes) {
      ++heavier.nodes[0].votes;
      for (const NodeName& node : {n1, n2}) give(node, heavier);
      world_->run_for(8s);
    }
    world_->power_on(n3);
    world_->run_for(8s);
    return heavier;
  }

  [[nodiscard]] ElectorateStatus electorate(const NodeName& node) const {
    return world_->status(node).electorate;
  }
  void expect_settled(const std::vector<NodeName>& nodes, std::uint64_t generation) {
    for (const NodeName& node : nodes) {
      EXPECT_EQ(electorate(node), (ElectorateStatus{generation, true, false, {}})) << node.text();
      EXPECT_TRUE(world_->status(node).degraded.empty())
          << node.text() << ": " << world_->status(node).degraded.front();
    }
  }
};

TEST_F(WhoVotes, AThirdNodeComesWithoutAnOutage) {
  begin_with(2, 3);
  const NodeName before = holder().value();
  world_->write_file(n3, write_config(cluster(3)));
  world_->power_on(n3);
  world_->run_for(1s);
  const std::string waits = give(n1, cluster(3));
  EXPECT_NE(waits.find(R"("waitsFor":["n2 to be given the same file"])"), waits.npos) << waits;
  world_->run_for(1s);
  EXPECT_EQ(world_->status(n1).degraded,
            std::vector<std::string>{"a changed file waits, for it changes who votes: for n2 to be "
                                     "given the same file"});
  const std::string taken = give(n2, cluster(3));
  EXPECT_NE(taken.find(R"("taking":["spec.nodes"])"), taken.npos) << taken;
  expect_outage_at_most(0ms);
  EXPECT_EQ(holder(), before) << "nothing moves";
  expect_settled({n1, n2, n3}, 2);
  world_->power_off(before);
  expect_outage_at_most(lease() + detection);
}

TEST_F(WhoVotes, AnEndedNodeGoesWithoutAnOutage) {
  begin_with(3, 3);
  place_on(n3);
  const std::string waits = give(n1, cluster(2));
  EXPECT_NE(waits.find("n3, which it doesn't name, to be ended"), waits.npos) << waits;
  world_->stop(n3);
  world_->run_for(1s);
  EXPECT_NE(holder(), n3);
  world_->mark();
  give(n2, cluster(2));
  expect_outage_at_most(0ms);
  expect_settled({n1, n2}, 2);
}

TEST_F(WhoVotes, AMachineIsReplacedByRemovingAndAddingItsNode) {
  begin_with(3, 3);
  place_on(n1);
  world_->power_off(n3);
  world_->replace_disk(n3);
  world_->run_for(1s);
  world_->mark();
  for (const NodeName& node : {n1, n2}) give(node, cluster(2));
  expect_outage_at_most(0ms);
  expect_settled({n1, n2}, 2);
  world_->power_on(n3);
  world_->run_for(8s);
  for (const NodeName& node : {n1, n2}) give(node, cluster(3));
  expect_outage_at_most(0ms);
  expect_settled({n1, n2, n3}, 3);
}

/// A mess, but nobody is locked in: each counts by its own list and the one before, and neither
/// knows what the other counted by.
TEST_F(WhoVotes, NodesThatBeganWithDifferentListsCanBeGivenOne) {
  begin_with(3, 3);
  for (const NodeName& node : {n1, n2, n3}) world_->power_off(node);
  ClusterConfig heavier = cluster(3);
  ++heavier.nodes[2].votes;
  world_->write_file(n1, write_config(heavier));
  heavier = cluster(3);
  ++heavier.nodes[1].votes;
  world_->write_file(n3, write_config(heavier));
  for (const NodeName& node : {n1, n2, n3}) world_->power_on(node);
  world_->run_for(7s);
  for (const NodeName& node : {n1, n2, n3}) give(node, cluster(3));
  EXPECT_TRUE(world_->run_until([&] { return world_->all_served(); }, 8s));
  world_->run_for(8s);
  for (const NodeName& node : {n1, n2, n3}) {
    EXPECT_TRUE(electorate(node).settled) << node.text();
    EXPECT_TRUE(world_->status(node).degraded.empty()) << node.text();
  }
}

TEST_F(WhoVotes, ASecondNodeComesWhenItIsThere) {
  begin_with(1, 2);
  const std::string waits = give(n1, cluster(2));
  EXPECT_NE(waits.find(R"("waitsFor":["n2 to be heard"])"), waits.npos) << waits;
  world_->write_file(n2, write_config(cluster(2)));
  world_->power_on(n2);
  expect_outage_at_most(0ms);
  EXPECT_EQ(holder(), n1);
  expect_settled({n1, n2}, 2);
}

/// The last change is a few seconds old: the file is taken when they are over, by itself.
TEST_F(WhoVotes, TheNextChangeWaitsUntilTheLastOneIsSettled) {
  begin_with(3, 3);
  ClusterConfig heavier = cluster(3);
  heavier.nodes[0].votes = 2;
  for (const NodeName& node : {n1, n2, n3}) give(node, heavier);
  world_->run_for(1s);
  ASSERT_EQ(electorate(n1).generation, 2U);
  for (const NodeName& node : {n1, n2, n3}) give(node, cluster(3));
  world_->run_for(1s);
  EXPECT_EQ(electorate(n1).generation, 2U);
  expect_outage_at_most(0ms, 6s);
  expect_settled({n1, n2, n3}, 3);
}

/// It was away, and its file names others: neither counts for the other until it is given the file.
TEST_F(WhoVotes, WhoComesBackWithTheOldFileHoldsNothing) {
  begin_with(3, 3);
  const ClusterConfig heavier = n3_misses_changes(2);
  EXPECT_EQ(world_->status(n1).degraded,
            std::vector<std::string>{
                "n3 counts the votes of other nodes than n1 does; give it the same file"});
  EXPECT_FALSE(world_->status(n3).quorate);
  give(n3, heavier);
  expect_outage_at_most(0ms);
  expect_settled({n1, n2, n3}, 2);
}

/// What the others have agreed on meanwhile it takes in one step, however far it is.
TEST_F(WhoVotes, WhoHasMissedTwoChangesFollowsAtOnce) {
  begin_with(3, 3);
  const ClusterConfig heavier = n3_misses_changes(3);
  ASSERT_EQ(electorate(n1).generation, 3U);
  give(n3, heavier);
  expect_outage_at_most(0ms);
  expect_settled({n1, n2, n3}, 3);
}

/// One node was started with a file of its own; it goes back when it is given that of the others.
TEST_F(WhoVotes, WhoIsAloneWithAListGoesBack) {
  begin_with(3, 3);
  place_on(n1);
  ClusterConfig own = cluster(3);
  own.nodes[2].votes = 3;
  world_->write_file(n3, write_config(own));
  world_->power_off(n3);
  world_->power_on(n3);
  world_->run_for(8s);
  EXPECT_FALSE(electorate(n3).settled);
  give(n3, cluster(3));
  expect_outage_at_most(0ms);
  expect_settled({n1, n2, n3}, 3);
}

TEST_F(WhoVotes, WhatIsStagedEndsWithAnotherFileOrWithHapxd) {
  begin_with(2, 3);
  give(n1, cluster(3));
  ASSERT_TRUE(electorate(n1).staged);
  const std::string answer = give(n1, cluster(2));
  EXPECT_NE(answer.find("in force already"), answer.npos) << answer;
  EXPECT_FALSE(electorate(n1).staged);
  give(n1, cluster(3));
  world_->kill(n1);
  world_->run_for(1s);
  EXPECT_FALSE(electorate(n1).staged);
  EXPECT_EQ(electorate(n1).generation, 1U);
  expect_outage_at_most(0ms);
}

TEST_F(WhoVotes, WhatCouldNeverBeAgreedOnIsRefused) {
  begin_with(3, 3);
  ClusterConfig elsewhere = cluster(3);
  elsewhere.nodes[1].address = ipv4(192, 168, 4, 99);
  ClusterConfig without_n1 = cluster(3);
  without_n1.nodes.erase(without_n1.nodes.begin());
  const std::vector<std::pair<ClusterConfig, std::string>> rows{
      {cluster(1), "spec.nodes changes by 2 votes"},
      {elsewhere, "spec.nodes[n2].address can't change"},
      {without_n1, "it doesn't name this node, n1"}};
  for (const auto& [config, sentence] : rows) {
    const std::string answer = give(n1, config);
    EXPECT_NE(answer.find(sentence), answer.npos) << answer;
  }
  EXPECT_EQ(electorate(n1), (ElectorateStatus{1, true, false, {}}));
}

TEST_F(WhoVotes, OneOfTwoCantGoWhileTheyRun) {
  begin_with(2, 2);
  const std::string answer = give(n1, cluster(1));
  EXPECT_NE(answer.find("there is no majority of the present votes"), answer.npos) << answer;
}

/// hapxd dies on both nodes at the instant of the change, and the network is bad.
TEST_F(WhoVotes, ChangingGoesOnThroughCrashesAndLoss) {
  for (const Duration after : {0ms, 3ms, 7ms, 12ms, 20ms, 40ms}) {
    begin_with(2, 3);
    world_->set_weather({.loss_permille = 100});
    world_->write_file(n3, write_config(cluster(3)));
    world_->power_on(n3);
    world_->run_for(1s);
    give(n1, cluster(3));
    give(n2, cluster(3));
    world_->run_for(after);
    world_->kill(n1);
    world_->kill(n2);
    world_->run_for(2s);
    for (const NodeName& node : {n1, n2}) give(node, cluster(3));
    world_->set_weather({});
    world_->run_for(8s);
    EXPECT_TRUE(holder().has_value());
    expect_settled({n1, n2, n3}, 2);
  }
}

}  // namespace
}  // namespace hapx::appliance::sim
