// SPDX-License-Identifier: Apache-2.0
// What is remembered of a drill: read back, refused where it is none, and one row per fault.
#include "appliance/past_drill.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hapx::appliance {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

PastDrill weekly() {
  return {"2026-11-30T12:00:00Z",
          "",
          "weekly",
          "0.1.0",
          false,
          {{"hand-over", 3, 3, milliseconds(4), milliseconds(6)},
           {"vip-delete", 2, 2, milliseconds(5), milliseconds(9)},
           {"hand-over", 1, 0, milliseconds(8), milliseconds(8)},
           {"hand-over", 1, 1, milliseconds(2), milliseconds(2)}}};
}

TEST(PastDrill, IsReadAsItWasWritten) {
  const auto back = past_drill_from_json(to_json(weekly()));
  ASSERT_TRUE(back) << back.error().sentence;
  EXPECT_EQ(*back, weekly());
  EXPECT_EQ(remembered_drill_from_json(to_json(weekly())).value(), weekly());
}

TEST(PastDrill, IsReadBackToTheNanosecond) {
  PastDrill drill = weekly();
  for (const std::int64_t outage : {1L, 8'999'999L, 28'400'001L, 999'999'999'999L}) {
    drill.faults[0].outage_maximum = Duration(outage);
    EXPECT_EQ(remembered_drill_from_json(to_json(drill)).value(), drill) << outage;
  }
}

TEST(PastDrill, WhatIsNoReportIsRefusedAndStrangeValuesAreNone) {
  for (const char* text : {"", "{}", "[]", "null", "{\"summary\":[]}", "{\"passed\":true}",
                           "{\"summary\":{},\"passed\":true}", "{\"summary\":[],\"passed\":1}"}) {
    EXPECT_FALSE(past_drill_from_json(text)) << text;
  }
  const auto past = past_drill_from_json(
      "{\"summary\":[7,{\"fault\":3,\"runs\":-1,\"outageMaxMs\":1e300}],\"passed\":true,"
      "\"plan\":\"\\u001b[2J\"}");
  ASSERT_TRUE(past);
  ASSERT_EQ(past->faults.size(), 1U);
  EXPECT_EQ(past->faults[0].name, "");
  EXPECT_EQ(past->faults[0].runs, 0U);
  EXPECT_EQ(past->plan, "?[2J");
}

TEST(PastDrill, SaysWhenItBegan) {
  const auto began = [](const std::string& text) {
    PastDrill drill;
    drill.started = text;
    return beginning_of(drill);
  };
  EXPECT_EQ(began("1970-01-01T00:00:00Z"), Utc{});
  const Utc moment(std::chrono::seconds(1'796'040'000));
  EXPECT_EQ(began(to_string(moment)), moment);
  for (const char* text :
       {"", "2026-11-30", "2026-11-30T12:00:00", "2026-11-31T12:00:00Z", "2026-11-30T24:00:00Z",
        "2026-13-30T12:00:00Z", "1969-12-31T12:00:00Z", "9999-01-01T00:00:00Z",
        "2026-11-30t12:00:00Z", "2o26-11-30T12:00:00Z"}) {
    EXPECT_EQ(began(text), std::nullopt) << text;
  }
}

TEST(PastDrill, IsRememberedOnlyIfItCanBeShown) {
  const auto refusal = [](PastDrill drill) {
    const auto read = remembered_drill_from_json(to_json(drill));
    return read ? std::string("none") : read.error().sentence;
  };
  PastDrill drill = weekly();
  EXPECT_EQ(refusal(drill), "none");
  drill.lab = "lab";
  EXPECT_THAT(refusal(drill), HasSubstr("one of a lab"));
  drill = weekly();
  drill.started = "yesterday";
  EXPECT_THAT(refusal(drill), HasSubstr("when it began"));
  drill = weekly();
  drill.plan = std::string(64, 'a');
  EXPECT_THAT(refusal(drill), HasSubstr("too long a name"));
  for (const char* name : {"", "Hand-over", "a\"b", "a\n", "123456789012345678901234567890123"}) {
    drill = weekly();
    drill.faults[0].name = name;
    EXPECT_THAT(refusal(drill), HasSubstr("has a name that none can have")) << name;
  }
  drill = weekly();
  drill.faults.resize(remembered_faults_max, drill.faults[0]);
  EXPECT_EQ(refusal(drill), "none");
  drill.faults.push_back(drill.faults[0]);
  EXPECT_THAT(refusal(drill), HasSubstr("too many faults"));
}

TEST(PastDrill, IsToldByFault) {
  EXPECT_THAT(by_fault(weekly()),
              ElementsAre(PastFault{"hand-over", 5, 4, milliseconds(8), milliseconds(8)},
                          PastFault{"vip-delete", 2, 2, milliseconds(5), milliseconds(9)}));
  EXPECT_EQ(summary_of(weekly()), "failed: 2 faults, at most 9ms without an answer");
}

}  // namespace
}  // namespace hapx::appliance
