// SPDX-License-Identifier: Apache-2.0
// Two members and an arbiter: when is it asked, and what does that change? (LEASE.md, rule 27)
#include <gtest/gtest.h>

#include "world.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;
using testing::World;

const LeaseKey vip = LeaseKey::of(ipv4(192, 168, 4, 20));

struct Pair : ::testing::Test {
  Pair() : world(2, {50ms, 300ms}, 1) {
    world.config.arbiter = ArbiterConfig{{{{ipv4(10, 0, 0, 31), 2379}}, "/ca", "/cert", "/key"}};
    for (std::size_t i = 0; i < 2; ++i) world.start(i);
    world.run_for(1s);
    world.claim(0, vip);
    world.run_for(200ms);
  }
  ~Pair() override { EXPECT_EQ(world.violations, std::vector<std::string>{}); }

  /// Both want it from now on.
  void want_both() {
    for (std::size_t i = 0; i < 2; ++i)
      if (world.machines[i].member) world.claim(i, vip);
  }
  /// For so long it has no holder, at most; -1 if it has none in the end.
  Duration gap_within(Duration limit) {
    for (Duration waited{0}; waited < limit; waited += 1ms) {
      if (world.holder(vip)) return waited;
      world.run_for(1ms);
    }
    return Duration(-1);
  }
  void pass(Duration length) {
    for (Duration passed{0}; passed < length; passed += 10ms) {
      world.claim(0, vip);  // it may have begun anew
      world.run_for(10ms);
      ASSERT_TRUE(world.open(0, vip)) << "after " << hapx::to_string(passed);
    }
  }

  World world;
};

TEST_F(Pair, in_peace_nobody_writes_but_to_measure) {
  const auto before = world.arbitration.writes;
  pass(20s);
  EXPECT_LE(world.arbitration.writes - before, 2 * 20 / 5 + 2)
      << "one of each node in five seconds";
  ASSERT_TRUE(world.view(0).arbiter);
  EXPECT_TRUE(world.view(0).arbiter->answers);
  EXPECT_EQ(world.machines[0].member->arbiter_commits_in(), 4ms);
}

TEST_F(Pair, whatever_becomes_of_it_two_healthy_nodes_keep_what_they_agree_on) {
  world.arbitration.is_away = true;
  pass(8s);
  EXPECT_FALSE(world.view(0).arbiter->answers);
  EXPECT_EQ(world.view(0).arbiter->trouble, "no answer");
  EXPECT_TRUE(world.view(0).quorate);
  world.arbitration.is_away = false;
  world.arbitration.takes = 200ms;
  pass(8s);
  world.arbitration.store = {};
  world.arbitration.store.id = 8;
  pass(8s);
}

TEST_F(Pair, and_they_hand_it_over_without_it) {
  world.arbitration.is_away = true;
  pass(1s);
  world.release(0, vip);
  world.claim(1, vip);
  world.run_for(50ms);
  EXPECT_TRUE(world.open(1, vip));
}

TEST_F(Pair, the_holder_keeps_it_when_the_other_one_dies) {
  world.power_off(1);
  pass(5s);
  EXPECT_TRUE(world.view(0).quorate);
  EXPECT_EQ(world.coordinator(), 0U);
}

TEST_F(Pair, asks_for_a_renewal_three_times_in_a_lease) {
  world.power_off(1);
  pass(2s);
  const auto before = world.arbitration.writes;
  pass(3s);
  const auto writes = world.arbitration.writes - before;
  EXPECT_GE(writes, 25U);
  EXPECT_LE(writes, 34U) << "both keys travel together";
}

TEST_F(Pair, the_other_one_takes_it_when_the_holder_dies) {
  want_both();
  world.run_for(6s);  // a look at the arbiter
  world.power_off(0);
  world.run_for(100ms);
  const Duration gap = gap_within(2s);
  RecordProperty("gap_ms", static_cast<int>(gap / 1ms));
  ASSERT_GE(gap, 0ms);
  EXPECT_LT(gap, 400ms) << "a lease, and two commits";
  EXPECT_TRUE(world.open(1, vip));
}

TEST_F(Pair, cut_from_each_other_the_holder_keeps_it) {
  want_both();
  world.cut(0, 1, true);
  pass(5s);
  EXPECT_FALSE(world.open(1, vip));
}

TEST_F(Pair, whoever_is_cut_from_all_falls_silent_and_the_other_one_takes_it) {
  want_both();
  world.cut(0, 1, true);
  world.machines[0].is_cut_from_arbiter = true;
  world.run_for(2s);
  EXPECT_FALSE(world.open(0, vip));
  EXPECT_TRUE(world.open(1, vip));
  EXPECT_FALSE(world.view(0).quorate);
}

