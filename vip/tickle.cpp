// SPDX-License-Identifier: Apache-2.0
#include "vip/tickle.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "config/assert.hpp"

namespace hapx::vip {
namespace {

using Packet = std::vector<std::uint8_t>;
using Span = std::span<const std::uint8_t>;

constexpr std::uint8_t tcp = 6;
constexpr std::uint8_t hop_limit = 64;
constexpr std::size_t ethernet_bytes = 14;
constexpr std::size_t ipv4_bytes = 20;  ///< without options
constexpr std::size_t ipv6_bytes = 40;
constexpr std::size_t tcp_bytes = 20;  ///< without options
constexpr std::size_t tcp_flags_at = 13;
constexpr std::uint8_t ack_flag = 0x10;
constexpr std::uint8_t reset_flag = 0x04;
constexpr std::uint16_t window = 1024;

void put16(Packet& packet, std::size_t at, std::size_t value) {
  packet[at] = static_cast<std::uint8_t>(value >> 8U & 0xffU);
  packet[at + 1] = static_cast<std::uint8_t>(value & 0xffU);
}

void put(Packet& packet, std::size_t at, const IpAddress& address) {
  std::copy_n(address.bytes.begin(), byte_count(address.family),
              packet.begin() + static_cast<std::ptrdiff_t>(at));
}

std::uint16_t number_at(Span bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] * 256U + bytes[at + 1]);
}

IpAddress address_at(Span bytes, std::size_t at, Family family) {
  IpAddress address{family, {}};
  std::ranges::copy(bytes.subspan(at, byte_count(family)), address.bytes.begin());
  return address;
}

/// The ones' complement sum of RFC 1071, of an even number of bytes.
std::uint32_t sum_of(Span bytes) {
  std::uint32_t sum = 0;
  for (std::size_t at = 0; at < bytes.size(); at += 2) sum += number_at(bytes, at);
  return sum;
}

std::uint16_t checksum(std::uint32_t sum) {
  while (sum > 0xffffU) sum = (sum & 0xffffU) + (sum >> 16U);
  return static_cast<std::uint16_t>(~sum);
}

/// RFC 791, section 3.1.
void put_ipv4(Packet& packet, const IpAddress& from, const IpAddress& to) {
  packet[0] = 0x45;
  put16(packet, 2, packet.size());
  packet[6] = 0x40;  // not to be cut into fragments
  packet[8] = hop_limit;
  packet[9] = tcp;
  put(packet, 12, from);
  put(packet, 16, to);
  put16(packet, 10, checksum(sum_of(Span(packet).first(ipv4_bytes))));
}

/// RFC 8200, section 3.
void put_ipv6(Packet& packet, const IpAddress& from, const IpAddress& to) {
  packet[0] = 0x60;
  put16(packet, 4, tcp_bytes);
  packet[6] = tcp;
  packet[7] = hop_limit;
  put(packet, 8, from);
  put(packet, 24, to);
}

/// RFC 9293, section 3.1. The pseudo-headers of both families have the same sum: both addresses,
/// the protocol and the length.
void put_tcp(Packet& packet, std::size_t at, const Endpoint& from, const Endpoint& to,
             std::uint32_t sequence) {
  put16(packet, at, from.port);
  put16(packet, at + 2, to.port);
  put16(packet, at + 4, sequence >> 16U);
  put16(packet, at + 6, sequence & 0xffffU);
  packet[at + 12] = (tcp_bytes / 4) << 4U;
  packet[at + tcp_flags_at] = ack_flag;
  put16(packet, at + 14, window);
  const std::size_t bytes = byte_count(from.address.family);
  const std::uint32_t sum =
      sum_of(Span(from.address.bytes).first(bytes)) + sum_of(Span(to.address.bytes).first(bytes)) +
      tcp + static_cast<std::uint32_t>(tcp_bytes) + sum_of(Span(packet).subspan(at, tcp_bytes));
  put16(packet, at + 16, checksum(sum));
}

/// `segment` begins with the TCP header.
std::optional<Reset> parse_segment(Span segment, const IpAddress& from, const IpAddress& to) {
  if (segment.size() <= tcp_flags_at || (segment[tcp_flags_at] & reset_flag) == 0)
    return std::nullopt;
  return Reset{{from, number_at(segment, 0)}, {to, number_at(segment, 2)}};
}

std::optional<Reset> parse_ipv4(Span packet) {
  if (packet.size() < ipv4_bytes || packet[0] >> 4U != 4 || packet[9] != tcp) return std::nullopt;
  const std::size_t header_bytes = (packet[0] & 0x0fU) * std::size_t{4};
  const bool continues_a_fragment = (number_at(packet, 6) & 0x1fffU) != 0;
  if (header_bytes < ipv4_bytes || header_bytes > packet.size() || continues_a_fragment)
    return std::nullopt;
  return parse_segment(packet.subspan(header_bytes), address_at(packet, 12, Family::ipv4),
                       address_at(packet, 16, Family::ipv4));
}

/// Kernels send resets without extension headers.
std::optional<Reset> parse_ipv6(Span packet) {
  if (packet.size() < ipv6_bytes || packet[0] >> 4U != 6 || packet[6] != tcp) return std::nullopt;
  return parse_segment(packet.subspan(ipv6_bytes), address_at(packet, 8, Family::ipv6),
                       address_at(packet, 24, Family::ipv6));
}

}  // namespace

std::vector<std::uint8_t> tickle_packet(const Endpoint& served, const Endpoint& client,
                                        std::uint32_t sequence) {
  HAPX_ASSERT(served.address.family == client.address.family);
  const bool is_ipv4 = served.address.family == Family::ipv4;
  const std::size_t segment_at = is_ipv4 ? ipv4_bytes : ipv6_bytes;
  Packet packet(segment_at + tcp_bytes);
  if (is_ipv4) {
    put_ipv4(packet, served.address, client.address);
  } else {
    put_ipv6(packet, served.address, client.address);
  }
  put_tcp(packet, segment_at, served, client, sequence);
  return packet;
}

std::optional<Reset> parse_reset(std::span<const std::uint8_t> frame) {
  constexpr std::size_t ethertype_at = 12;
  if (frame.size() < ethernet_bytes) return std::nullopt;
  const Span packet = frame.subspan(ethernet_bytes);
  switch (number_at(frame, ethertype_at)) {
    case 0x0800:
      return parse_ipv4(packet);
    case 0x86dd:
      return parse_ipv6(packet);
    default:
      return std::nullopt;
  }
}

}  // namespace hapx::vip
