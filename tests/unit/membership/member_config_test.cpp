// SPDX-License-Identifier: Apache-2.0
// Whoever runs another configuration is known, and where it differs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "membership/member.hpp"
#include "world.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::World;

std::vector<std::string> differs(const World& world, std::size_t at, std::size_t of) {
  return world.view(at).members[of].config_differs;
}

TEST(ConfigOfMembers, IsToldAndComparedUntilItIsTheSame) {
  World world(3, Timing{}, 1);
  const ClusterConfig same = world.config;
  for (std::size_t i = 0; i < 3; ++i) world.start(i);
  world.run_for(1s);
  for (std::size_t at = 0; at < 3; ++at)
    for (std::size_t of = 0; of < 3; ++of) EXPECT_THAT(differs(world, at, of), IsEmpty());

  world.kill(1);
  world.config.timing.lease = 400ms;
  world.config.scheduling.failure_timeout = 1min;
  world.start(1);
  world.run_for(1s);
  for (const std::size_t other : {std::size_t{0}, std::size_t{2}}) {
    EXPECT_THAT(differs(world, other, 1), ElementsAre("spec.scheduling", "spec.timing"));
    EXPECT_THAT(differs(world, 1, other), ElementsAre("spec.scheduling", "spec.timing"));
  }
  EXPECT_THAT(differs(world, 0, 2), IsEmpty());

  world.kill(1);
  world.config = same;
  world.start(1);
  world.run_for(1s);
  for (std::size_t at = 0; at < 3; ++at)
    for (std::size_t of = 0; of < 3; ++of) EXPECT_THAT(differs(world, at, of), IsEmpty());
}

}  // namespace
}  // namespace hapx::membership
