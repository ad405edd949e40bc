// SPDX-License-Identifier: Apache-2.0
// What a failure does that the file does not leave to a restart in place.
#include "story.hpp"

namespace hapx::appliance::sim {
namespace {

class OnFailing : public Story {
 protected:
  /// That nothing is served, and that something moves when a failure is over, is asked for here.
  static WorldOptions with(OnFailConfig on_fail) {
    WorldOptions options;
    options.config = cluster(3);
    options.config.services[0].on_fail = on_fail;
    options.config.scheduling.failure_timeout = 20s;
    options.patience.served = options.patience.settled = 1min;
    return options;
  }
  [[nodiscard]] ServiceStatus seen_by(const NodeName& node) const {
    return world_->status(node).services.at(0);
  }
};

TEST_F(OnFailing, AVipThatBlocksStaysAwayUntilACleanup) {
  begin(with({OnFail::block, OnFail::restart}));
  const NodeName before = holder().value();
  world_->delete_vip(before, vip);
  world_->run_for(1s);
  EXPECT_TRUE(world_->answering(vip).empty()) << "nobody starts it";
  EXPECT_EQ(seen_by(n1).holder, before) << "it is not moved";
  EXPECT_EQ(seen_by(n1).vip, ResourceStatus::failed);
  EXPECT_NE(seen_by(n1).haproxy, ResourceStatus::started) << "there is nothing to serve";
  world_->run_for(25s);
  EXPECT_TRUE(world_->answering(vip).empty()) << "a failure that blocks is never over";
  world_->request(other_than(before), "POST", "/v1/services/" + service.text() + "/cleanup", "");
  settle();
  EXPECT_EQ(holder(), before);
  EXPECT_EQ(seen_by(n1).vip, ResourceStatus::started);
}

TEST_F(OnFailing, AVipThatBlocksAndLostItsNodeIsServedElsewhere) {
  begin(with({OnFail::block, OnFail::restart}));
  const NodeName before = holder().value();
  world_->delete_vip(before, vip);
  world_->run_for(1s);
  world_->power_off(before);
  settle();
  EXPECT_TRUE(holder());
  EXPECT_NE(holder(), before);
}

TEST_F(OnFailing, AVipThatIgnoresIsPutBackAndNeverBarsItsNode) {
  begin(with({OnFail::ignore, OnFail::restart}));
  const NodeName before = holder().value();
  for (int i = 0; i < 5; ++i) {
    world_->delete_vip(before, vip);
    world_->run_for(200ms);
  }
  settle();
  EXPECT_EQ(holder(), before);
}

TEST_F(OnFailing, AVipThatStopsIsNowhereUntilItsFailureIsOver) {
  begin(with({OnFail::stop, OnFail::restart}));
  world_->delete_vip(holder().value(), vip);
  world_->run_for(1s);
  EXPECT_TRUE(world_->answering(vip).empty());
  EXPECT_FALSE(seen_by(n1).holder);
  world_->run_for(30s);
  EXPECT_TRUE(holder());
  EXPECT_TRUE(served(seen_by(n1)));
}

TEST_F(OnFailing, AHaproxyThatStopsServesAgainWhenItsFailureIsOver) {
  begin(with({OnFail::restart, OnFail::stop}));
  const NodeName before = holder().value();
  world_->kill_haproxy(before);
  world_->run_for(1s);
  EXPECT_EQ(seen_by(n1).holder, before) << "the VIP stays";
  EXPECT_NE(seen_by(n1).haproxy, ResourceStatus::started);
  world_->run_for(30s);
  EXPECT_EQ(holder(), before);
  EXPECT_TRUE(served(seen_by(n1)));
}

TEST_F(OnFailing, ANodeThatAFailureEmptiedIsACandidateAgainWhenItIsOver) {
  WorldOptions options = with({OnFail::standby, OnFail::standby});
  options.config.services[0].location[n1] = Score(1000);
  begin(options);
  ASSERT_EQ(holder(), n1);
  for (const bool is_haproxy : {true, false}) {
    if (is_haproxy) {
      world_->kill_haproxy(n1);
    } else {
      world_->delete_vip(n1, vip);
    }
    world_->run_for(1s);
    EXPECT_TRUE(holder());
    EXPECT_NE(holder(), n1);
    world_->run_for(30s);
    EXPECT_EQ(holder(), n1);
  }
}

}  // namespace
}  // namespace hapx::appliance::sim
