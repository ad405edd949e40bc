// SPDX-License-Identifier: Apache-2.0
// Several members keep the record together, on disks that are slow, full, torn or gone.
#include <gtest/gtest.h>

#include "membership/member.hpp"
#include "membership/record_merge.hpp"
#include "world.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;
using testing::World;

const Subject standby2 = Subject::standby(NodeName("node2"));

RecordChange give(const Subject& subject, std::optional<Duration> time = {}) {
  return {RecordChange::Verb::give, subject, "root@node1", time};
}

class KeptTogether : public ::testing::Test {
 protected:
  void begin(std::size_t nodes = 3) {
    world_.emplace(nodes, Timing{}, 1);
    for (std::size_t i = 0; i < nodes; ++i) world_->start(i);
    world_->run_for(1s);
    ASSERT_TRUE(world_->coordinator().has_value());
  }
  std::size_t coordinator() { return world_->coordinator().value_or(99); }
  std::size_t other_than_coordinator() { return (coordinator() + 1) % world_->machines.size(); }

  /// Gives the order, and demands that it is acknowledged.
  void order(std::size_t at, const RecordChange& change) {
    const auto id = world_->ask(at, change);
    world_->run_for(100ms);
    const auto answer = world_->answer(at, id);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->outcome, OrderOutcome::accepted) << answer->sentence;
  }
  bool in_force(const Subject& subject) {
    const auto who = world_->coordinator();
    return who && find_order(world_->orders(*who), subject) != nullptr;
  }
  std::size_t copies_of(const Subject& subject) {
    std::size_t copies = 0;
    for (std::size_t i = 0; i < world_->machines.size(); ++i) {
      const auto kept = world_->on_disk(i);
      if (kept && kept->record && find_order(kept->record->orders, subject) != nullptr) ++copies;
    }
    return copies;
  }
  RecordState state() { return world_->view(coordinator()).record.state; }

  std::optional<World> world_;
};

TEST_F(KeptTogether, the_first_start_finds_no_orders_and_fills_every_disk) {
  begin();
  EXPECT_EQ(state(), RecordState::read);
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(world_->on_disk(i).has_value());
    EXPECT_TRUE(world_->on_disk(i)->record.has_value()) << i;
  }
}

TEST_F(KeptTogether, an_order_given_anywhere_is_kept_everywhere) {
  begin();
  order(other_than_coordinator(), give(standby2));
  EXPECT_TRUE(in_force(standby2));
  EXPECT_EQ(copies_of(standby2), 3U);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_NE(find_order(world_->orders(i), standby2), nullptr) << i;
  order(coordinator(), {RecordChange::Verb::lift, standby2, "root@node1", {}});
  EXPECT_FALSE(in_force(standby2));
  EXPECT_EQ(copies_of(standby2), 0U);
}

TEST_F(KeptTogether, an_acknowledged_order_outlives_its_coordinator) {
  begin();
  const std::size_t first = coordinator();
  order(first, give(standby2));
  world_->power_off(first);
  world_->run_for(1s);
  ASSERT_TRUE(world_->coordinator().has_value());
  EXPECT_TRUE(in_force(standby2));
  EXPECT_EQ(state(), RecordState::read);
}

TEST_F(KeptTogether, an_acknowledged_order_outlives_the_power_of_all) {
  begin();
  order(0, give(standby2));
  for (std::size_t i = 0; i < 3; ++i) world_->power_off(i);
  world_->run_for(6s);
  for (std::size_t i = 0; i < 3; ++i) world_->start(i);
  world_->run_for(6s);
  ASSERT_TRUE(world_->coordinator().has_value());
  EXPECT_TRUE(in_force(standby2));
  EXPECT_EQ(state(), RecordState::read);
}

TEST_F(KeptTogether, an_order_is_not_acknowledged_while_a_majority_of_the_disks_fails) {
  begin();
  for (std::size_t i = 0; i < 3; ++i)
    if (i != coordinator()) world_->machines[i].disk.fails = true;
  const std::size_t at = coordinator();
  const auto id = world_->ask(at, give(standby2));
  world_->run_for(3100ms);
  ASSERT_TRUE(world_->answer(at, id).has_value());
  EXPECT_EQ(world_->answer(at, id)->outcome, OrderOutcome::unknown);
  EXPECT_FALSE(in_force(standby2));
  EXPECT_EQ(world_->view((at + 1) % 3).record.trouble, "no room");
  // It was unknown, and now it is known.
  for (auto& machine : world_->machines) machine.disk.fails = false;
  world_->run_for(2500ms);
  EXPECT_TRUE(in_force(standby2));
}

