// SPDX-License-Identifier: Apache-2.0
#include "config/yaml.hpp"

#include <gtest/gtest.h>

namespace hapx {
namespace {

std::string refused(const std::string& text) {
  const auto root = parse_yaml(text, "f");
  return root ? "accepted" : root.error().sentence;
}

/// Equal but for the marks.
bool same(const YamlNode& a, const YamlNode& b) {
  if (a.kind != b.kind || a.scalar != b.scalar || a.quoted != b.quoted) return false;
  if (a.items.size() != b.items.size() || a.entries.size() != b.entries.size()) return false;
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!same(a.items[i], b.items[i])) return false;
  }
  for (std::size_t i = 0; i < a.entries.size(); ++i) {
    if (a.entries[i].key.text != b.entries[i].key.text) return false;
    if (!same(a.entries[i].value, b.entries[i].value)) return false;
  }
  return true;
}

TEST(Yaml, KnowsWhereEverythingStands) {
  const auto root =
      parse_yaml("# a comment\nnodes:\n  - {name: a, votes: 1}\n  - name: \"b\"\n", "f");
  ASSERT_TRUE(root);
  ASSERT_EQ(root->kind, YamlNode::Kind::map);
  EXPECT_EQ(root->entries[0].key.where, (Location{2, 1}));
  const auto* nodes = root->find("nodes");
  ASSERT_NE(nodes, nullptr);
  EXPECT_EQ(nodes->where, (Location{3, 3}));
  ASSERT_EQ(nodes->items.size(), 2U);
  EXPECT_EQ(nodes->items[0].where, (Location{3, 5}));
  EXPECT_EQ(nodes->items[0].find("votes")->where, (Location{3, 22}));
  EXPECT_EQ(nodes->items[1].find("name")->where, (Location{4, 11}));
  EXPECT_TRUE(nodes->items[1].find("name")->quoted);
  EXPECT_FALSE(nodes->items[0].find("name")->quoted);
  EXPECT_EQ(nodes->find("name"), nullptr);  // a list has no keys
}

TEST(Yaml, CountsColumnsInCharacters) {
  const auto root = parse_yaml("\xef\xbb\xbf{\xc3\xa4\xc3\xa4: \xe2\x82\xac, b: c}\n", "f");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->entries[0].value.where, (Location{1, 6}));
  EXPECT_EQ(root->entries[1].key.where, (Location{1, 9}));
}

TEST(Yaml, KnowsNullFromEmptyText) {
  const auto root = parse_yaml("a:\nb: ~\nc: null\nd: \"\"\ne: \"null\"\n", "f");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->find("a")->kind, YamlNode::Kind::null);
  EXPECT_EQ(root->find("b")->kind, YamlNode::Kind::null);
  EXPECT_EQ(root->find("c")->kind, YamlNode::Kind::null);
  EXPECT_EQ(root->find("d")->kind, YamlNode::Kind::scalar);
  EXPECT_EQ(root->find("e")->scalar, "null");
  EXPECT_EQ(parse_yaml("", "f")->kind, YamlNode::Kind::null);
}

TEST(Yaml, TakesWindowsLineEnds) {
  const auto root = parse_yaml("a: 1\r\nb:\r\n  - x\r\n", "f");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->find("a")->scalar, "1");
  EXPECT_EQ(root->find("b")->items[0].where, (Location{3, 5}));
}

TEST(Yaml, RefusesWhatIsDangerousInAConfig) {
  EXPECT_EQ(refused("a: 1\nb: 2\na: 3\n"), "f:3:1: duplicate key `a`; remove one of the two");
  EXPECT_EQ(refused("x:\n  - {a: 1, \"a\": 3}\n"),
            "f:2:12: duplicate key `a`; remove one of the two");
  EXPECT_EQ(refused("a: 1\n---\nb: 2\n"),
            "f:2:1: a second document begins here; a file holds one document");
  EXPECT_EQ(refused("a: &x 1\n"), "f:1:4: anchors (&name) are not supported; remove it");
  EXPECT_EQ(refused("a: &x 1\nb: *x\n"), "f:1:4: anchors (&name) are not supported; remove it");
  EXPECT_EQ(refused("a: *x\n"), "f:1:4: this is not YAML: the referenced anchor is not defined");
  EXPECT_EQ(refused("a: !!str 1\n"), "f:1:4: tags (!name) are not supported; remove it");
  EXPECT_EQ(refused("? [a]\n: 1\n"),
            "f:1:3: a key must be plain text, not a list or a map; is a bracket left open?");
  EXPECT_EQ(refused(": 1\n"), "f:1:1: a key is missing here");
  EXPECT_EQ(refused("? " + std::string(257, 'k') + "\n: 1\n"),
            "f:1:3: a key of more than 256 bytes stands here");
}

TEST(Yaml, RefusesBytesThatAreNoText) {
  EXPECT_EQ(refused(std::string("a: b\nc: \0d\n", 11)),
            "f:2:4: a control character stands here; remove it");
  EXPECT_EQ(refused("a: \x1b[31m\n"), "f:1:4: a control character stands here; remove it");
  EXPECT_EQ(refused("a: b\rc: d\n"), "f:1:5: a control character stands here; remove it");
  for (const auto* bytes :
       {"\xff\xfe", "\x80", "\xc0\xaf", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xe2\x82",
        "\xf4\x90\x80\x80", "\xf0\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xc3("}) {
    EXPECT_EQ(refused(std::string("a: \xc3\xa4") + bytes),
              "f:1:5: this is not UTF-8 text; save the file as UTF-8");
  }
  EXPECT_EQ(refused("a: \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\n"), "accepted");
}

