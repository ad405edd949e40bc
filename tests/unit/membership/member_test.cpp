// SPDX-License-Identifier: Apache-2.0
// Several members together: the ordinary days, each as a story with its time.
#include "membership/member.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "world.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;
using testing::World;

const LeaseKey vip = LeaseKey::of(ipv4(192, 168, 4, 20));

Timing lan() {
  return {50ms, 300ms};
}

void start_all(World& world) {
  for (std::size_t i = 0; i < world.machines.size(); ++i) world.start(i);
}

/// Runs until `done`, and says how long that took; fails after `limit`.
template <class Done>
Duration run_until(World& world, Duration limit, Done done) {
  const auto begin = world.now();
  while (!done()) {
    if (world.now() - begin > limit) {
      ADD_FAILURE() << "not within " << hapx::to_string(limit);
      break;
    }
    world.run_for(100us);
  }
  return world.now() - begin;
}

TEST(Member, a_cluster_of_one_holds_without_a_network) {
  World world(1, lan(), 1);
  world.start(0);
  EXPECT_TRUE(world.view(0).quorate);
  EXPECT_TRUE(world.view(0).coordinating);
  world.claim(0, vip);
  EXPECT_TRUE(world.open(0, vip));
  world.run_for(5s);
  EXPECT_TRUE(world.open(0, vip));
  EXPECT_EQ(world.datagrams, 0U);
  EXPECT_TRUE(world.news<RightLost>(0).empty());
}

/// 40 beats of three nodes to two peers each are 240 datagrams. Besides, each renewer is answered
/// by two nodes, 80 datagrams if none of them goes along.
TEST(Member, answers_go_along_with_beats) {
  const auto datagrams_in_2s = [](std::uint64_t seed, bool two_renew) {
    World world(3, lan(), seed);
    for (std::size_t i = 0; i < 3; ++i) {
      world.start(i);
      world.run_for(std::chrono::milliseconds(3 + 2 * seed));  // out of step
    }
    const std::size_t leader = world.coordinator().value();
    const std::size_t holder = two_renew ? (leader + 1) % 3 : leader;
    world.claim(holder, vip);
    world.run_for(2s);
    const auto before = world.datagrams;
    world.run_for(2s);
    EXPECT_TRUE(world.open(holder, vip));
    EXPECT_TRUE(world.news<RightLost>(holder).empty());
    return world.datagrams - before;
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_LE(datagrams_in_2s(seed, false), 246U) << "one renews, seed " << seed;
    EXPECT_LE(datagrams_in_2s(seed, true), 326U) << "two renew, seed " << seed;
  }
}

TEST(Member, three_nodes_started_together_have_a_coordinator_within_milliseconds) {
  World world(3, lan(), 2);
  start_all(world);
  const Duration took = run_until(world, 1s, [&] { return world.coordinator().has_value(); });
  EXPECT_LE(took, 5ms);
  world.run_for(1s);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(world.view(i).coordinator, NodeName("node1"));
    EXPECT_TRUE(world.view(i).quorate);
    for (const MemberView& member : world.view(i).members) {
      EXPECT_EQ(member.liveness, Liveness::alive);
      EXPECT_TRUE(member.hears_us);
    }
  }
}

TEST(Member, a_holder_keeps_its_right_as_long_as_it_renews) {
  World world(3, lan(), 3);
  start_all(world);
  world.claim(1, vip);
  world.run_for(60s);
  EXPECT_TRUE(world.open(1, vip));
  EXPECT_TRUE(world.news<RightLost>(1).empty());
  EXPECT_EQ(world.news<RightGained>(1).size(), 1U);
}

