// SPDX-License-Identifier: Apache-2.0
// What would a changed file change?
//
// Two configurations, side by side: what differs, in the words of the file, and what of it a
// running hapxd can't take. Who votes, and under which name and key, is agreed on by all nodes; one
// node that changed it alone would count majorities that the others don't (docs/LEASE.md).
#pragma once

#include <string>
#include <vector>

#include "config/cluster_config.hpp"

namespace hapx {

struct ConfigChange {
  /// "spec.timing", "service kube-apiserver (new)"; empty if both mean the same.
  std::vector<std::string> differences;
  /// Those of them that need a new start: "spec.nodes".
  std::vector<std::string> fixed;
};

[[nodiscard]] ConfigChange compare(const ClusterConfig& before, const ClusterConfig& after);

}  // namespace hapx
