// SPDX-License-Identifier: Apache-2.0
#include "config/time.hpp"

#include <random>

#include <gtest/gtest.h>

namespace hapx {
namespace {

using namespace std::chrono_literals;

TEST(ParseUtc, TakesWhatRfc3339WritesInUtc) {
  const std::pair<const char*, Duration> cases[] = {
      {"1970-01-01T00:00:00Z", 0ns},
      {"2026-11-28T13:36:57Z", 1795873017s},
      {"2026-11-28T13:36:57.042Z", 1795873017s + 42ms},
      {"2026-11-28T13:36:57.5Z", 1795873017s + 500ms},
      {"2026-11-28T13:36:57.000000001Z", 1795873017s + 1ns},
      {"2026-11-28T13:36:57.0000000019Z", 1795873017s + 1ns},
      {"2024-02-29T23:59:59Z", 1709251199s}};
  for (const auto& [text, since_1970] : cases) {
    const auto parsed = parse_utc(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().sentence;
    EXPECT_EQ(*parsed, Utc(since_1970)) << text;
  }
}

TEST(ParseUtc, RefusesEverythingElse) {
  for (const char* text :
       {"", "now", "2026-11-28", "2026-11-28 13:36:57Z", "2026-11-28T13:36:57",
        "2026-11-28T13:36:57+01:00", "2026-11-28T13:36:57.Z", "2026-11-28T13:36:57.5",
        "2026-11-28T24:00:00Z", "2026-11-28T13:60:00Z", "2026-11-28T13:36:60Z",
        "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z", "1969-12-31T23:59:59Z",
        "2262-01-01T00:00:00Z", "2026-11-28T13:36:57ZZ", " 2026-11-28T13:36:57Z"}) {
    const auto parsed = parse_utc(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::refused);
    EXPECT_NE(parsed.error().sentence.find("write it like 2026-11-28T13:36:57Z"),
              std::string::npos);
  }
}

TEST(ParseDuration, TakesWhatGoTakes) {
  const std::pair<const char*, Duration> cases[] = {{"0", 0ns},
                                                    {"+0", 0ns},
                                                    {"0s", 0ns},
                                                    {"300ms", 300ms},
                                                    {"1.5s", 1500ms},
                                                    {"1h30m", 90min},
                                                    {"1h1m1s1ms1us1ns", 3661001001001ns},
                                                    {".5s", 500ms},
                                                    {"5.s", 5s},
                                                    {"+5s", 5s},
                                                    {"2us", 2us},
                                                    {"2\xc2\xb5s", 2us},
                                                    {"2\xce\xbcs", 2us},
                                                    {"0.000000001s", 1ns},
                                                    {"0.3333333333333333333h", 1199999998800ns},
                                                    {"1.9ns", 1ns},
                                                    {"007s", 7s},
                                                    {"1s1s", 2s},
                                                    {"87600h", 87600h}};
  for (const auto& [text, duration] : cases) {
    const auto parsed = parse_duration(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().sentence;
    EXPECT_EQ(*parsed, duration) << text;
  }
}

TEST(ParseDuration, RefusesWithTheReason) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "`` is not a duration: write it like 300ms, 1.5s or 1h30m"},
      {"soon", "`soon` is not a duration: write it like 300ms, 1.5s or 1h30m"},
      {"+", "`+` is not a duration: write it like 300ms, 1.5s or 1h30m"},
      {".s", "`.s` is not a duration: write it like 300ms, 1.5s or 1h30m"},
      {"1s ", "`1s ` is not a duration: write it like 300ms, 1.5s or 1h30m"},
      {"300", "`300` is not a duration: its unit is missing (ns, us, ms, s, m or h)"},
      {"1h30", "`1h30` is not a duration: its unit is missing (ns, us, ms, s, m or h)"},
      {"5d", "`5d` is not a duration: the units are ns, us, ms, s, m and h"},
      {"5 s", "`5 s` is not a duration: the units are ns, us, ms, s, m and h"},
      {"-5s", "`-5s` is not a duration: it must not be negative"},
      {"-0", "`-0` is not a duration: it must not be negative"},
      {"87600h1ns", "`87600h1ns` is not a duration: it is longer than 10 years"},
      {"87600.5h", "`87600.5h` is not a duration: it is longer than 10 years"},
      {"99999999999999999999999s",
       "`99999999999999999999999s` is not a duration: it is longer than 10 years"}};
  for (const auto& [text, sentence] : cases) {
    const auto parsed = parse_duration(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().sentence, sentence);
  }
}

TEST(ParseDuration, ShowsOnlyTheBeginningOfAHugeText) {
  const auto parsed = parse_duration(std::string(100'000, 'x'));
  ASSERT_FALSE(parsed);
  EXPECT_LT(parsed.error().sentence.size(), 200U);
}

TEST(DurationToString, IsShort) {
  const std::pair<Duration, const char*> cases[] = {
      {0ns, "0s"},           {1ns, "1ns"},           {1500ns, "1.5us"}, {300ms, "300ms"},
      {122500us, "122.5ms"}, {1500ms, "1.5s"},       {90s, "1m30s"},    {1h, "1h"},
      {25h, "25h"},          {1h + 5ms, "1h0.005s"}, {-2s, "-2s"},      {244500us, "244.5ms"}};
  for (const auto& [duration, text] : cases) EXPECT_EQ(to_string(duration), text);
  EXPECT_EQ(to_string(Duration::min()), "-2562047h47m16.854775808s");
}

TEST(DurationToString, IsReadBack) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const auto bits = random() % 58;
    const Duration duration(static_cast<std::int64_t>(random() >> (63 - bits)));
    const auto parsed = parse_duration(to_string(duration));
    ASSERT_TRUE(parsed) << to_string(duration);
    EXPECT_EQ(*parsed, duration);
  }
}

TEST(Utc, reads_as_everybody_writes_it) {
  using namespace std::chrono_literals;
  EXPECT_EQ(to_string(Utc()), "1970-01-01T00:00:00Z");
  EXPECT_EQ(to_string(Utc(1'795'873'017s + 999ms)), "2026-11-28T13:36:57Z");
  EXPECT_EQ(to_string(Utc(951'782'400s)), "2000-02-29T00:00:00Z");
  EXPECT_EQ(to_string(Utc(-1ns)), "1969-12-31T23:59:59Z");
}

}  // namespace
}  // namespace hapx