TEST_F(KeptTogether, one_disk_that_hangs_keeps_nobody_waiting) {
  begin();
  world_->machines[coordinator()].disk.hangs = true;
  order(other_than_coordinator(), give(standby2));
  EXPECT_EQ(copies_of(standby2), 2U);
}

TEST_F(KeptTogether, without_quorum_an_order_is_refused_at_once) {
  begin();
  world_->kill(1);
  world_->kill(2);
  world_->run_for(1s);
  const auto id = world_->ask(0, give(standby2));
  ASSERT_TRUE(world_->answer(0, id).has_value());
  EXPECT_EQ(world_->answer(0, id)->outcome, OrderOutcome::refused);
  EXPECT_NE(world_->answer(0, id)->sentence.find("no quorum"), std::string::npos);
}

TEST_F(KeptTogether, an_order_for_a_time_ends_by_itself) {
  begin();
  order(0, give(standby2, 10s));
  world_->run_for(9500ms);
  EXPECT_TRUE(in_force(standby2));
  world_->run_for(1s);
  EXPECT_FALSE(in_force(standby2));
  EXPECT_EQ(copies_of(standby2), 0U);
  EXPECT_EQ(world_->news<OrderEnded>(coordinator()).size(), 1U);
}

TEST_F(KeptTogether, a_clock_that_is_set_forward_ends_what_is_over_then) {
  begin();
  order(0, give(standby2, 1h));
  const std::size_t who = coordinator();
  world_->with(who, [&](Member& member, Instant at) {
    return member.step(
        WallClockSet{testing::world_begins.time_since_epoch() + 2h - at.time_since_epoch()}, at);
  });
  world_->run_for(100ms);
  EXPECT_FALSE(in_force(standby2));
}

TEST_F(KeptTogether, a_torn_copy_is_filled_again) {
  begin();
  order(0, give(standby2));
  const std::size_t node = other_than_coordinator();
  world_->kill(node);
  world_->machines[node].disk.file.resize(20);
  world_->run_for(1s);
  world_->start(node);
  world_->run_for(1s);
  EXPECT_EQ(copies_of(standby2), 3U);
  EXPECT_EQ(state(), RecordState::read);
}

TEST_F(KeptTogether, a_node_that_was_away_learns_what_was_ordered) {
  begin();
  const std::size_t node = other_than_coordinator();
  world_->power_off(node);
  world_->run_for(1s);
  order(coordinator(), give(standby2));
  EXPECT_EQ(copies_of(standby2), 2U);
  world_->start(node);
  world_->run_for(7s);
  EXPECT_EQ(copies_of(standby2), 3U);
}

/// The only one who knew is away, and the coordinator's own disk is new.
TEST_F(KeptTogether, who_can_not_read_enough_says_that_orders_may_be_stale) {
  begin();
  const std::size_t away = other_than_coordinator();
  order(coordinator(), give(standby2));
  for (std::size_t i = 0; i < 3; ++i) world_->power_off(i);
  const std::size_t wiped = (away + 1) % 3;
  world_->machines[wiped].disk.file.clear();
  world_->run_for(6s);
  for (std::size_t i = 0; i < 3; ++i)
    if (i != away) world_->start(i);
  world_->run_for(6s);
  ASSERT_TRUE(world_->coordinator().has_value());
  EXPECT_EQ(state(), RecordState::stale);
  EXPECT_TRUE(in_force(standby2)) << "the newest that is seen";
  const std::size_t third = 3 - away - wiped;
  EXPECT_EQ(world_->view(wiped).record.state, RecordState::stale);
  EXPECT_EQ(world_->view(third).record.state, RecordState::stale);
  const auto id = world_->ask(wiped, give(Subject::maintenance()));
  world_->run_for(200ms);
  EXPECT_EQ(world_->answer(wiped, id)->outcome, OrderOutcome::refused);
  world_->start(away);
  world_->run_for(7s);
  EXPECT_EQ(state(), RecordState::read);
  EXPECT_EQ(copies_of(standby2), 3U);
}