TEST(Member, power_loss_of_holder_and_coordinator_costs_a_lease_and_a_few_milliseconds) {
  Duration worst{0};
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    World world(3, lan(), seed);
    start_all(world);
    world.run_for(1s);
    const std::size_t victim = *world.coordinator();
    world.claim(victim, vip);
    world.run_for(1s + Duration(std::chrono::milliseconds(seed * 7)));
    ASSERT_EQ(world.coordinator(), victim);
    ASSERT_TRUE(world.open(victim, vip));
    world.power_off(victim);
    Duration took = run_until(world, 2s, [&] { return world.coordinator().has_value(); });
    world.claim(*world.coordinator(), vip);
    took += run_until(world, 2s, [&] { return world.holder(vip).has_value(); });
    worst = std::max(worst, took);
    EXPECT_TRUE(world.violations.empty());
  }
  EXPECT_LE(worst, 310ms);
  RecordProperty("worst", hapx::to_string(worst));
}

TEST(Member, a_handover_takes_two_round_trips) {
  World world(3, lan(), 4);
  start_all(world);
  world.run_for(1s);
  world.claim(0, vip);
  world.run_for(500ms);
  world.claim(1, vip);  // denied for now
  world.run_for(100ms);
  ASSERT_FALSE(world.open(1, vip));
  ASSERT_EQ(world.news<RightDenied>(1).size(), 1U);
  EXPECT_EQ(world.news<RightDenied>(1).front().reason, "node1 is still promised it");
  world.release(0, vip);
  const Duration took = run_until(world, 1s, [&] { return world.open(1, vip); });
  EXPECT_LE(took, 2ms);
  EXPECT_TRUE(world.violations.empty());
}

TEST(Member, a_process_restarted_in_flight_wins_its_lease_again_within_milliseconds) {
  World world(3, lan(), 5);
  start_all(world);
  world.run_for(1s);
  const std::size_t node = *world.coordinator();
  world.claim(node, vip);
  world.run_for(1s);
  world.kill(node);
  world.run_for(20ms);
  world.start(node);
  world.claim(node, vip);
  const Duration took = run_until(world, 1s, [&] { return world.view(node).rights.contains(vip); });
  EXPECT_LE(took, 2ms);
  EXPECT_TRUE(world.open(node, vip));
  world.run_for(100ms);
  EXPECT_EQ(world.coordinator(), node);  // it inherits that, too
  EXPECT_TRUE(world.violations.empty());
}

/// A new process begins above what its own voter remembers, so its first collision is the one with
/// what the others have promised since; after a second one it would step back.
TEST(Member, a_new_process_goes_at_once_above_what_was_promised_while_it_was_away) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    World world(3, lan(), seed);
    start_all(world);
    world.run_for(1s);
    const auto hold_for_a_while = [&world](std::size_t node) {
      world.claim(node, vip);
      world.run_for(100ms);
      EXPECT_TRUE(world.open(node, vip));
      world.release(node, vip);
      world.run_for(100ms);
    };
    hold_for_a_while(2);
    world.kill(2);
    for (int i = 0; i < 3; ++i) hold_for_a_while(1);
    world.start(2);
    world.run_for(200ms);
    world.claim(2, vip);
    const Duration took = run_until(world, 1s, [&] { return world.open(2, vip); });
    EXPECT_LE(took, 2ms) << "seed " << seed;
    EXPECT_TRUE(world.violations.empty());
  }
}

TEST(Member, a_dead_coordinator_costs_another_holder_nothing) {
  World world(3, lan(), 6);
  start_all(world);
  world.run_for(1s);
  world.claim(2, vip);
  world.run_for(1s);
  ASSERT_EQ(world.coordinator(), 0U);
  world.power_off(0);
  world.run_for(5s);
  EXPECT_EQ(world.coordinator(), 1U);
  EXPECT_TRUE(world.news<RightLost>(2).empty());
  EXPECT_TRUE(world.open(2, vip));
}

