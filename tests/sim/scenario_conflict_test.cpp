// SPDX-License-Identifier: Apache-2.0
// A host that is none of ours has the address, or wants it: who comes to the address asks first,
// and who has it says so again, or yields. What a node of ours had a moment ago is not asked about.
#include <algorithm>

#include "story.hpp"

namespace hapx::appliance::sim {
namespace {

const std::string foreign_mac = "02:f0:00:00:00:01";  ///< the world's foreign host

class ForeignHosts : public Story {
 protected:
  /// The machines; nothing runs yet.
  void build(const ClusterConfig& config = cluster(3)) {
    WorldOptions options;
    options.config = config;
    world_.emplace(options);
  }

  static ClusterConfig yielding() {
    ClusterConfig config = cluster(3);
    config.services[0].vips[0].on_conflict = OnConflict::yield;
    return config;
  }

  /// Whether some kernel of ours comes to answer for the address.
  [[nodiscard]] bool is_taken_within(Duration bound) {
    return world_->run_until([&] { return !world_->answering(vip).empty(); }, bound);
  }
  [[nodiscard]] bool is_served_within(Duration bound) {
    return world_->run_until([&] { return world_->all_served(); }, bound);
  }

  /// How often the segment was asked, as far back as the trace goes.
  [[nodiscard]] std::size_t probes() const {
    const std::string words = " -> Probe " + wire.text() + " " + to_string(vip);
    const std::string trace = world_->trace();
    std::size_t count = 0;
    for (std::size_t at = 0; (at = trace.find(words, at)) != std::string::npos; ++at) ++count;
    return count;
  }

  [[nodiscard]] bool says(const NodeName& node, const std::string& words) const {
    if (!world_->alive(node)) return false;
    const Status status = world_->status(node);
    return std::ranges::any_of(status.degraded, [&](const std::string& sentence) {
      return sentence.find(words) != std::string::npos;
    });
  }
  [[nodiscard]] bool somebody_says(const std::string& words) const {
    return says(n1, words) || says(n2, words) || says(n3, words);
  }

  [[nodiscard]] std::uint64_t announcements(const NodeName& node) const {
    return world_->status(node).services.at(0).vips.at(0).announcements;
  }

  void expect_no_failures(const NodeName& node) const {
    const Status status = world_->status(node);
    for (const ServiceOnNode& place : status.services.at(0).nodes) {
      EXPECT_EQ(place.vip_failures, 0U) << place.node.text();
    }
  }

