// SPDX-License-Identifier: Apache-2.0
#include "config/stats_credentials.hpp"

#include <gtest/gtest.h>

namespace hapx {
namespace {

std::string refusal_of(std::string_view text) {
  const auto users = parse_credentials(text);
  return users ? "accepted" : users.error().sentence;
}

TEST(StatsCredentials, HasALineForEach) {
  const auto users =
      parse_credentials("# who may look\nadmin:se:cret\r\n\nops:$6$salt$hash\nlast.one-2_x:\"'\\");
  ASSERT_TRUE(users) << users.error().sentence;
  const std::vector<StatsUser> expected{
      {"admin", "se:cret", false}, {"ops", "$6$salt$hash", true}, {"last.one-2_x", "\"'\\", false}};
  EXPECT_EQ(*users, expected);
}

TEST(StatsCredentials, RefusesWhatIsNoCredential) {
  EXPECT_EQ(refusal_of(""), "there is no line name:password, so nobody could see the page");
  EXPECT_EQ(refusal_of("# a:b\n"), "there is no line name:password, so nobody could see the page");
  EXPECT_EQ(refusal_of("a:b\nsecret\n"), "line 2: there is no colon; write name:password");
  EXPECT_EQ(refusal_of(":secret"),
            "line 1: a name has 1 to 64 letters, digits, hyphens, underscores and dots");
  EXPECT_EQ(refusal_of("a b:secret"),
            "line 1: a name has 1 to 64 letters, digits, hyphens, underscores and dots");
  for (const std::string secret : {"", "with space", "tab\t", "\x80", "\x01"}) {
    EXPECT_EQ(refusal_of("a:" + secret),
              "line 1: a password has 1 to 256 printable characters of ASCII without spaces");
  }
  EXPECT_EQ(refusal_of("a:b\na:c"), "line 2: this name stands in an earlier line, too");
  EXPECT_EQ(refusal_of(std::string(17 * 1024, '#')), "the file is longer than 16 KiB");
}

}  // namespace
}  // namespace hapx
