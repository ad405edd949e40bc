// SPDX-License-Identifier: Apache-2.0
#include "vip/wakening.hpp"

#include <gtest/gtest.h>

namespace hapx::vip {
namespace {

using namespace std::chrono_literals;

constexpr Instant start{1000s};
const Endpoint first = *parse_endpoint("192.168.4.98:40001");
const Endpoint second = *parse_endpoint("192.168.4.99:40002");

/// When rounds come if nobody answers, counted from the beginning.
std::vector<Duration> rounds(Wakening& wakening) {
  std::vector<Duration> all;
  while (const auto next = wakening.next_deadline()) {
    if (wakening.take_due(*next)) all.push_back(*next - start);
    if (wakening.take_outcome(*next)) break;
  }
  return all;
}

TEST(Wakening, tickles_at_once_and_then_with_growing_gaps) {
  Wakening wakening;
  wakening.begin({first}, start);
  EXPECT_EQ(rounds(wakening), (std::vector<Duration>{0ms, 50ms, 150ms, 350ms, 1000ms, 2000ms}));
}

TEST(Wakening, who_is_left_after_a_second_is_told_more) {
  Wakening wakening;
  wakening.begin({first}, start);
  std::vector<bool> late;
  for (int i = 0; i < 6; ++i) late.push_back(wakening.take_due(*wakening.next_deadline())->is_late);
  EXPECT_EQ(late, (std::vector<bool>{false, false, false, false, true, true}));
}

TEST(Wakening, of_four_rounds_no_two_have_numbers_within_a_quarter_of_the_circle) {
  Wakening wakening;
  wakening.begin({first}, start);
  std::vector<std::uint32_t> numbers;
  for (int i = 0; i < 4; ++i)
    numbers.push_back(wakening.take_due(*wakening.next_deadline())->sequence);
  EXPECT_EQ(numbers, (std::vector<std::uint32_t>{0, 0x40000000, 0x80000000, 0xc0000000}));
}

TEST(Wakening, who_has_answered_is_left_alone) {
  Wakening wakening;
  wakening.begin({first, second}, start);
  EXPECT_EQ(wakening.take_due(start)->clients, (std::vector{first, second}));
  EXPECT_TRUE(wakening.answered(first, start + 1ms));
  EXPECT_FALSE(wakening.answered(first, start + 2ms)) << "twice is no news";
  EXPECT_EQ(wakening.take_outcome(start + 2ms), std::nullopt);
  EXPECT_EQ(wakening.take_due(start + 50ms)->clients, std::vector{second});
}

TEST(Wakening, is_over_when_all_have_answered) {
  Wakening wakening;
  wakening.begin({first, second}, start);
  (void)wakening.take_due(start);
  (void)wakening.answered(second, start + 1ms);
  (void)wakening.answered(first, start + 3ms);
  EXPECT_EQ(wakening.take_outcome(start + 3ms), (Wakening::Outcome{2, 2, 3ms}));
  EXPECT_EQ(wakening.take_outcome(start + 3ms), std::nullopt) << "once";
  EXPECT_EQ(wakening.next_deadline(), std::nullopt);
}

TEST(Wakening, gives_up_a_second_after_the_last_round) {
  Wakening wakening;
  wakening.begin({first, second}, start);
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(wakening.take_due(*wakening.next_deadline()));
  (void)wakening.answered(first, start + 2001ms);
  EXPECT_EQ(wakening.take_outcome(start + 2999ms), std::nullopt);
  EXPECT_EQ(wakening.next_deadline(), start + 3s);
  EXPECT_EQ(wakening.take_due(start + 3s), std::nullopt);
  EXPECT_EQ(wakening.take_outcome(start + 3s), (Wakening::Outcome{2, 1, 2001ms}));
}

TEST(Wakening, a_late_call_gets_one_round) {
  Wakening wakening;
  wakening.begin({first}, start);
  EXPECT_TRUE(wakening.take_due(start + 10s));
  EXPECT_EQ(wakening.take_due(start + 10s), std::nullopt);
  EXPECT_EQ(wakening.next_deadline(), start + 10s + 50ms);
}

TEST(Wakening, without_clients_there_is_nothing_to_do) {
  Wakening wakening;
  wakening.begin({}, start);
  EXPECT_EQ(wakening.next_deadline(), std::nullopt);
  EXPECT_EQ(wakening.take_due(start), std::nullopt);
  EXPECT_EQ(wakening.take_outcome(start), std::nullopt);
}

TEST(Wakening, ends_when_it_is_stopped_and_begins_anew_from_the_first_round) {
  Wakening wakening;
  wakening.begin({first}, start);
  (void)wakening.take_due(start);
  wakening.stop();
  EXPECT_EQ(wakening.next_deadline(), std::nullopt);
  EXPECT_FALSE(wakening.answered(first, start));
  wakening.begin({second}, start + 1s);
  const auto round = wakening.take_due(start + 1s);
  ASSERT_TRUE(round);
  EXPECT_EQ(round->clients, std::vector{second});
  EXPECT_EQ(round->sequence, 0U);
}

}  // namespace
}  // namespace hapx::vip
