// SPDX-License-Identifier: Apache-2.0
// Do two nodes run the same configuration, and where do they not?
//
// A configuration in a few numbers, small enough to travel with a heartbeat. Only what is not left
// at its default counts: a later version that knows more keys finds the same numbers for the same
// file. Limit: a new key of a node or of an address is a difference until all have that version.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/cluster_config.hpp"

namespace hapx {

/// What belongs together, in the words of config/change: "spec.timing", "service kube-apiserver".
struct ConfigPart {
  std::string name;
  std::uint64_t fingerprint = 0;

  friend bool operator==(const ConfigPart&, const ConfigPart&) = default;
};

/// Sorted by name. A part that is all defaults is left out.
[[nodiscard]] std::vector<ConfigPart> parts_of(const ClusterConfig& config);

/// Of all parts together; never 0.
[[nodiscard]] std::uint64_t fingerprint_of(const std::vector<ConfigPart>& parts);

/// "spec.timing", "service api (only there)"; empty only if both are equal.
[[nodiscard]] std::vector<std::string> compare(const std::vector<ConfigPart>& here,
                                               const std::vector<ConfigPart>& there);

}  // namespace hapx
