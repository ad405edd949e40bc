// SPDX-License-Identifier: Apache-2.0
// What does a YAML text say, and where exactly does it say it?
//
// A located tree: every value knows its line and column, so that whoever refuses one can say where.
// This is the only place that knows yaml-cpp. It refuses what is dangerous in a config file:
// duplicate keys, more than one document, anchors/aliases (a small file could become a huge tree),
// more than 1 MiB of text, more than 32 levels.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/result.hpp"

namespace hapx {

/// 1-based, as editors count.
struct Location {
  std::size_t line = 1;
  std::size_t column = 1;

  friend bool operator==(const Location&, const Location&) = default;
};

struct YamlEntry;

struct YamlKey {
  std::string text;
  Location where;
};

struct YamlNode {
  enum class Kind { null, scalar, list, map };

  Kind kind = Kind::null;
  std::string scalar;              ///< of a scalar, unquoted
  bool quoted = false;             ///< it stood in quotes: text, never a number
  std::vector<YamlNode> items;     ///< of a list
  std::vector<YamlEntry> entries;  ///< of a map, in the file's order
  Location where;

  /// The value of `key`, or nullptr. REQUIRES nothing: of another kind it is nullptr, too.
  [[nodiscard]] const YamlNode* find(std::string_view key) const;
};

/// One key of a map.
struct YamlEntry {
  YamlKey key;
  YamlNode value;
};

/// Reads one document. `file` is only for the sentence: "hapx.yaml:3:7: ...".
[[nodiscard]] Result<YamlNode> parse_yaml(std::string_view text, std::string_view file);

/// Writes a tree as block-style YAML that parse_yaml reads back to an equal tree (marks aside).
[[nodiscard]] std::string write_yaml(const YamlNode& root);

/// "file:line:column: sentence"; all refusals of files look like this.
[[nodiscard]] Error refusal(std::string_view file, Location where, const std::string& sentence);

}  // namespace hapx
