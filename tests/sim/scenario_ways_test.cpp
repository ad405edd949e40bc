// SPDX-License-Identifier: Apache-2.0
// Nodes that hear each other by two ways don't notice the loss of one.
#include <algorithm>

#include "config/write.hpp"
#include "story.hpp"

namespace hapx::appliance::sim {
namespace {

ClusterConfig with_two_ways(unsigned nodes) {
  ClusterConfig config = cluster(nodes);
  std::uint8_t last = 11;
  for (NodeConfig& node : config.nodes) node.links = {ipv4(10, 0, 0, last++)};
  return config;
}

class Ways : public Story {
 protected:
  [[nodiscard]] std::vector<std::string> degraded(const NodeName& node) const {
    return world_->status(node).degraded;
  }
  /// Who coordinates and who holds stay, and no client notices.
  void expect_no_blip(Duration run = 3s) {
    const NodeName holder_before = holder().value();
    const NodeName coordinator_before = coordinator();
    world_->mark();
    world_->run_for(run);
    EXPECT_EQ(outage(), 0ms);
    EXPECT_EQ(holder(), holder_before);
    EXPECT_EQ(coordinator(), coordinator_before);
  }
};

TEST_F(Ways, TheLossOfOneIsNoticedByNobodyButShown) {
  for (const std::size_t way : {0U, 1U}) {
    begin(with_two_ways(3));
    for (const NodeName& node : {n1, n2, n3}) EXPECT_TRUE(degraded(node).empty());
    world_->cut_way(n1, n2, way);
    world_->cut_way(n1, n3, way);
    world_->cut_way(n2, n3, way);
    expect_no_blip();
    const std::string address = way == 0 ? "192.168.4.12" : "10.0.0.12";
    EXPECT_EQ(std::ranges::count(degraded(n1), "n2 is not heard at " + address), 1) << way;
    world_->heal_all();
    world_->run_for(1s);
    for (const NodeName& node : {n1, n2, n3}) EXPECT_TRUE(degraded(node).empty());
  }
}

TEST_F(Ways, TheInterfaceOfTheNodesAddressMayGo) {
  begin(with_two_ways(3));
  world_->link_down(holder().value(), heartbeats);
  expect_no_blip();
}

TEST_F(Ways, WhenTheLastOneGoesTheServiceMoves) {
  begin(with_two_ways(3));
  const NodeName before = holder().value();
  world_->cut_off(before);
  expect_outage_at_most(lease() + detection);
  EXPECT_NE(holder(), before);
}

/// Of a holder whose address is on the wire that went the others hear at once.
TEST_F(Ways, AHolderWithoutCarrierSaysSoByTheOther) {
  begin(with_two_ways(3));
  const NodeName before = holder().value();
  world_->link_down(before, wire);
  expect_outage_at_most(lease() / 2);
  EXPECT_NE(holder(), before);
}

/// A file with links is taken by one node after the other.
TEST_F(Ways, AreAddedByAReloadOfOneNodeAfterTheOther) {
  WorldOptions options;
  options.config = with_two_ways(3);
  ClusterConfig before = options.config;
  for (NodeConfig& node : before.nodes) node.links.clear();
  begin(options);
  for (const NodeName& node : {n1, n2, n3}) {
    world_->write_file(node, write_config(before));
    world_->reload(node);
    expect_no_blip();
  }
  for (const NodeName& node : {n1, n2, n3}) {
    world_->write_file(node, write_config(options.config));
    world_->reload(node);
    expect_no_blip();
  }
  for (const NodeName& node : {n1, n2, n3}) EXPECT_TRUE(degraded(node).empty());
}

}  // namespace
}  // namespace hapx::appliance::sim
