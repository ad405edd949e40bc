// SPDX-License-Identifier: Apache-2.0
// How does a message with a text beside it travel between two processes?
//
// As one packet of a local SOCK_SEQPACKET socket; the text is a sealed file in memory whose
// descriptor rides along. Nothing here waits: the sockets are non-blocking, and a text is read
// from memory only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/un.h>

#include "config/io/descriptor.hpp"
#include "config/result.hpp"

namespace hapx::lb_supervisor {

struct Packet {
  std::vector<std::uint8_t> bytes;
  Descriptor text;  ///< open if one came along
};

/// `unavailable` if the socket is full, another kind if the other end is gone.
[[nodiscard]] Result<void> send_packet(int socket, const std::vector<std::uint8_t>& bytes,
                                       int text = -1);

/// nullopt: nothing there yet. An error: the other end is gone, or sent what can't be a packet.
[[nodiscard]] Result<std::optional<Packet>> receive_packet(int socket);

/// A sealed file in memory that holds `text`.
[[nodiscard]] Result<Descriptor> text_in_memory(std::string_view text);
/// Reads it back. Refuses what is not a file in memory, may still change, or is longer.
[[nodiscard]] Result<std::string> read_text(const Descriptor& text, std::size_t bytes_max);

/// A HAProxy's own sockets end with ".<generation>"; it binds a Unix socket under that path and
/// ".<pid>.tmp" first, and then renames it.
inline constexpr std::size_t haproxy_socket_suffix_bytes = 11 + 12;

/// Refuses a path that a socket's address has no room for, `spare` more bytes included.
[[nodiscard]] Result<sockaddr_un> unix_address(const std::string& path, std::size_t spare = 0);

}  // namespace hapx::lb_supervisor
