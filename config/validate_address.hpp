// SPDX-License-Identifier: Apache-2.0
// Can a machine have this address, and may it be a VIP?
//
// What the bytes of an address alone tell, of either family. Whose it is already, and whether it
// fits the others of the file, is config/validate.
#pragma once

#include <optional>
#include <string>

#include "config/net.hpp"

namespace hapx {

/// Why no machine can have this address, or none that a file could name; nothing if one can.
[[nodiscard]] std::optional<std::string> address_problem(const IpAddress& address);

/// Why this can't be a VIP, be its address fine or not; nothing if it can.
[[nodiscard]] std::optional<std::string> vip_problem(const Cidr& vip);

}  // namespace hapx
