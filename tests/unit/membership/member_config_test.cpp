// SPDX-License-Identifier: Apache-2.0
// Whoever runs another configuration is known, and where it differs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "membership/codec.hpp"
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

/// An upgrade that is taken back: who tells nothing isn't compared.
TEST(ConfigOfMembers, IsNotHeldAgainstANodeThatGoesOnAsAnEarlierVersion) {
  World world(3, Timing{}, 1);
  for (const std::size_t i : {std::size_t{0}, std::size_t{2}}) world.start(i);
  world.config.timing.lease = 400ms;
  world.start(1);
  world.run_for(1s);
  ASSERT_THAT(differs(world, 0, 1), ElementsAre("spec.timing"));

  world.kill(1);
  const auto& node = world.machines[1];
  Codec earlier({world.config.name, node.config.name, node.boot, {4711}, world.keys});
  Message beat;
  beat.to = world.machines[0].config.name;
  beat.beat.emplace();
  world.on_send = [&](std::size_t from, const SendDatagram& datagram) {
    if (from != 0 || datagram.to.address != node.config.address) return;
    const auto heard = earlier.open(datagram.bytes);
    const auto* opened = std::get_if<Opened>(&heard);
    if (opened && opened->message.beat && opened->message.beat->challenge != 0)
      beat.beat->response = opened->message.beat->challenge;
  };
  for (int times = 0; times < 3; ++times) {
    const auto bytes = earlier.seal(beat).front();
    world.with(0, [&](Member& member, Instant now) {
      return member.step(DatagramArrived{{node.config.address, world.config.port}, bytes}, now);
    });
    world.run_for(50ms);
  }
  ASSERT_EQ(world.view(0).members[1].incarnation, Incarnation{4711});
  EXPECT_THAT(differs(world, 0, 1), IsEmpty());
}

}  // namespace
}  // namespace hapx::membership
