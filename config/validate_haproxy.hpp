// SPDX-License-Identifier: Apache-2.0
// May HAProxy be told that?
//
// The part of config/validate.hpp that judges a service's `haproxy.stats` and
// `haproxy.extraConfig`: where the page of its state may be, and which lines can be appended to its
// config at all. Whether HAProxy likes them is HAProxy's business, and asked before they are used.
#pragma once

#include <vector>

#include "config/validate.hpp"

namespace hapx {

/// Limits of what may be appended to one section.
inline constexpr std::size_t extra_lines_max = 64;
inline constexpr std::size_t extra_line_bytes_max = 1000;

/// The broken rules of all services; the other parts of `config` need not be sound.
[[nodiscard]] std::vector<Finding> validate_haproxy(const ClusterConfig& config);

}  // namespace hapx
