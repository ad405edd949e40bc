// SPDX-License-Identifier: Apache-2.0
// What is a netlink datagram made of?
//
// The envelope that addresses, links and filters share: one datagram carries several messages, each
// with a type, the sequence number of the request that it answers and the port of who asked. Here a
// datagram becomes a list of plain values, and requests are written; what is inside of each is the
// business of vip/address_message and vip/fence_message. The only file that knows libmnl. Sending
// and receiving is vip/io/netlink_socket.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
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

/// The part of a message that has a fixed layout, a struct of the kernel's headers; nothing if the
/// message is too short to have it.
template <class Body>
[[nodiscard]] std::optional<Body> fixed_part(const NetlinkMessage& message) {
  static_assert(std::is_trivially_copyable_v<Body>);
  constexpr std::size_t header_bytes = 16;
  if (message.bytes.size() < header_bytes + sizeof(Body)) return std::nullopt;
  Body body;
  std::memcpy(&body, message.bytes.data() + header_bytes, sizeof body);
  return body;
}

/// One attribute. The payload points into the message.
struct NetlinkAttribute {
  std::uint16_t type = 0;
  std::span<const std::uint8_t> payload;
};
/// Those behind the fixed part; total. REQUIRES: `message` outlives them.
[[nodiscard]] std::vector<NetlinkAttribute> attributes(const NetlinkMessage& message,
                                                       std::size_t fixed_part_bytes);
/// Those inside of one.
[[nodiscard]] std::vector<NetlinkAttribute> nested(const NetlinkAttribute& attribute);
/// The payload as text, up to the first zero byte.
[[nodiscard]] std::string_view text_of(const NetlinkAttribute& attribute);
/// The payload as a number in the machine's order, if it has the size for one.
[[nodiscard]] std::optional<std::uint32_t> number_of(const NetlinkAttribute& attribute);

/// Writes one request. REQUIRES: at most 256 bytes in all.
class NetlinkRequest {
 public:
  NetlinkRequest(std::uint16_t type, unsigned flags, std::uint32_t sequence,
                 std::span<const std::uint8_t> fixed_part);
  template <class Body>
  static std::span<const std::uint8_t> bytes_of(const Body& body) {
    static_assert(std::is_trivially_copyable_v<Body>);
    return {reinterpret_cast<const std::uint8_t*>(&body), sizeof body};
  }

  void put(std::uint16_t type, std::span<const std::uint8_t> payload);
  void put_number(std::uint16_t type, std::uint32_t value);
  void put_text(std::uint16_t type, const char* text);
  /// Opens an attribute that holds others, until the matching end().
  void begin(std::uint16_t type);
  void end();

  [[nodiscard]] Bytes finish() const;

 private:
  alignas(8) std::array<std::uint8_t, 256> memory_{};
  std::vector<std::size_t> open_;  ///< offsets of attributes begun and not ended
};

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
