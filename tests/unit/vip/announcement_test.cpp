// SPDX-License-Identifier: Apache-2.0
#include "vip/announcement.hpp"

#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace hapx::vip {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant start{seconds(1000)};

/// The times, in milliseconds after the start, of the first `count` announcements.
std::vector<std::int64_t> times(std::uint64_t seed, std::size_t count) {
  Announcement announcement(seed);
  announcement.begin(start);
  std::vector<std::int64_t> all;
  while (all.size() < count) {
    const Instant due = announcement.next_deadline().value();
    EXPECT_TRUE(announcement.take_due(due));
    all.push_back(std::chrono::duration_cast<milliseconds>(due - start).count());
  }
  return all;
}

TEST(Announcement, is_idle_until_it_begins) {
  Announcement announcement(1);
  EXPECT_FALSE(announcement.active());
  EXPECT_FALSE(announcement.take_due(start));
  EXPECT_EQ(announcement.next_deadline(), std::nullopt);
}

TEST(Announcement, is_loud_at_first_then_steady_then_every_half_minute) {
  const auto all = times(7, 20);
  const std::vector<std::int64_t> expected = {0,    50,   150,  350,  1450, 2550,  3650,
                                              4750, 5850, 6950, 8050, 9150, 10250, 11350};
  EXPECT_EQ(std::vector(all.begin(), all.begin() + 14), expected);
  for (std::size_t i = 14; i < all.size(); ++i) {
    EXPECT_GE(all[i] - all[i - 1], 27'000);
    EXPECT_LE(all[i] - all[i - 1], 33'001);
  }
}

/// Some equipment takes no word about an address within a second of the last one that it heard, be
/// that taken or not. The last one it heard here is an earlier holder's, of just now.
TEST(Announcement, a_neighbour_that_is_deaf_for_a_second_after_each_word_hears_it) {
  std::int64_t heard = 0;
  std::optional<std::int64_t> taken;
  for (const std::int64_t at : times(3, 10)) {
    if (at - heard > 1000 && !taken) taken = at;
    heard = at;
  }
  EXPECT_EQ(taken, 1450);
}

TEST(Announcement, the_seed_draws_the_refresh) {
  EXPECT_EQ(times(1, 20), times(1, 20));
  EXPECT_NE(times(1, 20), times(2, 20));
}

TEST(Announcement, is_due_once) {
  Announcement announcement(1);
  announcement.begin(start);
  EXPECT_TRUE(announcement.take_due(start));
  EXPECT_FALSE(announcement.take_due(start));
  EXPECT_FALSE(announcement.take_due(start + milliseconds(49)));
  EXPECT_TRUE(announcement.take_due(start + milliseconds(50)));
}

TEST(Announcement, a_late_call_gets_one_not_all_that_were_missed) {
  Announcement announcement(1);
  announcement.begin(start);
  EXPECT_TRUE(announcement.take_due(start + seconds(60)));
  EXPECT_FALSE(announcement.take_due(start + seconds(60)));
}

TEST(Announcement, begins_anew_and_stops) {
  Announcement announcement(1);
  announcement.begin(start);
  EXPECT_TRUE(announcement.take_due(start));
  announcement.begin(start + milliseconds(10));
  EXPECT_TRUE(announcement.take_due(start + milliseconds(10)));
  announcement.stop();
  EXPECT_FALSE(announcement.take_due(start + seconds(100)));
  EXPECT_EQ(announcement.next_deadline(), std::nullopt);
}

}  // namespace
}  // namespace hapx::vip
