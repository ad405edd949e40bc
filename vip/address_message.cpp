// SPDX-License-Identifier: Apache-2.0
#include "vip/address_message.hpp"

#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <vector>

namespace hapx::vip {
namespace {

// IFA_PROTO came with Linux 5.18; older headers lack the name, older kernels ignore the attribute.
constexpr std::uint16_t attribute_proto = 11;

/// Room for the largest of our requests.
using Buffer = std::array<std::uint32_t, 64>;

nlmsghdr* begin(Buffer& buffer, std::uint16_t type, unsigned flags, std::uint32_t sequence) {
  nlmsghdr* header = mnl_nlmsg_put_header(buffer.data());
  header->nlmsg_type = type;
  header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  header->nlmsg_seq = sequence;
  return header;
}

Bytes finish(const nlmsghdr* header) {
  const auto* first = reinterpret_cast<const std::uint8_t*>(header);
  return Bytes(first, first + header->nlmsg_len);
}

nlmsghdr* begin_address(Buffer& buffer, std::uint16_t type, unsigned flags, std::uint32_t sequence,
                        std::uint32_t interface_index, const Cidr& address) {
  nlmsghdr* header = begin(buffer, type, flags, sequence);
  auto* body = static_cast<ifaddrmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(ifaddrmsg)));
  body->ifa_family = AF_INET;
  body->ifa_prefixlen = address.prefix;
  body->ifa_scope = RT_SCOPE_UNIVERSE;
  body->ifa_index = interface_index;
  mnl_attr_put(header, IFA_LOCAL, 4, address.address.bytes.data());
  mnl_attr_put(header, IFA_ADDRESS, 4, address.address.bytes.data());
  return header;
}

/// Two attributes lists are read here: the message's own and the nested ones. A message whose fixed
/// part is cut short has none.
template <class Body>
const Body* body_of(const NetlinkMessage& message) {
  const auto* header = reinterpret_cast<const nlmsghdr*>(message.bytes.data());
  if (mnl_nlmsg_get_payload_len(header) < sizeof(Body)) return nullptr;
  return static_cast<const Body*>(mnl_nlmsg_get_payload(header));
}

std::string_view text_of(const nlattr* attribute) {
  const std::string_view text(static_cast<const char*>(mnl_attr_get_payload(attribute)),
                              mnl_attr_get_payload_len(attribute));
  return text.substr(0, text.find('\0'));
}

/// The link that owns this one takes its frames before IP sees them.
bool is_swallowed(const nlattr* link_info) {
  const nlattr* attribute = nullptr;
  mnl_attr_for_each_nested(attribute, link_info) {
    if (mnl_attr_get_type(attribute) != IFLA_INFO_SLAVE_KIND) continue;
    const std::string_view kind = text_of(attribute);
    return kind == "bridge" || kind == "bond" || kind == "team";
  }
  return false;
}

}  // namespace

Bytes add_address_request(std::uint32_t sequence, std::uint32_t interface_index,
                          const Cidr& address, std::uint32_t lifetime_seconds) {
  Buffer buffer{};
  nlmsghdr* header = begin_address(buffer, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE,
                                   sequence, interface_index, address);
  ifa_cacheinfo lifetimes{};
  lifetimes.ifa_prefered = lifetime_seconds;  // more than ifa_valid would be refused
  lifetimes.ifa_valid = lifetime_seconds;
  mnl_attr_put(header, IFA_CACHEINFO, sizeof lifetimes, &lifetimes);
  mnl_attr_put_u8(header, attribute_proto, address_mark);
  return finish(header);
}

Bytes remove_address_request(std::uint32_t sequence, std::uint32_t interface_index,
                             const Cidr& address) {
  Buffer buffer{};
  return finish(begin_address(buffer, RTM_DELADDR, NLM_F_ACK, sequence, interface_index, address));
}

