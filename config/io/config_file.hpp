// SPDX-License-Identifier: Apache-2.0
// What stands in the configuration file?
//
// Only the text; what it means is config/parse's matter. A file is read whole or not at all, and a
// file that is far too large to be a configuration is not read. A new one is there whole or not at
// all, too: hapxd's unit starts when it appears.
#pragma once

#include <cstddef>
#include <string>

#include "config/result.hpp"

namespace hapx {

/// As much as config/yaml takes.
inline constexpr std::size_t config_file_bytes_max = 1024 * 1024;

/// Errors: absent, forbidden, refused (a directory, a device, too large), failed.
[[nodiscard]] Result<std::string> read_config_file(const std::string& path);

/// Writes a new file, mode 0644, synced to disk. Never overwrites: whatever is at `path` already is
/// `exists`. After a failure no file is left.
[[nodiscard]] Result<void> write_new_config_file(const std::string& path, const std::string& text);

}  // namespace hapx
