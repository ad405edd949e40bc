// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "appliance/drill/story.hpp"

namespace hapx::appliance::drill {
namespace {

using std::chrono::milliseconds;

TEST(Story, MomentsAreReadAsTheyAreWritten) {
  const auto moment = moment_of("2026-11-28T13:36:57.123Z");
  ASSERT_TRUE(moment);
  EXPECT_EQ(to_string(*moment), "2026-11-28T13:36:57Z");
  EXPECT_EQ(moment->time_since_epoch() % std::chrono::seconds(1), milliseconds(123));
  EXPECT_EQ(moment_of("1970-01-01T00:00:00.000Z"), Utc{});
}

TEST(Story, NoOtherTextIsAMoment) {
  for (const char* text :
       {"", "now", "2026-11-28T13:36:57Z", "2026-13-28T13:36:57.123Z", "2026-02-30T13:36:57.123Z",
        "2026-11-28T24:36:57.123Z", "2026-11-28T13:36:57.123Zx", "2026-11-28 13:36:57.123Z",
        "9999-11-28T13:36:57.123Z", "1969-11-28T13:36:57.123Z"}) {
    EXPECT_EQ(moment_of(text), std::nullopt) << text;
  }
}

TEST(Story, HasTheFirstOfEachPhaseWithinTheFailover) {
  const Utc struck = moment_of("2026-11-28T13:36:57.100Z").value();
  const std::vector<JournalMoment> journal{{"lease-won", "2026-11-28T13:36:50.000Z"},
                                           {"announced", "2026-11-28T13:36:57.380Z"},
                                           {"lease-won", "2026-11-28T13:36:57.376Z"},
                                           {"", "2026-11-28T13:36:57.377Z"},
                                           {"peer-silent", "2026-11-28T13:36:57.099Z"},
                                           {"announced", "2026-11-28T13:36:57.390Z"},
                                           {"peer-dead", "never"},
                                           {"announced", "2026-11-28T13:36:58.390Z"}};
  EXPECT_EQ(story_of(journal, struck, milliseconds(400)),
            (std::vector<Phase>{{"peer-silent", milliseconds(0)},
                                {"lease-won", milliseconds(276)},
                                {"announced", milliseconds(280)}}));
  EXPECT_TRUE(story_of({}, struck, milliseconds(400)).empty());
}

}  // namespace
}  // namespace hapx::appliance::drill
