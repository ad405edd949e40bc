// SPDX-License-Identifier: Apache-2.0
#include "vip/bird_reply.hpp"

#include <gtest/gtest.h>

namespace hapx::vip {
namespace {

/// As BIRD 2.0.12 says it.
constexpr std::string_view protocols =
    "2002-Name       Proto      Table      State  Since         Info\n"
    "1002-device1    Device     ---        up     03:50:22.385  \n"
    "1006-\n"
    "1002-hapx_10_9_0_1 Direct     ---        down   03:50:27.096  \n"
    "1006-  Channel ipv4\n"
    "     State:          DOWN\n"
    "     Table:          master4\n"
    " \n"
    "1002-bfd1       BFD        ---        up     03:50:22.385  \n"
    " bfd2       BFD        ---        up     03:50:22.385  \n"
    "1006-\n"
    "1002-up-stream  BGP        ---        up     03:50:26.546  Established   \n"
    "1006-  BGP state:          Established\n"
    "     Neighbor address: 10.71.1.1\n"
    "     Neighbor capabilities\n"
    "       Multiprotocol\n"
    "         AF announced: ipv4 ipv6\n"
    "   Channel ipv4\n"
    "     State:          UP\n"
    "     Table:          master4\n"
    "   Channel ipv6\n"
    "     State:          UP\n"
    " \n"
    "1002-other      BGP        ---        start  2026-11-30 03:50:22  Active    Socket: refused\n"
    "1006-  BGP state:          Active\n"
    "   Channel ipv6\n"
    "     State:          DOWN\n"
    " \n"
    "0000 \n";

std::vector<BirdAnswer> answers(std::string_view text) {
  BirdAnswers reader;
  auto taken = reader.take(text);
  EXPECT_TRUE(taken.has_value()) << taken.error().sentence;
  return taken ? *taken : std::vector<BirdAnswer>();
}

std::string refusal(std::string_view text) {
  BirdAnswers reader;
  const auto taken = reader.take(text);
  return taken ? "" : taken.error().sentence;
}

TEST(BirdReply, an_answer_ends_with_a_code_and_a_space) {
  const auto all = answers("0001 BIRD 2.0.12 ready.\n0011-hapx_10_9_0_1: enabled\n0000 \n");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].lines, (std::vector<BirdLine>{{1, "BIRD 2.0.12 ready."}}));
  EXPECT_EQ(all[1].lines, (std::vector<BirdLine>{{11, "hapx_10_9_0_1: enabled"}, {0, ""}}));
}

TEST(BirdReply, comes_in_any_pieces) {
  BirdAnswers reader;
  std::size_t complete = 0;
  for (const char c : protocols) complete += reader.take({&c, 1}).value().size();
  EXPECT_EQ(complete, 1U);
}

TEST(BirdReply, what_the_log_says_in_between_is_passed_over) {
  const auto all = answers("+somebody typed `echo all`\n0009-a: disabled\n+again\n0000 \n");
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].lines.size(), 2U);
}

TEST(BirdReply, the_table_of_protocols_is_read_by_its_first_columns_and_its_channels) {
  const auto all = answers(protocols);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(protocols_of(all[0]),
            (std::vector<BirdProtocol>{{"device1", "Device", true},
                                       {"hapx_10_9_0_1", "Direct", false},
                                       {"bfd1", "BFD", true},
                                       {"bfd2", "BFD", true},
                                       {"up-stream", "BGP", true, {Family::ipv4, Family::ipv6}},
                                       {"other", "BGP", false}}));
}

TEST(BirdReply, lines_that_are_no_protocol_are_passed_over) {
  EXPECT_TRUE(protocols_of(answers("1002-a BGP\n 1\n \n0000 \n")[0]).empty());
  EXPECT_TRUE(protocols_of(answers("8003 No protocols match\n")[0]).empty());
  EXPECT_TRUE(protocols_of(answers("1006-  Channel ipv4\n     State: UP\n0000 \n")[0]).empty());
}

TEST(BirdReply, nonsense_is_refused) {
  EXPECT_EQ(refusal("HTTP/1.1 400 Bad Request\n"),
            "what answers at BIRD's socket is not BIRD 2: a line without a code");
  for (const auto* text : {"\n", "12\n", "0001\n", "0001x\n", " more\n", "00 1 x\n", "\xff\n"})
    EXPECT_NE(refusal(text), "") << text;
}

TEST(BirdReply, an_answer_without_end_is_refused) {
  EXPECT_NE(refusal(std::string(bird_answer_bytes_max + 1, 'x')), "");
  std::string lines = "1002-begins\n";
  while (lines.size() <= bird_answer_bytes_max) lines += " and goes on\n";
  EXPECT_NE(refusal(lines), "");
}

TEST(BirdReply, many_short_answers_are_no_long_one) {
  BirdAnswers reader;
  const std::string text(std::size_t{1000}, 'x');
  for (std::size_t i = 0; i < 2 * bird_answer_bytes_max / text.size(); ++i) {
    ASSERT_TRUE(reader.take("0001 " + text + "\n").has_value());
    ASSERT_TRUE(reader.take("+" + text + "\n").has_value());
  }
}

TEST(BirdReply, an_address_has_its_own_protocol) {
  EXPECT_EQ(bird_protocol_of(ipv4(10, 9, 0, 1)), "hapx_10_9_0_1");
  EXPECT_EQ(bird_protocol_of(*parse_ip("fd00:9::1")), "hapx_fd00_9__1");
}

TEST(BirdReply, a_session_is_asked_by_its_name) {
  EXPECT_EQ(show_exported(ipv4(10, 9, 0, 1), "up-stream"),
            "show route 10.9.0.1/32 exported 'up-stream'");
  EXPECT_EQ(show_exported(*parse_ip("fd00::1"), "a"), "show route fd00::1/128 exported 'a'");
  for (const auto* name : {"", "a'b", "a b", "a\nconfigure"})
    EXPECT_EQ(show_exported(ipv4(10, 9, 0, 1), name), "") << name;
}

TEST(BirdReply, a_route_that_is_listed_is_exported) {
  const auto all = answers(
      "1007-Table master4:\n 10.9.0.1/32          unicast [hapx_10_9_0_1 03:50:43.484] * (240)\n"
      " \tdev lo\n0000 \n8001 Network not found\n9001 No valid tables\n0000 \n");
  ASSERT_EQ(all.size(), 4U);
  EXPECT_TRUE(is_exported(all[0]));
  for (std::size_t i = 1; i < 4; ++i) EXPECT_FALSE(is_exported(all[i])) << i;
}

}  // namespace
}  // namespace hapx::vip
