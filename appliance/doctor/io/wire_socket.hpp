// SPDX-License-Identifier: Apache-2.0
// How are frames of a segment heard, and how is a group of IPv6 joined?
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "appliance/doctor/wire_facts.hpp"
#include "config/io/descriptor.hpp"
#include "config/net.hpp"
#include "config/result.hpp"

namespace hapx::appliance::doctor {

/// Hears what comes in at one interface: ARP, ICMP and what DHCP servers say, or NDP and ICMPv6.
/// Needs CAP_NET_RAW.
[[nodiscard]] Result<Descriptor> open_ear(std::uint32_t interface_index, Family family);

/// Hands on each whole frame that waits, at most some hundred.
void hear(const Descriptor& ear, const std::function<void(std::span<const std::uint8_t>)>& handler);

/// A socket that does nothing but be in the solicited-node group of an address: then the card and
/// the switches hand its frames on. It leaves with the socket.
[[nodiscard]] Result<Descriptor> join_group_of(std::uint32_t interface_index,
                                               const IpAddress& address);

/// What is known of a segment before anything is sent. `trouble` says why that can't be done.
struct Card {
  std::uint32_t index = 0;
  SegmentEnd notes{};
};
[[nodiscard]] Card look_at_card(const Segment& segment);

}  // namespace hapx::appliance::doctor
