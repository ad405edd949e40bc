// SPDX-License-Identifier: Apache-2.0
// What does a CIB say that is written as XML?
//
// What `cibadmin --query` prints, and what lies in /var/lib/pacemaker/cib/cib.xml. The only place
// that knows an XML library; it expands no entities but XML's own five.
#pragma once

#include <string_view>

#include "appliance/imports/cib.hpp"
#include "config/result.hpp"

namespace hapx::appliance::imports {

/// Total; refuses what is no XML, no CIB, or has more than a cluster could have, with its place. An
/// element that it doesn't know is one of Cib::others.
[[nodiscard]] Result<Cib> parse_cib(std::string_view text, std::string_view file);

}  // namespace hapx::appliance::imports
