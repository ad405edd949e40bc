// SPDX-License-Identifier: Apache-2.0
// May an etcd have the third vote?
//
// The part of config/validate.hpp that judges `spec.arbiter`; its files are judged with the others.
#pragma once

#include <vector>

#include "config/validate.hpp"

namespace hapx {

inline constexpr std::size_t etcd_endpoints_max = 9;

/// The broken rules of that key; the other parts of `config` need not be sound.
[[nodiscard]] std::vector<Finding> validate_arbiter(const ClusterConfig& config);

}  // namespace hapx
