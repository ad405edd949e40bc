// SPDX-License-Identifier: Apache-2.0
// What does a corosync.conf say that hapx has a word for?
//
// The cluster's name, its nodes with their addresses and votes, and whether one of two goes on
// alone. All else is how Corosync does it. Of Corosync 1 to 3 (corosync.conf(5)).
#pragma once

#include <string_view>

#include "appliance/imports/source.hpp"
#include "config/result.hpp"

namespace hapx::appliance::imports {

/// Total; refuses what is no corosync.conf in form, with its place.
[[nodiscard]] Result<Source> parse_corosync(std::string_view text, std::string_view file);

}  // namespace hapx::appliance::imports
