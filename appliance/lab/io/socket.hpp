// SPDX-License-Identifier: Apache-2.0
// How does an address of ours become one of the kernel's?
#pragma once

#include <sys/socket.h>

#include "appliance/lab/io/descriptor.hpp"
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

/// A non-blocking TCP socket.
[[nodiscard]] Result<Descriptor> tcp_socket(Family family);

}  // namespace hapx::appliance::lab
