// SPDX-License-Identifier: Apache-2.0
// What does a haproxy.cfg say that hapx has a word for?
//
// Which of its frontends is in front of kube-apiservers, and which those are: the one whose port,
// or whose servers' port, is 6443; else the one whose name says so; else the only one that passes
// TCP through. With it come the times, the checks and the limits that were written, and the lines
// that HAProxy may have unchanged. Other sections are left out: hapx serves nothing else.
#pragma once

#include <string_view>

#include "appliance/imports/source.hpp"
#include "config/result.hpp"

namespace hapx::appliance::imports {

/// Total; refuses what is no haproxy.cfg in form, with its place.
[[nodiscard]] Result<Source> parse_haproxy(std::string_view text, std::string_view file);

}  // namespace hapx::appliance::imports
