// SPDX-License-Identifier: Apache-2.0
// Is every text a located tree or refused, and is a written tree read back?
//
// Each node of a tree stands within the text, no map has a key twice, and nothing is nested deeper
// than the limit; so who walks a tree may recurse.
#include "config/yaml.hpp"

#include <algorithm>
#include <set>

#include "fuzz.hpp"

namespace hapx::fuzz {
namespace {

constexpr std::size_t levels_max = 32;

void look_at(std::string_view text, const YamlNode& node, std::size_t level) {
  must_be_within(text, {node.where.line, node.where.column});
  const bool container = node.kind == YamlNode::Kind::list || node.kind == YamlNode::Kind::map;
  must(level < levels_max + (container ? 0 : 1), "the depth is bounded");
  must(container || (node.items.empty() && node.entries.empty()), "only containers contain");
  for (const YamlNode& item : node.items) look_at(text, item, level + 1);
  std::set<std::string> keys;
  for (const auto& [key, value] : node.entries) {
    must_be_within(text, {key.where.line, key.where.column});
    must(keys.insert(key.text).second, "no key stands twice");
    must(node.find(key.text) == &value, "a key is found");
    look_at(text, value, level + 1);
  }
}

/// Marks aside.
bool same(const YamlNode& a, const YamlNode& b) {
  const auto same_entry = [](const YamlEntry& x, const YamlEntry& y) {
    return x.key.text == y.key.text && same(x.value, y.value);
  };
  // A text that can't stand plain is written in quotes.
  const bool quoted = a.quoted == b.quoted || (!a.quoted && b.quoted);
  return a.kind == b.kind && a.scalar == b.scalar && quoted &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), same) &&
         std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(),
                    same_entry);
}

}  // namespace

void try_input(Bytes input) {
  const std::string_view text = text_of(input);
  const auto root = parse_yaml(text, file);
  if (!root) {
    must_point_into(text, root.error());
    return;
  }
  look_at(text, *root, 0);
  const std::string written = write_yaml(*root);
  const auto again = parse_yaml(written, file);
  must(again.has_value(), "what is written is YAML");
  must(same(*root, *again), "what is written is read back");
  must(write_yaml(*again) == written, "and written again as it was");
}

}  // namespace hapx::fuzz
