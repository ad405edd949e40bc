// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/drill/progress.hpp"

namespace hapx::appliance::drill {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

std::size_t columns_of(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

const Progress half{2, 4, "power-loss 1/2", "struck", seconds(75)};

TEST(DrillProgress, ALineHasTheBarTheFaultAndTheTimeLeft) {
  const std::string line = progress_line(half, 79, Paint::plain);
  EXPECT_EQ(columns_of(line), 79U) << line;
  EXPECT_THAT(line, HasSubstr("3/4"));
  EXPECT_THAT(line, HasSubstr("power-loss 1/2: struck"));
  EXPECT_THAT(line, HasSubstr("about 1m20s left"));
  EXPECT_EQ(std::count(line.begin(), line.end(), '\x1b'), 0);
  EXPECT_THAT(progress_line(half, 79, Paint::coloured), HasSubstr("\x1b[36m█"));
}

TEST(DrillProgress, ALineNeverBecomesTwo) {
  Progress wordy = half;
  wordy.doing = std::string(200, 'x') + "\n";
  for (std::size_t columns = 0; columns < 120; ++columns) {
    for (const std::size_t done : {0U, 1U, 4U, 9U}) {
      wordy.done = done;
      const std::string line = progress_line(wordy, columns, Paint::plain);
      EXPECT_LE(columns_of(line), columns);
      EXPECT_THAT(line, Not(HasSubstr("\n")));
    }
  }
}

TEST(DrillProgress, TheTimeLeftFollowsWhatRunsHaveTaken) {
  const std::vector<Duration> expected(4, seconds(10));
  EXPECT_EQ(time_left(expected, {}, {}), seconds(40));
  EXPECT_EQ(time_left(expected, {}, seconds(15)), seconds(25));
  EXPECT_EQ(time_left(expected, {seconds(20), seconds(20)}, seconds(5)), seconds(35));
  EXPECT_EQ(time_left(expected, {seconds(1)}, seconds(500)), seconds(0));
  EXPECT_EQ(time_left({}, {}, {}), seconds(0));
  EXPECT_EQ(time_left(expected, std::vector<Duration>(9, seconds(1)), {}), seconds(0));
}

TEST(DrillProgress, TimesAreRough) {
  EXPECT_EQ(roughly(Duration(0)), "0s");
  EXPECT_EQ(roughly(std::chrono::milliseconds(1200)), "2s");
  EXPECT_EQ(roughly(seconds(59)), "59s");
  EXPECT_EQ(roughly(seconds(61)), "1m10s");
  EXPECT_EQ(roughly(seconds(120)), "2m");
}

}  // namespace
}  // namespace hapx::appliance::drill
