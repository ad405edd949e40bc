// SPDX-License-Identifier: Apache-2.0
// How is a configuration written in full?
//
// The canonical form: every key with its value, defaults included, keys in the order of
// config/schema. Two files that mean the same have the same canonical form, whatever they left out.
#pragma once

#include <string>

#include "config/cluster_config.hpp"
#include "config/yaml.hpp"

namespace hapx {

/// As a tree.
[[nodiscard]] YamlNode canonical_tree(const ClusterConfig& config);

/// Its text: YAML that parse_config reads back to an equal value (of a config that validate
/// approves).
[[nodiscard]] std::string write_config(const ClusterConfig& config);

/// "kube-mast01:6443".
[[nodiscard]] std::string write_api_server(const ApiServer& server);

}  // namespace hapx
