// SPDX-License-Identifier: Apache-2.0
// Something goes wrong on one machine: HAProxy, an address, an interface, the fence, a call.
#include "story.hpp"

namespace hapx::appliance::sim {
namespace {

class Local : public Story {
 protected:
  /// A world in which one machine differs from the defaults.
  static WorldOptions with(const NodeName& node, const KernelOptions& kernel) {
    WorldOptions options;
    options.config = cluster(3);
    MachineOptions machine;
    machine.name = node;
    machine.kernel = kernel;
    options.machines = {machine};
    return options;
  }

  static KernelOptions both_links() {
    KernelOptions kernel;
    kernel.interfaces = {{heartbeats, true, true}, {wire, true, true}};
    return kernel;
  }
};

TEST_F(Local, HaproxyKilledIsStartedAgainAndNoPacketIsRefused) {
  begin(cluster(3));
  const auto before = holder();
  world_->kill_haproxy(before.value());
  expect_outage_at_most(100ms);
  EXPECT_EQ(holder(), before);
  EXPECT_EQ(silence(), 0ms) << "its listening sockets are the keeper's: clients wait";
}

TEST_F(Local, HaproxyFrozenIsKilledAndStartedAgain) {
  begin(cluster(3));
  world_->freeze_haproxy(holder().value());
  expect_outage_at_most(1s);
}

TEST_F(Local, HaproxyKilledAgainAndAgainMovesTheService) {
  begin(cluster(3));
  const NodeName before = holder().value();
  for (int i = 0; i < 3; ++i) {
    world_->kill_haproxy(before);
    world_->run_for(300ms);
  }
  settle();
  EXPECT_TRUE(holder());
  EXPECT_NE(holder(), before) << "migrationThreshold is 3";
}

TEST_F(Local, HaproxyKilledOnAStandbyIsNoticedThereOnly) {
  begin(cluster(3));
  const auto before = holder();
  world_->kill_haproxy(other_than(before.value()));
  expect_outage_at_most(0ms);
  EXPECT_EQ(holder(), before);
}

TEST_F(Local, HaproxysKeeperKilled) {
  begin(cluster(3));
  world_->kill_haproxy_keeper(holder().value());
  expect_outage_at_most(1500ms);
}

TEST_F(Local, HaproxyKilledWhileHapxdIsDead) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->kill(before);
  world_->kill_haproxy(before);
  expect_outage_at_most(200ms);
}

TEST_F(Local, HaproxyMissingOnOneNodeLeavesTheServiceToOthers) {
  WorldOptions options;
  options.config = cluster(3);
  world_.emplace(options);
  world_->uninstall_haproxy(n1);
  world_->start_all();
  EXPECT_TRUE(world_->run_until([&] { return world_->all_served(); }, 5s));
  EXPECT_NE(holder(), n1);
  settle();
  EXPECT_FALSE(world_->status(n1).haproxy.fit);
  EXPECT_FALSE(world_->status(n1).haproxy.reason.empty());
}

TEST_F(Local, HaproxyRefusesItsConfigOnOneNode) {
  WorldOptions options;
  options.config = cluster(3);
  world_.emplace(options);
  world_->refuse_haproxy_config(n1, true);
  world_->start_all();
  EXPECT_TRUE(world_->run_until([&] { return world_->all_served(); }, 5s));
  EXPECT_NE(holder(), n1);
  // While it is tried again, too: that is no news, and nothing to come and go in what is shown.
  const auto other_state = [&] {
    return world_->status(n1).haproxy.state != ResourceStatus::failed;
  };
  EXPECT_FALSE(world_->run_until(other_state, 60s));
  world_->refuse_haproxy_config(n1, false);
  EXPECT_TRUE(world_->run_until(other_state, 60s));
}

TEST_F(Local, HaproxyGoneForGoodOnTheHolderMovesTheService) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->uninstall_haproxy(before);
  world_->kill_haproxy(before);
  expect_outage_at_most(2s, 5s);
  EXPECT_NE(holder(), before);
}

TEST_F(Local, ApiServersDownEverywhereMoveNothing) {
  begin(cluster(3));
  const auto before = holder();
  for (const char* host : {"kube-mast01", "kube-mast02", "kube-mast03"}) {
    world_->set_api_server(host, false);
  }
  expect_outage_at_most(0ms, 10s);
  EXPECT_EQ(holder(), before);
}

TEST_F(Local, VipDeletedByHandIsBackWithin20Milliseconds) {
  begin(cluster(3));
  const auto before = holder();
  world_->delete_vip(before.value(), vip);
  expect_outage_at_most(20ms);
  EXPECT_EQ(holder(), before);
}

TEST_F(Local, AllAddressesFlushedByHand) {
  begin(cluster(3));
  const auto before = holder();
  world_->flush_addresses(before.value());
  expect_outage_at_most(20ms);
  EXPECT_EQ(holder(), before);
}

TEST_F(Local, VipDeletedAgainAndAgainMovesTheService) {
  begin(cluster(3));
  const NodeName before = holder().value();
  for (int i = 0; i < 3; ++i) {
    world_->delete_vip(before, vip);
    world_->run_for(200ms);
  }
  settle();
  EXPECT_TRUE(holder());
  EXPECT_NE(holder(), before) << "migrationThreshold is 3";
}

TEST_F(Local, VipDeletedWhileHapxdRestarts) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->kill(before);
  world_->run_for(5ms);
  world_->delete_vip(before, vip);
  expect_outage_at_most(lease() + 100ms);
}

