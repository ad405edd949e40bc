// SPDX-License-Identifier: Apache-2.0
// Where are recordings kept?
//
// In a folder of the state directory that only hapxd's user may open: the newest few, a file each.
// All of these wait for the disk.
#pragma once

#include <string>
#include <vector>

#include "appliance/recording/recording.hpp"
#include "config/cluster_key.hpp"
#include "config/result.hpp"

namespace hapx::appliance {

inline constexpr const char* recordings_folder = "recordings";
/// Limit: the oldest beyond these are removed.
inline constexpr std::size_t recordings_max = 16;

/// Where it is kept, below `state_dir`.
[[nodiscard]] std::string path_of(const std::string& state_dir, const RecordingLabel& label);

/// There; makes the folder if it isn't there.
[[nodiscard]] Result<void> keep_recording(const std::string& state_dir, const Recording& recording,
                                          const ClusterKeys& keys);

/// Their paths, the oldest first. None where there is no folder.
[[nodiscard]] Result<std::vector<std::string>> list_recordings(const std::string& state_dir);

[[nodiscard]] Result<std::vector<std::uint8_t>> read_recording(const std::string& file);

}  // namespace hapx::appliance
