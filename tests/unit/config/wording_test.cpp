// SPDX-License-Identifier: Apache-2.0
#include "config/wording.hpp"

#include <array>

#include <gtest/gtest.h>

namespace hapx {
namespace {

using namespace std::string_view_literals;

TEST(Shown, IsBoundedAndPrintable) {
  EXPECT_EQ(shown("vips"), "`vips`");
  EXPECT_EQ(shown("a\nb\x1b[31m"), "`a?b?[31m`");
  EXPECT_EQ(shown("\xc2\x9b"
                  "2J \xff"),
            "`?2J ?`");
  EXPECT_EQ(shown(std::string(65, 'x')), '`' + std::string(64, 'x') + "...`");
  EXPECT_EQ(shown(std::string(63, 'x') + "\xc3\xa4\xc3\xa4"), '`' + std::string(63, 'x') + "...`");
}

TEST(EditDistance, CountsInsertedRemovedReplacedAndSwappedLetters) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("apiServers", "apiservers"), 0U);  // case apart
  EXPECT_EQ(edit_distance("api_servers", "apiServers"), 1U);
  EXPECT_EQ(edit_distance("tpc", "tcp"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance(std::string(65, 'a'), "a"), 64U);
}

TEST(Nearest, GuessesOnlyWhatIsNear) {
  constexpr std::array words{"name"sv, "vips"sv, "apiServers"sv};
  EXPECT_EQ(nearest("apiservers", words), "apiServers");
  EXPECT_EQ(nearest("apiServer", words), "apiServers");
  EXPECT_EQ(nearest("vip", words), "vips");
  EXPECT_EQ(nearest("stats", words), std::nullopt);
  EXPECT_EQ(nearest("", words), std::nullopt);
  EXPECT_EQ(suggestion("nmae", words, "no"), "; did you mean `name`?");
  EXPECT_EQ(suggestion("metrics", words, "no"), "; no");
}

TEST(Listed, ReadsLikeASentence) {
  constexpr std::array words{"a"sv, "b"sv, "c"sv};
  EXPECT_EQ(listed(words, "or"), "a, b or c");
  EXPECT_EQ(listed(std::span(words).first(2), "and"), "a and b");
  EXPECT_EQ(listed(std::span(words).first(1), "and"), "a");
}

}  // namespace
}  // namespace hapx
