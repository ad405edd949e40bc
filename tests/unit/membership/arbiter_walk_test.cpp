// SPDX-License-Identifier: Apache-2.0
// Two nodes and an arbiter on bad days: a random walk.
//
// Both want one key. Processes die, machines lose power or stand still, clocks run apart, the nodes
// are cut from each other and from the arbiter, which is slow, away, does what nobody waits for any
// more, and comes and goes as a voter. At no instant may two machines have the key; and when
// everything is well again, somebody gets it.
#include <gtest/gtest.h>

#include "world.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;
using testing::World;

const LeaseKey vip = LeaseKey::of(ipv4(192, 168, 4, 20));

struct Walk {
  explicit Walk(std::uint64_t seed) : random(seed), world(2, {50ms, 300ms}, seed) {
    world.config.arbiter = ArbiterConfig{{{{ipv4(10, 0, 0, 31), 2379}}, "/ca", "/cert", "/key"}};
    world.weather.loss_permille = 50;
    world.weather.straggling_permille = 20;
    world.arbitration.loss_permille = 50;
    world.arbitration.late_permille = 500;
    world.machines[0].rate_permille = static_cast<std::int64_t>(900 + random.next() % 201);
    world.machines[1].rate_permille = static_cast<std::int64_t>(900 + random.next() % 201);
    for (std::size_t i = 0; i < 2; ++i) start(i);
    world.run_for(random.up_to(6s));
  }

  void start(std::size_t node) {
    if (world.machines[node].member) return;
    world.start(node);
    world.claim(node, vip);
  }
  void claim_all() {
    for (std::size_t i = 0; i < 2; ++i)
      if (world.machines[i].member && !world.machines[i].paused) world.claim(i, vip);
  }

  void something_happens() {
    const auto node = static_cast<std::size_t>(random.next() % 2);
    switch (random.next() % 14) {
      case 0:
        world.kill(node);
        break;
      case 1:
        world.power_off(node);
        break;
      case 2:
        if (world.machines[node].member) world.pause(node);
        break;
      case 3:
        if (world.machines[node].paused) world.resume(node);
        break;
      case 4:
      case 5:
        world.cut(0, 1, random.next() % 3 != 0);
        break;
      case 6:
        world.machines[node].is_cut_from_arbiter = random.next() % 2 == 0;
        break;
      case 7:
        world.arbitration.is_away = random.next() % 2 == 0;
        break;
      case 8:
        world.arbitration.takes = random.up_to(150ms);
        break;
      case 9:
        if (world.machines[node].member && !world.machines[node].paused) {
          world.release(node, vip);
          world.run_for(random.up_to(20ms));
        }
        break;
      case 10: {
        const bool with = random.next() % 2 == 0;
        for (std::size_t i = 0; i < 2; ++i)
          if (world.machines[i].member && world.machines[i].uses_arbiter != with)
            world.stage(i, world.first_nodes(2), with);
        break;
      }
      default:
        for (std::size_t i = 0; i < 2; ++i) start(i);
        break;
    }
    world.run_for(random.up_to(random.next() % 4 == 0 ? Duration(6s) : Duration(300ms)));
    claim_all();
    gains += world.holder(vip) ? 1 : 0;
  }

  void heal() {
    world.weather = {};
    world.arbitration.is_away = false;
    world.arbitration.takes = 4ms;
    world.arbitration.loss_permille = 0;
    world.cut(0, 1, false);
    for (std::size_t i = 0; i < 2; ++i) {
      world.machines[i].is_cut_from_arbiter = false;
      if (world.machines[i].paused) world.resume(i);
      start(i);
    }
    for (int step = 0; step < 3; ++step) {
      world.run_for(8s);
      for (std::size_t i = 0; i < 2; ++i)
        if (!world.machines[i].uses_arbiter) world.stage(i, world.first_nodes(2), true);
    }
    world.run_for(8s);
    claim_all();
    world.run_for(3s);
  }

  Random random;
  World world;
  std::uint64_t gains = 0;
};

TEST(ArbiterWalk, no_key_has_two_holders_and_in_the_end_it_has_one) {
  std::uint64_t held = 0;
  std::uint64_t writes = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Walk walk(seed);
    for (int i = 0; i < 60; ++i) walk.something_happens();
    walk.heal();
    ASSERT_EQ(walk.world.violations, std::vector<std::string>{}) << "seed " << seed;
    ASSERT_TRUE(walk.world.holder(vip).has_value()) << "seed " << seed;
    held += walk.gains;
    writes += walk.world.arbitration.writes;
  }
  EXPECT_GT(held, 2000U) << "somebody has it often enough";
  EXPECT_GT(writes, 5000U) << "and the arbiter is asked";
}

}  // namespace
}  // namespace hapx::membership
