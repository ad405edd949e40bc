// SPDX-License-Identifier: Apache-2.0
// How does a seed become a volume that a machine finds at its first boot?
//
// cloud-init looks for a file system with the label "cidata" (its NoCloud data source). It is made
// by the program that is there for that: xorriso, else genisoimage or mkisofs.
#pragma once

#include <array>
#include <string>

#include "config/result.hpp"

namespace hapx::appliance::cloud_init {

/// What is in it, by the names that cloud-init knows.
inline constexpr std::array<const char*, 3> seed_files{"user-data", "meta-data", "network-config"};

/// Makes an ISO 9660 image of these files of `folder`, mode 0400, in the place of what is at
/// `file`. Absent: none of the programs is installed; the sentence says what to install.
[[nodiscard]] Result<void> make_iso(const std::string& folder, const std::string& file);

}  // namespace hapx::appliance::cloud_init
