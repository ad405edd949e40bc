// SPDX-License-Identifier: Apache-2.0
// Lists of voters succeed each other on bad days: a random walk.
//
// Three machines under one key that everybody wants. The first has one, two or three votes, or the
// third is not in the file: of the outermost lists each has a majority that no other shares. Files
// change, are forgotten, processes die, machines lose power, are cut off and come back with the
// file of before. At no instant may two machines have the key; and when everything is well again,
// with one file for all, somebody gets it.
#include <gtest/gtest.h>

#include "world.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;
using testing::World;

const LeaseKey vip = LeaseKey::of(ipv4(192, 168, 4, 20));

struct Walk {
  explicit Walk(std::uint64_t seed) : random(seed), world(3, {50ms, 300ms}, seed) {
    world.weather.loss_permille = 50;
    world.weather.straggling_permille = 20;
    for (std::size_t i = 0; i < 3; ++i) world.machines[i].nodes = list(1);
    for (std::size_t i = 0; i < 3; ++i) start(i);
    world.run_for(6s);
  }

  /// From one to the next a single vote comes or goes.
  [[nodiscard]] std::vector<NodeConfig> list(std::size_t number) const {
    auto nodes = world.first_nodes(number == 0 ? 2 : 3);
    nodes[0].votes = number == 0 ? 1 : static_cast<unsigned>(number);
    return nodes;
  }
  [[nodiscard]] std::size_t number_of(std::size_t node) const {
    const auto& nodes = *world.machines[node].nodes;
    return nodes.size() == 2 ? 0 : nodes[0].votes;
  }

  void start(std::size_t node) {
    if (world.machines[node].member) return;
    // A machine whose file doesn't name it has nothing to start.
    if (world.machines[node].nodes->size() <= node) return;
    world.start(node);
    world.claim(node, vip);
  }

  void stage(std::size_t node, std::size_t number) {
    const auto before = number_of(node);
    const bool is_next = number + 1 == before || before + 1 == number;
    const auto nodes = list(number);
    if (is_next && nodes.size() > node && world.machines[node].member) world.stage(node, nodes);
  }

  void claim_all() {
    for (std::size_t i = 0; i < 3; ++i)
      if (world.machines[i].member) world.claim(i, vip);
  }

  void something_happens() {
    const auto node = static_cast<std::size_t>(random.next() % 3);
    const auto number = static_cast<std::size_t>(random.next() % 4);
    switch (random.next() % 8) {
      case 0:
        stage(node, number);
        break;
      case 1:
      case 2:  // an operator at work: everywhere
        for (std::size_t i = 0; i < 3; ++i) stage(i, number);
        break;
      case 3:
        world.kill(node);
        break;
      case 4:
        world.power_off(node);
        break;
      case 5:
      case 6:
        world.cut(node, (node + 1) % 3, random.next() % 2 == 0);
        break;
      default:
        if (number_of(2) == 0) world.machines[2].nodes = list(1);
        for (std::size_t i = 0; i < 3; ++i) start(i);
        break;
    }
    world.run_for(random.up_to(random.next() % 3 == 0 ? Duration(7s) : Duration(200ms)));
    claim_all();
  }

  /// All is well, and file by file everybody comes to the one with two votes for the first.
  void heal() {
    world.weather = {};
    for (std::size_t i = 0; i < 3; ++i) world.cut(i, (i + 1) % 3, false);
    for (int step = 0; step < 4; ++step) {
      if (number_of(2) == 0) world.machines[2].nodes = list(1);
      for (std::size_t i = 0; i < 3; ++i) start(i);
      world.run_for(8s);
      for (std::size_t i = 0; i < 3; ++i) world.stage(i, list(2));
    }
    world.run_for(8s);
    claim_all();
    world.run_for(3s);
  }

  Random random;
  World world;
};

TEST(ElectorateWalk, no_key_has_two_holders_and_in_the_end_it_has_one) {
  std::uint64_t changes = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Walk walk(seed);
    for (int i = 0; i < 60; ++i) walk.something_happens();
    walk.heal();
    ASSERT_EQ(walk.world.violations, std::vector<std::string>{}) << "seed " << seed;
    ASSERT_TRUE(walk.world.holder(vip).has_value()) << "seed " << seed;
    for (std::size_t i = 0; i < 3; ++i) {
      ASSERT_TRUE(walk.world.view(i).electorate.settled) << "seed " << seed << ", node " << i;
      ASSERT_TRUE(walk.world.view(i).quorate) << "seed " << seed << ", node " << i;
    }
    changes += walk.world.view(0).electorate.generation - 1;
  }
  EXPECT_GT(changes, 50U) << "the walk changes something";
}

}  // namespace
}  // namespace hapx::membership