TEST(Yaml, SaysWhereTheSyntaxBreaks) {
  EXPECT_EQ(refused("a: b: c\n"),
            "f:1:5: no value can begin at this colon; put the text in quotes or check the "
            "indentation");
  EXPECT_EQ(refused("a:\n  - b\n  c: d\n"),
            "f:3:3: this line does not fit the lines above; check its indentation");
  EXPECT_EQ(refused("a: {b: 1\n"),
            "f:2:1: a bracket that was opened before is not closed; close it");
  EXPECT_EQ(refused("\xc3\xa4: {b: 1"),
            "f:1:9: a bracket that was opened before is not closed; close it");
  EXPECT_EQ(refused("a: @b\n"), "f:1:4: this is not YAML: unknown token");
  // Found by fuzzing: yaml-cpp's own words would end in the first half of the umlaut.
  for (const char* escape : {"\\\xc3\xa4", "\\d+"}) {
    EXPECT_EQ(refused(std::string("a: \"b") + escape + "\"\n"),
              "f:1:8: this backslash begins no escape of YAML; in double quotes write \\\\ for a "
              "backslash, or use single quotes");
  }
}

/// Found by fuzzing: yaml-cpp makes a byte of each that is not UTF-8.
TEST(Yaml, RefusesEscapesThatWouldNotBeUtf8) {
  for (const char* escape : {"\\N", "\\_"}) {
    EXPECT_EQ(refused(std::string("a: \"b") + escape + "\"\n"),
              "f:1:4: the escapes \\N and \\_ are not supported; write \\x85 and \\xa0");
  }
  const auto root = parse_yaml("a: \"\\x85\\xa0\\L\"\n", "f");
  ASSERT_TRUE(root) << root.error().sentence;
  EXPECT_EQ(root->find("a")->scalar, "\xc2\x85\xc2\xa0\xe2\x80\xa8");
}

TEST(Yaml, RefusesAQuoteThatIsNeverClosed) {
  const std::string sentence = "f:1:4: this quote is never closed; close it";
  EXPECT_EQ(refused("a: \"b\n"), sentence);
  EXPECT_EQ(refused("a: 'b\n"), sentence);
  EXPECT_EQ(refused("a: \"b\\\"\n"), sentence);
  EXPECT_EQ(refused("a: 'b''\n"), sentence);
  EXPECT_EQ(refused("a: \"b\"\n"), "accepted");
  EXPECT_EQ(refused("a: \"b\\\\\"\n"), "accepted");
  EXPECT_EQ(refused("a: 'b'''\n"), "accepted");
  EXPECT_EQ(refused("\xc3\xa4: |\n  'b\n"), "accepted");
  EXPECT_EQ(refused("\xef\xbb\xbf\xc3\xa4: 'b'\r\n"), "accepted");
  EXPECT_EQ(refused("\xef\xbb\xbf\xc3\xa4: 'b\r\n"), sentence);
}

TEST(Yaml, RepeatsNoMoreOfABadTextThanALineHasRoomFor) {
  const std::string sentence = refused("%YAML " + std::string(100'000, '!') + "\n--- a\n");
  EXPECT_TRUE(sentence.starts_with("f:1:")) << sentence;
  EXPECT_LT(sentence.size(), 150U);
}

TEST(Yaml, HasLimits) {
  EXPECT_EQ(refused(std::string(1024 * 1024 + 1, ' ')),
            "f:1:1: the file is larger than 1 MiB; a configuration is a few KiB");
  EXPECT_EQ(refused(std::string(1024 * 1024, ' ')), "accepted");
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(refused(nested(32)), "accepted");
  EXPECT_EQ(refused(nested(33)), "f:1:33: this is nested more than 32 levels deep");
  EXPECT_NE(refused(nested(500'000)), "accepted");
  EXPECT_NE(refused(std::string(1024 * 1024, '[')), "accepted");
  EXPECT_NE(refused(std::string(1024 * 1024, '{')), "accepted");
}

TEST(Yaml, RefusesABombOfAliases) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 20; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before +
            ", " + before + ", " + before + ", " + before + "]\n";
  }
  EXPECT_EQ(refused(bomb), "f:1:5: anchors (&name) are not supported; remove it");
}

TEST(WriteYaml, IsReadBack) {
  const char* const text =
      "plain: a b\n\"quoted key: x\": \"1\"\nempty: {}\nnone: []\nnothing: ~\n"
      "escapes: \"a\\tb\\n\\\"\\\\ \\u00e4 \\x01\"\nnegative: -INFINITY\ndash: \"- a\"\n"
      "list:\n  - - a\n    - [b, {c: d}]\n  - {e: {f: [g]}}\n  - {}\n  - ''\n  - null\n"
      "block: |\n  one\n  two\nurl: http://a/b?c#d\n\"\": empty\ntext: \"null\"\n\"a\\nb\": c\n";
  const auto root = parse_yaml(text, "f");
  ASSERT_TRUE(root) << root.error().sentence;
  const auto written = write_yaml(*root);
  const auto again = parse_yaml(written, "written");
  ASSERT_TRUE(again) << again.error().sentence << '\n' << written;
  EXPECT_EQ(write_yaml(*again), written);
  // An unquoted text that could be mistaken gets quotes; all else is the same tree.
  auto expected = *root;
  for (auto& [key, value] : expected.entries) {
    if (key.text == "url") value.quoted = true;
  }
  EXPECT_TRUE(same(*again, expected)) << written;
}

TEST(WriteYaml, IsBlockStyle) {
  const auto root = parse_yaml("{a: [{b: 1, c: [x, y]}, z], d: {e: f}}", "f");
  ASSERT_TRUE(root);
  EXPECT_EQ(write_yaml(*root), "a:\n  - b: 1\n    c:\n      - x\n      - y\n  - z\nd:\n  e: f\n");
}

}  // namespace
}  // namespace hapx
