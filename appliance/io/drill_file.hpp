// SPDX-License-Identifier: Apache-2.0
// Where does a node keep what it remembers of the last drill?
//
// In a small file of the state directory, which is replaced as a whole. Both functions wait for the
// disk.
#pragma once

#include <optional>
#include <string>

#include "appliance/past_drill.hpp"
#include "config/result.hpp"

namespace hapx::appliance {

inline constexpr const char* kept_drill_name = "last-drill.json";

/// Nothing where there is none. Error: what is there can't be read, or is none.
[[nodiscard]] Result<std::optional<PastDrill>> read_kept_drill(const std::string& state_dir);

[[nodiscard]] Result<void> keep_drill(const std::string& state_dir, const std::string& document);

}  // namespace hapx::appliance
