// SPDX-License-Identifier: Apache-2.0
// Two nodes and an etcd: one of two goes on when the other is gone, with the third vote.
#include "story.hpp"

namespace hapx::appliance::sim {
namespace {

class Arbitrated : public Story {
 protected:
  static ClusterConfig pair() {
    ClusterConfig config = cluster(2);
    config.arbiter = an_etcd();
    return config;
  }

  /// What is longer than that is told by hand.
  [[nodiscard]] Duration takeover() const { return lease() + detection; }

  void print_outage(const char* what) const {
    std::cout << what << ": " << outage() / 1ms << " ms\n";
  }

  /// Back with power, and everything is as in the beginning.
  void revive(const NodeName& node) {
    world_->power_on(node);
    world_->run_for(15s);
    settle();
  }

  /// Until nothing that was done before excuses a move any more.
  void agree() {
    world_->run_for(12s);
    world_->mark();
  }
};

TEST_F(Arbitrated, InPeaceItIsOnlyLookedAt) {
  begin(pair());
  const auto before = world_->questions();
  world_->run_for(60s);
  EXPECT_EQ(outage(), 0ms);
  EXPECT_LE(world_->questions() - before, 2U * 13U);
  EXPECT_GE(world_->questions() - before, 2U * 11U);
}

TEST_F(Arbitrated, PowerLossOfTheHolder) {
  begin(pair());
  for (const NodeName& node : {n1, n2, n1}) {
    place_on(node);
    world_->power_off(node);
    expect_outage_at_most(takeover());
    print_outage("power loss of the holder");
    EXPECT_EQ(holder(), other_than(node));
    expect_outage_at_most(takeover(), 30s);
    revive(node);
    EXPECT_EQ(outage(), 0ms);
  }
}

TEST_F(Arbitrated, PowerLossOfTheStandbyIsNotNoticed) {
  begin(pair());
  for (const NodeName& node : {n1, n2}) {
    place_on(node);
    world_->power_off(other_than(node));
    expect_outage_at_most(0ms, 60s);
    EXPECT_EQ(holder(), node);
    revive(other_than(node));
    EXPECT_EQ(outage(), 0ms);
  }
}

TEST_F(Arbitrated, TheHolderIsKilledWithItsKeeper) {
  begin(pair());
  const NodeName before = holder().value();
  world_->kill_with_keeper(before);
  expect_outage_at_most(takeover());
  print_outage("the holder is killed with its keeper");
  EXPECT_EQ(holder(), other_than(before));
}

TEST_F(Arbitrated, TheHolderIsFrozenWithItsKeeperAndComesBack) {
  begin(pair());
  const NodeName before = holder().value();
  world_->freeze_with_keeper(before);
  expect_outage_at_most(takeover());
  EXPECT_EQ(holder(), other_than(before));
  world_->resume(before);
  world_->run_for(5s);
  EXPECT_EQ(holder(), other_than(before));
}

TEST_F(Arbitrated, WhoLeavesInOrderIsNotWaitedFor) {
  begin(pair());
  const NodeName before = holder().value();
  world_->stop(before);
  expect_outage_at_most(50ms);
  print_outage("the holder leaves in order");
  EXPECT_EQ(holder(), other_than(before));
}

/// Both ask, and one is told: who holds it.
TEST_F(Arbitrated, CutBetweenTheNodesTheHolderKeepsIt) {
  begin(pair());
  for (const NodeName& node : {n1, n2}) {
    place_on(node);
    world_->cut(n1, n2);
    expect_outage_at_most(0ms, 30s);
    EXPECT_EQ(holder(), node);
    EXPECT_EQ(world_->answering(vip), std::vector{node});
    world_->heal_all();
    expect_outage_at_most(0ms, 20s);
    EXPECT_EQ(holder(), node);
  }
}

/// Who coordinates and doesn't hear the holder plans without it, and is not obeyed.
TEST_F(Arbitrated, OneWayIsCut) {
  begin(pair());
  for (const NodeName& node : {n1, n2}) {
    for (const NodeName& from : {n1, n2}) {
      place_on(node);
      world_->cut_one_way(from, other_than(from));
      expect_outage_at_most(0ms, 30s);
      EXPECT_EQ(holder(), node);
      world_->heal_all();
      expect_outage_at_most(0ms, 10s);
      settle();
    }
  }
}

/// That no two hold it, the checkers see at every instant.
TEST_F(Arbitrated, TheHolderThatIsCutOffFromBothFallsSilentAndTheOtherTakesIt) {
  begin(pair());
  for (const NodeName& node : {n1, n2}) {
    place_on(node);
    world_->cut_arbiter(node);
    world_->cut(n1, n2);
    expect_outage_at_most(takeover());
    print_outage("the holder is cut off");
    EXPECT_EQ(holder(), other_than(node));
    EXPECT_EQ(world_->answering(vip), std::vector{other_than(node)});
    world_->heal_all();
    world_->run_for(15s);
    EXPECT_EQ(holder(), other_than(node));
    EXPECT_LE(outage(), takeover());
    settle();
  }
}

TEST_F(Arbitrated, CutThenAgreedThenTheHolderDies) {
  begin(pair());
  for (const NodeName& node : {n1, n2}) {
    place_on(node);
    world_->cut(n1, n2);
    world_->run_for(10s);
    world_->power_off(node);
    // What the arbiter promised to the lost one is counted from when it is read.
    expect_outage_at_most(takeover() + lease(), 5s);
    print_outage("cut, and then the holder dies");
    EXPECT_EQ(holder(), other_than(node));
    world_->heal_all();
    revive(node);
  }
}

TEST_F(Arbitrated, WhileEtcdIsAwayNobodyTakesIt) {
  begin(pair());
  for (const NodeName& node : {n1, n2}) {
    place_on(node);
    agree();
    world_->end_arbiter();
    expect_outage_at_most(0ms, 20s);
    world_->power_off(node);
    world_->run_for(10s);
    EXPECT_FALSE(holder());
    EXPECT_TRUE(world_->answering(vip).empty());
    world_->begin_arbiter();
    EXPECT_TRUE(world_->run_until([&] { return holder().has_value(); }, 2s));
    EXPECT_EQ(holder(), other_than(node));
    revive(node);
  }
}

TEST_F(Arbitrated, WhileEtcdIsAwayTheStandbysLossIsTheHoldersToo) {
  begin(pair());
  const NodeName before = holder().value();
  world_->end_arbiter();
  world_->run_for(1s);
  world_->power_off(other_than(before));
  world_->run_for(lease());
  EXPECT_TRUE(world_->answering(vip).empty());
  world_->run_for(10s);
  EXPECT_FALSE(holder());
  world_->begin_arbiter();
  EXPECT_TRUE(world_->run_until([&] { return holder() == before; }, 2s));
}

/// Etcd slow, restarting, partitioned, or with expired certificates never takes away an address
/// that two healthy nodes agree on.
TEST_F(Arbitrated, WhateverEtcdDoesTwoHealthyNodesKeepTheAddress) {
  begin(pair());
  agree();
  const auto before = holder();
  for (const Duration commit : std::initializer_list<Duration>{20ms, 100ms, 1s, 10s}) {
    world_->slow_arbiter(commit);
    expect_outage_at_most(0ms, 15s);
  }
  world_->begin_arbiter();
  for (int i = 0; i < 20; ++i) {
    world_->end_arbiter();
    expect_outage_at_most(0ms, 700ms);
    world_->begin_arbiter();
    expect_outage_at_most(0ms, 700ms);
  }
  for (const NodeName& node : {n1, n2}) {
    world_->cut_arbiter(node);
    expect_outage_at_most(0ms, 15s);
  }
  for (const NodeName& node : {n1, n2}) world_->heal_arbiter(node);
  for (int i = 0; i < 3; ++i) {
    world_->replace_arbiter();
    expect_outage_at_most(0ms, 25s);
  }
  EXPECT_EQ(holder(), before);
}

TEST_F(Arbitrated, WithoutEtcdAHandOverStillWorks) {
  begin(pair());
  world_->end_arbiter();
  world_->run_for(5s);
  for (int i = 0; i < 4; ++i) {
    const NodeName to = other_than(holder().value());
    world_->mark();
    world_->move(n1, service, to);
    expect_outage_at_most(20ms, 5s);
    EXPECT_EQ(holder(), to);
  }
}

TEST_F(Arbitrated, WithoutEtcdBothStartAndServe) {
  WorldOptions options;
  options.config = pair();
  world_.emplace(options);
  world_->end_arbiter();
  world_->start_all();
  EXPECT_TRUE(world_->run_until([&] { return world_->all_served(); }, 2s));
  settle();
  expect_outage_at_most(0ms, 20s);
}

/// A holder alone needs two commits within its right, less than a quarter of a second.
TEST_F(Arbitrated, ASlowEtcdIsEnough) {
  begin(pair());
  world_->slow_arbiter(90ms);
  for (const NodeName& node : {n1, n2}) {
    place_on(node);
    world_->power_off(node);
    expect_outage_at_most(takeover() + 500ms, 20s);
    print_outage("power loss of the holder, with 90 ms a commit");
    EXPECT_EQ(holder(), other_than(node));
    world_->mark();
    expect_outage_at_most(0ms, 20s);
    revive(node);
  }
}

/// One that is too slow for the lease is no better than none, and no worse.
TEST_F(Arbitrated, AnEtcdThatIsTooSlowTakesNothingFromTwoAndLetsOneFallSilent) {
  begin(pair());
  agree();
  world_->slow_arbiter(400ms);
  expect_outage_at_most(0ms, 20s);
  const NodeName before = holder().value();
  world_->power_off(other_than(before));
  world_->run_for(lease());
  EXPECT_TRUE(world_->answering(vip).empty());
  world_->run_for(20s);
  EXPECT_FALSE(holder());
  world_->begin_arbiter();
  EXPECT_TRUE(world_->run_until([&] { return holder() == before; }, 3s));
  settle();
  expect_outage_at_most(0ms, 10s);
}

TEST_F(Arbitrated, WithASlowEtcdTheStandbysLossIsNotNoticed) {
  begin(pair());
  world_->slow_arbiter(50ms);
  const NodeName before = holder().value();
  settle();
  world_->power_off(other_than(before));
  expect_outage_at_most(0ms, 30s);
  EXPECT_EQ(holder(), before);
}

TEST_F(Arbitrated, KilledHolderGoesOnInFlightWithoutTheOther) {
  begin(pair());
  const NodeName before = holder().value();
  world_->power_off(other_than(before));
  world_->run_for(5s);
  for (int i = 0; i < 5; ++i) {
    world_->kill(before);
    world_->run_for(2s);
  }
  expect_outage_at_most(0ms);
  EXPECT_EQ(holder(), before);
}

/// Neither has to wait for the other one, as they would by evidence.
TEST_F(Arbitrated, EachMayStartAloneWhileTheOtherIsGone) {
  begin(pair());
  const NodeName first = holder().value();
  const NodeName second = other_than(first);
  world_->power_off(second);
  world_->run_for(5s);
  EXPECT_EQ(holder(), first);
  world_->power_off(first);
  world_->run_for(2s);
  for (const NodeName& node : {first, second, first}) {
    world_->power_on(node);
    EXPECT_TRUE(world_->run_until([&] { return holder() == node; }, 15s)) << node.text();
    world_->run_for(5s);
    EXPECT_EQ(holder(), node);
    world_->power_off(node);
    world_->run_for(2s);
  }
  revive(second);
  EXPECT_EQ(holder(), second);
  revive(first);
  EXPECT_EQ(holder(), second);
}

TEST_F(Arbitrated, OneNodeAloneServesFromTheStart) {
  for (const NodeName& node : {n1, n2}) {
    WorldOptions options;
    options.config = pair();
    world_.emplace(options);
    world_->power_on(node);
    EXPECT_TRUE(world_->run_until([&] { return world_->all_served(); }, 2500ms)) << node.text();
    print_outage("one node alone, from its start");
    EXPECT_EQ(holder(), node);
    settle();
    world_->power_on(other_than(node));
    expect_outage_at_most(0ms, 20s);
    EXPECT_EQ(holder(), node);
  }
}

TEST_F(Arbitrated, WithoutAnybodyOneNodeServesNothing) {
  WorldOptions options;
  options.config = pair();
  world_.emplace(options);
  world_->end_arbiter();
  world_->power_on(n1);
  world_->run_for(20s);
  EXPECT_FALSE(holder());
  world_->power_on(n2);
  EXPECT_TRUE(world_->run_until([&] { return world_->all_served(); }, 2s));
}

TEST_F(Arbitrated, WhenTheOtherIsBackNobodyAsksAnyMore) {
  begin(pair());
  const NodeName before = holder().value();
  world_->power_off(other_than(before));
  world_->run_for(5s);
  const auto alone = world_->questions();
  world_->run_for(5s);
  EXPECT_GT(world_->questions() - alone, 20U);
  revive(other_than(before));
  const auto together = world_->questions();
  expect_outage_at_most(0ms, 30s);
  EXPECT_LE(world_->questions() - together, 2U * 7U);
  EXPECT_EQ(holder(), before);
}

/// It doesn't know what it promised, so it counts for nothing for as long as a lease may be.
TEST_F(Arbitrated, ARestoredEtcdIsNotBelievedAtOnce) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    WorldOptions options;
    options.config = pair();
    options.seed = seed;
    begin(options);
    const NodeName before = holder().value();
    world_->power_off(other_than(before));
    world_->run_for(5s);
    EXPECT_EQ(holder(), before);
    world_->replace_arbiter();
    world_->run_for(4s);
    EXPECT_FALSE(holder());
    EXPECT_TRUE(world_->run_until([&] { return holder() == before; }, 20s)) << seed;
    // While it is restored, and while it is doubted.
    EXPECT_GE(outage(), 2 * lease_max - lease());
    if (seed == 1) print_outage("alone, while etcd is restored");
    world_->run_for(5s);
    EXPECT_EQ(holder(), before);
  }
}

TEST_F(Arbitrated, WithTheLongLeaseOfACloud) {
  ClusterConfig config = pair();
  config.timing = {200ms, 2s};
  begin(config);
  const NodeName before = holder().value();
  world_->power_off(before);
  expect_outage_at_most(takeover() + 100ms, 6s);
  print_outage("power loss of the holder, with a lease of 2 s");
  EXPECT_EQ(holder(), other_than(before));
  world_->mark();
  expect_outage_at_most(0ms, 30s);
}

}  // namespace
}  // namespace hapx::appliance::sim
