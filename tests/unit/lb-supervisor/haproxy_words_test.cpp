// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/haproxy_words.hpp"

#include <gtest/gtest.h>

namespace hapx::lb_supervisor {
namespace {

TEST(WordsOfHaproxy, finds_the_alerts_among_all_that_is_said) {
  EXPECT_EQ(words_of_haproxy("[NOTICE]   (9964) : haproxy version is 2.6.12\n"
                             "[WARNING]  (9964) : config : something harmless\n"
                             "[ALERT]    (9964) : config : parsing [t.cfg:30] : unknown keyword\n"
                             "[ALERT]    (9964) : config : Fatal errors found.\n"),
            "config : parsing [t.cfg:30] : unknown keyword; config : Fatal errors found.");
}

TEST(WordsOfHaproxy, takes_other_lines_where_there_is_no_alert) {
  EXPECT_EQ(words_of_haproxy("[NOTICE] (1) : x\n[WARNING] (1) : a\nterminate called\n"),
            "a; terminate called");
  EXPECT_EQ(words_of_haproxy(""), "");
  EXPECT_EQ(words_of_haproxy("[NOTICE] (1) : x"), "");
}

TEST(WordsOfHaproxy, is_short_and_printable_whatever_it_is_given) {
  const auto words = words_of_haproxy("[ALERT] bell\a\x1b[31m \xff" + std::string(9000, 'x'));
  EXPECT_EQ(words.size(), 500U);
  for (const char c : words) EXPECT_TRUE(c >= 0x20 && c <= 0x7E);
}

TEST(HaproxyWords, names_the_line_that_haproxy_blames) {
  RenderedHaproxy rendered{"global\n    maxconn 5\n    no-such thing\n", {}, {}};
  const std::string words = "config : parsing [/run/hapx/haproxy-check.cfg:3] : unknown keyword";
  EXPECT_EQ(located(words, rendered), "its line `no-such thing`: " + words);
  rendered.origins = {{2, 8, "somebody"}, {3, 41, "service api, extraConfig.global"}};
  EXPECT_EQ(located(words, rendered),
            "hapx.yaml, line 41, service api, extraConfig.global, `no-such thing`: " + words);
  rendered.origins[1].file_line = 0;
  EXPECT_EQ(located(words, rendered), "service api, extraConfig.global, `no-such thing`: " + words);
  for (const char* other : {"", "no line", "[x:]", "[x:99]", "[x:99999999999999]", "]", "[a:-1]"}) {
    EXPECT_EQ(located(other, rendered), other);
  }
}

}  // namespace
}  // namespace hapx::lb_supervisor
