// SPDX-License-Identifier: Apache-2.0
#include "config/cluster_key.hpp"

#include <gtest/gtest.h>

namespace hapx {
namespace {

constexpr const char* line =
    "hapx-key-v1:8f3a01c2d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7eff";

TEST(ClusterKey, IsReadBack) {
  const auto key = parse_key(line);
  ASSERT_TRUE(key);
  EXPECT_EQ((*key)[0], 0x8f);
  EXPECT_EQ((*key)[31], 0xff);
  EXPECT_EQ(write_key(*key), std::string(line) + '\n');
}

TEST(ClusterKey, MayHaveWhiteSpaceAround) {
  for (const auto* tail : {"\n", "\r\n", "\n\n", "  "}) {
    EXPECT_EQ(*parse_key(std::string(" ") + line + tail), *parse_key(line));
  }
}

TEST(ClusterKey, RefusesWhatIsNone) {
  const auto digits = [](const std::string& text) { return "hapx-key-v1:" + text; };
  const std::pair<std::string, const char*> cases[] = {
      {"", "the key is empty; make one with `hapx keygen`"},
      {"  \n", "the key is empty; make one with `hapx keygen`"},
      {"secret",
       "this is no key: it does not begin with hapx-key-v1:; make one with `hapx keygen`"},
      {std::string("\0\0", 2),
       "this is no key: it does not begin with hapx-key-v1:; make one with `hapx keygen`"},
      {digits("8f3a"),
       "the key has 4 hexadecimal digits instead of 64; make one with `hapx keygen`"},
      {std::string(line) + "0",
       "the key has 65 hexadecimal digits instead of 64; make one with `hapx keygen`"},
      {std::string(line) + '\n' + line,
       "the key has characters that are no hexadecimal digits; make one with `hapx keygen`"},
      {digits(std::string(64, '0')),
       "the key is no secret: it is one of tests and examples; make one with `hapx keygen`"},
      {digits(std::string(64, 'a')),
       "the key is no secret: it is one of tests and examples; make one with `hapx keygen`"},
      {digits("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
       "the key is no secret: it is one of tests and examples; make one with `hapx keygen`"}};
  for (const auto& [text, sentence] : cases) {
    const auto key = parse_key(text);
    ASSERT_FALSE(key) << sentence;
    EXPECT_EQ(key.error().sentence, sentence);
    EXPECT_EQ(key.error().kind, ErrorKind::refused);
  }
}

constexpr const char* another_line =
    "hapx-key-v1:1f3a01c2d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7eff";

TEST(ClusterKeys, AreOneLineOrTwo) {
  const ClusterKey one = *parse_key(line);
  const ClusterKey another = *parse_key(another_line);
  EXPECT_EQ(*parse_keys(std::string(line) + "\n"), ClusterKeys{one});
  EXPECT_EQ(*parse_keys(std::string(line) + "\n" + another_line), (ClusterKeys{one, another}));
  EXPECT_EQ(*parse_keys(std::string("\n ") + another_line + "\r\n\n" + line + " \n"),
            (ClusterKeys{another, one}));
}

TEST(ClusterKeys, RefuseWhatIsNoPair) {
  const std::string both = std::string(line) + "\n" + another_line + "\n";
  const std::pair<std::string, const char*> cases[] = {
      {"\n", "the key is empty; make one with `hapx keygen`"},
      {std::string("secret\n") + line,
       "this is no key: it does not begin with hapx-key-v1:; make one with `hapx keygen`"},
      {std::string(line) + "\nsecret",
       "the second line: this is no key: it does not begin with hapx-key-v1:; make one with `hapx "
       "keygen`"},
      {std::string(line) + "\n" + line, "both lines are the same key; remove one of them"},
      {both + line,
       "there are more than two keys; keep the one in use, and the one before or after it"}};
  for (const auto& [text, sentence] : cases) {
    const auto keys = parse_keys(text);
    ASSERT_FALSE(keys) << sentence;
    EXPECT_EQ(keys.error().sentence, sentence);
    EXPECT_EQ(keys.error().kind, ErrorKind::refused);
  }
}

TEST(ClusterKey, IsNeverShown) {
  const std::string text = line;
  for (std::size_t length = 0; length < text.size(); ++length) {
    for (const auto* tail : {"", "?"}) {
      const auto key = parse_key(text.substr(0, length) + tail);
      ASSERT_FALSE(key);
      EXPECT_EQ(key.error().sentence.find("8f3a"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace hapx
