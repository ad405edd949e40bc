// SPDX-License-Identifier: Apache-2.0
// What stands in the configuration file?
//
// Only the text; what it means is config/parse's matter. A file is read whole or not at all, and a
// file that is far too large to be a configuration is not read.
#pragma once

#include <cstddef>
#include <string>

#include "config/result.hpp"

namespace hapx {

/// As much as config/yaml takes.
inline constexpr std::size_t config_file_bytes_max = 1024 * 1024;

/// Errors: absent, forbidden, refused (a directory, a device, too large), failed.
[[nodiscard]] Result<std::string> read_config_file(const std::string& path);

}  // namespace hapx
