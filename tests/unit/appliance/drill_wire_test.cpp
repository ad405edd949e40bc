// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "appliance/drill/wire.hpp"

namespace hapx::appliance::drill {
namespace {

using std::chrono::milliseconds;

const MacAddress a{{0x0a, 0, 0, 0, 4, 11}};
const MacAddress b{{0x0a, 0, 0, 0, 4, 12}};

Instant at(int ms) {
  return Instant(std::chrono::hours(1) + milliseconds(ms));
}
Sighting answer(int ms, std::uint32_t round, const MacAddress& mac) {
  return {at(ms), round, mac, Claim::answer};
}
Sighting announced(int ms, std::uint32_t round, const MacAddress& mac) {
  return {at(ms), round, mac, Claim::announcement};
}
Wire judged(std::vector<Sighting> sightings) {
  return judge(std::move(sightings), at(0), at(100000));
}

TEST(Wire, AFailoverHasTwoTenuresAndOneHolderAtATime) {
  const Wire wire = judged({answer(0, 1, a), answer(5, 2, a), announced(300, 61, b),
                            announced(300, 61, b), answer(305, 62, b), answer(310, 63, b)});
  EXPECT_TRUE(wire.is_one_holder());
  ASSERT_EQ(wire.tenures.size(), 2U);
  EXPECT_EQ(wire.tenures[0], (Tenure{a, at(0), at(5)}));
  EXPECT_EQ(wire.tenures[1], (Tenure{b, at(300), at(310)}));
  EXPECT_EQ(wire.rounds_answered, 4U);
}

TEST(Wire, TwoThatHoldItTogetherAreHeardAfterEachOther) {
  const Wire wire = judged(
      {answer(0, 1, a), answer(5, 2, a), answer(6, 2, b), answer(10, 3, a), answer(11, 3, b)});
  EXPECT_FALSE(wire.is_one_holder());
  EXPECT_EQ(wire.conflict_count, 2U);
  ASSERT_EQ(wire.conflicts.size(), 2U);
  EXPECT_EQ(wire.conflicts[0], (Conflict{at(10), b, a}));
  EXPECT_EQ(wire.rounds_shared, 2U);
}

TEST(Wire, AHandoverWithinOneRoundIsCountedAndNotJudged) {
  const Wire wire = judged({answer(0, 1, a), answer(5, 2, a), answer(6, 2, b), answer(10, 3, b)});
  EXPECT_TRUE(wire.is_one_holder());
  EXPECT_EQ(wire.rounds_shared, 1U);
}

TEST(Wire, TheNewHolderBeforeTheOldOneInOneRoundIsNoHandover) {
  EXPECT_FALSE(judged({answer(0, 1, a), answer(5, 2, b), answer(6, 2, a), answer(10, 3, b)})
                   .is_one_holder());
}

TEST(Wire, AFrozenHolderThatWakesUpAndClaimsOnceIsHeard) {
  EXPECT_FALSE(judged({answer(0, 1, a), answer(300, 60, b), answer(4995, 999, b),
                       announced(5001, 1000, a), answer(5005, 1001, b)})
                   .is_one_holder());
}

TEST(Wire, ThreeThatTakeTurnsAreNoSuccession) {
  const MacAddress c{{0x0a, 0, 0, 0, 4, 13}};
  EXPECT_FALSE(judged({answer(0, 1, a), answer(5, 2, b), answer(10, 3, c), answer(15, 4, a)})
                   .is_one_holder());
}

TEST(Wire, TheSameMachineMayAnswerTwice) {
  EXPECT_TRUE(judged({answer(0, 1, a), answer(1, 1, a)}).is_one_holder());
}

TEST(Wire, AnAnswerThatArrivesLateBelongsToItsOwnRound) {
  // A answered round 2, B won the address and answered round 3; the first of the two was delayed.
  EXPECT_TRUE(judged({answer(0, 1, a), answer(11, 3, b), answer(12, 2, a), answer(15, 4, b)})
                  .is_one_holder());
}

TEST(Wire, AFormerHolderThatStillAnswersNeverLeft) {
  const Wire wire = judged({answer(0, 1, a), answer(5, 2, b), answer(10, 3, a), answer(15, 4, b)});
  EXPECT_FALSE(wire.is_one_holder());
}

TEST(Wire, AFormerHolderThatAnnouncesAfterItsSuccessorNeverLeft) {
  EXPECT_FALSE(judged({answer(0, 1, a), announced(6, 2, b), announced(9, 2, a)}).is_one_holder());
}

TEST(Wire, AnAnswerAskedForBeforeTheHandoverIsNoConflict) {
  // Round 2 is asked, A answers it and releases, B announces: all within one round.
  EXPECT_TRUE(judged({answer(0, 1, a), announced(7, 2, b), answer(8, 2, a), answer(10, 3, b)})
                  .is_one_holder());
}

TEST(Wire, AReturnMuchLaterIsAMove) {
  const Wire wire = judged({answer(0, 1, a), answer(5, 2, b), answer(2000, 400, a)});
  EXPECT_TRUE(wire.is_one_holder());
  EXPECT_EQ(wire.tenures.size(), 3U);
}

TEST(Wire, OnlyTheWindowCounts) {
  const std::vector<Sighting> sightings{answer(0, 1, b), answer(1, 1, a), answer(50, 10, b)};
  EXPECT_TRUE(judge(sightings, at(10), at(100)).is_one_holder());
  EXPECT_FALSE(judge(sightings, at(0), at(100)).is_one_holder());
}

TEST(Wire, ALongSplitIsCountedInFullAndKeptInPart) {
  std::vector<Sighting> sightings;
  for (int round = 0; round < 1000; ++round) {
    sightings.push_back(answer(round * 5, static_cast<std::uint32_t>(round), a));
    sightings.push_back(answer(round * 5 + 1, static_cast<std::uint32_t>(round), b));
  }
  const Wire wire = judged(sightings);
  EXPECT_GE(wire.conflict_count, 1000U);
  EXPECT_EQ(wire.conflicts.size(), conflicts_kept_max);
  EXPECT_LE(wire.tenures.size(), tenures_kept_max);
}

TEST(Wire, SilenceIsNoConflict) {
  const Wire wire = judged({});
  EXPECT_TRUE(wire.is_one_holder());
  EXPECT_EQ(wire.rounds_answered, 0U);
}

}  // namespace
}  // namespace hapx::appliance::drill
