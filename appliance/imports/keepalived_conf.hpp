// SPDX-License-Identifier: Apache-2.0
// What does a keepalived.conf say that hapx has a word for?
//
// The addresses of each vrrp_instance and where they are added, who the nodes are if they speak to
// each other by unicast, and which of them is to have the addresses rather than the others. A
// virtual_server is a port with kube-apiservers behind it, as a frontend of HAProxy's is. The file
// is one node's: that of the others says the rest (keepalived.conf(5)).
#pragma once

#include <string_view>

#include "appliance/imports/source.hpp"
#include "config/result.hpp"

namespace hapx::appliance::imports {

/// Total; refuses what is no keepalived.conf in form, with its place.
[[nodiscard]] Result<Source> parse_keepalived(std::string_view text, std::string_view file);

}  // namespace hapx::appliance::imports
