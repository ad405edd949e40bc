// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/clock.hpp"

#include <gtest/gtest.h>

namespace hapx::appliance::sim {
namespace {

using namespace std::chrono_literals;

TEST(MachineClock, RunsAtItsOwnRateFromItsOwnBeginning) {
  const MachineClock clock(Instant(1h), Moment(10s), 1100);
  EXPECT_EQ(clock.read(Moment(10s)), Instant(1h));
  EXPECT_EQ(clock.read(Moment(20s)), Instant(1h + 11s));
}

TEST(MachineClock, KnowsTheFirstMomentAtWhichItShowsAnInstant) {
  for (const unsigned rate : {900U, 997U, 1000U, 1100U}) {
    const MachineClock clock(Instant(5s), Moment(1s), rate);
    for (Duration::rep i = 1; i < 5000; i += 7) {
      const Instant instant = Instant(5s) + Duration(i);
      const Moment when = clock.when(instant).value();
      EXPECT_GE(clock.read(when), instant);
      EXPECT_LT(clock.read(when - 1ns), instant);
    }
  }
}

TEST(MachineClock, KeepsItsTimeWhenTheRateChanges) {
  MachineClock clock(Instant(0s), Moment(0s), 1000);
  clock.set_rate(Moment(10s), 900);
  EXPECT_EQ(clock.read(Moment(10s)), Instant(10s));
  EXPECT_EQ(clock.read(Moment(20s)), Instant(19s));
}

TEST(MachineClock, StandsStillWhileStopped) {
  MachineClock clock(Instant(0s), Moment(0s), 1000);
  clock.stop(Moment(3s));
  EXPECT_EQ(clock.read(Moment(9s)), Instant(3s));
  EXPECT_FALSE(clock.when(Instant(4s)).has_value());
  clock.go_on(Moment(10s));
  EXPECT_EQ(clock.read(Moment(11s)), Instant(4s));
}

TEST(MachineClock, ShowsAFarInstantNever) {
  const MachineClock clock(Instant(0s), Moment(0s), 1000);
  EXPECT_FALSE(clock.when(Instant::max()).has_value());
}

}  // namespace
}  // namespace hapx::appliance::sim
