// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/restart_pace.hpp"

#include <gtest/gtest.h>

namespace hapx::lb_supervisor {
namespace {

using std::chrono::milliseconds;

TEST(RestartPace, is_at_once_then_slower_then_bounded_and_never_ends) {
  RestartPace pace({milliseconds(0), milliseconds(100), milliseconds(500)});
  std::vector<Duration> pauses;
  for (int i = 0; i < 6; ++i) pauses.push_back(pace.failed());
  const std::vector<Duration> expected{milliseconds(0),   milliseconds(100), milliseconds(200),
                                       milliseconds(400), milliseconds(500), milliseconds(500)};
  EXPECT_EQ(pauses, expected);
}

TEST(RestartPace, begins_anew_after_a_life) {
  RestartPace pace({milliseconds(0), milliseconds(100), milliseconds(500)});
  (void)pace.failed();
  (void)pace.failed();
  pace.lived();
  EXPECT_EQ(pace.failed(), milliseconds(0));
  EXPECT_EQ(pace.failed(), milliseconds(100));
}

}  // namespace
}  // namespace hapx::lb_supervisor
