// SPDX-License-Identifier: Apache-2.0
// Where exactly do two configurations differ?
//
// Value by value, side by side, in the words and places of the canonical form. What has a name is
// found by it, wherever it stands: a node, a service, an address, an apiserver. Nothing is
// different only if both are equal. Which changes a running hapxd can take is config/change's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/cluster_config.hpp"
#include "config/yaml.hpp"

namespace hapx {

struct Difference {
  std::string path;                ///< "spec.services[api].port", "spec.nodes (their order)"
  std::optional<YamlNode> before;  ///< absent: it is new
  std::optional<YamlNode> after;   ///< absent: it is gone
  bool needs_new_start = false;    ///< no reload takes it (config/change)
};

/// In the order of the canonical form.
[[nodiscard]] std::vector<Difference> differences(const ClusterConfig& before,
                                                  const ClusterConfig& after);

/// A value on one line: "300ms", "{name: node3, address: 10.0.0.3, role: full, votes: 1}".
[[nodiscard]] std::string one_line(const YamlNode& value);

}  // namespace hapx
