// SPDX-License-Identifier: Apache-2.0
// Rolling upgrades: nodes of two versions understand each other.
#include <charconv>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "said_earlier.hpp"

namespace hapx::membership {
namespace {

using testing::options_then;
using testing::said_before_claims_named_a_plan;
using testing::said_before_configs_were_compared;

/// A file of hexadecimal digits; '#' begins a line of comment.
std::vector<std::uint8_t> read_golden(const std::string& name) {
  std::ifstream file(HAPX_SOURCE_DIR "/tests/unit/membership/golden/" + name);
  std::string digits;
  for (std::string line; std::getline(file, line);)
    if (!line.starts_with('#')) digits += line;
  std::vector<std::uint8_t> bytes(digits.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    std::from_chars(digits.data() + 2 * i, digits.data() + 2 * i + 2, bytes[i], 16);
  return bytes;
}

struct Version {
  std::string golden;
  Message (*said)();
};

struct CodecVersions : ::testing::TestWithParam<Version> {
  std::vector<std::uint8_t> datagram = read_golden(GetParam().golden);
};

TEST_P(CodecVersions, what_an_earlier_node_says_is_understood) {
  ASSERT_FALSE(datagram.empty());
  Codec codec(options_then("node2", 22));
  const auto result = codec.open(datagram);
  const auto* opened = std::get_if<Opened>(&result);
  ASSERT_NE(opened, nullptr) << std::get<Refused>(result).reason;
  EXPECT_EQ(opened->message, GetParam().said());
  EXPECT_EQ(opened->envelope.sender, NodeName("node1"));
}

/// What it doesn't know it skips (message.proto's rules); all that it knows looks as it did.
TEST_P(CodecVersions, an_earlier_node_is_told_what_it_knows_as_it_knows_it) {
  Codec codec(options_then("node1", 11));
  const auto datagrams = codec.seal(GetParam().said());
  ASSERT_EQ(datagrams.size(), 1U);
  EXPECT_EQ(datagrams[0], datagram);
}

INSTANTIATE_TEST_SUITE_P(
    Before, CodecVersions,
    ::testing::Values(Version{"before_configs_were_compared.hex",
                              said_before_configs_were_compared},
                      Version{"before_claims_named_a_plan.hex", said_before_claims_named_a_plan}),
    [](const auto& each) { return each.param.golden.substr(7, each.param.golden.size() - 11); });

}  // namespace
}  // namespace hapx::membership
