// SPDX-License-Identifier: Apache-2.0
// What do the frames look like that say who has an IPv4 address?
//
// ARP over Ethernet (RFC 826) in both directions: building and parsing, nothing else. hapx sends
// the announcement in two forms, since some equipment listens only to one. Probes and questions are
// for whoever wants to know who answers (the arbiter of two nodes, the lab's wire watcher).
//
// A trap, measured: Linux takes a gratuitous *reply* only if its target hardware address is the
// sender's own (net/ipv4/arp.c, arp_is_garp); with the broadcast address in that field it is an
// ordinary reply, which is ignored for `locktime` (1 s) after the entry last changed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "config/net.hpp"

namespace hapx::vip {

inline constexpr std::size_t arp_frame_bytes = 42;  ///< Ethernet header 14, ARP 28; the driver pads
using ArpFrame = std::array<std::uint8_t, arp_frame_bytes>;

enum class ArpOperation : std::uint16_t { request = 1, reply = 2 };

/// One ARP packet with its Ethernet addresses. The IP addresses are IPv4.
struct ArpPacket {
  MacAddress source;       ///< of the Ethernet header
  MacAddress destination;  ///< of the Ethernet header
  ArpOperation operation = ArpOperation::request;
  MacAddress sender_mac;
  IpAddress sender_ip;
  MacAddress target_mac;
  IpAddress target_ip;

  friend bool operator==(const ArpPacket&, const ArpPacket&) = default;
};

inline constexpr MacAddress broadcast_mac{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

/// "This address is at my hardware address", as a request for one's own address (RFC 5227, 2.3).
[[nodiscard]] ArpPacket announcement_request(const MacAddress& mac, const IpAddress& address);
/// The same as a reply that nobody asked for, its target hardware address our own.
[[nodiscard]] ArpPacket announcement_reply(const MacAddress& mac, const IpAddress& address);
/// "Does anybody have this address?", asked without claiming one (RFC 5227, 2.1.1): the sender's IP
/// address is 0.0.0.0, so nobody's neighbour table changes by it.
[[nodiscard]] ArpPacket arp_probe(const MacAddress& mac, const IpAddress& address);
/// "Who has this address? Tell me", as a host asks that wants to talk.
[[nodiscard]] ArpPacket arp_question(const MacAddress& mac, const IpAddress& own,
                                     const IpAddress& address);

[[nodiscard]] ArpFrame to_frame(const ArpPacket& packet);

/// Total: anything that isn't an untagged Ethernet/IPv4 ARP request or reply is nothing. Padding
/// behind the packet is ignored.
[[nodiscard]] std::optional<ArpPacket> parse_arp(std::span<const std::uint8_t> frame);

}  // namespace hapx::vip
