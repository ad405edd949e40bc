// SPDX-License-Identifier: Apache-2.0
// The swarm hunts: over seeds that found something once, and over a range of others.
//
// The range is the same each time, so that the same sources give the same answer; whatever is
// changed in them makes other stories of it. HAPX_SWARM_FIRST and HAPX_SWARM_SEEDS choose another.
#include "appliance/sim/swarm.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "membership/bytes.hpp"

namespace hapx::appliance::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t seeds_by_default = 500;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// An assertion in the Node aborts: then the seed is all that can still be said.
std::array<char, 64> last_words{};

void say_seed(int) {
  static_cast<void>(!write(STDERR_FILENO, last_words.data(), std::strlen(last_words.data())));
  std::signal(SIGABRT, SIG_DFL);
}

/// Empty: all was well.
std::string complaint_of(std::uint64_t seed, Duration length, unsigned edition) {
  std::snprintf(last_words.data(), last_words.size(), "aborted in seed %llu\n",
                static_cast<unsigned long long>(seed));
  std::signal(SIGABRT, say_seed);
  const Plot plot = draw_plot(seed, length, edition);
  const Played played = play(plot);
  std::string text;
  for (const std::string& complaint : played.complaints) text += complaint + "\n";
  if (text.empty()) return text;
  text += "`hapx sim --seed " + std::to_string(seed) + " --minutes " +
          std::to_string(length / 1min) + " --edition " + std::to_string(edition) + " --trace`\n";
  const Plot shortest = shorten(plot, 100);
  for (const Operation& operation : shortest.operations) {
    text += "  " + describe(operation, plot.world.config) + "\n";
  }
  return text;
}

/// Lines "SEED MINUTES EDITION  # what it found".
TEST(SwarmTest, SeedsThatFoundSomethingFindNothingAnyMore) {
  std::ifstream file(HAPX_SOURCE_DIR "/tests/sim/seeds.txt");
  ASSERT_TRUE(file) << "tests/sim/seeds.txt is not there";
  unsigned played = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    std::uint64_t seed = 0;
    unsigned minutes = 0;
    unsigned edition = 0;
    ASSERT_TRUE(words >> seed >> minutes >> edition) << line;
    ASSERT_TRUE(edition >= 1 && edition <= newest_edition) << line;
    EXPECT_EQ(complaint_of(seed, std::chrono::minutes(minutes), edition), "") << line;
    ++played;
  }
  EXPECT_GT(played, 0U);
}

TEST(SwarmTest, NoSeedFindsAnythingWrong) {
  const std::uint64_t first = number_from("HAPX_SWARM_FIRST", 1);
  const std::uint64_t count = number_from("HAPX_SWARM_SEEDS", seeds_by_default);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    ASSERT_EQ(complaint_of(seed, 1min, newest_edition), "") << "seed " << seed;
  }
  std::cout << "seeds " << first << " to " << first + count - 1 << ", a simulated minute each\n";
}

TEST(SwarmTest, TheSameSeedIsTheSamePlotAndTheSameStory) {
  const auto story = [](std::uint64_t seed) {
    Plot plot = draw_plot(seed, 1s);
    plot.world.patience.served = 1ms;  // in vain, and whoever fails tells the story
    return play(plot);
  };
  const Played first = story(5);
  ASSERT_NE(first.trace, "");
  EXPECT_EQ(first.trace, story(5).trace);
  EXPECT_NE(first.trace, story(6).trace);
}

/// What a seed once found can be found again: another drawing would tell another story. The number
/// is that of the operations as the first edition drew them when it was the only one.
TEST(SwarmTest, AnEarlierEditionIsStillDrawnAsItWas) {
  const Plot plot = draw_plot(1001, 10min, 1);
  std::string text;
  for (const Operation& operation : plot.operations) {
    text += describe(operation, plot.world.config) + "\n";
  }
  EXPECT_EQ(plot.operations.size(), 636U);
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  EXPECT_EQ(membership::fnv1a(bytes), 0x6353ea359d67202cU);
}

TEST(SwarmTest, EveryDeedIsDrawn) {
  std::set<Deed> drawn;
  for (const Operation& operation : draw_plot(1, 60min).operations) drawn.insert(operation.deed);
  for (std::size_t i = 0; i < deeds; ++i) {
    EXPECT_TRUE(drawn.contains(static_cast<Deed>(i))) << to_string(static_cast<Deed>(i));
  }
}

TEST(SwarmTest, EveryKindOfClusterIsDrawn) {
  std::set<std::size_t> nodes;
  std::set<std::size_t> services;
  std::set<Duration> leases;
  bool witness = false;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const ClusterConfig config = draw_plot(seed, 1s).world.config;
    nodes.insert(config.nodes.size());
    services.insert(config.services.size());
    leases.insert(config.timing.lease);
    for (const NodeConfig& node : config.nodes) witness = witness || node.role == Role::witness;
  }
  EXPECT_EQ(nodes, (std::set<std::size_t>{1, 2, 3}));
  EXPECT_EQ(services, (std::set<std::size_t>{1, 2, 3}));
  EXPECT_EQ(leases, (std::set<Duration>{120ms, 300ms, 2s}));
  EXPECT_TRUE(witness);
}

/// A kernel without a working fence is found by some plot, and few of its operations are needed.
TEST(SwarmTest, AFailureIsCutShort) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    Plot plot = draw_plot(seed, 1min);
    for (MachineOptions& machine : plot.world.machines) machine.kernel.fence_works = false;
    const Played played = play(plot);
    if (played.complaints.empty()) continue;
    const Plot shortest = shorten(plot, 200);
    EXPECT_LE(shortest.operations.size(), 6U);
    EXPECT_LT(shortest.operations.size(), plot.operations.size());
    const Played again = play(shortest);
    ASSERT_FALSE(again.complaints.empty());
    EXPECT_EQ(again.complaints.front().substr(0, 12), played.complaints.front().substr(0, 12));
    EXPECT_NE(again.trace, "");
    return;
  }
  FAIL() << "no plot found two kernels that answer";
}

}  // namespace
}  // namespace hapx::appliance::sim
