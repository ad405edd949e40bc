// SPDX-License-Identifier: Apache-2.0
// What does `crm configure show` say?
//
// crmsh's text of a CIB, as it prints it and as people type it in: one element a line, a backslash
// continues it. A line may begin with "crm configure", as in a tutorial.
#pragma once

#include <string_view>

#include "appliance/imports/cib.hpp"
#include "config/result.hpp"

namespace hapx::appliance::imports {

/// Total; refuses what is no text, or has more than a cluster could have, with its place. A word
/// that it doesn't know is one of Cib::others.
[[nodiscard]] Result<Cib> parse_crm(std::string_view text, std::string_view file);

}  // namespace hapx::appliance::imports
