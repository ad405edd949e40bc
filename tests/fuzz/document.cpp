// SPDX-License-Identifier: Apache-2.0
// Is the same said in JSON and in YAML (`-o json`, `-o yaml`)?
#include "appliance/document.hpp"

#include "config/yaml.hpp"
#include "fuzz.hpp"
#include "shown.hpp"

namespace hapx::fuzz {
namespace {

using namespace appliance;

/// Neither is read back: YAML's keys have at most 256 bytes, and two that differ in a control
/// character only would be one.
bool has_odd_keys(const YamlNode& node) {
  for (const YamlNode& item : node.items) {
    if (has_odd_keys(item)) return true;
  }
  for (const auto& [key, value] : node.entries) {
    if (key.text.size() > 256 || printable(key.text) != key.text || has_odd_keys(value)) {
      return true;
    }
  }
  return false;
}

/// Boost.JSON 1.81 reads a real number to its last place or the one beside it, so what it wrote
/// itself may become its neighbour. No answer of ours has one.
bool has_reals(const boost::json::value& value) {
  if (const auto* list = value.if_array()) return std::ranges::any_of(*list, has_reals);
  if (const auto* object = value.if_object()) {
    return std::ranges::any_of(*object, [](const auto& entry) { return has_reals(entry.value()); });
  }
  return value.is_double();
}

}  // namespace

void try_input(Bytes input) {
  const auto tree = tree_from_json(text_of(input));
  if (!tree) return must_be_a_sentence(tree.error().sentence);
  const std::string json = json_from_tree(*tree);
  const bool reals = has_reals(must_be_json(json));
  const auto again = tree_from_json(json);
  must(again.has_value() && (reals || json_from_tree(*again) == json), "JSON is read back");
  if (reals || has_odd_keys(*tree)) return;
  const auto yaml = parse_yaml(write_yaml(*tree), file);
  must(yaml.has_value(), "YAML is read back");
  must(json_from_tree(*yaml) == json, "YAML says the same");
}

}  // namespace hapx::fuzz
