// SPDX-License-Identifier: Apache-2.0
// May the metrics be shown there?
//
// The part of config/validate.hpp that judges `spec.metrics`. The file is the same on every node,
// so it can only name an address that every node has; and where HAProxy listens, nobody else can.
#pragma once

#include <vector>

#include "config/validate.hpp"

namespace hapx {

/// The broken rules of `config.metrics`; the other parts of `config` need not be sound.
[[nodiscard]] std::vector<Finding> validate_metrics(const ClusterConfig& config);

}  // namespace hapx
