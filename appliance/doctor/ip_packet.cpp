// SPDX-License-Identifier: Apache-2.0
#include "appliance/doctor/ip_packet.hpp"

#include "config/assert.hpp"

namespace hapx::appliance::doctor {
namespace {

constexpr std::size_t ethertype_at = 12;
constexpr std::uint8_t one_hop = 1;

Bytes bytes_of(const IpAddress& address) {
  return Bytes(address.bytes).first(byte_count(address.family));
}

/// RFC 791, section 3.1.
void put_ipv4(Frame& frame, const IpHeads& heads) {
  put16(frame, ethertype_at, 0x0800);
  constexpr std::size_t at = ethernet_bytes;
  frame[at] = 0x45;
  put16(frame, at + 2, frame.size() - at);
  frame[at + 6] = 0x40;  // not to be cut into fragments
  frame[at + 8] = one_hop;
  frame[at + 9] = heads.protocol;
  put(frame, at + 12, bytes_of(heads.from));
  put(frame, at + 16, bytes_of(heads.to));
  put16(frame, at + 10, internet_checksum(Bytes(frame).subspan(at, ipv4_bytes)));
}

/// RFC 8200, section 3.
void put_ipv6(Frame& frame, const IpHeads& heads) {
  put16(frame, ethertype_at, 0x86dd);
  constexpr std::size_t at = ethernet_bytes;
  frame[at] = 0x60;
  put16(frame, at + 4, frame.size() - at - ipv6_bytes);
  frame[at + 6] = heads.protocol;
  frame[at + 7] = one_hop;
  put(frame, at + 8, bytes_of(heads.from));
  put(frame, at + 24, bytes_of(heads.to));
}

}  // namespace

std::uint16_t internet_checksum(Bytes bytes, std::uint32_t sum) {
  for (std::size_t i = 0; i < bytes.size(); ++i) sum += bytes[i] * (i % 2 == 0 ? 256U : 1U);
  while (sum > 0xffffU) sum = (sum & 0xffffU) + (sum >> 16U);
  return static_cast<std::uint16_t>(~sum);
}

std::uint32_t pseudo_sum(const IpHeads& heads, std::size_t payload_bytes) {
  const auto sum_of = [](Bytes bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) sum += bytes[i] * (i % 2 == 0 ? 256U : 1U);
    return sum;
  };
  return sum_of(bytes_of(heads.from)) + sum_of(bytes_of(heads.to)) + heads.protocol +
         static_cast<std::uint32_t>(payload_bytes);
}

std::size_t payload_at(Family family) {
  return ethernet_bytes + (family == Family::ipv4 ? ipv4_bytes : ipv6_bytes);
}

Frame ip_frame(const IpHeads& heads, std::size_t payload_bytes) {
  HAPX_ASSERT(heads.from.family == heads.to.family);
  Frame frame(payload_at(heads.from.family) + payload_bytes, 0);
  put(frame, 0, heads.destination.bytes);
  put(frame, 6, heads.source.bytes);
  if (heads.from.family == Family::ipv4) {
    put_ipv4(frame, heads);
  } else {
    put_ipv6(frame, heads);
  }
  return frame;
}

}  // namespace hapx::appliance::doctor
