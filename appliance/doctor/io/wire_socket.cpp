// SPDX-License-Identifier: Apache-2.0
#include "appliance/doctor/io/wire_socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "config/address_kind.hpp"
#include "vip/io/rtnetlink.hpp"
#include "vip/ndp.hpp"

namespace hapx::appliance::doctor {
namespace {

constexpr std::uint32_t has_tag = static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT);
constexpr std::uint32_t whole = 2048;  ///< no more of a frame is looked at
constexpr int frames_per_turn_max = 256;
constexpr int receive_buffer_bytes = 4 << 20;

/// ARP, ICMP, UDP from port 67. What bears a tag is of a VLAN, and comes without it there.
constexpr std::array<sock_filter, 12> of_ipv4{{
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, has_tag),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 9),
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),  // ethertype
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 6, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 6),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),  // protocol
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMP, 3, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 3),
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 34),  // source port, of a header without options
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 67, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, whole),
    BPF_STMT(BPF_RET | BPF_K, 0),
}};

constexpr std::array<sock_filter, 8> of_ipv6{{
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, has_tag),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 5),
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 3),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),  // next header
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, whole),
    BPF_STMT(BPF_RET | BPF_K, 0),
}};

template <std::size_t count>
bool attach(const Descriptor& socket, const std::array<sock_filter, count>& filter) {
  const sock_fprog program{count, const_cast<sock_filter*>(filter.data())};
  return ::setsockopt(socket.number(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

unsigned mtu_of(const InterfaceName& name) {
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  name.text().copy(request.ifr_name, IFNAMSIZ - 1);
  if (::ioctl(socket.number(), SIOCGIFMTU, &request) != 0) return 0;
  return static_cast<unsigned>(std::clamp(request.ifr_mtu, 0, 65535));
}

/// Of several the one that hapx didn't add; of IPv6 the link-local one, with which hosts ask.
IpAddress own_address(const std::vector<vip::AddressSeen>& addresses, std::uint32_t index,
                      Family family) {
  for (const auto& seen : addresses) {
    const IpAddress& address = seen.address.address;
    if (seen.interface_index != index || seen.ours || address.family != family) continue;
    if (family == Family::ipv6 && !is_link_local(address)) continue;
    return address;
  }
  return {};
}

}  // namespace

Result<Descriptor> open_ear(std::uint32_t interface_index, Family family) {
  // Nothing is received until it is bound, and then only what the filter takes.
  Descriptor socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return system_error(errno, "opening a packet socket to listen");
  ::setsockopt(socket.number(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer_bytes,
               sizeof receive_buffer_bytes);
  const bool is_attached =
      family == Family::ipv4 ? attach(socket, of_ipv4) : attach(socket, of_ipv6);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(interface_index);
  if (!is_attached ||
      ::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return system_error(errno, "listening with a packet socket");
  }
  return socket;
}

void hear(const Descriptor& ear,
          const std::function<void(std::span<const std::uint8_t>)>& handler) {
  std::array<std::uint8_t, whole> frame{};
  for (int count = 0; count < frames_per_turn_max; ++count) {
    sockaddr_ll from{};
    socklen_t length = sizeof from;
    const ssize_t got = ::recvfrom(ear.number(), frame.data(), frame.size(), 0,
                                   reinterpret_cast<sockaddr*>(&from), &length);
    if (got < 0 && errno == EAGAIN) return;
    // An interface that goes down is told once, in the place of a frame.
    if (got < 0 || from.sll_pkttype == PACKET_OUTGOING) continue;
    handler(std::span(frame).first(static_cast<std::size_t>(got)));
  }
}

Result<Descriptor> join_group_of(std::uint32_t interface_index, const IpAddress& address) {
  Descriptor socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const IpAddress group = vip::solicited_nodes_of(address);
  ipv6_mreq request{};
  std::memcpy(&request.ipv6mr_multiaddr, group.bytes.data(), sizeof request.ipv6mr_multiaddr);
  request.ipv6mr_interface = interface_index;
  if (::setsockopt(socket.number(), IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request) != 0) {
    return system_error(errno, "joining " + to_string(group));
  }
  return socket;
}

Card look_at_card(const Segment& segment) {
  Card card;
  const std::string& name = segment.interface.text();
  auto socket = vip::NetlinkSocket::open();
  const auto links =
      socket ? vip::dump_links(*socket) : Result<std::vector<vip::LinkSeen>>(socket.error());
  const auto addresses =
      socket ? vip::dump_addresses(*socket) : Result<std::vector<vip::AddressSeen>>(socket.error());
  if (!links || !addresses) {
    card.notes.trouble = "interfaces can't be looked at";
    return card;
  }
  const auto link = std::ranges::find(*links, segment.interface, &vip::LinkSeen::name);
  if (link == links->end()) {
    card.notes.trouble = "there is no interface " + name;
    return card;
  }
  card.index = link->index;
  card.notes.mac = link->mac;
  card.notes.mtu = mtu_of(segment.interface);
  card.notes.own = own_address(*addresses, link->index, segment.family);
  if (!link->ethernet) {
    card.notes.trouble = name + " is no Ethernet";
  } else if (!link->carrier) {
    card.notes.trouble = name + " has no carrier";
  } else if (link->port) {
    card.notes.trouble = name + " is a port of a bridge or bond, which speaks for it";
  } else if (segment.family == Family::ipv6 && card.notes.own.family != Family::ipv6) {
    card.notes.trouble = name + " has no IPv6";
  }
  return card;
}

}  // namespace hapx::appliance::doctor
