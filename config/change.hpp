// SPDX-License-Identifier: Apache-2.0
// What would a changed file change?
//
// Two configurations, side by side: what differs, in the words of the file, and what of it a
// running hapxd can't take. Under which name, and where, nodes find each other is agreed on by all
// of them; one node that changed it alone would be lost to the others. (Who votes is agreed on,
// too, but they can change that together: docs/LEASE.md, rule 22.)
#pragma once

#include <string>
#include <vector>

#include "config/cluster_config.hpp"

namespace hapx {

struct ConfigChange {
  /// "spec.timing", "service kube-apiserver (new)"; empty if both mean the same.
  std::vector<std::string> differences;
  /// Those of them that need a new start: "spec.port", "spec.nodes[node2].address".
  std::vector<std::string> fixed;
};

[[nodiscard]] ConfigChange compare(const ClusterConfig& before, const ClusterConfig& after);

}  // namespace hapx
