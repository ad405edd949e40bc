// SPDX-License-Identifier: Apache-2.0
#include "appliance/journal.hpp"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hapx::appliance {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

Instant at(std::int64_t ms) {
  return Instant(milliseconds(ms));
}

JournalEntry entry(std::int64_t ms, std::string sentence) {
  return {at(ms), EventKind::member, std::nullopt, std::nullopt, std::move(sentence), ""};
}

TEST(Journal, KeepsTheLastEntriesAndNumbersThemForGood) {
  Journal journal;
  for (int i = 1; i <= 600; ++i) journal.record(entry(i, "event " + std::to_string(i)));
  ASSERT_EQ(journal.entries().size(), Journal::entries_max);
  EXPECT_EQ(journal.entries().front().number, 89U);
  EXPECT_EQ(journal.entries().front().entry.sentence, "event 89");
  EXPECT_EQ(journal.entries().back().number, 600U);
  EXPECT_EQ(journal.recorded(), 600U);
}

TEST(Journal, CountsARepeatInsteadOfKeepingIt) {
  Journal journal;
  journal.record(entry(1, "no answer"));
  journal.record(entry(2, "no answer"));
  journal.record(entry(3, "no answer"));
  journal.record(entry(4, "an answer"));
  journal.record(entry(5, "no answer"));
  ASSERT_EQ(journal.entries().size(), 3U);
  EXPECT_EQ(journal.entries()[0].times, 3U);
  EXPECT_EQ(journal.entries()[0].entry.at, at(1));
  EXPECT_EQ(journal.entries()[0].last, at(3));
  EXPECT_EQ(journal.entries()[2].times, 1U);
}

TEST(Journal, CutsWhatIsTooLongBetweenCharacters) {
  Journal journal;
  std::string text;
  while (text.size() < 2000) text += "ö";
  journal.record(entry(1, "x" + text));
  const std::string& kept = journal.entries().back().entry.sentence;
  EXPECT_LE(kept.size(), Journal::sentence_bytes_max);
  EXPECT_THAT(kept, testing::EndsWith("ö..."));
  EXPECT_EQ(printable(kept), kept);
}

TEST(Journal, TellsAServiceWhatConcernsItOrAll) {
  Journal journal;
  journal.record(entry(1, "node2 is dead"));
  journal.record({at(2), EventKind::lease, ServiceName("a"), FailoverPhase::lease_won,
                  "the lease is ours", "all voters agreed"});
  journal.record({at(3), EventKind::lease, ServiceName("b"), std::nullopt, "not this", ""});
  const auto lines = event_lines(journal, at(1002), ServiceName("a"));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].sentence, "node2 is dead");
  EXPECT_EQ(lines[1].service, "a");
  EXPECT_EQ(lines[1].phase, "lease-won");
  EXPECT_EQ(lines[1].age, milliseconds(1000));
  EXPECT_EQ(event_lines(journal, at(1002), std::nullopt).size(), 3U);
}

TEST(Journal, TellsTheTimeOfDayOfTheLastTime) {
  Journal journal;
  journal.record(entry(1000, "no answer"));
  journal.record(entry(2042, "no answer"));
  const Duration offset = std::chrono::seconds(1'700'000'000);
  const auto lines = event_lines(journal, at(5000), std::nullopt, offset);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].at, "2023-11-14T22:13:22.042Z");
  const auto back = events_from_json(events_to_json(lines));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, lines);
  const Style wide{Colour::never, Detail::wide};
  EXPECT_EQ(events_to_text(lines, wide),
            "TIME                      AGO     KIND    PHASE  SERVICE  WHAT\n"
            "2023-11-14T22:13:22.042Z  2.958s  member  -      -        no answer, 2 times\n");
  EXPECT_EQ(event_lines(journal, at(5000), std::nullopt, -offset)[0].at, "") << "no such day";
}

TEST(Journal, EventsAreReadBackAsTheyWere) {
  Journal journal;
  journal.record(entry(1, "node2 is dead"));
  journal.record({at(2), EventKind::placement, ServiceName("a"), FailoverPhase::placement_decided,
                  "a goes to node1", "node2 is offline"});
  journal.record({at(3), EventKind::placement, ServiceName("a"), FailoverPhase::placement_decided,
                  "a goes to node1", "node2 is offline"});
  const auto lines = event_lines(journal, at(5), std::nullopt);
  const auto back = events_from_json(events_to_json(lines));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, lines);
}

TEST(Journal, EventsThatAreNoneAreRefused) {
  for (const char* text : {"", "{}", "[1]", "[", "null"}) {
    EXPECT_FALSE(events_from_json(text).has_value()) << text;
  }
  const auto odd = events_from_json(R"([{"ageMs": -5, "number": 1e300, "times": "x"}])");
  ASSERT_TRUE(odd.has_value());
  EXPECT_EQ(odd->front().age, Duration{0});
  EXPECT_EQ(odd->front().times, 1U);
}

TEST(Journal, EventsAreOneLineEach) {
  const std::string text = events_to_text(
      {{1, milliseconds(31), "member", "", "peer-dead", "node2 is dead", "silent for 300ms", 1},
       {2, milliseconds(245'000), "lease", "api", "", "denied", "", 4}},
      {});
  EXPECT_EQ(text,
            "AGO     KIND    SERVICE  WHAT\n"
            "0.031s  member  -        node2 is dead (silent for 300ms)\n"
            "4m05s   lease   api      denied, 4 times\n");
}

TEST(FailoverPhases, AreTwelveInOrderEachWithItsOwnName) {
  const auto rows = failover_phases();
  ASSERT_EQ(rows.size(), 12U);
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(rows[i].phase), i);
    EXPECT_EQ(to_string(rows[i].phase), rows[i].name);
    names.insert(rows[i].name);
  }
  EXPECT_EQ(names.size(), 12U);
}

}  // namespace
}  // namespace hapx::appliance
