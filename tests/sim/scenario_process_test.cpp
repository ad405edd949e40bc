// SPDX-License-Identifier: Apache-2.0
// hapxd dies, hangs, restarts and stops, with and without its keeper.
#include "story.hpp"

namespace hapx::appliance::sim {
namespace {

class Processes : public Story {};

TEST_F(Processes, HapxdKilledUnderItsKeeperIsNoOutage) {
  begin(cluster(3));
  const auto before = holder();
  world_->kill(before.value());
  expect_outage_at_most(0ms);
  EXPECT_EQ(holder(), before);
}

TEST_F(Processes, HapxdKilledOnTheCoordinatorThatHolds) {
  begin(cluster(3));
  place_on(coordinator());
  const auto before = holder();
  world_->kill(before.value());
  expect_outage_at_most(0ms, 5s);
  EXPECT_EQ(holder(), before);
}

TEST_F(Processes, HapxdKilledOnTheCoordinatorWhileAnotherNodeHolds) {
  begin(cluster(3));
  place_on(other_than(coordinator()));
  const auto before = holder();
  world_->kill(coordinator());
  expect_outage_at_most(0ms, 5s);
  EXPECT_EQ(holder(), before);
}

/// It may coordinate again as soon as one peer has answered, and the other one is who holds.
TEST_F(Processes, ACoordinatorThatBeginsAnewWaitsUntilAllHaveReported) {
  begin(cluster(3));
  place_on(other_than(coordinator()));
  const auto before = holder();
  world_->set_weather({0, 0, 50us, 20ms});
  for (int i = 0; i < 20; ++i) {
    world_->kill(coordinator());
    expect_outage_at_most(0ms, 2s);
    ASSERT_EQ(holder(), before);
  }
}

TEST_F(Processes, HapxdKilledTenTimesInARow) {
  begin(cluster(3));
  const auto before = holder();
  for (int i = 0; i < 10; ++i) {
    world_->kill(before.value());
    expect_outage_at_most(0ms, 700ms);
    EXPECT_EQ(holder(), before);
  }
}

TEST_F(Processes, HapxdKilledOnAllNodesAtOnce) {
  begin(cluster(3));
  const auto before = holder();
  for (const NodeName& node : {n1, n2, n3}) world_->kill(node);
  expect_outage_at_most(0ms, 5s);
  EXPECT_EQ(holder(), before);
}

TEST_F(Processes, HapxdKilledAgainWhileItStarts) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->kill(before);
  world_->run_for(25ms);
  world_->kill(before);
  expect_outage_at_most(0ms, 3s);
  EXPECT_EQ(holder(), before);
}

TEST_F(Processes, HapxdKilledWithItsKeeper) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->kill_with_keeper(before);
  expect_outage_at_most(lease() + 100ms);
  EXPECT_NE(holder(), before);
  EXPECT_FALSE(world_->kernel(before).holds(vip)) << "its lifetime has ended";
  world_->mark();
  world_->start(before);
  expect_outage_at_most(0ms);
}

TEST_F(Processes, HapxdStartedAfreshWhileItsOldLeaseLasts) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->kill_with_keeper(before);
  world_->run_for(30ms);
  world_->start(before);
  expect_outage_at_most(lease() + 100ms);
  EXPECT_EQ(world_->answering(vip).size(), 1U);
}

TEST_F(Processes, HapxdFrozenIsReplacedByItsKeeperWithoutOutage) {
  begin(cluster(3));
  const auto before = holder();
  world_->freeze(before.value());
  expect_outage_at_most(0ms, 5s);
  EXPECT_EQ(holder(), before);
}

TEST_F(Processes, HapxdFrozenWithItsKeeperForFiveSecondsAndContinued) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->freeze_with_keeper(before);
  expect_outage_at_most(lease() + 100ms, 5s);
  const auto after = holder();
  EXPECT_NE(after, before);
  world_->mark();
  world_->resume(before);
  expect_outage_at_most(0ms, 5s);
  EXPECT_EQ(holder(), after);
}

TEST_F(Processes, HapxdFrozenJustShorterThanItsLeaseGoesOn) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->freeze_with_keeper(before);
  world_->run_for(90ms);
  world_->resume(before);
  expect_outage_at_most(0ms, 3s);
  EXPECT_EQ(holder(), before);
}

TEST_F(Processes, HapxdFrozenAndContinuedAtTheMomentOfTakeover) {
  begin(cluster(3));
  for (int milliseconds = 200; milliseconds < 400; milliseconds += 7) {
    const NodeName before = holder().value();
    world_->freeze_with_keeper(before);
    world_->run_for(std::chrono::milliseconds(milliseconds));
    world_->resume(before);
    expect_outage_at_most(lease() + 100ms, 2s);
    EXPECT_EQ(world_->answering(vip).size(), 1U);
    world_->mark();
  }
}

TEST_F(Processes, AllNodesFrozenWithTheirKeepersAndContinued) {
  begin(cluster(3));
  for (const NodeName& node : {n1, n2, n3}) world_->freeze_with_keeper(node);
  world_->run_for(5s);
  EXPECT_TRUE(world_->answering(vip).empty()) << "the kernels have closed their fences";
  for (const NodeName& node : {n3, n1, n2}) world_->resume(node);
  EXPECT_TRUE(world_->run_until([&] { return world_->all_served(); }, 1500ms));
}

TEST_F(Processes, HapxdStoppedInOrderHandsOver) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->stop(before);
  expect_outage_at_most(lease() + detection);
  EXPECT_FALSE(world_->alive(before));
  EXPECT_FALSE(world_->kernel(before).holds(vip));
  EXPECT_NE(holder(), before);
}

TEST_F(Processes, TheKeeperKilledAloneStopsItsHapxdInOrder) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->kill_keeper(before);
  expect_outage_at_most(lease() + detection);
  EXPECT_FALSE(world_->alive(before));
  EXPECT_NE(holder(), before);
}

TEST_F(Processes, EveryNodeRestartedInTurnIsNoOutage) {
  begin(cluster(3));
  const auto before = holder();
  for (const NodeName& node : {n1, n2, n3}) {
    world_->kill(node);
    expect_outage_at_most(0ms, 500ms);
  }
  EXPECT_EQ(holder(), before);
}

TEST_F(Processes, HapxdKilledJustAfterATakeover) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->power_off(before);
  ASSERT_TRUE(world_->run_until([&] { return holder().has_value(); }, 1s));
  const auto after = holder();
  world_->mark();
  world_->kill(after.value());
  expect_outage_at_most(0ms, 3s);
  EXPECT_EQ(holder(), after);
}

TEST_F(Processes, HapxdKilledWhileCutOffComesBackClosed) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->cut_off(before);
  world_->run_for(100ms);
  world_->kill(before);
  world_->run_for(2s);
  EXPECT_TRUE(holder());
  EXPECT_NE(holder(), before);
  EXPECT_FALSE(world_->kernel(before).holds(vip));
}

}  // namespace
}  // namespace hapx::appliance::sim
