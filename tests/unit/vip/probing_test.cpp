// SPDX-License-Identifier: Apache-2.0
#include "vip/probing.hpp"

#include <gtest/gtest.h>

namespace hapx::vip {
namespace {

using std::chrono::milliseconds;

constexpr Instant start{std::chrono::seconds(1000)};
constexpr Duration lease = milliseconds(300);

Instant at(int after) {
  return start + milliseconds(after);
}

TEST(Probing, asks_three_times_over_a_lease) {
  Probing probing(lease);
  probing.begin(at(0));
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(probing.take_due(at(100 * i - 1)));
    EXPECT_TRUE(probing.take_due(at(100 * i)));
    EXPECT_FALSE(probing.take_due(at(100 * i)));
    EXPECT_EQ(probing.next_deadline(), std::nullopt);  // not before it is sent
    probing.sent(at(100 * i));
    EXPECT_FALSE(probing.is_free(at(100 * i + 99)));
  }
  EXPECT_FALSE(probing.take_due(at(300)));
  EXPECT_EQ(probing.next_deadline(), at(300));
  EXPECT_TRUE(probing.is_free(at(300)));
}

TEST(Probing, one_answer_begins_all_anew_a_second_later) {
  Probing probing(lease);
  probing.begin(at(0));
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(probing.take_due(at(100 * i)));
    probing.sent(at(100 * i));
  }
  probing.answered(at(299));
  EXPECT_FALSE(probing.is_free(at(300)));
  EXPECT_FALSE(probing.take_due(at(1298)));
  EXPECT_TRUE(probing.take_due(at(1299)));
}

/// The answer to a question overtakes the word that it was sent.
TEST(Probing, a_question_from_before_an_answer_does_not_count) {
  Probing probing(lease);
  probing.begin(at(0));
  EXPECT_TRUE(probing.take_due(at(0)));
  probing.answered(at(1));
  probing.sent(at(1));
  EXPECT_EQ(probing.next_deadline(), at(1001));
}

TEST(Probing, a_question_that_was_not_sent_is_asked_again) {
  Probing probing(lease);
  probing.begin(at(0));
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(probing.take_due(at(100 * i)));
    probing.failed(at(100 * i));
  }
  EXPECT_FALSE(probing.is_free(at(10'000)));
}

}  // namespace
}  // namespace hapx::vip
