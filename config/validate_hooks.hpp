// SPDX-License-Identifier: Apache-2.0
// Can these hooks be told?
//
// The part of config/validate.hpp that judges `spec.hooks`: each is either run or posted to, and
// what is posted, with a secret perhaps, is read by nobody else on its way.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/time.hpp"
#include "config/validate.hpp"

namespace hapx {

inline constexpr std::size_t hooks_max = 16;
inline constexpr std::size_t hook_words_max = 32;         ///< of one command
inline constexpr std::size_t hook_word_bytes_max = 4096;  ///< of one word of it
inline constexpr std::size_t url_bytes_max = 2048;
inline constexpr Duration hook_timeout_min = std::chrono::milliseconds(100);
inline constexpr Duration hook_timeout_max = std::chrono::minutes(5);

/// Why nothing may be posted to `url`, and what to do; nothing if something may. Which URLs there
/// are is the library's to say that posts (appliance/hooks/io/post); this is about what is safe.
/// The sentence has nothing of the URL but its host: it may be a secret.
[[nodiscard]] std::optional<std::string> url_problem(std::string_view url);

/// The broken rules of `config.hooks` among themselves; the other parts of `config` need not be
/// sound.
[[nodiscard]] std::vector<Finding> validate_hooks(const ClusterConfig& config);

}  // namespace hapx
