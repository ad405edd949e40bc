// SPDX-License-Identifier: Apache-2.0
// How is a small IP packet laid into an Ethernet frame?
//
// What doctor's own frames have in common: headers and checksums, of either family. A packet of
// doctor's goes one hop and no further, so that nobody routes it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "config/net.hpp"

namespace hapx::appliance::doctor {

using Bytes = std::span<const std::uint8_t>;
using Frame = std::vector<std::uint8_t>;

inline constexpr std::size_t ethernet_bytes = 14;
inline constexpr std::size_t ipv4_bytes = 20;  ///< without options
inline constexpr std::size_t ipv6_bytes = 40;

inline void put16(Frame& frame, std::size_t at, std::size_t value) {
  frame[at] = static_cast<std::uint8_t>(value >> 8U & 0xffU);
  frame[at + 1] = static_cast<std::uint8_t>(value & 0xffU);
}
inline void put(Frame& frame, std::size_t at, Bytes bytes) {
  std::ranges::copy(bytes, frame.begin() + static_cast<std::ptrdiff_t>(at));
}
[[nodiscard]] inline std::size_t number_at(Bytes bytes, std::size_t at) {
  return bytes[at] * std::size_t{256} + bytes[at + 1];
}
[[nodiscard]] inline IpAddress address_at(Bytes bytes, std::size_t at, Family family) {
  IpAddress address{family, {}};
  std::ranges::copy(bytes.subspan(at, byte_count(family)), address.bytes.begin());
  return address;
}

/// What the IP header says, and where what it carries begins.
struct IpHeads {
  MacAddress source;
  MacAddress destination;
  IpAddress from;
  IpAddress to;
  std::uint8_t protocol = 0;
};

/// The ones' complement sum of RFC 1071 is 0 over bytes that bear their checksum.
[[nodiscard]] std::uint16_t internet_checksum(Bytes bytes, std::uint32_t sum = 0);
/// Of the pseudo-header of RFC 8200 (8.1); that of IPv4 has the same sum.
[[nodiscard]] std::uint32_t pseudo_sum(const IpHeads& heads, std::size_t payload_bytes);

/// A frame whose payload is zeros. REQUIRES: `from` and `to` of one family.
[[nodiscard]] Frame ip_frame(const IpHeads& heads, std::size_t payload_bytes);
[[nodiscard]] std::size_t payload_at(Family family);

}  // namespace hapx::appliance::doctor
