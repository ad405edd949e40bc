// SPDX-License-Identifier: Apache-2.0
// The cluster is in maintenance, and things fail all the same: they are counted and left alone.
#include <algorithm>

#include "config/write.hpp"
#include "story.hpp"

namespace hapx::appliance::sim {
namespace {

using membership::Subject;

class Maintenance : public Story {
 protected:
  /// The service is on n1, and the maintenance has begun. It is asked for here that nothing is
  /// served for a while.
  void begin_maintenance(const OnFailConfig& on_fail = {}) {
    WorldOptions options;
    options.config = cluster(3);
    options.config.services[0].on_fail = on_fail;
    options.patience.served = options.patience.settled = 5min;
    begin(options);
    place_on(n1);
    expect_kept(world_->order(n2, Subject::maintenance()));
    settle();
  }
  void end_maintenance() { expect_kept(world_->lift(n3, Subject::maintenance())); }
  void expect_kept(std::uint64_t request) {
    ASSERT_TRUE(world_->run_until([&] { return world_->answer(request) != nullptr; }, 4s));
    EXPECT_EQ(world_->answer(request)->status, 200U) << world_->answer(request)->body;
  }
  [[nodiscard]] ServiceOnNode on(const NodeName& node) const {
    const Status seen = world_->status(n2);
    const auto& nodes = seen.services.at(0).nodes;
    const auto found = std::ranges::find(nodes, node, &ServiceOnNode::node);
    return found == nodes.end() ? ServiceOnNode{} : *found;
  }
  void expect_served_again_on(const NodeName& node) {
    EXPECT_TRUE(world_->run_until([&] { return holder() == node; }, 1s));
    settle();
    EXPECT_EQ(holder(), node);
  }
  /// Where a HAProxy is ready at once.
  void expect_served_again_elsewhere() {
    EXPECT_TRUE(world_->run_until([&] { return holder().has_value(); }, 30ms));
    settle();
    EXPECT_NE(holder(), n1);
  }
};

TEST_F(Maintenance, AnAddressThatIsRemovedStaysAwayUntilItEnds) {
  for (const OnFail on_fail : {OnFail::restart, OnFail::ignore}) {
    begin_maintenance({on_fail, OnFail::restart});
    world_->delete_vip(n1, vip);
    world_->run_for(1min);
    EXPECT_TRUE(world_->answering(vip).empty()) << "nobody starts it";
    EXPECT_EQ(world_->status(n2).services.at(0).holder, n1) << "it is not moved";
    EXPECT_EQ(on(n1).vip_failures, 1U) << "it is counted";
    end_maintenance();
    expect_served_again_on(n1);
    EXPECT_EQ(on(n1).vip_failures, 1U);
  }
}

TEST_F(Maintenance, OfTwoAddressesTheOtherOneStays) {
  WorldOptions options;
  options.config = cluster(3);
  const IpAddress second = ipv4(192, 168, 4, 22);
  options.config.services[0].vips.push_back({{second, 27}, wire});
  options.patience.served = options.patience.settled = 5min;
  begin(options);
  place_on(n1);
  expect_kept(world_->order(n2, Subject::maintenance()));
  settle();
  world_->delete_vip(n1, vip);
  world_->run_for(1min);
  EXPECT_TRUE(world_->answering(vip).empty());
  EXPECT_EQ(world_->answering(second), std::vector<NodeName>{n1}) << "nothing is stopped";
  end_maintenance();
  expect_served_again_on(n1);
}

TEST_F(Maintenance, AVipThatBlocksStaysAwayBeyondIt) {
  begin_maintenance({OnFail::block, OnFail::restart});
  world_->delete_vip(n1, vip);
  world_->run_for(1s);
  end_maintenance();
  world_->run_for(10s);
  EXPECT_TRUE(world_->answering(vip).empty()) << "that is for a cleanup to end";
}

TEST_F(Maintenance, AHaproxyThatDiesStaysAwayUntilItEnds) {
  begin_maintenance();
  world_->kill_haproxy(n1);
  world_->run_for(1min);
  EXPECT_FALSE(holder());
  EXPECT_EQ(world_->answering(vip), std::vector<NodeName>{n1}) << "its address is left alone";
  EXPECT_EQ(world_->status(n1).haproxy.state, ResourceStatus::failed);
  EXPECT_EQ(on(n1).haproxy_failures, 1U);
  end_maintenance();
  expect_served_again_elsewhere();
  EXPECT_EQ(on(n1).haproxy_failures, 1U);
}

TEST_F(Maintenance, OneThatDiesWhereNothingIsServedStaysAwayToo) {
  begin_maintenance();
  world_->kill_haproxy(n2);
  expect_outage_at_most(0ms, 10s);
  EXPECT_EQ(world_->status(n2).haproxy.state, ResourceStatus::failed);
  end_maintenance();
  EXPECT_TRUE(world_->run_until(
      [&] { return world_->status(n2).haproxy.state == ResourceStatus::warm; }, 1s));
}

TEST_F(Maintenance, AHaproxyThatIsFrozenServesAgainAsItThaws) {
  begin_maintenance();
  world_->freeze_haproxy(n1);
  world_->run_for(30s);
  EXPECT_FALSE(holder());
  EXPECT_EQ(on(n1).haproxy_failures, 1U);
  const auto pid = world_->status(n1).haproxy.pid;
  world_->resume_haproxy(n1);
  world_->run_for(1s);
  EXPECT_EQ(holder(), n1) << "the maintenance lasts";
  EXPECT_EQ(world_->status(n1).haproxy.pid, pid) << "nobody killed it";
}

TEST_F(Maintenance, HapxdIsReplacedInFlight) {
  begin_maintenance();
  for (const NodeName& node : {n1, n2, n3}) {
    world_->kill(node);
    expect_outage_at_most(0ms, 2s);
  }
  EXPECT_EQ(holder(), n1);
  world_->delete_vip(n1, vip);
  world_->run_for(10s);
  EXPECT_TRUE(world_->answering(vip).empty()) << "the next one obeys, too";
}

TEST_F(Maintenance, TheNextHapxdLeavesAloneWhatWasGone) {
  begin_maintenance();
  world_->delete_vip(n1, vip);
  world_->run_for(1s);
  world_->kill(n1);
  world_->run_for(30s);
  EXPECT_TRUE(world_->answering(vip).empty());
  end_maintenance();
  EXPECT_TRUE(world_->run_until([&] { return holder().has_value(); }, 1s));
}

TEST_F(Maintenance, TheNextHapxdLeavesAloneAHaproxyThatWasGone) {
  begin_maintenance();
  world_->kill_haproxy(n1);
  world_->run_for(1s);
  world_->kill(n1);
  world_->run_for(30s);
  EXPECT_FALSE(holder());
  EXPECT_EQ(world_->answering(vip), std::vector<NodeName>{n1});
  end_maintenance();
  expect_served_again_elsewhere();
}

TEST_F(Maintenance, AChangedFileReachesHaproxyWhenItEnds) {
  begin_maintenance();
  ClusterConfig changed = world_->config();
  changed.services[0].api_servers.push_back({"kube-mast04", 6443});
  const auto pid = world_->status(n1).haproxy.pid;
  world_->write_file(n1, write_config(changed));
  world_->reload(n1);
  expect_outage_at_most(0ms, 30s);
  EXPECT_EQ(world_->status(n1).haproxy.pid, pid);
  EXPECT_NE(world_->status(n1).haproxy.not_replaced.find("maintenance"), std::string::npos);
  end_maintenance();
  expect_outage_at_most(0ms, 10s);
  EXPECT_NE(world_->status(n1).haproxy.pid, pid);
  EXPECT_EQ(world_->status(n1).haproxy.not_replaced, "");
}

TEST_F(Maintenance, AMachineThatBootsStartsNothing) {
  begin_maintenance();
  world_->power_off(n3);
  world_->run_for(1s);
  world_->power_on(n3);
  expect_outage_at_most(0ms, 20s);
  EXPECT_EQ(world_->status(n3).haproxy.state, ResourceStatus::failed);
  EXPECT_NE(world_->status(n3).haproxy.reason.find("maintenance"), std::string::npos);
  end_maintenance();
  EXPECT_TRUE(world_->run_until(
      [&] { return world_->status(n3).haproxy.state == ResourceStatus::warm; }, 1s));
}

TEST_F(Maintenance, AHolderThatStopsInOrderHandsNothingOver) {
  begin_maintenance();
  world_->stop(n1);
  world_->run_for(20s);
  EXPECT_FALSE(holder()) << "nothing is started anywhere";
  end_maintenance();
  EXPECT_TRUE(world_->run_until([&] { return holder().has_value(); }, 1s));
}

}  // namespace
}  // namespace hapx::appliance::sim
