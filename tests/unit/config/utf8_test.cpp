// SPDX-License-Identifier: Apache-2.0
#include "config/utf8.hpp"

#include <gtest/gtest.h>

namespace hapx {
namespace {

TEST(Utf8, MeasuresOneSequence) {
  EXPECT_EQ(utf8_length(""), 0U);
  EXPECT_EQ(utf8_length("ab"), 1U);
  EXPECT_EQ(utf8_length("\xc3\xa4\xc3"), 2U);
  EXPECT_EQ(utf8_length("\xe2\x82\xac"), 3U);
  EXPECT_EQ(utf8_length("\xf0\x9f\x98\x80"), 4U);
}

TEST(Utf8, RefusesWhatRfc3629Does) {
  for (const char* text : {
           "\x80",              // goes on with nothing
           "\xc3",              // ends too early
           "\xe2\x82",          // likewise
           "\xc0\xaf",          // overlong in two
           "\xe0\x80\xaf",      // in three
           "\xf0\x80\x80\xaf",  // in four
           "\xed\xa0\x80",      // half of a surrogate pair
           "\xf4\x90\x80\x80",  // beyond the last character
           "\xff",              // never
       }) {
    EXPECT_EQ(utf8_length(text), 0U) << testing::PrintToString(text);
  }
}

TEST(Utf8, KnowsWhetherAllOfATextIs) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("a \xc3\xa4"));
  EXPECT_FALSE(is_utf8("a \x85 b"));
  EXPECT_FALSE(is_utf8("\xc3\xa4\xc3"));
}

TEST(Utf8, PrintableIsWhatNoTerminalObeys) {
  EXPECT_EQ(printable("a \xc3\xa4 \xf0\x9f\x98\x80"), "a \xc3\xa4 \xf0\x9f\x98\x80");
  EXPECT_EQ(printable("a\n\x1b[2J\x7f"), "a??[2J?");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m \xc2\xa0"),
            "?31m \xc2\xa0")
      << "the eight-bit form of ESC [";
  EXPECT_EQ(printable("\xff\xc3"), "??");
}

}  // namespace
}  // namespace hapx
