// SPDX-License-Identifier: Apache-2.0
// How does an address of ours become one of the kernel's?
#pragma once

#include <sys/socket.h>

#include "config/io/descriptor.hpp"
#include "config/net.hpp"
#include "config/result.hpp"

namespace hapx::appliance::lab {

struct SocketAddress {
  sockaddr_storage bytes{};
  socklen_t length = 0;

  [[nodiscard]] const sockaddr* pointer() const {
    return reinterpret_cast<const sockaddr*>(&bytes);
  }
};

[[nodiscard]] SocketAddress socket_address(const Endpoint& endpoint);

/// Small words at once: TLS says a few in a row, and Nagle's algorithm would hold the second back
/// until the first is acknowledged, 40 ms later.
void send_at_once(const Descriptor& socket);

/// A non-blocking TCP socket that sends at once.
[[nodiscard]] Result<Descriptor> tcp_socket(Family family);

}  // namespace hapx::appliance::lab
