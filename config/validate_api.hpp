// SPDX-License-Identifier: Apache-2.0
// May other hosts ask there?
//
// The part of config/validate.hpp that judges `spec.api`.
#pragma once

#include <cstddef>
#include <vector>

#include "config/validate.hpp"

namespace hapx {

inline constexpr std::size_t operators_max = 32;
/// RFC 5280, ub-common-name.
inline constexpr std::size_t common_name_bytes_max = 64;

/// The broken rules of `config.api`; the other parts of `config` need not be sound.
[[nodiscard]] std::vector<Finding> validate_api(const ClusterConfig& config);

}  // namespace hapx
