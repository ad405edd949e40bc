// SPDX-License-Identifier: Apache-2.0
// What is a netlink datagram made of?
//
// The envelope that addresses, links and filters share: one datagram carries several messages, each
// with a type, the sequence number of the request that it answers and the port of who asked. Here a
// datagram becomes a list of plain values; what is inside of each is read by vip/address_message and
// vip/fence_message. Sending and receiving is vip/io/netlink_socket.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hapx::vip {

using Bytes = std::vector<std::uint8_t>;

/// One message, copied out: header and payload, and up to three bytes of zero padding.
struct NetlinkMessage {
  std::uint16_t type = 0;
  std::uint16_t flags = 0;
  std::uint32_t sequence = 0;
  std::uint32_t port = 0;  ///< of the socket whose request caused it; 0: the kernel by itself
  Bytes bytes;
};

/// Total: stops at the first message whose length can't be.
[[nodiscard]] std::vector<NetlinkMessage> split_netlink(std::span<const std::uint8_t> datagram);

/// The end of an exchange: a request was carried out (error 0) or refused, or a dump is over.
struct NetlinkAnswer {
  int error = 0;         ///< an errno, positive
  std::string sentence;  ///< the kernel's own words, where it gives any
  bool dump = false;     ///< it ends a dump
};
/// Nothing if the message is no answer.
[[nodiscard]] std::optional<NetlinkAnswer> parse_answer(const NetlinkMessage& message);

/// The tables changed while they were dumped: what was told may be inconsistent, ask again.
[[nodiscard]] bool dump_interrupted(const NetlinkMessage& message);

}  // namespace hapx::vip
