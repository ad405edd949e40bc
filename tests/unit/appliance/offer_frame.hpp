// SPDX-License-Identifier: Apache-2.0
// What does a DHCP server say to a newcomer?
#pragma once

#include <cstdint>
#include <optional>

#include "appliance/doctor/ip_packet.hpp"

namespace hapx::appliance::doctor {

inline constexpr std::size_t dhcp_at = ethernet_bytes + ipv4_bytes + 8;

/// Of a DHCPDISCOVER.
inline std::optional<std::uint32_t> transaction_of(Bytes frame) {
  if (frame.size() < dhcp_at + 240 || number_at(frame, 36) != 67) return std::nullopt;
  return static_cast<std::uint32_t>(number_at(frame, dhcp_at + 4) << 16U |
                                    number_at(frame, dhcp_at + 6));
}

/// DHCPOFFER, or another kind of message.
inline Frame offer_frame(std::uint32_t transaction, const IpAddress& server,
                         const IpAddress& offered, const MacAddress& client,
                         std::uint8_t kind = 2) {
  const MacAddress all{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
  Frame frame = ip_frame({{{2, 0, 0, 0, 0, 1}}, all, server, ipv4(255, 255, 255, 255), 17}, 308);
  put16(frame, ethernet_bytes + ipv4_bytes, 67);
  put16(frame, ethernet_bytes + ipv4_bytes + 2, 68);
  put16(frame, ethernet_bytes + ipv4_bytes + 4, 308);
  frame[dhcp_at] = 2;
  put16(frame, dhcp_at + 4, transaction >> 16U);
  put16(frame, dhcp_at + 6, transaction & 0xffffU);
  put(frame, dhcp_at + 16, Bytes(offered.bytes).first(4));
  put(frame, dhcp_at + 28, client.bytes);
  put16(frame, dhcp_at + 236, 0x6382);
  put16(frame, dhcp_at + 238, 0x5363);
  Frame options{0, 53, 1, kind, 54, 4};
  options.insert(options.end(), server.bytes.begin(), server.bytes.begin() + 4);
  options.push_back(255);
  put(frame, dhcp_at + 240, options);
  return frame;
}

}  // namespace hapx::appliance::doctor