  const std::string has_it_ = to_string(vip) + " is at " + foreign_mac;
  const std::string claims_it_ = foreign_mac + " claims " + to_string(vip) + ", too";
};

TEST_F(ForeignHosts, AClusterThatStartsWaitsUntilNobodyElseHasTheAddress) {
  build();
  world_->foreign_claims(vip);
  world_->run_for(2s);
  world_->start_all();
  EXPECT_FALSE(is_taken_within(20s));
  EXPECT_TRUE(somebody_says(has_it_));
  expect_no_failures(n1);
  world_->foreign_goes(vip);
  EXPECT_TRUE(is_served_within(3s));
  settle();
  EXPECT_EQ(world_->answering(vip).size(), 1U);
  EXPECT_FALSE(somebody_says(has_it_));
}

TEST_F(ForeignHosts, WhoComesWhileTheSegmentIsAskedIsWaitedForToo) {
  build();
  world_->start_all();
  for (int look = 0; look < 200 && probes() == 0; ++look) world_->run_for(10ms);
  ASSERT_GT(probes(), 0U);
  ASSERT_TRUE(world_->answering(vip).empty());
  world_->foreign_claims(vip);
  EXPECT_FALSE(is_taken_within(10s));
  world_->foreign_goes(vip);
  EXPECT_TRUE(is_served_within(3s));
}

TEST_F(ForeignHosts, AProbeThatFailsOnlyDelays) {
  Duration without{0};
  for (const unsigned failures : {0U, 1U, 2U, 3U}) {
    build();
    for (const NodeName& node : {n1, n2, n3}) world_->fail_next(node, Door::probe, failures);
    const Moment began = world_->now();
    world_->start_all();
    ASSERT_TRUE(is_taken_within(4s)) << failures << " failures";
    const Duration took = world_->now() - began;
    if (failures == 0) without = took;
    EXPECT_GE(took, without) << failures << " failures";
    EXPECT_LE(took, without + failures * lease()) << failures << " failures";
    ASSERT_TRUE(is_served_within(2s));
    settle();
    EXPECT_GE(probes(), 3U + failures);
    expect_no_failures(holder().value_or(n1));
    ASSERT_TRUE(world_->violations().empty());
  }
}

TEST_F(ForeignHosts, AClaimOfWhatIsHeldIsAnsweredAtOnce) {
  begin(cluster(3));
  const auto before = holder();
  world_->foreign_claims(vip);
  EXPECT_FALSE(holder()) << "clients believe whoever spoke last";
  expect_outage_at_most(1ms);
  EXPECT_EQ(holder(), before);
  EXPECT_EQ(silence(), 0ms) << "it is not given up";
  EXPECT_TRUE(says(before.value(), claims_it_));
  expect_no_failures(before.value());
  world_->foreign_goes(vip);
  world_->run_for(31s);
  EXPECT_FALSE(says(before.value(), claims_it_));
}

TEST_F(ForeignHosts, TwoThatDoNotYieldDoNotFloodTheSegment) {
  begin(cluster(3));
  const std::vector<NodeName> before = world_->answering(vip);
  ASSERT_EQ(before.size(), 1U);
  world_->run_for(20s);  // until it says so by itself twice a minute
  const std::uint64_t announced = announcements(before[0]);
  for (int i = 0; i < 500; ++i) {
    world_->foreign_claims(vip);
    world_->run_for(20ms);
    ASSERT_EQ(world_->answering(vip), before);
  }
  EXPECT_GT(announcements(before[0]), announced + 5);
  EXPECT_LT(announcements(before[0]), announced + 50) << "in ten seconds: ten, and one a second";
  world_->foreign_goes(vip);
  EXPECT_TRUE(is_served_within(1s));
}

TEST_F(ForeignHosts, WhoYieldsGivesItUpUntilNobodyElseHasIt) {
  begin(yielding());
  world_->foreign_claims(vip);
  EXPECT_TRUE(world_->run_until([&] { return world_->answering(vip).empty(); }, 1ms));
  EXPECT_FALSE(is_taken_within(40s)) << "also when the first claim is long ago";
  EXPECT_TRUE(somebody_says(has_it_));
  world_->foreign_goes(vip);
  EXPECT_TRUE(is_served_within(3s));
  settle();
  EXPECT_EQ(world_->answering(vip).size(), 1U);
}

/// It is where nobody asked for it to be, so nothing but the lease keeps it there.
TEST_F(ForeignHosts, WhatOneNodeYieldsNoOtherTakes) {
  begin(yielding());
  const NodeName first = holder().value();
  world_->power_off(first);
  world_->run_for(2s);
  world_->power_on(first);
  world_->run_for(10s);
  settle();
  ASSERT_TRUE(holder().has_value());
  ASSERT_NE(holder(), first);
  world_->foreign_claims(vip);
  EXPECT_TRUE(world_->run_until([&] { return world_->answering(vip).empty(); }, 1ms));
  EXPECT_FALSE(is_taken_within(20s));
  world_->foreign_goes(vip);
  EXPECT_TRUE(is_served_within(3s));
}

TEST_F(ForeignHosts, AFailoverAsksNobody) {
  begin(cluster(3));
  EXPECT_GT(probes(), 0U) << "at the first start it was asked";
  for (int round = 0; round < 3; ++round) {
    const NodeName lost = holder().value();
    const std::size_t before = probes();
    world_->power_off(lost);
    expect_outage_at_most(lease() + detection);
    EXPECT_EQ(probes(), before) << "after the loss of " << lost.text();
    world_->power_on(lost);
    world_->run_for(8s);
    settle();
    ASSERT_TRUE(holder().has_value());
    EXPECT_EQ(probes(), before) << "after the return of " << lost.text();
  }
}

TEST_F(ForeignHosts, ARestartAMoveAndAStopAskNobody) {
  begin(cluster(3));
  const std::size_t before = probes();
  const NodeName first = holder().value();
  world_->kill(first);
  expect_outage_at_most(0ms);
  EXPECT_EQ(holder(), first);
  EXPECT_EQ(probes(), before) << "after a restart in flight";
  settle();
  world_->move(first, service, other_than(first));
  expect_outage_at_most(20ms);
  EXPECT_NE(holder(), first);
  EXPECT_EQ(probes(), before) << "after a move";
  settle();
  world_->stop(holder().value());
  world_->run_for(3s);
  EXPECT_TRUE(holder().has_value());
  EXPECT_EQ(probes(), before) << "after a stop";
}

}  // namespace
}  // namespace hapx::appliance::sim
