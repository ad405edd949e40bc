// SPDX-License-Identifier: Apache-2.0
// Can heartbeats take the further ways that the file names?
//
// A part of config/validate, in a file of its own; nobody else includes it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "config/cluster_config.hpp"

namespace hapx {

/// What is wrong with the links of that node; the first thing only. REQUIRES: it is there.
[[nodiscard]] std::optional<std::string> links_problem(const ClusterConfig& config,
                                                       std::size_t node);

}  // namespace hapx
