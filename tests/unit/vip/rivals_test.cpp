// SPDX-License-Identifier: Apache-2.0
#include "vip/rivals.hpp"

#include <gtest/gtest.h>

namespace hapx::vip {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant start{seconds(1000)};
const IpAddress address = ipv4(10, 0, 0, 5);

Claim claim_of(std::uint8_t host, ClaimKind kind = ClaimKind::announcement) {
  return {address, {{0x02, 0, 0, 0, 0, host}}, {}, kind};
}

TEST(Rivals, a_host_is_news_once_until_it_was_silent_for_long) {
  Rivals rivals;
  EXPECT_TRUE(rivals.hear(claim_of(1), {}, start).is_news);
  EXPECT_FALSE(rivals.hear(claim_of(1), {}, start + seconds(1)).is_news);
  EXPECT_TRUE(rivals.hear(claim_of(2), {}, start + seconds(2)).is_news);
  EXPECT_FALSE(rivals.hear(claim_of(1), {}, start + seconds(30)).is_news);
  EXPECT_TRUE(rivals.hear(claim_of(1), {}, start + seconds(60)).is_news);
}

TEST(Rivals, a_contest_begins_when_all_were_silent_for_long) {
  Rivals rivals;
  EXPECT_TRUE(rivals.hear(claim_of(1), {}, start).begins);
  EXPECT_FALSE(rivals.hear(claim_of(2), {}, start + seconds(1)).begins);
  EXPECT_FALSE(rivals.hear(claim_of(1), {}, start + seconds(30)).begins);
  EXPECT_TRUE(rivals.hear(claim_of(2), {}, start + seconds(60)).begins);
}

/// Else the journal would be full of who has a random hardware address.
TEST(Rivals, a_flood_of_hosts_is_little_news) {
  Rivals rivals;
  std::size_t news = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Claim claim{
        address,
        {{2, 0, 0, 0, static_cast<std::uint8_t>(i / 256), static_cast<std::uint8_t>(i % 256)}},
        {},
        ClaimKind::answer};
    news += rivals.hear(claim, {}, start + milliseconds(i)).is_news ? 1 : 0;
  }
  EXPECT_EQ(news, 10U);
}

TEST(Rivals, the_present_one_is_who_was_heard_last_and_not_long_ago) {
  Rivals rivals;
  EXPECT_EQ(rivals.present(start), nullptr);
  (void)rivals.hear(claim_of(1), {}, start);
  (void)rivals.hear(claim_of(2), {}, start + seconds(1));
  EXPECT_EQ(rivals.present(start + seconds(2))->mac, claim_of(2).mac);
  EXPECT_EQ(rivals.present(start + seconds(31)), nullptr);
}

TEST(Rivals, the_last_frames_are_kept_and_who_was_heard_longest_ago_is_forgotten) {
  Rivals rivals;
  for (std::uint8_t i = 0; i < 100; ++i)
    (void)rivals.hear(claim_of(1), {i}, start + milliseconds(i));
  ASSERT_EQ(rivals.all().size(), 1U);
  EXPECT_EQ(rivals.all()[0].claims, 100U);
  ASSERT_EQ(rivals.all()[0].evidence.size(), Rivals::evidence_max);
  EXPECT_EQ(rivals.all()[0].evidence.back().frame, WireFrame{99});
  for (std::uint8_t host = 2; host < 200; ++host)
    (void)rivals.hear(claim_of(host), {}, start + seconds(host));
  ASSERT_EQ(rivals.all().size(), Rivals::kept_max);
  for (const Rival& rival : rivals.all()) EXPECT_GE(rival.mac.bytes[5], 192);
}

/// Somebody claims the address every millisecond for a minute.
TEST(Rivals, a_stubborn_host_is_answered_at_once_and_then_once_a_second) {
  Rivals rivals;
  std::vector<Duration> defences;
  for (Duration after{0}; after < seconds(60); after += milliseconds(1)) {
    const Instant now = start + after;
    (void)rivals.hear(claim_of(1), {}, now);
    rivals.defend(now);
    if (rivals.take_defence_due(now)) defences.push_back(after);
  }
  ASSERT_EQ(defences.size(), 69U) << "ten, and one a second";
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(defences[i], i * milliseconds(100));
  EXPECT_EQ(defences.back() - defences[defences.size() - 2], seconds(1));
}

/// A host says what it says in two frames, and neighbours believe the later one.
TEST(Rivals, nobody_believes_a_host_that_claims_now_and_then_for_longer_than_a_tenth_of_a_second) {
  Rivals rivals;
  std::optional<Instant> believed;
  Duration longest{0};
  for (Duration after{0}; after < seconds(60); after += milliseconds(1)) {
    const Instant now = start + after;
    if (rivals.take_defence_due(now) && believed) {
      longest = std::max<Duration>(longest, now - *believed);
      believed.reset();
    }
    // Every two seconds, twice.
    if (const auto within = after % seconds(2); within > milliseconds(1)) continue;
    rivals.defend(now);
    if (!rivals.take_defence_due(now) && !believed) believed = now;
  }
  EXPECT_FALSE(believed);
  EXPECT_LE(longest, Rivals::defence_gap);
}

TEST(Rivals, after_a_silence_the_answer_comes_at_once_again) {
  Rivals rivals;
  for (Duration after{0}; after < seconds(5); after += milliseconds(1)) {
    rivals.defend(start + after);
    (void)rivals.take_defence_due(start + after);
  }
  const Instant after = start + seconds(5) + 10 * Rivals::defence_pace;
  (void)rivals.take_defence_due(after);
  rivals.defend(after + Rivals::defence_gap);
  EXPECT_TRUE(rivals.take_defence_due(after + Rivals::defence_gap));
  rivals.defend(after + Rivals::defence_gap + milliseconds(1));
  EXPECT_EQ(rivals.next_deadline(), after + 2 * Rivals::defence_gap);
}

/// What was claimed a moment after the last defence is answered nevertheless: of two that speak at
/// once neighbours believe the later one.
TEST(Rivals, a_claim_within_the_gap_is_answered_at_its_end) {
  Rivals rivals;
  rivals.defend(start);
  EXPECT_TRUE(rivals.take_defence_due(start));
  rivals.defend(start + milliseconds(2));
  EXPECT_FALSE(rivals.take_defence_due(start + milliseconds(99)));
  EXPECT_TRUE(rivals.take_defence_due(start + milliseconds(100)));
  rivals.defend(start + milliseconds(101));
  rivals.give_up();
  EXPECT_EQ(rivals.next_deadline(), std::nullopt);
}

}  // namespace
}  // namespace hapx::vip
