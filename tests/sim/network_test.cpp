// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/network.hpp"

#include <gtest/gtest.h>

namespace hapx::appliance::sim {
namespace {

using namespace std::chrono_literals;

const NodeName a("a");
const NodeName b("b");

struct Tally {
  int lost = 0;
  int doubled = 0;
  int overtaken = 0;
};

/// Sends a thousand, one each 100 us.
Tally send_thousand(Network& network) {
  Tally tally;
  Duration latest{0};
  for (int i = 0; i < 1000; ++i) {
    const std::vector<Duration> copies = network.carry(a, b);
    tally.lost += copies.empty() ? 1 : 0;
    tally.doubled += copies.size() == 2 ? 1 : 0;
    for (const Duration& under_way : copies) {
      const Duration arrival = i * Duration(100us) + under_way;
      tally.overtaken += arrival < latest ? 1 : 0;
      latest = std::max(latest, arrival);
    }
  }
  return tally;
}

TEST(Network, LosesNothingInFairWeather) {
  Network network(1);
  const Tally tally = send_thousand(network);
  EXPECT_EQ(tally.lost, 0);
  EXPECT_EQ(tally.doubled, 0);
}

TEST(Network, LosesDoublesAndReordersAboutAsOftenAsTold) {
  Network network(1);
  network.set_weather({200, 100, 50us, 5ms});
  const Tally tally = send_thousand(network);
  EXPECT_GT(tally.lost, 150);
  EXPECT_LT(tally.lost, 250);
  EXPECT_GT(tally.doubled, 40);
  EXPECT_LT(tally.doubled, 130);
  EXPECT_GT(tally.overtaken, 100);
}

TEST(Network, DelaysWithinItsBounds) {
  Network network(7);
  network.set_weather({0, 500, 1ms, 2ms});
  for (int i = 0; i < 1000; ++i) {
    for (const Duration& under_way : network.carry(a, b)) {
      EXPECT_GE(under_way, 1ms);
      EXPECT_LE(under_way, 2ms);
    }
  }
}

TEST(Network, ACutHoldsInBothDirectionsUntilItHeals) {
  Network network(1);
  network.cut(a, b);
  EXPECT_TRUE(network.carry(a, b).empty());
  EXPECT_TRUE(network.carry(b, a).empty());
  network.heal(b, a);
  EXPECT_EQ(network.carry(a, b).size(), 1U);
  EXPECT_EQ(network.carry(b, a).size(), 1U);
}

TEST(Network, AOneWayCutLeavesTheOtherWayOpen) {
  Network network(1);
  network.cut_one_way(a, b);
  EXPECT_FALSE(network.carries(a, b));
  EXPECT_TRUE(network.carry(a, b).empty());
  EXPECT_EQ(network.carry(b, a).size(), 1U);
}

TEST(Network, TheSameSeedIsTheSameStory) {
  Network one(42);
  Network two(42);
  Network other(43);
  for (Network* network : {&one, &two, &other}) network->set_weather({200, 100, 50us, 5ms});
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const std::vector<Duration> copies = one.carry(a, b);
    EXPECT_EQ(copies, two.carry(a, b));
    differs = differs || copies != other.carry(a, b);
  }
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace hapx::appliance::sim
