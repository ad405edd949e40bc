// SPDX-License-Identifier: Apache-2.0
// An operator gives orders.
#include "story.hpp"

namespace hapx::appliance::sim {
namespace {

class Orders : public Story {};

TEST_F(Orders, MoveHandsOverWithin20Milliseconds) {
  begin(cluster(3));
  const NodeName before = holder().value();
  const NodeName to = other_than(before);
  const std::uint64_t id = world_->move(before, service, to);
  expect_outage_at_most(20ms);
  EXPECT_EQ(holder(), to);
  ASSERT_NE(world_->answer(id), nullptr);
  EXPECT_EQ(world_->answer(id)->status, 200U) << world_->answer(id)->body;
}

TEST_F(Orders, MoveAskedAtEveryNodeToEveryNode) {
  begin(cluster(3));
  for (const NodeName& at : {n1, n2, n3}) {
    for (const NodeName& to : {n2, n3, n1}) {
      world_->mark();
      world_->move(at, service, to);
      expect_outage_at_most(20ms, 1s);
      EXPECT_EQ(holder(), to) << "asked at " << at.text();
    }
  }
}

TEST_F(Orders, MoveWithoutADestinationFindsOne) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->move(before, service, std::nullopt);
  expect_outage_at_most(20ms);
  EXPECT_NE(holder(), before);
}

TEST_F(Orders, AMovedServiceStaysWhereItWasMoved) {
  begin(cluster(3));
  const NodeName to = other_than(holder().value());
  place_on(to);
  expect_outage_at_most(0ms, 30s);
  EXPECT_EQ(holder(), to);
}

TEST_F(Orders, AMoveToWhereItIsChangesNothing) {
  begin(cluster(3));
  const auto before = holder();
  world_->move(n1, service, before);
  expect_outage_at_most(0ms);
  EXPECT_EQ(holder(), before);
}

TEST_F(Orders, AMoveToAWitnessIsRefused) {
  begin(cluster(3, Role::witness));
  const auto before = holder();
  const std::uint64_t id = world_->move(n1, service, n3);
  expect_outage_at_most(0ms);
  EXPECT_EQ(holder(), before);
  ASSERT_NE(world_->answer(id), nullptr);
  EXPECT_GE(world_->answer(id)->status, 400U);
}

TEST_F(Orders, AMoveToADeadNodeIsRefused) {
  begin(cluster(3));
  place_on(n1);
  world_->power_off(n3);
  settle();
  const std::uint64_t id = world_->move(n1, service, n3);
  expect_outage_at_most(0ms);
  EXPECT_EQ(holder(), n1);
  ASSERT_NE(world_->answer(id), nullptr);
  EXPECT_GE(world_->answer(id)->status, 400U);
}

TEST_F(Orders, AMoveWithoutQuorumIsRefusedAtOnceAndMovesNothing) {
  begin(cluster(3));
  place_on(n1);
  world_->power_off(n2);
  world_->power_off(n3);
  world_->run_for(2s);
  const std::uint64_t id = world_->move(n1, service, n2);
  world_->run_for(10ms);
  ASSERT_NE(world_->answer(id), nullptr) << "nobody is asked, so nobody is waited for";
  EXPECT_EQ(world_->answer(id)->status, 409U);
  EXPECT_NE(world_->answer(id)->body.find("no quorum"), std::string::npos);
}

TEST_F(Orders, TheOldHolderLosesPowerInTheMiddleOfAMove) {
  begin(cluster(3));
  place_on(n1);
  world_->move(n2, service, n2);
  world_->run_for(1ms);
  world_->power_off(n1);
  expect_outage_at_most(lease() + detection);
}

TEST_F(Orders, TheNewHolderLosesPowerInTheMiddleOfAMove) {
  begin(cluster(3));
  place_on(n1);
  for (const Duration& after : {Duration(500us), Duration(1ms), Duration(2ms), Duration(4ms)}) {
    world_->mark();
    world_->move(n1, service, n2);
    world_->run_for(after);
    world_->power_off(n2);
    expect_outage_at_most(2 * lease() + detection, 4s);
    world_->power_on(n2);
    world_->run_for(6s);
    settle();
    place_on(n1);
  }
}

TEST_F(Orders, StatusAgreesWithTheWorld) {
  begin(cluster(3));
  for (const NodeName& node : {n1, n2, n3}) {
    const Status status = world_->status(node);
    EXPECT_TRUE(status.quorate);
    EXPECT_EQ(status.coordinator, coordinator());
    ASSERT_EQ(status.services.size(), 1U);
    EXPECT_EQ(status.services[0].holder, holder());
    EXPECT_TRUE(status.degraded.empty()) << status.degraded.front();
  }
}

TEST_F(Orders, TwoServicesLiveOnTwoNodesAndBothSurvive) {
  ClusterConfig config = cluster(3);
  ServiceConfig second = config.services[0];
  second.name = ServiceName("registry");
  second.vips[0].address = {ipv4(192, 168, 4, 21), 27};
  second.location[n2] = Score(300);
  config.services[0].location[n1] = Score(300);
  config.services.push_back(second);
  begin(config);
  EXPECT_EQ(world_->serving(service), n1);
  EXPECT_EQ(world_->serving(second.name), n2);
  world_->power_off(n2);
  world_->run_for(3s);
  EXPECT_EQ(world_->outage(service), 0ms);
  EXPECT_TRUE(world_->serving(second.name));
  EXPECT_LE(world_->outage(second.name), lease() + detection);
}

TEST_F(Orders, AServiceWithTwoAddressesIsHeldWholeOrNotAtAll) {
  ClusterConfig config = cluster(3);
  config.services[0].vips.push_back({{ipv4(192, 168, 4, 22), 27}, wire});
  begin(config);
  world_->power_off(holder().value());
  expect_outage_at_most(lease() + detection);
  const auto first = world_->answering(vip);
  EXPECT_EQ(first, world_->answering(ipv4(192, 168, 4, 22)));
}

}  // namespace
}  // namespace hapx::appliance::sim
