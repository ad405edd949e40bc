// SPDX-License-Identifier: Apache-2.0
// One service on one node, and hosts that are none of ours.
#include <gtest/gtest.h>

#include "service_bench.hpp"

namespace hapx::appliance {
namespace {

/// Nobody of ours has held it: other hosts are asked first.
TEST(ServiceAmongOthers, at_a_first_start_the_segment_is_asked_before_the_address_is_added) {
  Bench bench;
  bench.ready();
  bench.here->others_hold(false, bench.now);
  bench.now += std::chrono::seconds(10);
  bench.here->want({true, true, false});
  bench.rights[key] = bench.now + std::chrono::seconds(5);
  bench.converge();
  EXPECT_EQ(bench.asked<vip::Probe>(), 1);
  EXPECT_EQ(bench.asked<vip::AddAddress>(), 0);
  EXPECT_EQ(bench.here->report(bench.now).vip.state, ResourceState::stopped);
  EXPECT_EQ(bench.here->obstacle(), "");

  // Somebody has it: that is waited for, and is no failure.
  const MacAddress mac{{0x52, 0x54, 0, 0, 0, 7}};
  bench.hear(vip::AddressClaimed{eth0, {vip_address, mac, {}, vip::ClaimKind::answer}, {}});
  bench.converge();
  EXPECT_NE(bench.here->obstacle().find("10.0.0.9 is at 52:54:00:00:00:07"), std::string::npos);
  EXPECT_EQ(bench.here->report(bench.now).vip.fail_count, 0U);
  EXPECT_EQ(bench.here->report(bench.now).obstacle, "");

  // It goes.
  bench.now += std::chrono::seconds(1);
  for (int i = 0; i < 3; ++i) {
    bench.converge();
    bench.hear(vip::ProbeSent{eth0, vip_address});
    bench.now += milliseconds(100);
  }
  bench.converge();
  EXPECT_EQ(bench.asked<vip::AddAddress>(), 1);
  bench.hear(vip::AddressAdded{eth0, vip_address});
  bench.converge();
  EXPECT_EQ(bench.here->obstacle(), "");
  EXPECT_EQ(bench.here->report(bench.now).vip.state, ResourceState::started);
}

TEST(ServiceAmongOthers, what_a_node_of_ours_had_a_moment_ago_is_taken_without_asking) {
  for (const bool lately : {true, false}) {
    Bench bench;
    bench.ready();
    bench.here->others_hold(false, bench.now);
    bench.now += lately ? milliseconds(9'900) : milliseconds(10'100);
    bench.here->want({true, true, false});
    bench.win();
    bench.converge();
    EXPECT_EQ(bench.asked<vip::AddAddress>(), lately ? 1 : 0);
    EXPECT_EQ(bench.asked<vip::Probe>(), lately ? 0 : 1);
  }
}

TEST(ServiceAmongOthers, who_claims_what_is_held_is_told_apart_by_what_is_done_about_it) {
  for (const auto policy : {OnConflict::defend, OnConflict::yield}) {
    Bench bench;
    bench.config.services[0].vips[0].on_conflict = policy;
    bench.here.emplace(bench.config.services[0], bench.config, 1);
    bench.bring_up();
    bench.now += milliseconds(200);
    const MacAddress mac{{0x52, 0x54, 0, 0, 0, 7}};
    bench.hear(vip::AddressClaimed{eth0, {vip_address, mac, {}, vip::ClaimKind::announcement}, {}});
    const bool yields = policy == OnConflict::yield;
    EXPECT_EQ(bench.asked<vip::Announce>(), yields ? 0 : 1);
    EXPECT_EQ(bench.asked<vip::RemoveAddress>(), yields ? 1 : 0);
    bench.converge();
    EXPECT_EQ(bench.here->obstacle().empty(), !yields);
    EXPECT_TRUE(bench.out.releases.empty()) << "the lease is kept, so that nobody else takes it";
    EXPECT_EQ(bench.here->report(bench.now).vip.fail_count, 0U);
  }
}

}  // namespace
}  // namespace hapx::appliance
