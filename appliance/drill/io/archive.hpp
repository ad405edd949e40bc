// SPDX-License-Identifier: Apache-2.0
// Where do reports stay after their drill?
//
// In STATE/drills, one file each, the newest fifty. STATE is that of hapxd; a machine that has none
// keeps nothing, for a lab leaves no trace.
#pragma once

#include <string>
#include <vector>

#include "appliance/drill/history.hpp"
#include "config/result.hpp"

namespace hapx::appliance::drill {

/// Keeps the report, and removes those that are too many. No failure where there is no `state_dir`.
[[nodiscard]] Result<void> keep_report(const Report& report, const std::string& state_dir);

/// All that are kept, the oldest first; what can't be read is left out.
[[nodiscard]] Result<std::vector<PastDrill>> kept_drills(const std::string& state_dir);

}  // namespace hapx::appliance::drill
