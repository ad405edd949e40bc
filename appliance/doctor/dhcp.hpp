// SPDX-License-Identifier: Apache-2.0
// Would a DHCP server give this address to somebody?
//
// Asked as a machine asks that boots and remembers the address it had (RFC 2131, 3.1, step 1, with
// option 50): a server that has it in its pool, free, offers it. An offer binds nobody, and is
// forgotten by the server after a minute or two, since it is never accepted.
#pragma once

#include <cstdint>
#include <optional>

#include "appliance/doctor/ip_packet.hpp"
#include "config/net.hpp"

namespace hapx::appliance::doctor {

/// DHCPDISCOVER, to all. `client` is a number for option 61, so that a server doesn't take this for
/// the interface's own client, to which it would offer the address that that has.
[[nodiscard]] Frame discover_frame(const MacAddress& mac, const IpAddress& wanted,
                                   std::uint32_t transaction, std::uint64_t client);

/// DHCPOFFER or DHCPACK.
struct DhcpOffer {
  std::uint32_t transaction = 0;
  IpAddress offered;
  IpAddress server;

  friend bool operator==(const DhcpOffer&, const DhcpOffer&) = default;
};

/// Total: any other frame is nothing.
[[nodiscard]] std::optional<DhcpOffer> parse_offer(Bytes frame);

}  // namespace hapx::appliance::doctor
