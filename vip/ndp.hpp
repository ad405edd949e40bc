// SPDX-License-Identifier: Apache-2.0
// What do the frames look like that say who has an IPv6 address?
//
// Neighbour Discovery over Ethernet (RFC 4861) in both directions, what vip/arp is for IPv4: the
// solicitation and the advertisement, building and parsing, nothing else.
//
// An announcement is an advertisement that nobody asked for, to all nodes, with the override flag
// (RFC 4861, 7.2.6): who has an entry of the address takes the new hardware address at once. Who
// has none learns nothing by it, and asks when it wants to talk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "config/net.hpp"

namespace hapx::vip {

enum class NdpKind : std::uint8_t { solicitation = 135, advertisement = 136 };

/// One NDP message with its IPv6 and Ethernet addresses. The IP addresses are IPv6.
struct NdpPacket {
  MacAddress source;       ///< of the Ethernet header
  MacAddress destination;  ///< of the Ethernet header
  NdpKind kind = NdpKind::solicitation;
  IpAddress sender;
  IpAddress receiver;
  IpAddress target;         ///< the address that is asked for, or told
  bool solicited = false;   ///< of an advertisement: it answers somebody
  bool overriding = false;  ///< of an advertisement: it is to replace what neighbours know
  /// The sender's of a solicitation, the target's of an advertisement (RFC 4861, 4.6.1).
  std::optional<MacAddress> hardware_address;

  friend bool operator==(const NdpPacket&, const NdpPacket&) = default;
};

/// ff02::1, which every node hears.
[[nodiscard]] IpAddress all_nodes();
/// The group that hears what is asked about this address (RFC 4291, 2.7.1): ff02::1:ffXX:XXXX.
[[nodiscard]] IpAddress solicited_nodes_of(const IpAddress& address);
/// The hardware address of a group (RFC 2464, 7).
[[nodiscard]] MacAddress multicast_mac(const IpAddress& group);

/// "This address is at my hardware address", to all nodes, unasked.
[[nodiscard]] NdpPacket unsolicited_advertisement(const MacAddress& mac, const IpAddress& address);
/// "Does anybody have this address?", asked without claiming one (RFC 4862, 5.4.2): the sender is
/// the unspecified address, so nobody's neighbour table changes by it.
[[nodiscard]] NdpPacket ndp_probe(const MacAddress& mac, const IpAddress& address);
/// "Who has this address? Tell me", as a host asks that wants to talk.
[[nodiscard]] NdpPacket ndp_question(const MacAddress& mac, const IpAddress& own,
                                     const IpAddress& address);

[[nodiscard]] std::vector<std::uint8_t> to_frame(const NdpPacket& packet);

/// Total: anything that isn't an untagged solicitation or advertisement that RFC 4861 (7.1) lets a
/// node accept is nothing: no extension headers, hop limit 255, a good checksum, a target that is
/// no group. Padding behind the packet is ignored.
[[nodiscard]] std::optional<NdpPacket> parse_ndp(std::span<const std::uint8_t> frame);

}  // namespace hapx::vip
