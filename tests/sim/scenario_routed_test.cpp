// SPDX-License-Identifier: Apache-2.0
// Nodes without a segment in common (`announce: bgp`): routers learn from BIRD where the address
// is. The lease is the same; what differs is who is told, and what keeps a node from being chosen.
#include <algorithm>

#include "story.hpp"

namespace hapx::appliance::sim {
namespace {

const InterfaceName loopback("lo");
const IpAddress routed = ipv4(10, 9, 0, 1);
const IpAddress routed6 = *parse_ip("fd00:9::1");

ClusterConfig routed_cluster() {
  ClusterConfig config = cluster(3);
  config.services[0].vips = {{{routed, 32}, loopback, OnConflict::defend, Announcing::bgp},
                             {{routed6, 128}, loopback, OnConflict::defend, Announcing::bgp}};
  return config;
}

class Routed : public Story {
 protected:
  void begin_routed() { begin(routed_cluster()); }

  [[nodiscard]] std::size_t count(const std::string& words) const {
    const std::string trace = world_->trace();
    std::size_t count = 0;
    for (std::size_t at = 0; (at = trace.find(words, at)) != std::string::npos; ++at) ++count;
    return count;
  }

  [[nodiscard]] bool says(const NodeName& node, const std::string& words) const {
    const Status status = world_->status(node);
    return std::ranges::any_of(status.degraded, [&](const std::string& sentence) {
      return sentence.find(words) != std::string::npos;
    });
  }
};

TEST_F(Routed, NobodyIsAskedForAnAddressWithoutASegment) {
  begin_routed();
  EXPECT_EQ(count(" -> Probe"), 0U);
  EXPECT_EQ(count(" -> Announce lo"), 0U);
  EXPECT_GT(count(" -> Advertise lo 10.9.0.1"), 0U);
  EXPECT_TRUE(world_->status(n1).degraded.empty());
}

TEST_F(Routed, PowerLossIsAFailoverWithinTheLease) {
  begin_routed();
  world_->power_off(holder().value());
  expect_outage_at_most(lease() + detection);
}

TEST_F(Routed, HapxdKilledIsNoOutage) {
  begin_routed();
  const auto before = holder();
  world_->kill(before.value());
  expect_outage_at_most(0ms);
  EXPECT_EQ(holder(), before);
  EXPECT_EQ(count(" -> Withdraw"), 0U) << "the next one finds it advertised, and leaves it so";
}

/// Their kernel ends the address, and with it the route: a second, and what the kernel is late.
TEST_F(Routed, HapxdAndKeeperKilledEndWithTheLifetimeOfTheAddress) {
  begin_routed();
  const NodeName before = holder().value();
  world_->kill_with_keeper(before);
  expect_outage_at_most(1450ms + detection, 5s);
  EXPECT_NE(holder(), before);
}

TEST_F(Routed, HapxdAndKeeperFrozenAreTheSame) {
  begin_routed();
  const NodeName before = holder().value();
  world_->freeze_with_keeper(before);
  expect_outage_at_most(1450ms + detection, 5s);
  EXPECT_NE(holder(), before);
  world_->resume(before);
  settle();
  EXPECT_TRUE(world_->all_served());
}

TEST_F(Routed, WhatWasLeftAdvertisedIsWithdrawnBeforeTheAddressIsAddedAgain) {
  begin_routed();
  const NodeName before = holder().value();
  world_->kill_with_keeper(before);
  settle();
  world_->start(before);
  settle();
  EXPECT_GT(count(before.text() + " -> Withdraw 10.9.0.1"), 0U);
  place_on(before);  // AnnouncedWhenServing watches
}

TEST_F(Routed, BirdThatEndsOnTheHolderMovesTheService) {
  begin_routed();
  const NodeName before = holder().value();
  world_->stop_bird(before);
  expect_outage_at_most(detection);
  EXPECT_NE(holder(), before);
  EXPECT_TRUE(says(before, before.text() + " can't hold kube-apiserver: BIRD does not run"));
  const auto now = holder();
  world_->start_bird(before);
  expect_outage_at_most(detection);
  EXPECT_EQ(holder(), now);
  EXPECT_TRUE(world_->status(before).degraded.empty());
}

TEST_F(Routed, SessionsThatEndOnTheHolderMoveTheService) {
  begin_routed();
  const NodeName before = holder().value();
  world_->lose_sessions(before);
  expect_outage_at_most(100ms + detection);
  EXPECT_NE(holder(), before);
  world_->regain_sessions(before);
  settle();
}

TEST_F(Routed, BirdThatEndsOnAStandbyMovesNothing) {
  begin_routed();
  const auto before = holder();
  world_->stop_bird(other_than(before.value()));
  expect_outage_at_most(0ms);
  EXPECT_EQ(holder(), before);
}

TEST_F(Routed, WithoutAnySessionNobodyHoldsIt) {
  begin_routed();
  for (const NodeName& node : {n1, n2, n3}) world_->lose_sessions(node);
  world_->run_for(2s);
  EXPECT_TRUE(world_->answering(routed).empty());
  EXPECT_TRUE(says(n1, "BIRD has no established BGP session"));
  world_->regain_sessions(n2);
  EXPECT_TRUE(world_->run_until([&] { return holder() == n2; }, 1s));
  for (const NodeName& node : {n1, n3}) world_->regain_sessions(node);
  settle();
}

TEST_F(Routed, AClusterThatStartsWithoutBirdWaitsForIt) {
  WorldOptions options;
  options.config = routed_cluster();
  world_.emplace(options);
  for (const NodeName& node : {n1, n2, n3}) world_->stop_bird(node);
  world_->start_all();
  world_->run_for(3s);
  EXPECT_TRUE(world_->answering(routed).empty());
  world_->start_bird(n3);
  EXPECT_TRUE(world_->run_until([&] { return holder() == n3; }, 1s));
  for (const NodeName& node : {n1, n2}) world_->start_bird(node);
  settle();
}

TEST_F(Routed, AnAddressDeletedByHandIsBackAtOnce) {
  begin_routed();
  const auto before = holder();
  world_->delete_vip(before.value(), routed);
  expect_outage_at_most(20ms);
  EXPECT_EQ(holder(), before);
}

TEST_F(Routed, HaproxyKilledKeepsTheRoute) {
  begin_routed();
  const auto before = holder();
  world_->kill_haproxy(before.value());
  expect_outage_at_most(100ms);
  EXPECT_EQ(holder(), before);
  EXPECT_EQ(count(" -> Withdraw"), 0U) << "clients wait in the backlog";
}

TEST_F(Routed, AnAddressDeletedWhileHaproxyIsDeadIsAdvertisedWhenItServesAgain) {
  begin_routed();
  const auto before = holder();
  world_->uninstall_haproxy(before.value());
  world_->kill_haproxy(before.value());
  world_->run_for(20ms);
  world_->delete_vip(before.value(), routed);
  world_->run_for(20ms);  // AnnouncedWhenServing watches
  world_->install_haproxy(before.value());
  expect_outage_at_most(3s, 5s);
}

TEST_F(Routed, AnAdvertisementThatFailsIsRepeated) {
  WorldOptions options;
  options.config = routed_cluster();
  world_.emplace(options);
  for (const NodeName& node : {n1, n2, n3}) world_->fail_next(node, Door::announce, 3);
  world_->start_all();
  EXPECT_TRUE(world_->run_until([&] { return world_->all_served(); }, 3s));
  for (const NodeName& node : {n1, n2, n3}) world_->fail_next(node, Door::announce, 0);
  settle();
}

TEST_F(Routed, AHandoverIsWithinMilliseconds) {
  begin_routed();
  const NodeName to = other_than(holder().value());
  world_->mark();
  world_->move(to, service, to);
  expect_outage_at_most(20ms);
  EXPECT_EQ(holder(), to);
}

TEST_F(Routed, APartitionLeavesOneHolder) {
  begin_routed();
  const NodeName before = holder().value();
  world_->cut_off(before);
  expect_outage_at_most(lease() + detection);
  EXPECT_NE(holder(), before);
  world_->heal_all();
  settle();
}

TEST_F(Routed, APausedMachineComesBackToAClosedFence) {
  begin_routed();
  const NodeName before = holder().value();
  world_->pause_machine(before);
  world_->run_for(5s);
  world_->unpause_machine(before);
  settle();
  EXPECT_TRUE(holder());
  EXPECT_NE(holder(), before);
}

}  // namespace
}  // namespace hapx::appliance::sim
