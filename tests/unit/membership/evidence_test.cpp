// SPDX-License-Identifier: Apache-2.0
#include "membership/evidence.hpp"

#include <array>
#include <fstream>
#include <sstream>
#include <vector>

#include <gtest/gtest.h>

namespace hapx::membership {
namespace {

constexpr std::array others{OtherIs::heard,   OtherIs::left,    OtherIs::deaf,  OtherIs::unsure,
                            OtherIs::garbled, OtherIs::suspect, OtherIs::silent};
constexpr std::array keys{KeyIs::held, KeyIs::free, KeyIs::unasked, KeyIs::role};

std::vector<Evidence> all() {
  std::vector<Evidence> evidence;
  for (const OtherIs other : others)
    for (const KeyIs key : keys)
      for (const bool answers : {false, true})
        for (const bool met : {false, true}) evidence.push_back({other, answers, met, key});
  return evidence;
}

bool stands_in(OtherIs other, KeyIs key) {
  return judge({other, true, true, key}).stands_in;
}

TEST(Evidence, EveryCaseHasAReason) {
  for (const Evidence& each : all()) EXPECT_FALSE(judge(each).reason.empty());
}

TEST(Evidence, EveryRowDecidesSomething) {
  for (const EvidenceRow& row : evidence_table()) {
    bool decides = false;
    for (const Evidence& each : all()) decides = decides || judge(each) == row.finding;
    EXPECT_TRUE(decides) << row.finding.reason;
  }
}

TEST(Evidence, NeverStandsInForWhoVotesItself) {
  for (const Evidence& each : all()) {
    if (each.other != OtherIs::heard) continue;
    EXPECT_FALSE(judge(each).stands_in);
  }
}

TEST(Evidence, NeverStandsInWithoutTheTieBreaker) {
  for (const Evidence& each : all()) {
    if (each.tie_breaker_answers) continue;
    EXPECT_FALSE(judge(each).stands_in);
  }
}

/// Wait-for-all: after a cold start nothing is taken before both have met.
TEST(Evidence, TakesNothingBeforeBothHaveMet) {
  for (const Evidence& each : all()) {
    if (each.met || each.key == KeyIs::held) continue;
    EXPECT_FALSE(judge(each).stands_in);
  }
}

TEST(Evidence, AHolderGoesOnWhateverTheOtherOneIs) {
  for (const OtherIs other : others)
    EXPECT_EQ(stands_in(other, KeyIs::held), other != OtherIs::heard) << to_string(other);
}

TEST(Evidence, AnAddressIsTakenFromWhoIsGoneIfNobodyHasIt) {
  for (const OtherIs other : others) {
    const bool is_gone =
        other == OtherIs::silent || other == OtherIs::deaf || other == OtherIs::left;
    EXPECT_EQ(stands_in(other, KeyIs::free), is_gone) << to_string(other);
    EXPECT_EQ(stands_in(other, KeyIs::role), is_gone) << to_string(other);
    EXPECT_EQ(stands_in(other, KeyIs::unasked), other == OtherIs::left) << to_string(other);
  }
}

/// More evidence is never worth less.
TEST(Evidence, IsMonotonic) {
  for (const Evidence& each : all()) {
    if (!judge(each).stands_in) continue;
    Evidence more = each;
    more.tie_breaker_answers = more.met = true;
    EXPECT_TRUE(judge(more).stands_in);
    if (each.key == KeyIs::unasked) more.key = KeyIs::free;
    EXPECT_TRUE(judge(more).stands_in);
    if (each.key == KeyIs::free) more.key = KeyIs::held;
    EXPECT_TRUE(judge(more).stands_in);
  }
}

TEST(Evidence, TheManualHasTheTable) {
  std::ifstream file(HAPX_SOURCE_DIR "/docs/two-nodes.md");
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_NE(text.str().find(evidence_markdown()), std::string::npos)
      << "docs/two-nodes.md should have:\n"
      << evidence_markdown();
}

}  // namespace
}  // namespace hapx::membership
