// SPDX-License-Identifier: Apache-2.0
// One service on this node, by hand: feed, and compare what it asks for.
#include <algorithm>

#include <gtest/gtest.h>

#include "service_bench.hpp"

namespace hapx::appliance {
namespace {

TEST(ServiceHere, claims_only_when_it_is_wanted_and_could_hold) {
  Bench bench;
  bench.here->want({true, true, false});
  bench.converge();
  EXPECT_TRUE(bench.out.claims.empty()) << "no link, no fence";
  EXPECT_FALSE(bench.here->obstacle().empty());
  bench.ready();
  bench.converge();
  EXPECT_EQ(bench.out.claims, std::vector{key});
  EXPECT_EQ(bench.asked<vip::AddAddress>(), 0) << "a claim is not yet a right";
}

TEST(ServiceHere, vip_then_haproxy_then_the_announcement) {
  Bench bench;
  bench.ready();
  bench.here->want({true, true, false});
  bench.win();
  bench.converge();
  EXPECT_EQ(bench.asked<vip::AddAddress>(), 1);
  EXPECT_FALSE(bench.serve_wanted()) << "the kernel has not acknowledged the address";
  bench.hear(vip::AddressAdded{eth0, vip_address});
  bench.converge();
  EXPECT_TRUE(bench.serve_wanted());
  EXPECT_EQ(bench.asked<vip::Announce>(), 0) << "HAProxy does not serve yet";
  bench.here->haproxy_serving(bench.now, bench.out);
  bench.converge();
  EXPECT_EQ(bench.asked<vip::Announce>(), 1);
  EXPECT_EQ(bench.here->report(bench.now).vip.state, ResourceState::started);
  EXPECT_EQ(bench.here->report(bench.now).haproxy.state, ResourceState::started);
}

TEST(ServiceHere, holds_all_of_its_addresses_or_none) {
  Bench bench;
  const IpAddress sister_address = ipv4(10, 0, 0, 10);
  const LeaseKey sister = LeaseKey::of(sister_address);
  bench.config.services[0].vips.push_back({{sister_address, 24}, eth0});
  bench.here.emplace(bench.config.services[0], bench.config, 1);
  bench.ready();
  bench.here->want({true, true, false});
  bench.win();
  bench.converge();
  EXPECT_EQ(bench.out.claims, (std::vector{key, sister}));
  EXPECT_EQ(bench.asked<vip::AddAddress>(), 0) << "one lease of two";
  bench.rights[sister] = bench.rights[key];
  bench.converge();
  EXPECT_EQ(bench.asked<vip::AddAddress>(), 2);
  for (const IpAddress& address : {vip_address, sister_address})
    bench.hear(vip::AddressAdded{eth0, address});
  bench.converge();
  EXPECT_TRUE(bench.serve_wanted());
  bench.out = {};
  bench.rights.erase(sister);
  bench.converge();
  EXPECT_EQ(bench.asked<vip::CloseFence>(), 2) << "the other lease lasts, and is not enough";
  EXPECT_EQ(bench.asked<vip::RemoveAddress>(), 2);
  EXPECT_FALSE(bench.serve_wanted());
}

/// By a plan from before, or while its coordinator has not heard that it is gone.
TEST(ServiceHere, a_process_that_begins_in_maintenance_adds_nothing_until_it_ends) {
  Bench bench;
  bench.here->leave_alone(true);
  bench.ready();
  bench.here->want({true, true, false});
  bench.win();
  bench.converge();
  EXPECT_EQ(bench.asked<vip::AddAddress>(), 0);
  EXPECT_EQ(bench.here->report(bench.now).vip.state, ResourceState::stopped);
  bench.here->leave_alone(false);
  bench.converge();
  EXPECT_EQ(bench.asked<vip::AddAddress>(), 1);
}

TEST(ServiceHere, what_is_on_its_way_when_maintenance_begins_arrives) {
  Bench bench;
  bench.ready();
  bench.here->want({true, true, false});
  bench.here->leave_alone(true);
  bench.win();
  bench.converge();
  EXPECT_EQ(bench.asked<vip::AddAddress>(), 1);
}

TEST(ServiceHere, what_is_removed_in_maintenance_is_still_there_for_the_coordinator) {
  Bench bench;
  bench.bring_up();
  bench.here->leave_alone(true);
  bench.hear(vip::AddressRemoved{eth0, vip_address});
  bench.converge();
  EXPECT_EQ(bench.asked<vip::AddAddress>(), 0);
  const auto report = bench.here->report(bench.now).vip;
  EXPECT_EQ(report.state, ResourceState::monitor_failed);
  EXPECT_FALSE(report.monitor_says_stopped) << "so it is not placed anew";
  EXPECT_EQ(report.fail_count, 1U);
}

TEST(ServiceHere, a_repeated_announcement_that_is_due_when_haproxy_fails_is_not_made) {
  Bench bench;
  bench.ready();
  bench.here->want({true, true, false});
  bench.win();
  bench.converge();
  bench.hear(vip::AddressAdded{eth0, vip_address});
  bench.converge();
  bench.here->haproxy_serving(bench.now, bench.out);
  bench.converge();
  EXPECT_EQ(bench.asked<vip::Announce>(), 1);
  bench.now = bench.here->next_deadline().value();
  bench.rights[key] = bench.now + std::chrono::milliseconds(300);
  bench.out = {};
  bench.here->haproxy_failed("killed by signal 9", bench.now, bench.out);
  bench.converge();
  EXPECT_EQ(bench.asked<vip::Announce>(), 0);
}

/// Else the coordinator, told of it again when the service has come here, would take it away again.
TEST(ServiceHere, a_failure_that_is_over_is_told_neither_at_rest_nor_while_it_runs_well) {
  Bench bench;
  bench.bring_up();
  bench.here->haproxy_failed("killed by signal 9", bench.now, bench.out);
  EXPECT_EQ(bench.here->report(bench.now).haproxy.fail_count, 1U);
  bench.here->haproxy_serving(bench.now, bench.out);
  EXPECT_EQ(bench.here->report(bench.now).haproxy.fail_count, 1U);
  const Instant over = bench.now + bench.config.scheduling.failure_timeout;
  EXPECT_EQ(bench.here->report(over).haproxy.state, ResourceState::started);
  EXPECT_EQ(bench.here->report(over).haproxy.fail_count, 0U);
}

TEST(ServiceHere, a_service_without_haproxy_is_not_announced) {
  Bench bench;
  bench.ready();
  bench.here->want({true, false, false});
  bench.win();
  bench.converge();
  bench.hear(vip::AddressAdded{eth0, vip_address});
  bench.converge();
  EXPECT_FALSE(bench.serve_wanted());
  EXPECT_EQ(bench.asked<vip::Announce>(), 0);
}

TEST(ServiceHere, dismissed_it_closes_the_fence_first_and_gives_the_key_back_in_the_same_step) {
  Bench bench;
  bench.bring_up();
  bench.here->want({});
  bench.converge();
  EXPECT_EQ(bench.place_of<vip::CloseFence>(), 0);
  EXPECT_EQ(bench.asked<vip::RemoveAddress>(), 1);
  EXPECT_EQ(bench.out.releases, std::vector{key});
  EXPECT_EQ(bench.here->report(bench.now).haproxy.state, ResourceState::stopped);
}

TEST(ServiceHere, with_the_lifetime_fence_the_key_is_kept_until_the_address_is_gone) {
  Bench bench({}, milliseconds(2000));
  bench.hear(vip::LinkChanged{eth0, true, true, 2, {}});
  bench.hear(vip::FenceUnavailable{"EPERM"});
  bench.here->want({true, true, false});
  bench.rights[key] = bench.now + milliseconds(1600);
  bench.converge();
  bench.hear(vip::AddressAdded{eth0, vip_address});
  bench.here->want({});
  bench.converge();
  EXPECT_TRUE(bench.out.releases.empty());
  bench.hear(vip::AddressRemoved{eth0, vip_address});
  bench.converge();
  EXPECT_EQ(bench.out.releases, std::vector{key});
}

TEST(ServiceHere, with_the_lifetime_fence_a_short_lease_holds_nothing_and_says_why) {
  Bench bench;
  bench.hear(vip::LinkChanged{eth0, true, true, 2, {}});
  bench.hear(vip::FenceUnavailable{"EPERM"});
  bench.here->want({true, true, false});
  bench.win();
  bench.converge();
  EXPECT_TRUE(bench.out.claims.empty());
  EXPECT_EQ(bench.asked<vip::AddAddress>(), 0);
  EXPECT_NE(bench.here->obstacle().find("1.5s"), std::string::npos) << bench.here->obstacle();
}

TEST(ServiceHere, a_lost_lease_ends_it_at_once_and_it_goes_on_claiming) {
  Bench bench;
  bench.bring_up();
  bench.rights.clear();
  bench.converge();
  EXPECT_EQ(bench.place_of<vip::CloseFence>(), 0);
  EXPECT_TRUE(bench.out.releases.empty());
  EXPECT_EQ(bench.here->report(bench.now).vip.state, ResourceState::stopped);
  EXPECT_TRUE(bench.here->claimed());
}

TEST(ServiceHere, an_address_that_somebody_removed_comes_back_and_is_one_failure) {
  Bench bench;
  bench.bring_up();
  bench.hear(vip::AddressRemoved{eth0, vip_address});
  EXPECT_EQ(bench.asked<vip::AddAddress>(), 1) << "in the very step that hears of it";
  bench.converge();
  EXPECT_EQ(bench.here->report(bench.now).vip.state, ResourceState::monitor_failed);
  EXPECT_EQ(bench.here->report(bench.now).vip.fail_count, 1U);
  bench.hear(vip::AddressAdded{eth0, vip_address});
  bench.converge();
  EXPECT_EQ(bench.here->report(bench.now).vip.state, ResourceState::started);
}

TEST(ServiceHere, a_refused_address_bars_this_node_until_the_failure_expires) {
  Bench bench;
  bench.ready();
  bench.here->want({true, true, false});
  bench.win();
  bench.converge();
  bench.hear(vip::AddressRefused{eth0,
                                 vip_address,
                                 vip::AddressRefused::Operation::add,
                                 {ErrorKind::failed, "no buffer space", 105}});
  EXPECT_EQ(bench.here->report(bench.now).vip.state, ResourceState::start_failed);
  EXPECT_EQ(bench.here->report(bench.now).vip.fail_count, membership::fail_count_max);
  bench.hear(vip::AddressRemoved{eth0, vip_address});
  bench.out = {};
  bench.converge();
  EXPECT_EQ(bench.asked<vip::AddAddress>(), 0) << "not again and again";
  EXPECT_EQ(bench.here->obstacle(), "no buffer space");
  bench.now += bench.config.scheduling.failure_timeout;
  bench.win();
  bench.converge();
  bench.converge();
  EXPECT_EQ(bench.asked<vip::AddAddress>(), 1);
}

TEST(ServiceHere, haproxys_failure_is_counted_and_cured_by_its_return) {
  Bench bench;
  bench.bring_up();
  bench.here->haproxy_failed("killed by signal 9", bench.now, bench.out);
  EXPECT_EQ(bench.here->report(bench.now).haproxy.state, ResourceState::monitor_failed);
  EXPECT_EQ(bench.here->report(bench.now).haproxy.fail_count, 1U);
  bench.here->haproxy_serving(bench.now, bench.out);
  EXPECT_EQ(bench.here->report(bench.now).haproxy.state, ResourceState::started);
}

TEST(ServiceHere, on_fail_block_keeps_the_failure_visible) {
  Bench bench({OnFail::restart, OnFail::block});
  bench.bring_up();
  bench.here->haproxy_failed("killed by signal 9", bench.now, bench.out);
  bench.here->haproxy_serving(bench.now, bench.out);
  EXPECT_EQ(bench.here->report(bench.now).haproxy.state, ResourceState::monitor_failed);
}

TEST(ServiceHere, on_fail_block_leaves_a_removed_address_away_until_a_cleanup) {
  Bench bench({OnFail::block, OnFail::restart});
  bench.bring_up();
  bench.hear(vip::AddressRemoved{eth0, vip_address});
  bench.converge();
  EXPECT_EQ(bench.asked<vip::CloseFence>(), 1);
  EXPECT_EQ(bench.asked<vip::AddAddress>(), 0) << "not even for a moment";
  EXPECT_TRUE(bench.out.releases.empty()) << "or somebody else would start it";
  EXPECT_FALSE(bench.serve_wanted());
  bench.hear(vip::AddressRemoved{eth0, vip_address});
  bench.out = {};
  bench.win();
  bench.converge();
  EXPECT_EQ(bench.asked<vip::AddAddress>(), 0);
  EXPECT_EQ(bench.here->report(bench.now).vip.state, ResourceState::monitor_failed);
  bench.now += bench.config.scheduling.failure_timeout;
  bench.win();
  bench.converge();
  EXPECT_EQ(bench.asked<vip::AddAddress>(), 0) << "such a failure is never over";
  EXPECT_TRUE(bench.here->forget_failures(bench.now, bench.out));
  bench.converge();
  EXPECT_EQ(bench.asked<vip::AddAddress>(), 1);
}

TEST(ServiceHere, on_fail_stop_keeps_haproxys_failure_until_it_is_over) {
  Bench bench({OnFail::restart, OnFail::stop});
  bench.bring_up();
  bench.here->haproxy_failed("killed by signal 9", bench.now, bench.out);
  bench.here->haproxy_serving(bench.now, bench.out);
  EXPECT_EQ(bench.here->report(bench.now).haproxy.state, ResourceState::monitor_failed);
  bench.now += bench.config.scheduling.failure_timeout;
  bench.here->haproxy_serving(bench.now, bench.out);
  EXPECT_EQ(bench.here->report(bench.now).haproxy.state, ResourceState::started);
}

TEST(ServiceHere, a_cleanup_lets_it_try_again_what_was_refused) {
  Bench bench;
  bench.ready();
  bench.here->want({true, true, false});
  bench.win();
  bench.converge();
  bench.hear(vip::AddressRefused{eth0,
                                 vip_address,
                                 vip::AddressRefused::Operation::add,
                                 {ErrorKind::failed, "no buffer space", 105}});
  bench.hear(vip::AddressRemoved{eth0, vip_address});
  bench.converge();
  ASSERT_EQ(bench.here->obstacle(), "no buffer space");
  bench.out = {};
  EXPECT_TRUE(bench.here->forget_failures(bench.now, bench.out));
  EXPECT_EQ(bench.here->report(bench.now).vip.state, ResourceState::stopped);
  EXPECT_EQ(bench.here->report(bench.now).vip.fail_count, 0U);
  bench.converge();
  bench.converge();
  EXPECT_EQ(bench.here->obstacle(), "");
  EXPECT_EQ(bench.asked<vip::AddAddress>(), 1);
}

TEST(ServiceHere, a_cleanup_has_a_blocked_haproxy_asked_to_serve_again) {
  Bench bench({OnFail::restart, OnFail::block});
  bench.bring_up();
  bench.here->haproxy_failed("killed by signal 9", bench.now, bench.out);
  bench.here->haproxy_serving(bench.now, bench.out);
  bench.converge();
  bench.out = {};
  EXPECT_TRUE(bench.here->forget_failures(bench.now, bench.out));
  bench.converge();
  EXPECT_EQ(bench.here->report(bench.now).haproxy.fail_count, 0U);
  EXPECT_EQ(bench.out.rest, std::vector{ServiceName("api")}) << "or the supervisor says nothing";
  EXPECT_EQ(bench.out.serve, std::vector{ServiceName("api")});
  bench.here->haproxy_serving(bench.now, bench.out);
  EXPECT_EQ(bench.here->report(bench.now).haproxy.state, ResourceState::started);
}

TEST(ServiceHere, a_cleanup_of_what_runs_well_changes_nothing) {
  Bench bench;
  bench.bring_up();
  EXPECT_FALSE(bench.here->forget_failures(bench.now, bench.out));
  EXPECT_TRUE(bench.out.entries.empty() && bench.out.rest.empty());
  bench.here->haproxy_failed("killed by signal 9", bench.now, bench.out);
  bench.here->haproxy_serving(bench.now, bench.out);
  bench.out = {};
  EXPECT_TRUE(bench.here->forget_failures(bench.now, bench.out)) << "a past failure counts, too";
  EXPECT_TRUE(bench.out.rest.empty());
  EXPECT_EQ(bench.here->report(bench.now).haproxy.fail_count, 0U);
  EXPECT_EQ(bench.here->report(bench.now).haproxy.state, ResourceState::started);
}

TEST(ServiceHere, goes_on_with_what_an_earlier_incarnation_held) {
  Bench bench;
  bench.here->adopt(vip_address, bench.now + milliseconds(150), bench.now, bench.out);
  bench.converge();
  EXPECT_EQ(bench.out.claims, std::vector{key}) << "before any plan, link or fence was heard of";
  EXPECT_EQ(bench.asked<vip::CloseFence>(), 0);
  EXPECT_EQ(bench.here->report(bench.now).vip.state, ResourceState::started);
  bench.ready();
  bench.win();
  bench.converge();
  ASSERT_GE(bench.asked<vip::ExtendDeadline>(), 1);
  EXPECT_EQ(bench.here->right_until(), bench.rights[key]);
}

TEST(ServiceHere, lets_go_of_an_inherited_address_whose_right_ends) {
  Bench bench;
  bench.here->adopt(vip_address, bench.now + milliseconds(150), bench.now, bench.out);
  bench.ready();
  bench.converge();
  bench.now += milliseconds(150);
  bench.converge();
  EXPECT_EQ(bench.asked<vip::CloseFence>(), 1);
  EXPECT_EQ(bench.asked<vip::RemoveAddress>(), 1);
}

TEST(ServiceHere, leaving_wants_nothing) {
  Bench bench;
  bench.bring_up();
  bench.leaving = true;
  bench.converge();
  EXPECT_EQ(bench.place_of<vip::CloseFence>(), 0);
  EXPECT_EQ(bench.out.releases, std::vector{key});
}

TEST(ServiceHere, remembers_that_an_operator_moved_it_here_until_it_fails) {
  Bench bench;
  bench.ready();
  bench.here->want({true, true, true});
  bench.win();
  bench.converge();
  bench.hear(vip::AddressAdded{eth0, vip_address});
  bench.converge();
  EXPECT_TRUE(bench.here->report(bench.now).moved_here);
  bench.here->haproxy_serving(bench.now, bench.out);
  bench.here->haproxy_failed("killed by signal 9", bench.now, bench.out);
  EXPECT_FALSE(bench.here->report(bench.now).moved_here);
}

}  // namespace
}  // namespace hapx::appliance
