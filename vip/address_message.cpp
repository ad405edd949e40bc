// SPDX-License-Identifier: Apache-2.0
#include "vip/address_message.hpp"

#include <algorithm>
#include <span>
#include <string_view>

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace hapx::vip {
namespace {

// IFA_PROTO came with Linux 5.18; older headers lack the name, older kernels ignore the attribute.
constexpr std::uint16_t attribute_proto = 11;

std::uint8_t family_number(Family family) {
  return family == Family::ipv4 ? AF_INET : AF_INET6;
}

std::span<const std::uint8_t> bytes_of(const IpAddress& address) {
  return std::span(address.bytes).first(byte_count(address.family));
}

NetlinkRequest begin_address(std::uint16_t type, unsigned flags, std::uint32_t sequence,
                             std::uint32_t interface_index, const Cidr& address) {
  ifaddrmsg fixed{};
  fixed.ifa_family = family_number(address.address.family);
  fixed.ifa_prefixlen = address.prefix;
  fixed.ifa_scope = RT_SCOPE_UNIVERSE;
  fixed.ifa_index = interface_index;
  NetlinkRequest request(type, flags, sequence, NetlinkRequest::bytes_of(fixed));
  request.put(IFA_LOCAL, bytes_of(address.address));
  request.put(IFA_ADDRESS, bytes_of(address.address));
  return request;
}

/// The link that owns this one takes its frames before IP sees them.
bool is_swallowed(const NetlinkAttribute& link_info) {
  for (const auto& attribute : nested(link_info)) {
    if (attribute.type != IFLA_INFO_SLAVE_KIND) continue;
    const std::string_view kind = text_of(attribute);
    return kind == "bridge" || kind == "bond" || kind == "team" || kind == "openvswitch";
  }
  return false;
}

}  // namespace

Bytes add_address_request(std::uint32_t sequence, std::uint32_t interface_index,
                          const Cidr& address, std::uint32_t lifetime_seconds, NetworkRoute route) {
  NetlinkRequest request = begin_address(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE,
                                         sequence, interface_index, address);
  const bool is_ipv4 = address.address.family == Family::ipv4;
  ifa_cacheinfo lifetimes{};
  lifetimes.ifa_prefered = is_ipv4 ? lifetime_seconds : 0;  // more than ifa_valid: refused
  lifetimes.ifa_valid = lifetime_seconds;
  request.put(IFA_CACHEINFO, NetlinkRequest::bytes_of(lifetimes));
  if (!is_ipv4) {
    const bool is_alone = address.prefix == 8 * byte_count(address.address.family);
    const bool without = is_alone || route == NetworkRoute::of_others;
    request.put_number(IFA_FLAGS, IFA_F_NODAD | (without ? IFA_F_NOPREFIXROUTE : 0U));
  }
  request.put(attribute_proto, NetlinkRequest::bytes_of(address_mark));
  return request.finish();
}

Bytes remove_address_request(std::uint32_t sequence, std::uint32_t interface_index,
                             const Cidr& address) {
  return begin_address(RTM_DELADDR, NLM_F_ACK, sequence, interface_index, address).finish();
}

Bytes promote_secondaries_request(std::uint32_t sequence, std::uint32_t interface_index) {
  ifinfomsg fixed{};
  fixed.ifi_family = AF_UNSPEC;
  fixed.ifi_index = static_cast<int>(interface_index);
  NetlinkRequest request(RTM_NEWLINK, NLM_F_ACK, sequence, NetlinkRequest::bytes_of(fixed));
  request.begin(IFLA_AF_SPEC);
  request.begin(AF_INET);
  request.begin(IFLA_INET_CONF);
  request.put_number(IPV4_DEVCONF_PROMOTE_SECONDARIES, 1);
  request.end();
  request.end();
  request.end();
  return request.finish();
}

Bytes dump_addresses_request(std::uint32_t sequence) {
  const ifaddrmsg fixed{};  // of every family
  return NetlinkRequest(RTM_GETADDR, NLM_F_DUMP, sequence, NetlinkRequest::bytes_of(fixed))
      .finish();
}

Bytes find_route_request(std::uint32_t sequence, const IpAddress& address) {
  rtmsg fixed{};
  fixed.rtm_family = family_number(address.family);
  fixed.rtm_dst_len = static_cast<std::uint8_t>(8 * byte_count(address.family));
  NetlinkRequest request(RTM_GETROUTE, NLM_F_ACK, sequence, NetlinkRequest::bytes_of(fixed));
  request.put(RTA_DST, bytes_of(address));
  return request.finish();
}

bool is_delivered_here(const NetlinkMessage& message) {
  const auto fixed = fixed_part<rtmsg>(message);
  return message.type == RTM_NEWROUTE && fixed && fixed->rtm_type == RTN_LOCAL;
}

std::optional<RouteSeen> parse_route(const NetlinkMessage& message) {
  const auto fixed = fixed_part<rtmsg>(message);
  if (message.type != RTM_NEWROUTE || !fixed || fixed->rtm_type != RTN_UNICAST) return std::nullopt;
  const bool is_ipv4 = fixed->rtm_family == AF_INET;
  if (!is_ipv4 && fixed->rtm_family != AF_INET6) return std::nullopt;
  RouteSeen seen;
  for (const auto& attribute : attributes(message, sizeof(rtmsg))) {
    if (attribute.type == RTA_OIF) seen.interface_index = number_of(attribute).value_or(0);
    if (attribute.type != RTA_GATEWAY) continue;
    IpAddress router{is_ipv4 ? Family::ipv4 : Family::ipv6, {}};
    if (attribute.payload.size() != byte_count(router.family)) return std::nullopt;
    std::ranges::copy(attribute.payload, router.bytes.begin());
    seen.router = router;
  }
  return seen.interface_index == 0 ? std::nullopt : std::optional(seen);
}

Bytes find_neighbour_request(std::uint32_t sequence, std::uint32_t interface_index,
                             const IpAddress& address) {
  ndmsg fixed{};
  fixed.ndm_family = family_number(address.family);
  fixed.ndm_ifindex = static_cast<int>(interface_index);
  NetlinkRequest request(RTM_GETNEIGH, NLM_F_ACK, sequence, NetlinkRequest::bytes_of(fixed));
  request.put(NDA_DST, bytes_of(address));
  return request.finish();
}

std::optional<MacAddress> parse_neighbour(const NetlinkMessage& message) {
  const auto fixed = fixed_part<ndmsg>(message);
  if (message.type != RTM_NEWNEIGH || !fixed) return std::nullopt;
  for (const auto& attribute : attributes(message, sizeof(ndmsg))) {
    MacAddress mac;
    if (attribute.type != NDA_LLADDR || attribute.payload.size() != mac.bytes.size()) continue;
    std::ranges::copy(attribute.payload, mac.bytes.begin());
    return mac;
  }
  return std::nullopt;
}

Bytes dump_links_request(std::uint32_t sequence) {
  const ifinfomsg fixed{};
  return NetlinkRequest(RTM_GETLINK, NLM_F_DUMP, sequence, NetlinkRequest::bytes_of(fixed))
      .finish();
}

std::optional<AddressSeen> parse_address(const NetlinkMessage& message) {
  if (message.type != RTM_NEWADDR && message.type != RTM_DELADDR) return std::nullopt;
  const auto fixed = fixed_part<ifaddrmsg>(message);
  if (!fixed || (fixed->ifa_family != AF_INET && fixed->ifa_family != AF_INET6))
    return std::nullopt;
  AddressSeen seen;
  IpAddress& address = seen.address.address;
  address.family = fixed->ifa_family == AF_INET ? Family::ipv4 : Family::ipv6;
  if (fixed->ifa_prefixlen > 8 * byte_count(address.family)) return std::nullopt;
  seen.present = message.type == RTM_NEWADDR;
  seen.interface_index = fixed->ifa_index;
  seen.address.prefix = fixed->ifa_prefixlen;
  std::span<const std::uint8_t> local;  // of an IPv6 address there is one with a peer only
  std::span<const std::uint8_t> plain;
  for (const auto& [type, payload] : attributes(message, sizeof(ifaddrmsg))) {
    if (type == IFA_LOCAL) local = payload;
    if (type == IFA_ADDRESS) plain = payload;
    if (type == attribute_proto && !payload.empty()) seen.ours = payload[0] == address_mark;
  }
  if (local.empty() && address.family == Family::ipv6) local = plain;
  if (local.size() != byte_count(address.family)) return std::nullopt;
  std::ranges::copy(local, address.bytes.begin());
  return seen;
}

std::optional<LinkSeen> parse_link(const NetlinkMessage& message) {
  if (message.type != RTM_NEWLINK && message.type != RTM_DELLINK) return std::nullopt;
  const auto fixed = fixed_part<ifinfomsg>(message);
  // A bridge tells its ports' state in messages of its own family; they aren't about the link.
  if (!fixed || fixed->ifi_family != AF_UNSPEC || fixed->ifi_index <= 0) return std::nullopt;
  LinkSeen seen;
  seen.present = message.type == RTM_NEWLINK;
  seen.index = static_cast<std::uint32_t>(fixed->ifi_index);
  constexpr unsigned wanted = IFF_UP | IFF_RUNNING | IFF_LOWER_UP;
  seen.carrier = seen.present && (fixed->ifi_flags & wanted) == wanted;
  seen.ethernet = fixed->ifi_type == ARPHRD_ETHER;
  for (const auto& attribute : attributes(message, sizeof(ifinfomsg))) {
    if (attribute.type == IFLA_IFNAME) {
      seen.name = InterfaceName(std::string(text_of(attribute)));
    } else if (attribute.type == IFLA_ADDRESS &&
               attribute.payload.size() == seen.mac.bytes.size()) {
      std::copy(attribute.payload.begin(), attribute.payload.end(), seen.mac.bytes.begin());
    } else if (attribute.type == IFLA_LINKINFO) {
      seen.port = is_swallowed(attribute);
    }
  }
  if (seen.name.empty()) return std::nullopt;
  return seen;
}

}  // namespace hapx::vip