TEST_F(Pair, without_it_nobody_goes_on_alone_and_with_it_somebody_does_again) {
  want_both();
  world.arbitration.is_away = true;
  world.power_off(0);
  world.run_for(3s);
  EXPECT_FALSE(world.holder(vip));
  EXPECT_FALSE(world.view(1).quorate);
  world.arbitration.is_away = false;
  world.run_for(2s);
  EXPECT_TRUE(world.open(1, vip));
}

TEST_F(Pair, a_process_that_begins_anew_goes_on_in_time) {
  world.power_off(1);
  pass(2s);
  world.kill(0);
  world.run_for(10ms);
  world.start(0);
  world.claim(0, vip);
  pass(3s);
}

TEST_F(Pair, one_alone_begins_with_it) {
  world.power_off(0);
  world.power_off(1);
  world.run_for(10s);
  world.start(0);
  world.claim(0, vip);
  world.run_for(2s);
  EXPECT_TRUE(world.open(0, vip)) << "two of three votes";
}

TEST_F(Pair, an_order_given_alone_is_kept_and_known_to_the_other_one_later) {
  world.power_off(1);
  world.run_for(1s);
  RecordChange change;
  change.subject.kind = OrderKind::standby;
  change.subject.node = NodeName("node2");
  const auto id = world.ask(0, change);
  world.run_for(1s);
  ASSERT_TRUE(world.answer(0, id));
  EXPECT_EQ(world.answer(0, id)->outcome, OrderOutcome::accepted);
  EXPECT_NE(world.answer(0, id)->sentence.find("this node only"), std::string::npos)
      << world.answer(0, id)->sentence;
  world.start(1);
  world.run_for(8s);
  EXPECT_EQ(world.orders(1).size(), 1U);
  EXPECT_EQ(world.view(1).record.state, RecordState::read);
}

/// It might end what is held here by etcd's vote, which its maker doesn't know.
struct PlansOfPairs : Pair {
  void publish(const std::string& reason) {
    Assignment assignment;
    assignment.service = ServiceName("kube-apiserver");
    assignment.reason = reason;
    world.with(maker, [&](Member& member, Instant at) { return member.publish({assignment}, at); });
    world.run_for(1s);
  }
  [[nodiscard]] std::string obeyed() const {
    const auto& plan = world.view(other).plan;
    return plan && !plan->assignments.empty() ? plan->assignments[0].reason : "";
  }

  std::size_t maker = world.coordinator().value();
  std::size_t other = 1 - maker;
};

TEST_F(PlansOfPairs, a_plan_that_was_made_without_it_is_not_told_to_the_other_one) {
  world.cut_way(other, maker, true);
  world.run_for(1s);
  ASSERT_EQ(world.coordinator(), maker) << "etcd votes for it";
  publish("made alone");
  EXPECT_EQ(obeyed(), "");
  world.cut_way(other, maker, false);
  world.run_for(1s);
  publish("made together");
  EXPECT_EQ(obeyed(), "made together");
}

TEST_F(PlansOfPairs, a_plan_is_not_obeyed_while_its_maker_does_not_hear_us) {
  world.cut(other, maker, true);
  publish("made together");
  world.cut_way(maker, other, false);
  world.run_for(1s);
  EXPECT_EQ(obeyed(), "");
  world.cut_way(other, maker, false);
  world.run_for(1s);
  EXPECT_EQ(obeyed(), "made together");
}

TEST_F(Pair, a_slow_one_is_in_time_for_as_long_as_it_is_fast_enough) {
  world.arbitration.takes = 100ms;
  world.run_for(6s);
  world.power_off(1);
  pass(5s);
}

// ---- coming and going ----

TEST_F(Pair, it_comes_and_goes_as_a_vote_does) {
  const auto nodes = world.first_nodes(2);
  world.run_for(6s);
  for (std::size_t i = 0; i < 2; ++i) world.stage(i, nodes, false);
  pass(6s);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_FALSE(world.view(i).arbiter);
    EXPECT_TRUE(world.view(i).electorate.settled);
  }
  for (std::size_t i = 0; i < 2; ++i) world.stage(i, nodes, true);
  pass(8s);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(world.view(i).arbiter);
    EXPECT_TRUE(world.view(i).electorate.settled);
    EXPECT_EQ(world.view(i).electorate.missing, std::vector<NodeName>{});
  }
}

}  // namespace
}  // namespace hapx::membership
