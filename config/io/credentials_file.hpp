// SPDX-License-Identifier: Apache-2.0
// Where do the names and passwords for HAProxy's own page come from?
#pragma once

#include <string>
#include <vector>

#include "config/stats_credentials.hpp"

namespace hapx {

/// Refuses a file that is absent, open to others than its owner and group, or no list of
/// credentials; the sentence begins with the path.
[[nodiscard]] Result<std::vector<StatsUser>> read_credentials_file(const std::string& path);

}  // namespace hapx
