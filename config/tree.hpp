// SPDX-License-Identifier: Apache-2.0
// How is a tree of values made, where none was read?
//
// The same tree as a YAML text becomes (config/yaml), for what is written as YAML or JSON.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "config/yaml.hpp"

namespace hapx::tree {

/// Written in quotes: never taken for a number, or for true.
[[nodiscard]] inline YamlNode text(std::string_view value) {
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.scalar = value;
  node.quoted = true;
  return node;
}

/// Written as it stands: a number, a word of a file.
[[nodiscard]] inline YamlNode plain(std::string_view value) {
  YamlNode node = text(value);
  node.quoted = false;
  return node;
}

[[nodiscard]] inline YamlNode flag(bool value) {
  return plain(value ? "true" : "false");
}

[[nodiscard]] inline YamlNode list() {
  YamlNode node;
  node.kind = YamlNode::Kind::list;
  return node;
}

[[nodiscard]] inline YamlNode map() {
  YamlNode node;
  node.kind = YamlNode::Kind::map;
  return node;
}

/// At the end of a map; what is none yet becomes one.
inline void add(YamlNode& map, std::string_view key, YamlNode value) {
  map.kind = YamlNode::Kind::map;
  map.entries.push_back({YamlKey{std::string(key), {}}, std::move(value)});
}

}  // namespace hapx::tree