TEST(Member, a_holder_cut_off_loses_its_right_before_anybody_else_gets_one) {
  World world(3, lan(), 7);
  start_all(world);
  world.run_for(1s);
  world.claim(0, vip);
  world.run_for(1s);
  world.cut(0, 1, true);
  world.cut(0, 2, true);
  world.claim(1, vip);
  run_until(world, 1s, [&] { return world.open(1, vip); });
  EXPECT_FALSE(world.open(0, vip));
  ASSERT_EQ(world.news<RightLost>(0).size(), 1U);
  EXPECT_EQ(world.news<RightLost>(0).front().reason, "no majority of the votes renewed it in time");
  world.run_for(1s);
  EXPECT_FALSE(world.view(0).quorate);
  EXPECT_FALSE(world.view(0).coordinating);
  EXPECT_TRUE(world.view(1).quorate);
  world.cut(0, 1, false);
  world.cut(0, 2, false);
  world.run_for(2s);
  EXPECT_TRUE(world.open(1, vip));
  EXPECT_TRUE(world.violations.empty());
  EXPECT_TRUE(world.news<RightLost>(1).empty());
}

/// The next one may hear the good-bye, and ask, before the other voter has heard it.
TEST(Member, good_bye_spares_the_others_the_wait) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    World world(3, lan(), seed);
    start_all(world);
    world.run_for(1s);
    const std::size_t leaver = world.coordinator().value();
    world.with(leaver, [](Member& member, Instant at) { return member.leave(at); });
    world.kill(leaver);
    const Duration took = run_until(world, 1s, [&] { return world.coordinator().has_value(); });
    EXPECT_LE(took, 5ms) << "seed " << seed;
    EXPECT_EQ(world.view((leaver + 1) % 3).members[leaver].liveness, Liveness::dead);
  }
}

TEST(Member, two_of_two_must_agree) {
  World world(2, lan(), 9);
  start_all(world);
  world.claim(0, vip);
  world.run_for(1s);
  ASSERT_TRUE(world.open(0, vip));
  world.power_off(1);
  world.run_for(1s);
  EXPECT_FALSE(world.open(0, vip));
  EXPECT_FALSE(world.view(0).quorate);
  EXPECT_FALSE(world.coordinator().has_value());
}

TEST(Member, a_rebooted_voter_abstains_until_its_clock_says_five_seconds) {
  World world(2, lan(), 10);
  start_all(world);
  world.run_for(6s);
  world.power_off(1);
  world.run_for(1s);
  world.start(1);
  world.claim(0, vip);
  world.run_for(3900ms);
  EXPECT_FALSE(world.open(0, vip));
  ASSERT_FALSE(world.news<RightDenied>(0).empty());
  EXPECT_EQ(world.news<RightDenied>(0).back().reason,
            "a voter abstains, because it doesn't know what it has promised");
  world.run_for(200ms);
  EXPECT_TRUE(world.open(0, vip));
}

TEST(Member, reports_and_plans_of_many_services_arrive_whole) {
  World world(3, lan(), 11);
  world.weather.loss_permille = 100;
  start_all(world);
  world.run_for(1s);
  NodeReport report;
  std::vector<Assignment> plan;
  for (int i = 0; i < 64; ++i) {
    ServiceReport service;
    service.service = ServiceName("service-with-a-rather-long-name-" + std::to_string(i));
    service.vip.state = ResourceState::started;
    service.healthy_api_servers = 3;
    report.services.push_back(service);
    plan.push_back(
        {service.service, NodeName("node1"), NodeName("node1"), false, std::string(200, 'r')});
  }
  const auto coordinator = world.coordinator();
  ASSERT_TRUE(coordinator.has_value());
  world.on_send = [](std::size_t, const SendDatagram& sent) {
    ASSERT_LE(sent.bytes.size(), 1400U);
  };
  world.with(2, [&](Member& member, Instant at) { return member.tell(report, at); });
  world.with(*coordinator, [&](Member& member, Instant at) { return member.publish(plan, at); });
  world.run_for(3s);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(world.view(i).members[2].report, report);
    ASSERT_TRUE(world.view(i).plan.has_value());
    EXPECT_EQ(world.view(i).plan->assignments, plan);
  }
}

