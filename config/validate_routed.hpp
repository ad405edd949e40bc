// SPDX-License-Identifier: Apache-2.0
// Can a VIP be announced to routers, as the file wants it?
//
// A part of config/validate, in a file of its own; nobody else includes it.
#pragma once

#include <string>
#include <vector>

#include "config/cluster_config.hpp"

namespace hapx {

struct RoutedProblem {
  std::string key;  ///< with the dot before it
  std::string sentence;
};

/// Nothing of a VIP that is announced to its segment.
[[nodiscard]] std::vector<RoutedProblem> routed_problems(const VipConfig& vip);

}  // namespace hapx
