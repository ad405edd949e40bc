// SPDX-License-Identifier: Apache-2.0
// How does one answer become text in another notation?
//
// Answers travel as JSON; `-o yaml` shows the same tree as YAML, and a tree becomes JSON for
// `-o json`. The tree is config's YamlNode. An unquoted scalar that reads as a JSON number, true,
// false or null is one; every other scalar is a string.
#pragma once

#include <string>
#include <string_view>

#include "config/result.hpp"
#include "config/yaml.hpp"

namespace hapx::appliance {

/// Total; refuses what is not JSON, or nests deeper than 32 levels.
[[nodiscard]] Result<YamlNode> tree_from_json(std::string_view text);

/// One line without a newline at its end.
[[nodiscard]] std::string json_from_tree(const YamlNode& root);

/// The same for people, and for files that are compared line by line; ends with a newline.
[[nodiscard]] std::string indented_json_from_tree(const YamlNode& root);

}  // namespace hapx::appliance