Bytes promote_secondaries_request(std::uint32_t sequence, std::uint32_t interface_index) {
  Buffer buffer{};
  nlmsghdr* header = begin(buffer, RTM_NEWLINK, NLM_F_ACK, sequence);
  auto* body = static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(header, sizeof(ifinfomsg)));
  body->ifi_family = AF_UNSPEC;
  body->ifi_index = static_cast<int>(interface_index);
  nlattr* families = mnl_attr_nest_start(header, IFLA_AF_SPEC);
  nlattr* ipv4_part = mnl_attr_nest_start(header, AF_INET);
  nlattr* settings = mnl_attr_nest_start(header, IFLA_INET_CONF);
  mnl_attr_put_u32(header, IPV4_DEVCONF_PROMOTE_SECONDARIES, 1);
  mnl_attr_nest_end(header, settings);
  mnl_attr_nest_end(header, ipv4_part);
  mnl_attr_nest_end(header, families);
  return finish(header);
}

Bytes dump_addresses_request(std::uint32_t sequence) {
  Buffer buffer{};
  nlmsghdr* header = begin(buffer, RTM_GETADDR, NLM_F_DUMP, sequence);
  auto* body = static_cast<ifaddrmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(ifaddrmsg)));
  body->ifa_family = AF_INET;
  return finish(header);
}

Bytes dump_links_request(std::uint32_t sequence) {
  Buffer buffer{};
  nlmsghdr* header = begin(buffer, RTM_GETLINK, NLM_F_DUMP, sequence);
  mnl_nlmsg_put_extra_header(header, sizeof(ifinfomsg));
  return finish(header);
}

std::optional<AddressSeen> parse_address(const NetlinkMessage& message) {
  if (message.type != RTM_NEWADDR && message.type != RTM_DELADDR) return std::nullopt;
  const auto* body = body_of<ifaddrmsg>(message);
  if (body == nullptr || body->ifa_family != AF_INET || body->ifa_prefixlen > 32) return std::nullopt;
  AddressSeen seen;
  seen.present = message.type == RTM_NEWADDR;
  seen.interface_index = body->ifa_index;
  seen.address.prefix = body->ifa_prefixlen;
  bool has_address = false;
  const auto* header = reinterpret_cast<const nlmsghdr*>(message.bytes.data());
  const nlattr* attribute = nullptr;
  mnl_attr_for_each(attribute, header, sizeof(ifaddrmsg)) {
    const auto type = mnl_attr_get_type(attribute);
    const auto length = mnl_attr_get_payload_len(attribute);
    const auto* payload = static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute));
    if (type == IFA_LOCAL && length == 4) {
      std::copy_n(payload, 4, seen.address.address.bytes.begin());
      has_address = true;
    } else if (type == attribute_proto && length >= 1) {
      seen.ours = payload[0] == address_mark;
    }
  }
  if (!has_address) return std::nullopt;
  return seen;
}

std::optional<LinkSeen> parse_link(const NetlinkMessage& message) {
  if (message.type != RTM_NEWLINK && message.type != RTM_DELLINK) return std::nullopt;
  const auto* body = body_of<ifinfomsg>(message);
  // A bridge tells its ports' state in messages of its own family; they aren't about the link.
  if (body == nullptr || body->ifi_family != AF_UNSPEC || body->ifi_index <= 0) return std::nullopt;
  LinkSeen seen;
  seen.present = message.type == RTM_NEWLINK;
  seen.index = static_cast<std::uint32_t>(body->ifi_index);
  constexpr unsigned wanted = IFF_UP | IFF_RUNNING | IFF_LOWER_UP;
  seen.carrier = seen.present && (body->ifi_flags & wanted) == wanted;
  seen.ethernet = body->ifi_type == ARPHRD_ETHER;
  const auto* header = reinterpret_cast<const nlmsghdr*>(message.bytes.data());
  const nlattr* attribute = nullptr;
  mnl_attr_for_each(attribute, header, sizeof(ifinfomsg)) {
    const auto type = mnl_attr_get_type(attribute);
    const auto length = mnl_attr_get_payload_len(attribute);
    if (type == IFLA_IFNAME) {
      seen.name = InterfaceName(std::string(text_of(attribute)));
    } else if (type == IFLA_ADDRESS && length == seen.mac.bytes.size()) {
      std::memcpy(seen.mac.bytes.data(), mnl_attr_get_payload(attribute), length);
    } else if (type == IFLA_LINKINFO) {
      seen.port = is_swallowed(attribute);
    }
  }
  if (seen.name.empty()) return std::nullopt;
  return seen;
}

}  // namespace hapx::vip
