// SPDX-License-Identifier: Apache-2.0
// What does a hapx.yaml ask for?
//
// Text to ClusterConfig, in two looks. The first reads the shape: known keys, texts that are
// numbers, durations, addresses, words. Only if nothing was wrong there, the second (validate) asks
// whether the values make sense together. Every refusal has file:line:column, the reason and what
// to do, so that an operator can click it. Reads no file: the text is handed in.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "config/cluster_config.hpp"
#include "config/result.hpp"

namespace hapx {

/// The configuration if it is good in every respect, else why not: one of the two is there.
struct CheckedConfig {
  std::optional<ClusterConfig> config;
  std::vector<Error> refusals;  ///< in the order of the text, at most 50
};

/// Reads and judges a configuration and tells everything that is wrong with it. `file` is only for
/// the sentences: "hapx.yaml:3:7: ...".
[[nodiscard]] CheckedConfig check_config(std::string_view text, std::string_view file);

/// The same for who needs only the value: on failure, the first refusal.
[[nodiscard]] Result<ClusterConfig> parse_config(std::string_view text, std::string_view file);

}  // namespace hapx
