// SPDX-License-Identifier: Apache-2.0
// How is the kernel asked about addresses and links, and what does it say of them?
//
// rtnetlink's requests as bytes and its messages as values (rtnetlink(7), linux/if_addr.h,
// linux/if_link.h). Nothing here sends.
//
// An address is added like this, and why:
//  - with its prefix as written and the network's route that comes with it, since the interface may
//    have no address of its own; beside an own address of the same network it is a secondary one;
//  - with a finite valid_lft (and preferred_lft), so that it ends without us;
//  - with our mark (IFA_PROTO), so that we find again what an earlier life left, and nothing else;
//  - "create or replace": adding what is there prolongs it.
// The interface is told to promote secondaries. Else, if the VIP came first and the node's own
// address after it, taking the VIP off would take the node's own address along.
//
// An IPv6 address besides, and why:
//  - without the kernel's duplicate address detection, which would keep it unusable for a second;
//  - with a preferred_lft of 0, so that no connection of this node's own is made from it (unless
//    the interface has no other address of that scope: RFC 6724, section 5, rule 2 before 3);
//  - without the network's route where another address of the interface has brought it: the kernel
//    (fib6_add_rt2node in net/ipv6/ip6_fib.c) would give that route the lifetime of ours;
//  - without one to itself (/128): the kernel leaves it there when the address ends, and then this
//    node alone could not reach it where it is (IPv4 has no route of a single address).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/ids.hpp"
#include "config/net.hpp"
#include "vip/netlink_message.hpp"

namespace hapx::vip {

/// Our mark, the letter h. The kernel takes 1 to 3 for itself, keepalived writes 18; iproute2 shows
/// it as "proto 0x68" (a name may be given in /etc/iproute2/rt_addrprotos).
inline constexpr std::uint8_t address_mark = 0x68;

/// Of an IPv6 address: who has brought the route to its network. IPv4 comes with its own always.
enum class NetworkRoute : std::uint8_t { of_ours, of_others };

[[nodiscard]] Bytes add_address_request(std::uint32_t sequence, std::uint32_t interface_index,
                                        const Cidr& address, std::uint32_t lifetime_seconds,
                                        NetworkRoute route = NetworkRoute::of_ours);
[[nodiscard]] Bytes remove_address_request(std::uint32_t sequence, std::uint32_t interface_index,
                                           const Cidr& address);
[[nodiscard]] Bytes promote_secondaries_request(std::uint32_t sequence,
                                                std::uint32_t interface_index);
[[nodiscard]] Bytes dump_addresses_request(std::uint32_t sequence);
/// Which way would a packet to this address go?
[[nodiscard]] Bytes find_route_request(std::uint32_t sequence, const IpAddress& address);
/// The answer: to ourselves.
[[nodiscard]] bool is_delivered_here(const NetlinkMessage& message);
/// The answer: out by this interface, and there to this router; absent: to the host itself.
struct RouteSeen {
  std::uint32_t interface_index = 0;
  std::optional<IpAddress> router;

  friend bool operator==(const RouteSeen&, const RouteSeen&) = default;
};
/// Total: of a packet that doesn't leave by an interface there is none.
[[nodiscard]] std::optional<RouteSeen> parse_route(const NetlinkMessage& message);
/// At which hardware address is this host of the segment, as far as the kernel knows?
[[nodiscard]] Bytes find_neighbour_request(std::uint32_t sequence, std::uint32_t interface_index,
                                           const IpAddress& address);
/// The answer; total.
[[nodiscard]] std::optional<MacAddress> parse_neighbour(const NetlinkMessage& message);
[[nodiscard]] Bytes dump_links_request(std::uint32_t sequence);

/// An address is on an interface, or went.
struct AddressSeen {
  bool present = true;
  std::uint32_t interface_index = 0;
  Cidr address;
  bool ours = false;  ///< it bears our mark

  friend bool operator==(const AddressSeen&, const AddressSeen&) = default;
};
[[nodiscard]] std::optional<AddressSeen> parse_address(const NetlinkMessage& message);

/// A link is there, changed, or went.
struct LinkSeen {
  bool present = true;
  std::uint32_t index = 0;
  InterfaceName name;
  bool carrier = false;   ///< administratively up, and something is at the other end
  bool ethernet = false;  ///< its frames have an Ethernet header, and it isn't the loopback
  bool port =
      false;  ///< of a bridge, bond, team or switch: that one speaks for it, it never answers
  MacAddress mac;

  friend bool operator==(const LinkSeen&, const LinkSeen&) = default;
};
[[nodiscard]] std::optional<LinkSeen> parse_link(const NetlinkMessage& message);

}  // namespace hapx::vip
