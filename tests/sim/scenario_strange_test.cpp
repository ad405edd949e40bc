// SPDX-License-Identifier: Apache-2.0
// What the lease is not made for, and hands that are none of ours: clocks beyond all bounds, a
// cloned machine, a reverted memory, a full disk, a foreign host in the holder's place, and
// somebody who says again what was said before.
#include <algorithm>

#include "story.hpp"

namespace hapx::appliance::sim {
namespace {

class Strange : public Story {
 protected:
  [[nodiscard]] bool served_within(Duration bound) {
    return world_->run_until([&] { return world_->all_served(); }, bound);
  }
};

TEST_F(Strange, AClockBeyondAllBoundsBreaksNothingForLong) {
  begin(cluster(3));
  for (const unsigned rate : {500U, 2000U}) {
    for (const NodeName& node : {n1, n2, n3}) {
      world_->set_clock_rate(node, rate);
      world_->run_for(5s);
      world_->kill_with_keeper(holder().value_or(n1));
      world_->run_for(5s);
      world_->repair_clock(node);
      for (const NodeName& each : {n1, n2, n3}) world_->start(each);
      EXPECT_TRUE(served_within(Patience().served)) << node.text() << " at " << rate;
    }
  }
}

/// Its right is counted down at half the speed of the promises: two serve, which the excuse
/// explains, and then there is one.
TEST_F(Strange, AHolderWhoseClockRunsHalfAsFastActsForTooLong) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->set_clock_rate(before, 500);
  world_->cut_off(before);
  EXPECT_TRUE(world_->run_until([&] { return world_->answering(vip).size() == 2; }, 1s));
  world_->run_for(1s);
  EXPECT_EQ(world_->answering(vip).size(), 1U);
  world_->heal_all();
  world_->repair_clock(before);
  EXPECT_TRUE(served_within(Patience().served));
}

TEST_F(Strange, AClonedNodeIsNotHeardWhileTheFirstIs) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->clone(before, 1s);
  expect_outage_at_most(0ms, 15s);
  EXPECT_EQ(holder(), before);
  world_->end_clone(before);
  expect_outage_at_most(0ms, 5s);
  EXPECT_EQ(holder(), before);
}

/// Who is told of another process under its name says so for as long as it is told, and no longer.
TEST_F(Strange, ACloneIsToldOfTheFirstUntilThatIsGone) {
  begin(cluster(3));
  const NodeName before = holder().value();
  const NodeName clone(before.text() + "-clone");
  const auto is_told = [&] {
    return std::ranges::any_of(world_->status(clone).degraded, [](const std::string& sentence) {
      return sentence.find("hears another session of this node") != std::string::npos;
    });
  };
  world_->clone(before, 1s);
  world_->run_for(5s);
  EXPECT_TRUE(is_told());
  world_->run_for(30s);
  EXPECT_TRUE(is_told());
  world_->power_off(before);
  world_->run_for(15s);
  EXPECT_FALSE(is_told());
  EXPECT_TRUE(holder().has_value());
}

/// The first one is silent for longer than a lease: then the clone is heard, and it stays so.
TEST_F(Strange, OfANodeAndItsCloneOneIsHeard) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->clone(before, 1s);
  world_->run_for(10s);
  world_->freeze_with_keeper(before);
  world_->run_for(3s);
  world_->resume(before);
  world_->run_for(10s);
  EXPECT_LE(world_->answering(vip).size(), 1U);
  world_->end_clone(before);
  EXPECT_TRUE(served_within(Patience().served));
  settle();
  expect_outage_at_most(0ms, 15s);
  world_->power_off(other_than(before));
  world_->run_for(3s);
  EXPECT_TRUE(holder().has_value()) << "the first one's vote counts again";
}

/// Not supported, and excused for a lease. The voter goes on with what it has, rounds that it had
/// left behind included, and is a voter like any other when that is over.
TEST_F(Strange, AVoterWhoseMemoryIsRevertedVotesOn) {
  begin(cluster(3));
  for (const NodeName& node : {n1, n2, n3}) {
    place_on(other_than(holder().value()));
    world_->kill_with_keeper(node);
    world_->revert_memory(node);
    world_->start(node);
    world_->run_for(3s);
    EXPECT_TRUE(served_within(Patience().served)) << node.text();
  }
  world_->power_off(other_than(holder().value()));  // its vote is needed now
  world_->mark();
  expect_outage_at_most(0ms, 10s);
}

/// Who can't remember on disk that it votes doesn't vote. A disk that fills up later is no matter.
TEST_F(Strange, AFullDiskKeepsANodeFromStartingInANewBoot) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->fill_disk(before);
  world_->kill(before);
  expect_outage_at_most(0ms, 2s);
  EXPECT_EQ(holder(), before);
  world_->power_off(before);
  world_->power_on(before, 1s);
  expect_outage_at_most(lease() + detection, 5s);
  EXPECT_FALSE(world_->alive(before));
  world_->free_disk(before);
  EXPECT_TRUE(world_->run_until([&] { return world_->alive(before); }, 200ms));
  settle();
  world_->power_off(holder().value());
  expect_outage_at_most(lease() + detection, 5s);
}

/// In fair weather all of it has arrived before; then it has no effect whatever.
TEST_F(Strange, WhatIsSaidAgainIsNotBelieved) {
  begin(cluster(3));
  world_->run_for(5s);
  world_->power_off(n3);
  world_->run_for(5s);
  world_->power_on(n3);  // and there are recordings of a process that is gone
  world_->run_for(15s);
  const auto before = holder();
  const auto coordinator_before = coordinator();
  world_->mark();
  for (std::uint64_t choice = 1; choice <= 300; ++choice) {
    world_->replay(choice);
    world_->run_for(20ms);
  }
  expect_outage_at_most(0ms);
  EXPECT_EQ(silence(), 0ms);
  EXPECT_EQ(holder(), before);
  EXPECT_EQ(coordinator(), coordinator_before);
}

TEST_F(Strange, WhatIsSaidAgainDoesNotBringADeadNodeToLife) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->power_off(before);
  for (std::uint64_t choice = 1; choice <= 50; ++choice) {
    world_->replay(choice);
    world_->run_for(20ms);
  }
  expect_outage_at_most(lease() + detection);
  EXPECT_NE(holder(), before);
}

}  // namespace
}  // namespace hapx::appliance::sim
