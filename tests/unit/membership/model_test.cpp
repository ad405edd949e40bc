// SPDX-License-Identifier: Apache-2.0
// Random histories of whole members, with a checker that looks at every deadline.
//
// A nonsensical scheduler wants addresses everywhere at once; processes die and come back, machines
// lose power, freeze and are cut off; clocks run ten per cent fast or slow; datagrams are lost,
// doubled and late. Safety: no two machines ever have an open deadline for one key. Then the
// weather clears, and Liveness: the one that is asked gets the key, and somebody coordinates.
// Biased towards what is rare by chance: release and claim again, restart, restart in a release.
#include <cstdlib>

#include <gtest/gtest.h>

#include "world.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;
using testing::World;

const std::vector<LeaseKey> keys = {LeaseKey("10.0.0.100"), LeaseKey("10.0.0.101")};

struct History {
  World world;
  Random random;
  std::set<std::pair<std::size_t, LeaseKey>> wanted;

  History(std::size_t nodes, Timing timing, std::uint64_t seed)
      : world(nodes, timing, seed), random(seed * 77 + 1) {
    for (auto& machine : world.machines)
      machine.rate_permille = 900 + static_cast<std::int64_t>(random.next() % 201);
    world.weather.loss_permille = static_cast<unsigned>(random.next() % 200);
    world.weather.doubling_permille = static_cast<unsigned>(random.next() % 200);
    world.weather.straggling_permille = static_cast<unsigned>(random.next() % 200);
    if (random.next() % 4 == 0) world.weather = {};
  }

  std::size_t any_node() { return random.next() % world.machines.size(); }
  bool runs(std::size_t node) { return world.machines[node].member.has_value(); }

  void start(std::size_t node) {
    if (runs(node)) return;
    world.start(node);
    for (const auto& [at, key] : wanted)
      if (at == node) world.claim(node, key);
  }

  void do_something() {
    const std::size_t node = any_node();
    const LeaseKey& key = keys[random.next() % keys.size()];
    switch (random.next() % 20) {
      case 0:
      case 1:
      case 2:
      case 3:
        wanted.insert({node, key});
        if (runs(node)) world.claim(node, key);
        break;
      case 4:
      case 5:
        wanted.erase({node, key});
        if (runs(node)) world.release(node, key);
        break;
      case 6:
      case 7:
      case 8:  // give up and take again at once, with the release still on its way
        if (!runs(node)) break;
        world.release(node, key);
        wanted.insert({node, key});
        world.claim(node, key);
        break;
      case 9:
      case 10:
        world.kill(node);
        break;
      case 11:
      case 12:
        world.kill(node);
        start(node);
        break;
      case 13:
        if (random.next() % 4 != 0) break;
        world.power_off(node);
        world.machines[node].rate_permille = 900 + static_cast<std::int64_t>(random.next() % 201);
        break;
      case 14:
        if (runs(node)) world.pause(node);
        break;
      case 15:
        if (world.machines[node].paused) world.resume(node);
        break;
      case 16:
        world.cut(node, any_node(), true);
        break;
      case 17:
        world.cut(node, any_node(), false);
        break;
      default:
        start(node);
        break;
    }
    world.run_for(random.up_to(random.next() % 3 == 0 ? 400ms : 20ms));
  }

  void clear_up() {
    world.weather = {};
    for (std::size_t a = 0; a < world.machines.size(); ++a) {
      for (std::size_t b = 0; b < world.machines.size(); ++b) world.cut(a, b, false);
      if (world.machines[a].paused) world.resume(a);
      for (const LeaseKey& key : keys)
        if (runs(a)) world.release(a, key);
    }
    wanted.clear();
    for (std::size_t a = 0; a < world.machines.size(); ++a) start(a);
  }
};

unsigned histories() {
  const char* wish = std::getenv("HAPX_HISTORIES");
  return wish != nullptr ? static_cast<unsigned>(std::atoi(wish)) : 25;
}

void live_through(std::size_t nodes, Timing timing, std::uint64_t seed, std::uint64_t& gains) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  History history(nodes, timing, seed);
  World& world = history.world;
  for (std::size_t i = 0; i < nodes; ++i) history.start(i);
  for (int i = 0; i < 150 && world.violations.empty(); ++i) history.do_something();
  ASSERT_TRUE(world.violations.empty()) << world.violations.front();

  history.clear_up();
  const std::size_t chosen = history.any_node();
  for (const LeaseKey& key : keys) world.claim(chosen, key);
  world.run_for(7s);
  ASSERT_TRUE(world.violations.empty()) << world.violations.front();
  for (const LeaseKey& key : keys)
    EXPECT_TRUE(world.open(chosen, key)) << key.text() << " at " << chosen;
  EXPECT_TRUE(world.coordinator().has_value());
  gains += world.gains;
}

void live_through_many(std::size_t nodes, Timing timing, std::uint64_t base) {
  std::uint64_t gains = 0;
  for (unsigned i = 0; i < histories() && !::testing::Test::HasFailure(); ++i)
    live_through(nodes, timing, base + i, gains);
  EXPECT_GT(gains, histories());  // otherwise nothing was tested
}

TEST(Model, three_members_never_share_a_key_and_always_recover) {
  live_through_many(3, {50ms, 300ms}, 1);
}
TEST(Model, three_fast_members_never_share_a_key_and_always_recover) {
  live_through_many(3, {20ms, 120ms}, 100'000);
}
TEST(Model, two_members_never_share_a_key_and_always_recover) {
  live_through_many(2, {50ms, 300ms}, 200'000);
}
TEST(Model, one_member_always_recovers) {
  live_through_many(1, {50ms, 300ms}, 300'000);
}

}  // namespace
}  // namespace hapx::membership
