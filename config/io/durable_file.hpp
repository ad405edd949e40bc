// SPDX-License-Identifier: Apache-2.0
// How is a small file written so that a loss of power never leaves half of it?
//
// Beside its place, then on the disk, then put in its place, then the folder on the disk: whoever
// looks finds the old bytes or the new ones. Blocks for as long as the disk takes.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "config/result.hpp"

namespace hapx {

/// On disk when this returns without an Error; else nobody knows, but it is never half of it. Mode
/// 0600. `name`.new in the same folder is the draft; one that was left there is overwritten.
[[nodiscard]] Result<void> write_durably(const std::string& folder, const std::string& name,
                                         std::span<const std::uint8_t> bytes);

}  // namespace hapx
