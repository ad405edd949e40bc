// SPDX-License-Identifier: Apache-2.0
// What is this machine called, and which addresses does it have?
//
// The facts from which config/self finds our node in the file; read once at start.
#pragma once

#include <string>
#include <vector>

#include "config/net.hpp"
#include "config/result.hpp"

namespace hapx {

/// The kernel's host name, as set: short or with its domain.
[[nodiscard]] Result<std::string> host_name();

/// All IPv4 and IPv6 addresses of this network namespace, loopback included, sorted.
[[nodiscard]] Result<std::vector<IpAddress>> local_addresses();

}  // namespace hapx