/// It goes back to where it is liked better, once, and stays.
TEST_F(Local, WhenTheTimeOfAFailureIsOverTheServiceReturnsAndStays) {
  ClusterConfig config = cluster(3);
  config.services[0].location[n1] = Score(1000);
  config.scheduling.failure_timeout = 7s;
  begin(config);
  ASSERT_EQ(holder(), n1);
  world_->fail_next(n1, Door::add_address);
  world_->delete_vip(n1, vip);
  world_->run_for(1s);
  ASSERT_NE(holder(), n1);
  world_->run_for(6s);
  std::vector<NodeName> places;
  const auto look = [&] {
    const auto answering = world_->answering(vip);
    if (answering.size() == 1 && (places.empty() || places.back() != answering.front()))
      places.push_back(answering.front());
    return false;
  };
  EXPECT_FALSE(world_->run_until(look, 10s));
  EXPECT_EQ(holder(), n1);
  EXPECT_LE(places.size(), 2U);
}

TEST_F(Local, AnAddressThatIsRefusedOnceGoesElsewhere) {
  WorldOptions options;
  options.config = cluster(3);
  world_.emplace(options);
  for (const NodeName& node : {n1, n2, n3}) world_->power_on(node);
  world_->fail_next(n1, Door::add_address);
  EXPECT_TRUE(world_->run_until([&] { return world_->all_served(); }, 3s));
}

TEST_F(Local, AnAddressThatIsRefusedOnTakeover) {
  begin(cluster(3));
  const NodeName before = holder().value();
  const NodeName refusing = other_than(before);
  world_->fail_next(refusing, Door::add_address);
  world_->power_off(before);
  world_->run_for(3s);
  EXPECT_TRUE(holder());
}

TEST_F(Local, ARemovalThatIsRefusedKeepsTheFenceClosed) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->fail_next(before, Door::remove_address, 2);
  world_->move(before, service, other_than(before));
  world_->run_for(10ms);
  EXPECT_FALSE(world_->kernel(before).passes(vip, Instant::max()));
  settle();
  EXPECT_EQ(world_->answering(vip).size(), 1U);
}

TEST_F(Local, HaproxyThatFailsToStartOnce) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->fail_next(before, Door::start_haproxy);
  world_->kill_haproxy(before);
  expect_outage_at_most(1s);
}

TEST_F(Local, AnAnnouncementThatFailsIsRepeated) {
  begin(cluster(3));
  const NodeName before = holder().value();
  for (const NodeName& node : {n1, n2, n3}) world_->fail_next(node, Door::announce);
  world_->power_off(before);
  world_->run_for(3s);
  EXPECT_TRUE(holder()) << "a client that keeps the dead neighbour finds nobody";
}

TEST_F(Local, AnInterfaceThatIsNotThereYetIsWaitedFor) {
  ClusterConfig config = cluster(3);
  WorldOptions options;
  options.config = config;
  for (const NodeName& node : {n1, n2, n3}) {
    MachineOptions machine;
    machine.name = node;
    machine.kernel = both_links();
    machine.kernel.interfaces[1].present = false;
    options.machines.push_back(machine);
  }
  world_.emplace(options);
  world_->start_all();
  world_->run_for(3s);
  EXPECT_TRUE(world_->answering(vip).empty());
  EXPECT_FALSE(world_->status(n2).degraded.empty()) << "and it says so";
  world_->create_interface(n2, wire);
  EXPECT_TRUE(world_->run_until([&] { return holder() == n2; }, 2s));
}

TEST_F(Local, TheHoldersInterfaceIsRemoved) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->remove_interface(before, wire);
  expect_outage_at_most(lease() + detection);
  EXPECT_NE(holder(), before);
  world_->create_interface(before, wire);
  settle();
  EXPECT_EQ(world_->answering(vip).size(), 1U);
}

TEST_F(Local, TheFilterRemovedByHandIsPutBack) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->flush_filters(before);
  expect_outage_at_most(0ms);
  EXPECT_TRUE(world_->kernel(before).fenced());
  EXPECT_EQ(holder(), before);
}

TEST_F(Local, WithoutAFenceAndWithAShortLeaseANodeHoldsNothingAndSaysWhy) {
  KernelOptions poor = both_links();
  poor.fence_permitted = false;
  begin(with(n1, poor));
  EXPECT_NE(holder(), n1);
  for (const NodeName& node : {n2, n3}) {
    if (holder() == node) world_->power_off(node);
  }
  world_->run_for(3s);
  EXPECT_TRUE(world_->kernel(n1).addresses().empty());
  bool said = false;
  for (const std::string& reason : world_->status(n1).degraded) {
    said = said || reason.find("lease") != std::string::npos;
  }
  EXPECT_TRUE(said) << "the reason names the lease that would be long enough";
}

TEST_F(Local, WithoutAFenceAndWithALongLeaseTheLifetimeIsTheFence) {
  WorldOptions options;
  options.config = cluster(3);
  options.config.timing = {200ms, 2s};
  for (const NodeName& node : {n1, n2, n3}) {
    MachineOptions machine;
    machine.name = node;
    machine.kernel = both_links();
    machine.kernel.fence_permitted = false;
    options.machines.push_back(machine);
  }
  world_.emplace(options);
  world_->start_all();
  ASSERT_TRUE(world_->run_until([&] { return world_->all_served(); }, 5s));
  settle();
  const NodeName before = holder().value();
  world_->freeze_with_keeper(before);
  expect_outage_at_most(lease() + 200ms, 8s);
  EXPECT_NE(holder(), before);
  world_->resume(before);
  settle();
  EXPECT_EQ(world_->answering(vip).size(), 1U);
}

}  // namespace
}  // namespace hapx::appliance::sim