TEST(Member, sixty_four_addresses_are_held_at_once) {
  World world(3, lan(), 12);
  ServiceConfig service;
  for (std::uint8_t i = 0; i < 64; ++i) {
    VipConfig address;
    address.address = {ipv4(192, 168, 4, i), 24};
    service.vips.push_back(address);
  }
  world.config.services.push_back(service);
  start_all(world);
  world.run_for(1s);
  for (const VipConfig& address : service.vips)
    world.claim(1, LeaseKey::of(address.address.address));
  world.run_for(2s);
  for (const VipConfig& address : service.vips)
    EXPECT_TRUE(world.open(1, LeaseKey::of(address.address.address)));
  EXPECT_TRUE(world.news<RightLost>(1).empty());
}

TEST(Member, an_order_reaches_the_coordinator_once_and_its_answer_comes_back) {
  World world(3, lan(), 13);
  world.weather.loss_permille = 300;
  world.weather.doubling_permille = 300;
  start_all(world);
  world.run_for(2s);
  const auto coordinator = world.coordinator();
  ASSERT_TRUE(coordinator.has_value());
  const std::size_t asker = (*coordinator + 1) % 3;
  const Order order{99, {}, Move{ServiceName("kube"), NodeName("node3")}};
  world.with(asker, [&](Member& member, Instant at) { return member.order(order, at); });
  run_until(world, 3s, [&] { return !world.news<OrderArrived>(*coordinator).empty(); });
  const Order arrived = world.news<OrderArrived>(*coordinator).front().order;
  EXPECT_EQ(arrived.from, world.machines[asker].config.name);
  world.with(*coordinator, [&](Member& member, Instant at) {
    return member.answer({arrived.id, arrived.from, OrderOutcome::accepted, "moved"}, at);
  });
  run_until(world, 3s, [&] { return !world.news<OrderAnswered>(asker).empty(); });
  world.run_for(3s);
  ASSERT_EQ(world.news<OrderAnswered>(asker).size(), 1U);
  EXPECT_EQ(world.news<OrderAnswered>(asker).front().answer.outcome, OrderOutcome::accepted);
  EXPECT_EQ(world.news<OrderArrived>(*coordinator).size(), 1U);
}

TEST(Member, an_order_that_nobody_answers_is_unknown_not_failed) {
  World world(3, lan(), 14);
  start_all(world);
  world.run_for(1s);
  world.with(0, [](Member& member, Instant at) {
    return member.order({5, {}, Move{ServiceName("kube"), std::nullopt}}, at);
  });
  world.run_for(3100ms);
  ASSERT_EQ(world.news<OrderAnswered>(0).size(), 1U);
  EXPECT_EQ(world.news<OrderAnswered>(0).front().answer.outcome, OrderOutcome::unknown);
  EXPECT_EQ(world.news<OrderAnswered>(0).front().answer.sentence.substr(0, 7), "unknown");
}

TEST(Member, a_move_without_quorum_is_refused_at_once_and_told_to_nobody) {
  World world(3, lan(), 14);
  world.start(0);
  world.run_for(1s);
  world.with(0, [](Member& member, Instant at) {
    return member.order({5, {}, Move{ServiceName("kube"), std::nullopt}}, at);
  });
  ASSERT_EQ(world.news<OrderAnswered>(0).size(), 1U);
  EXPECT_EQ(world.news<OrderAnswered>(0).front().answer.outcome, OrderOutcome::refused);
  world.start(1);
  world.run_for(1s);
  ASSERT_TRUE(world.coordinator().has_value());
  EXPECT_TRUE(world.news<OrderArrived>(*world.coordinator()).empty());
}

TEST(Member, an_order_given_at_the_coordinator_is_told_to_it) {
  World world(1, lan(), 15);
  world.start(0);
  world.with(0, [](Member& member, Instant at) {
    return member.order({6, {}, Move{ServiceName("kube"), std::nullopt}}, at);
  });
  ASSERT_EQ(world.news<OrderArrived>(0).size(), 1U);
  world.with(0, [](Member& member, Instant at) {
    return member.answer({6, NodeName("node1"), OrderOutcome::accepted, "done"}, at);
  });
  ASSERT_EQ(world.news<OrderAnswered>(0).size(), 1U);
}

}  // namespace
}  // namespace hapx::membership