/// Rounds of leases begin anew with every boot; those of the record don't.
TEST_F(KeptTogether, a_coordinator_goes_above_what_a_disk_has_promised) {
  begin();
  for (auto& machine : world_->machines) {
    const NodeName name = machine.config.name;
    KeptRecord kept = world_->on_disk(0).value();
    kept.promised = {1000, NodeName("node3"), {1}};
    machine.disk.file = encode_record(kept, {world_->config.name, name});
  }
  for (std::size_t i = 0; i < 3; ++i) world_->power_off(i);
  // One that doesn't know of it is to coordinate.
  world_->machines[0].disk.file.clear();
  world_->run_for(6s);
  for (std::size_t i = 0; i < 3; ++i) world_->start(i);
  world_->run_for(6s);
  EXPECT_EQ(state(), RecordState::read);
  order(0, give(standby2));
  EXPECT_GT(world_->on_disk(coordinator())->promised.round, 1000U);
}

// ---- two votes, each of which may count alone ----

TEST_F(KeptTogether, two_that_hear_each_other_say_nothing_of_being_alone) {
  world_.emplace(2, Timing{}, 1);
  world_->config.no_quorum_policy = NoQuorumPolicy::ignore;
  for (std::size_t i = 0; i < 2; ++i) world_->start(i);
  world_->run_for(1s);
  const auto id = world_->ask(0, give(standby2));
  world_->run_for(100ms);
  ASSERT_TRUE(world_->answer(0, id).has_value());
  EXPECT_EQ(world_->answer(0, id)->sentence, "node2 is in standby");
  EXPECT_EQ(copies_of(standby2), 2U);
}

TEST_F(KeptTogether, two_that_wrote_alone_have_the_orders_of_both_when_they_meet) {
  world_.emplace(2, Timing{}, 1);
  world_->config.no_quorum_policy = NoQuorumPolicy::ignore;
  const NodeName node1("node1"), node2("node2");
  const Subject lifted = Subject::standby(node1);
  const Record common{{{2, node1, {1}}, 5}, apply(give(lifted), {}, testing::world_begins).orders};
  const auto alone = [&](const Ballot& ballot, const RecordChange& change) {
    const Record begun = renamed(common, {ballot, 5});
    return KeptRecord{ballot, succeed(begun, {ballot, 6},
                                      apply(change, begun.orders, testing::world_begins).orders)};
  };
  const KeptRecord first = alone({3, node1, {2}}, {RecordChange::Verb::lift, lifted, "me", {}});
  const KeptRecord second = alone({4, node2, {3}}, give(standby2));
  world_->machines[0].disk.file = encode_record(first, {world_->config.name, node1});
  world_->machines[1].disk.file = encode_record(second, {world_->config.name, node2});
  for (std::size_t i = 0; i < 2; ++i) world_->start(i);
  world_->run_for(1s);
  ASSERT_TRUE(world_->coordinator().has_value());
  EXPECT_EQ(state(), RecordState::read);
  EXPECT_TRUE(in_force(standby2));
  EXPECT_EQ(copies_of(standby2), 2U);
  EXPECT_EQ(copies_of(lifted), 0U);
  EXPECT_FALSE(world_->on_disk(0)->record->floor.has_value());
}

TEST_F(KeptTogether, orders_are_not_lost_whatever_the_network_does) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    world_.emplace(3, Timing{}, seed);
    for (std::size_t i = 0; i < 3; ++i) world_->start(i);
    world_->run_for(1s);
    world_->weather.loss_permille = 200;
    world_->weather.doubling_permille = 200;
    world_->weather.straggling_permille = 200;
    const std::vector<Subject> subjects{Subject::standby(NodeName("node1")), standby2,
                                        Subject::standby(NodeName("node3")),
                                        Subject::maintenance()};
    std::vector<Subject> acknowledged;
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      const std::size_t at = i % 3;
      const auto id = world_->ask(at, give(subjects[i]));
      world_->run_for(700ms);
      const auto answer = world_->answer(at, id);
      if (answer && answer->outcome == OrderOutcome::accepted) acknowledged.push_back(subjects[i]);
      const std::size_t victim = (i + seed) % 3;
      world_->power_off(victim);
      world_->run_for(800ms);
      for (const Subject& subject : acknowledged)
        EXPECT_GE(copies_of(subject), 2U) << "seed " << seed;
      world_->start(victim);
      world_->run_for(6s);
    }
    world_->weather = {};
    world_->run_for(3s);
    EXPECT_FALSE(acknowledged.empty()) << "seed " << seed;
    for (const Subject& subject : acknowledged) EXPECT_TRUE(in_force(subject)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace hapx::membership
