// SPDX-License-Identifier: Apache-2.0
// Two nodes without a third vote: one goes on by evidence when the other is gone.
#include "config/write.hpp"
#include "story.hpp"

namespace hapx::appliance::sim {
namespace {

class TwoNodes : public Story {
 protected:
  static ClusterConfig pair() {
    ClusterConfig config = cluster(2);
    config.no_quorum_policy = NoQuorumPolicy::ignore;
    config.tie_breaker = {ipv4(192, 168, 4, 1), wire};
    return config;
  }

  /// Until the other one is dead, and the address was asked for over a lease since it was silent.
  [[nodiscard]] Duration by_evidence() const {
    const Duration suspect = world_->config().timing.heartbeat * 5 / 2;
    return suspect + lease() + detection;
  }

  [[nodiscard]] bool acts_alone(const NodeName& node) const {
    const auto status = world_->status(node);
    return status.two_nodes && status.two_nodes->alone;
  }
  [[nodiscard]] std::string reason_at(const NodeName& node) const {
    return world_->status(node).two_nodes.value().reason;
  }
};

TEST_F(TwoNodes, InPeaceNothingRestsOnEvidence) {
  begin(pair());
  world_->run_for(60s);
  EXPECT_EQ(outage(), 0ms);
  EXPECT_FALSE(acts_alone(n1));
  EXPECT_FALSE(acts_alone(n2));
  EXPECT_TRUE(world_->status(n1).degraded.empty());
}

TEST_F(TwoNodes, PowerLossOfTheHolder) {
  begin(pair());
  for (const NodeName& node : {n1, n2}) {
    place_on(node);
    world_->power_off(node);
    expect_outage_at_most(by_evidence());
    EXPECT_EQ(holder(), other_than(node));
    EXPECT_TRUE(acts_alone(other_than(node)));
    world_->power_on(node);
    world_->run_for(15s);
    EXPECT_FALSE(acts_alone(other_than(node)));
    settle();
  }
}

TEST_F(TwoNodes, PowerLossOfTheStandbyIsNotNoticed) {
  begin(pair());
  for (const NodeName& node : {n1, n2}) {
    place_on(node);
    world_->power_off(other_than(node));
    expect_outage_at_most(0ms, 60s);
    EXPECT_EQ(holder(), node);
    world_->power_on(other_than(node));
    expect_outage_at_most(0ms, 20s);
    EXPECT_EQ(holder(), node);
  }
}

TEST_F(TwoNodes, TheHolderIsKilledWithItsKeeper) {
  begin(pair());
  const NodeName before = holder().value();
  world_->kill_with_keeper(before);
  expect_outage_at_most(by_evidence());
  EXPECT_EQ(holder(), other_than(before));
}

TEST_F(TwoNodes, TheHolderIsFrozenWithItsKeeperAndComesBack) {
  begin(pair());
  const NodeName before = holder().value();
  world_->freeze_with_keeper(before);
  expect_outage_at_most(by_evidence());
  EXPECT_EQ(holder(), other_than(before));
  world_->resume(before);
  world_->run_for(5s);
  EXPECT_EQ(holder(), other_than(before));
}

TEST_F(TwoNodes, KilledHolderGoesOnInFlight) {
  begin(pair());
  world_->kill(holder().value());
  expect_outage_at_most(0ms);
}

TEST_F(TwoNodes, KilledHolderGoesOnInFlightWithoutTheOther) {
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

TEST_F(TwoNodes, WhoLeavesInOrderIsNotWaitedFor) {
  begin(pair());
  const NodeName before = holder().value();
  world_->stop(before);
  expect_outage_at_most(20ms);
  EXPECT_EQ(holder(), other_than(before));
}

/// The heartbeats' network is cut, the segment is whole: the holder stays, and answers for itself.
TEST_F(TwoNodes, CutHeartbeatsMoveNothing) {
  begin(pair());
  for (const NodeName& node : {n1, n2}) {
    place_on(node);
    world_->cut(n1, n2);
    expect_outage_at_most(0ms, 30s);
    EXPECT_EQ(holder(), node);
    world_->heal_all();
    expect_outage_at_most(0ms, 5s);
    EXPECT_EQ(holder(), node);
  }
}

TEST_F(TwoNodes, CutHeartbeatsAndThenTheHolderDies) {
  begin(pair());
  for (const NodeName& node : {n1, n2}) {
    place_on(node);
    world_->cut(n1, n2);
    world_->run_for(10s);
    world_->power_off(node);
    // It asks again a second after it was answered last, and the second of the file later still.
    expect_outage_at_most(1s + 3 * lease() + detection, 5s);
    EXPECT_EQ(holder(), other_than(node));
    world_->heal_all();
    world_->power_on(node);
    world_->run_for(15s);
    settle();
  }
}

TEST_F(TwoNodes, OneWayIsCut) {
  begin(pair());
  for (const NodeName& node : {n1, n2}) {
    place_on(node);
    for (const NodeName& from : {n1, n2}) {
      world_->cut_one_way(from, other_than(from));
      expect_outage_at_most(0ms, 20s);
      EXPECT_EQ(holder(), node);
      world_->heal_all();
      settle();
    }
  }
}

/// Its switch has forgotten it: a carrier, and nobody there. It can't know that it is the one cut
/// off but by the tie-breaker.
TEST_F(TwoNodes, TheIsolatedHolderGivesUp) {
  begin(pair());
  for (const NodeName& node : {n1, n2}) {
    place_on(node);
    world_->isolate(node);
    world_->run_for(lease());
    EXPECT_TRUE(world_->answering(vip).empty());
    expect_outage_at_most(by_evidence());
    EXPECT_EQ(holder(), other_than(node));
    EXPECT_FALSE(acts_alone(node));
    EXPECT_EQ(reason_at(node), "the tie-breaker doesn't answer: we may be the one cut off");
    world_->heal_all();
    world_->run_for(10s);
    EXPECT_EQ(holder(), other_than(node));
    settle();
  }
}

/// It has heard nobody answer, and would have heard nobody: that is no evidence.
TEST_F(TwoNodes, WhoComesOutOfIsolationAsksAnew) {
  begin(pair());
  for (const NodeName& node : {n1, n2}) {
    place_on(node);
    for (const Duration apart : std::initializer_list<Duration>{500ms, 1s, 1300ms, 2s, 2400ms}) {
      world_->isolate(other_than(node));
      world_->run_for(apart);
      world_->heal_all();
      world_->cut(n1, n2);
      expect_outage_at_most(0ms, 3s);
      EXPECT_EQ(holder(), node);
      world_->heal_all();
      settle();
    }
  }
}

/// It was wanted there, and is by the last plan that it has heard of.
TEST_F(TwoNodes, AHolderThatComesOutOfIsolationAsksAnew) {
  begin(pair());
  for (const NodeName& node : {n1, n2}) {
    for (Duration apart = 1s; apart < 1400ms; apart += 50ms) {
      place_on(node);
      world_->isolate(node);
      world_->run_for(apart);
      ASSERT_EQ(world_->answering(vip), std::vector{other_than(node)});
      world_->heal_all();
      world_->cut(n1, n2);
      expect_outage_at_most(by_evidence(), 3s);
      EXPECT_EQ(holder(), other_than(node));
      world_->heal_all();
      settle();
    }
  }
}

TEST_F(TwoNodes, TheIsolatedStandbyTakesNothing) {
  begin(pair());
  const NodeName before = holder().value();
  world_->isolate(other_than(before));
  expect_outage_at_most(0ms, 20s);
  EXPECT_EQ(holder(), before);
  world_->heal_all();
  expect_outage_at_most(0ms, 5s);
}

/// After the other one was lost, too: it is not for a node alone to go on for ever.
TEST_F(TwoNodes, WhoIsAloneAndThenIsolatedGivesUp) {
  begin(pair());
  const NodeName before = holder().value();
  world_->power_off(other_than(before));
  world_->run_for(10s);
  world_->isolate(before);
  world_->run_for(lease());
  EXPECT_TRUE(world_->answering(vip).empty());
  world_->heal_all();
  world_->run_for(2s);
  EXPECT_EQ(holder(), before);
}

TEST_F(TwoNodes, WithoutTieBreakerNobodyGoesOnAlone) {
  begin(pair());
  world_->end_tie_breaker();
  world_->run_for(60s);
  EXPECT_EQ(outage(), 0ms) << "nobody needs it";
  ASSERT_FALSE(world_->status(n1).degraded.empty());
  EXPECT_EQ(world_->status(n1).degraded.front(),
            "the tie-breaker 192.168.4.1 doesn't answer: without it no node goes on when the other "
            "one is gone");
  world_->power_off(other_than(holder().value()));
  world_->run_for(2s);
  EXPECT_FALSE(holder());
  world_->begin_tie_breaker();
  world_->run_for(2s);
  EXPECT_TRUE(holder());
}

/// The row of the table that nothing can help: each half has a gateway. The heartbeats' return ends
/// it.
TEST_F(TwoNodes, ASplitSegmentWithATieBreakerOnBothSidesIsHeldTwice) {
  begin(pair());
  world_->cut(n1, n2);
  world_->cut_segment(n1, n2);
  world_->run_for(5s);
  EXPECT_EQ(world_->answering(vip).size(), 2U);
  world_->heal_all();
  world_->run_for(200ms);
  EXPECT_EQ(world_->answering(vip).size(), 1U);
  settle();
  expect_outage_at_most(0ms, 10s);
}

/// The heartbeats stay cut: who stands later in the file gives way to who answers.
TEST_F(TwoNodes, ASegmentThatIsWholeAgainEndsAConflict) {
  begin(pair());
  for (const NodeName& node : {n1, n2}) {
    place_on(node);
    world_->cut(n1, n2);
    world_->cut_segment(n1, n2);
    world_->run_for(5s);
    world_->heal_all();
    world_->cut(n1, n2);
    world_->run_for(1200ms);
    EXPECT_EQ(world_->answering(vip), std::vector{n1});
    world_->heal_all();
    settle();
  }
}

TEST_F(TwoNodes, AfterAColdStartOneWaitsForTheOther) {
  WorldOptions options;
  options.config = pair();
  world_.emplace(options);
  world_->power_on(n2);
  world_->run_for(30s);
  EXPECT_FALSE(holder());
  EXPECT_EQ(reason_at(n2), "the other node has not been heard since this machine started");
  world_->power_on(n1);
  EXPECT_TRUE(world_->run_until([&] { return world_->all_served(); }, 2s));
  settle();
}

TEST_F(TwoNodes, WhoWasLostAndComesBackToNobodyWaits) {
  begin(pair());
  const NodeName before = holder().value();
  world_->power_off(before);
  world_->run_for(5s);
  world_->power_off(other_than(before));
  world_->power_on(before);
  world_->run_for(30s);
  EXPECT_FALSE(holder());
  world_->power_on(other_than(before));
  EXPECT_TRUE(world_->run_until([&] { return world_->all_served(); }, 15s));
}

TEST_F(TwoNodes, ToldToGoAloneItWaitsNoMore) {
  WorldOptions options;
  options.config = pair();
  world_.emplace(options);
  world_->power_on(n2);
  world_->run_for(10s);
  const auto request = world_->request(n2, "POST", "/v1/go-alone", "");
  world_->run_for(2s);
  ASSERT_NE(world_->answer(request), nullptr);
  EXPECT_EQ(world_->answer(request)->status, 200U);
  EXPECT_EQ(holder(), n2);
  world_->kill(n2);
  world_->run_for(2s);
  EXPECT_EQ(holder(), n2) << "what it holds says that it was allowed to";
  world_->power_on(n1);
  world_->run_for(5s);
  EXPECT_EQ(holder(), n2);
  const auto again = world_->request(n2, "POST", "/v1/go-alone", "");
  world_->run_for(1s);
  EXPECT_EQ(world_->answer(again)->status, 409U) << "nobody is missing";
}

TEST_F(TwoNodes, ToldToGoAloneItTakesNothingFromWhoAnswers) {
  WorldOptions options;
  options.config = pair();
  world_.emplace(options);
  world_->cut(n1, n2);
  world_->power_on(n1);
  world_->power_on(n2);
  world_->run_for(5s);
  static_cast<void>(world_->request(n1, "POST", "/v1/go-alone", ""));
  world_->run_for(2s);
  EXPECT_EQ(holder(), n1);
  static_cast<void>(world_->request(n2, "POST", "/v1/go-alone", ""));
  world_->run_for(5s);
  EXPECT_EQ(holder(), n1);
  EXPECT_EQ(world_->answering(vip).size(), 1U);
}

/// Rule 24: both take it at once, or neither does.
TEST_F(TwoNodes, ThePolicyIsLeftByBothOrByNeither) {
  begin(pair());
  const auto before = holder();
  world_->write_file(n1, write_config(cluster(2)));
  world_->reload(n1);
  world_->run_for(5s);
  EXPECT_TRUE(world_->status(n1).two_nodes) << "it waits for the other one";
  EXPECT_TRUE(world_->status(n2).two_nodes);
  world_->write_file(n2, write_config(cluster(2)));
  world_->reload(n2);
  world_->run_for(5s);
  EXPECT_FALSE(world_->status(n1).two_nodes);
  EXPECT_FALSE(world_->status(n2).two_nodes);
  EXPECT_EQ(outage(), 0ms);
  EXPECT_EQ(holder(), before);
}

TEST_F(TwoNodes, ANodeAloneDoesntLeaveThePolicy) {
  begin(pair());
  const NodeName left = holder().value();
  world_->power_off(other_than(left));
  world_->run_for(5s);
  world_->write_file(left, write_config(cluster(2)));
  world_->reload(left);
  expect_outage_at_most(0ms, 20s);
  EXPECT_TRUE(world_->status(left).two_nodes);
}

TEST_F(TwoNodes, AVoteIsNotAddedBeforeThePolicyIsLeft) {
  begin(pair());
  world_->write_file(n1, write_config(cluster(3)));
  world_->reload(n1);
  world_->run_for(5s);
  EXPECT_EQ(world_->status(n1).counters.at("reloads_refused"), 1U);
  EXPECT_EQ(outage(), 0ms);
}

/// Rule 26: each gives one alone, and both stand when they have met.
TEST_F(TwoNodes, OrdersThatWereGivenApartAreMerged) {
  begin(pair());
  const auto here = membership::Subject::standby(n1);
  const auto there = membership::Subject::ban(service, n1);
  place_on(n2);
  world_->cut(n1, n2);
  world_->run_for(5s);
  const auto at_n1 = world_->order(n1, here);
  const auto at_n2 = world_->order(n2, there);
  world_->run_for(2s);
  ASSERT_NE(world_->answer(at_n1), nullptr);
  EXPECT_NE(world_->answer(at_n1)->body.find("on this node only: n2 is not heard"),
            std::string::npos)
      << world_->answer(at_n1)->body;
  ASSERT_NE(world_->answer(at_n2), nullptr);
  EXPECT_NE(world_->answer(at_n2)->body.find("on this node only: n1 is not heard"),
            std::string::npos)
      << world_->answer(at_n2)->body;
  world_->heal_all();
  world_->run_for(5s);
  for (const NodeName& node : {n1, n2}) {
    EXPECT_EQ(world_->status(node).orders.size(), 2U) << node.text();
    const auto kept = world_->record_on_disk(node);
    ASSERT_TRUE(kept && kept->record);
    EXPECT_NE(find_order(kept->record->orders, here), nullptr);
    EXPECT_NE(find_order(kept->record->orders, there), nullptr);
  }
  EXPECT_EQ(holder(), n2);
  EXPECT_EQ(outage(), 0ms);
}

/// Neither holds it, neither hears the other one, and both ask at the same time.
TEST_F(TwoNodes, TwoThatWantItAtOnceDontWaitForEver) {
  begin(pair());
  world_->cut(n1, n2);
  world_->link_down(holder().value(), wire);
  world_->run_for(5s);
  world_->link_down(other_than(holder().value_or(n1)), wire);
  world_->link_down(n1, wire);
  world_->link_down(n2, wire);
  world_->run_for(2s);
  world_->link_up(n1, wire);
  world_->link_up(n2, wire);
  EXPECT_TRUE(world_->run_until([&] { return world_->all_served(); }, 6s));
}

TEST_F(TwoNodes, AQuestionThatCantBeSentIsAskedAgain) {
  begin(pair());
  for (unsigned calls = 1; calls <= 3; ++calls) {
    world_->power_off(other_than(holder().value()));
    world_->fail_next(holder().value(), Door::probe, calls);
    world_->run_for(3s);
    EXPECT_TRUE(holder());
    world_->power_on(n1);
    world_->power_on(n2);
    world_->run_for(15s);
  }
}

TEST_F(TwoNodes, WithTheLongLeaseOfACloud) {
  ClusterConfig config = pair();
  config.timing = {200ms, 2s};
  begin(config);
  const NodeName before = holder().value();
  world_->power_off(before);
  expect_outage_at_most(by_evidence() + 100ms, 6s);
  EXPECT_EQ(holder(), other_than(before));
}

}  // namespace
}  // namespace hapx::appliance::sim
