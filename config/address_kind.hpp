// SPDX-License-Identifier: Apache-2.0
// What kind of address is this?
//
// What the bytes alone tell (RFC 4291, 2.4; RFC 6890), of either family.
#pragma once

#include "config/net.hpp"

namespace hapx {

/// 0.0.0.0 or ::, which means "none" or "any".
[[nodiscard]] bool is_unspecified(const IpAddress& address);
[[nodiscard]] bool is_loopback(const IpAddress& address);
/// fe80::/10, which each interface has by itself, and which means another machine on each link.
/// (IPv4's is an address like any other here.)
[[nodiscard]] bool is_link_local(const IpAddress& address);

}  // namespace hapx
