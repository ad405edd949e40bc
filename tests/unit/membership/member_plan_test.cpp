// SPDX-License-Identifier: Apache-2.0
// What does a plan have to do with who may hold a key?
#include <algorithm>

#include <gtest/gtest.h>

#include "world.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;
using testing::World;

const LeaseKey vip = LeaseKey::of(ipv4(192, 168, 4, 20));

struct PlansOfMembers : ::testing::Test {
  PlansOfMembers() {
    for (std::size_t i = 0; i < 3; ++i) world.start(i);
    world.run_for(1s);
    coordinator = world.coordinator().value();
    distant = (coordinator + 1) % 3;
    other = (coordinator + 2) % 3;
  }

  void publish(const std::string& reason) {
    Assignment assignment;
    assignment.service = ServiceName("kube-apiserver");
    assignment.reason = reason;
    world.with(coordinator,
               [&](Member& member, Instant at) { return member.publish({assignment}, at); });
    world.run_for(100ms);
  }

  World world{3, {50ms, 300ms}, 21};
  std::size_t coordinator = 0;
  std::size_t distant = 0;  ///< is cut off, and comes back
  std::size_t other = 0;
};

TEST_F(PlansOfMembers, a_claim_under_a_plan_that_is_over_is_not_granted) {
  publish("the first");
  world.cut(distant, coordinator, true);
  world.cut(distant, other, true);
  world.claim(distant, vip);
  publish("the second");
  world.run_for(2s);
  world.cut(distant, other, false);
  world.run_for(200ms);  // in a lease the coordinator would make way for who hears everybody
  ASSERT_EQ(world.view(distant).plan->assignments[0].reason, "the first");
  EXPECT_TRUE(world.news<RightGained>(distant).empty());
  world.cut(distant, coordinator, false);
  world.run_for(1s);
  ASSERT_EQ(world.view(distant).plan->assignments[0].reason, "the second");
  EXPECT_EQ(world.news<RightGained>(distant).size(), 1U);
}

/// Who hears the plan later than the others goes on meanwhile.
TEST_F(PlansOfMembers, what_is_held_is_renewed_under_whatever_plan) {
  publish("the first");
  world.claim(distant, vip);
  world.run_for(100ms);
  ASSERT_TRUE(world.open(distant, vip));
  world.cut(distant, coordinator, true);
  publish("the second");
  world.run_for(2s);
  ASSERT_EQ(world.view(distant).plan->assignments[0].reason, "the first");
  EXPECT_TRUE(world.open(distant, vip));
  EXPECT_TRUE(world.news<RightLost>(distant).empty());
}

TEST_F(PlansOfMembers, what_is_held_is_told_again_when_another_node_begins_anew) {
  world.claim(distant, vip);
  world.run_for(1s);
  ASSERT_TRUE(world.news<RightRegained>(distant).empty());
  world.kill(other);
  world.start(other);
  world.run_for(1s);
  const auto again = world.news<RightRegained>(distant);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].key, vip);
}

}  // namespace
}  // namespace hapx::membership
