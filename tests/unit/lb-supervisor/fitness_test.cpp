// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/fitness.hpp"

#include <gtest/gtest.h>

namespace hapx::lb_supervisor {
namespace {

using std::chrono::seconds;

Instant at(Duration since_boot) {
  return Instant(since_boot);
}

TEST(ProbeRecord, needs_several_failures_in_a_row) {
  ProbeRecord record(2);
  EXPECT_TRUE(record.fitness().fit);
  record.failed("no answer");
  EXPECT_TRUE(record.fitness().fit);
  record.answered();
  record.failed("no answer");
  EXPECT_TRUE(record.fitness().fit);
  record.failed("connection refused");
  EXPECT_FALSE(record.fitness().fit);
  EXPECT_EQ(record.fitness().reason, "2 probes in a row failed: connection refused");
}

class Settling : public testing::Test {
 protected:
  /// Reports `healthy` at each second of [from, until) and lets time pass.
  void report(unsigned healthy, int from, int until) {
    for (int second = from; second < until; ++second) {
      count_.reported(healthy, at(seconds(second)));
      changes_ += count_.step(at(seconds(second))) ? 1 : 0;
    }
  }

  SettledCount count_{{seconds(3), seconds(5)}};
  int changes_ = 0;
};

TEST_F(Settling, knows_nothing_before_the_first_report_which_counts_at_once) {
  EXPECT_EQ(count_.settled(), std::nullopt);
  EXPECT_FALSE(count_.step(at(seconds(1))));
  count_.reported(2, at(seconds(1)));
  EXPECT_TRUE(count_.step(at(seconds(1))));
  EXPECT_EQ(count_.settled(), 2U);
  EXPECT_EQ(count_.next_deadline(), std::nullopt);
}

TEST_F(Settling, loses_after_the_longer_time) {
  report(3, 0, 1);
  count_.reported(2, at(seconds(10)));
  EXPECT_EQ(count_.next_deadline(), at(seconds(15)));
  EXPECT_FALSE(count_.step(at(seconds(14))));
  EXPECT_EQ(count_.settled(), 3U);
  EXPECT_TRUE(count_.step(at(seconds(15))));
  EXPECT_EQ(count_.settled(), 2U);
}

TEST_F(Settling, gains_after_the_shorter_time) {
  report(1, 0, 1);
  count_.reported(3, at(seconds(10)));
  EXPECT_EQ(count_.next_deadline(), at(seconds(13)));
  EXPECT_TRUE(count_.step(at(seconds(13))));
  EXPECT_EQ(count_.settled(), 3U);
}

TEST_F(Settling, forgets_an_excursion_that_returned) {
  report(3, 0, 1);
  report(1, 1, 5);
  report(3, 5, 6);
  report(1, 6, 10);
  EXPECT_EQ(count_.settled(), 3U);
  EXPECT_EQ(changes_, 1);
}

TEST_F(Settling, settles_flutter_on_what_it_never_left) {
  report(3, 0, 1);
  for (int second = 1; second < 7; ++second) {
    report(second % 2 == 0 ? 1 : 2, second, second + 1);
  }
  EXPECT_EQ(count_.settled(), 2U);  // it was never 3 again, but 2 every other second
}

TEST_F(Settling, counts_anew_when_it_crosses_to_the_other_side) {
  report(2, 0, 1);
  report(1, 1, 5);
  count_.reported(3, at(seconds(5)));
  EXPECT_EQ(count_.next_deadline(), at(seconds(8)));
  EXPECT_TRUE(count_.step(at(seconds(8))));
  EXPECT_EQ(count_.settled(), 3U);
}

TEST_F(Settling, takes_each_step_down_in_its_own_time) {
  report(3, 0, 1);
  report(2, 10, 11);
  count_.reported(0, at(seconds(11)));
  EXPECT_TRUE(count_.step(at(seconds(15))));
  EXPECT_EQ(count_.settled(), 2U);
  EXPECT_EQ(count_.next_deadline(), at(seconds(16)));
  EXPECT_TRUE(count_.step(at(seconds(16))));
  EXPECT_EQ(count_.settled(), 0U);  // as somebody who saw 0 at once does at 15
  EXPECT_EQ(count_.next_deadline(), std::nullopt);
}

TEST_F(Settling, never_loses_faster_than_it_gains) {
  SettledCount count({seconds(4), seconds(1)});
  count.reported(3, at(seconds(0)));
  (void)count.step(at(seconds(0)));
  count.reported(2, at(seconds(0)));
  EXPECT_FALSE(count.step(at(seconds(3))));
  EXPECT_TRUE(count.step(at(seconds(4))));
}

TEST(HealthyServers, are_unknown_until_each_had_its_first_check) {
  BackendHealth backend{ServiceName("api"), {{"a:1", true, "L7OK"}, {"b:1", true, "INI"}}};
  EXPECT_EQ(healthy_servers(backend), std::nullopt);
  backend.servers[1] = {"b:1", false, "L4CON"};
  EXPECT_EQ(healthy_servers(backend), 1U);
  backend.servers[1] = {"b:1", false, "unresolved"};
  EXPECT_EQ(healthy_servers(backend), 1U);
}

}  // namespace
}  // namespace hapx::lb_supervisor
