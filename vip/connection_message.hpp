// SPDX-License-Identifier: Apache-2.0
// How is the kernel asked who is connected, and what does it say?
//
// Requests and replies of sock_diag as bytes and values (sock_diag(7), linux/inet_diag.h). Nothing
// here sends.
#pragma once

#include <cstdint>
#include <optional>

#include "config/net.hpp"
#include "vip/netlink_message.hpp"

namespace hapx::vip {

/// An established TCP connection of this machine.
struct Connection {
  Endpoint here;
  Endpoint there;

  friend bool operator==(const Connection&, const Connection&) = default;
};

/// All of a family that have this port here, at whichever of our addresses.
[[nodiscard]] Bytes dump_connections_request(std::uint32_t sequence, Family family,
                                             std::uint16_t port);
/// Total: of another kind of message there is none.
[[nodiscard]] std::optional<Connection> parse_connection(const NetlinkMessage& message);

}  // namespace hapx::vip
