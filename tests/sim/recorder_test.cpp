// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/recorder.hpp"

#include <gtest/gtest.h>

namespace hapx::appliance::sim {
namespace {

constexpr unsigned datagrams = 5000;
constexpr int draws = 1000;

/// One that shows which it was, and whether it is whole.
membership::SendDatagram numbered(unsigned number) {
  const auto low = static_cast<std::uint8_t>(number % 256);
  const auto high = static_cast<std::uint8_t>(number / 256);
  return {{}, {low, high, low, high}};
}

Recorder full(std::uint64_t seed) {
  Recorder recorder(seed);
  for (unsigned i = 0; i < datagrams; ++i) recorder.hear({}, numbered(i));
  return recorder;
}

TEST(RecorderTest, HasOldAndNewOnesAndDamagesSome) {
  const Recorder recorder = full(1);
  Random random(1);
  int old = 0;
  int damaged = 0;
  for (int i = 0; i < draws; ++i) {
    const std::vector<std::uint8_t> bytes = recorder.draw(random).datagram.bytes;
    const bool whole = bytes[0] == bytes[2] && bytes[1] == bytes[3];
    damaged += whole ? 0 : 1;
    old += whole && bytes[0] + 256U * bytes[1] < datagrams / 2 ? 1 : 0;
  }
  EXPECT_GT(old, draws / 20);
  EXPECT_LT(old, draws / 2);
  EXPECT_GT(damaged, draws / 10);
  EXPECT_LT(damaged, draws / 3);
}

TEST(RecorderTest, TheSameSeedIsTheSameStory) {
  const Recorder one = full(42);
  const Recorder two = full(42);
  Random first(7);
  Random second(7);
  for (int i = 0; i < draws; ++i) {
    EXPECT_EQ(one.draw(first).datagram.bytes, two.draw(second).datagram.bytes);
  }
}

}  // namespace
}  // namespace hapx::appliance::sim
