// SPDX-License-Identifier: Apache-2.0
// Where is a request taken, and is that place free?
//
// At a Unix socket, which is taken over from whoever left it behind and never from somebody who
// answers; or at an address of TCP.
#pragma once

#include <string>
#include <variant>

#include <sys/types.h>

#include "config/io/descriptor.hpp"
#include "config/net.hpp"
#include "config/result.hpp"

namespace hapx::appliance {

/// A Unix socket.
struct SocketPath {
  std::string path;      ///< at most 100 bytes
  unsigned mode = 0660;  ///< of the socket
};

using HttpPlace = std::variant<SocketPath, Endpoint>;

/// Takes over a path: a socket that somebody left behind is replaced in one step, so a client finds
/// either the old or the new one. Refuses a path at which something else than a socket lies, or a
/// socket that answers. Of TCP: fails if the port is taken or the address is not here.
[[nodiscard]] Result<Descriptor> listen_at(const HttpPlace& place);

/// AF_UNIX, AF_INET or AF_INET6.
[[nodiscard]] int family_of(const HttpPlace& place);

/// 0: nothing is there.
[[nodiscard]] ino_t inode_of(const std::string& path);

}  // namespace hapx::appliance
