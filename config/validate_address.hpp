// SPDX-License-Identifier: Apache-2.0
// Can a machine have this address, or an interface of this name, and may it be a VIP?
//
// What the address or the name alone tells. Whose it is already, and whether it fits the others of
// the file, is config/validate.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/net.hpp"

namespace hapx {

/// Why no machine can have this address, or none that a file could name; nothing if one can.
[[nodiscard]] std::optional<std::string> address_problem(const IpAddress& address);

/// Why this can't be a VIP, be its address fine or not; nothing if it can.
[[nodiscard]] std::optional<std::string> vip_problem(const Cidr& vip);

/// Why Linux would not take this name (dev_valid_name in net/core/dev.c); nothing if it would.
[[nodiscard]] std::optional<std::string> interface_problem(std::string_view name);

}  // namespace hapx
