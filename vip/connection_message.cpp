// SPDX-License-Identifier: Apache-2.0
#include "vip/connection_message.hpp"

#include <algorithm>
#include <span>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

namespace hapx::vip {
namespace {

/// Addresses and ports are in network order, an IPv4 address in the first of four words.
Endpoint endpoint_of(Family family, const std::uint32_t (&address)[4], std::uint16_t port) {
  Endpoint endpoint{{family, {}}, ntohs(port)};
  const auto bytes = NetlinkRequest::bytes_of(address).first(byte_count(family));
  std::ranges::copy(bytes, endpoint.address.bytes.begin());
  return endpoint;
}

}  // namespace

Bytes dump_connections_request(std::uint32_t sequence, Family family, std::uint16_t port) {
  inet_diag_req_v2 asked{};
  asked.sdiag_family = family == Family::ipv4 ? AF_INET : AF_INET6;
  asked.sdiag_protocol = IPPROTO_TCP;
  asked.idiag_states = 1U << TCP_ESTABLISHED;
  asked.id.idiag_sport = htons(port);
  return NetlinkRequest(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, sequence, NetlinkRequest::bytes_of(asked))
      .finish();
}

std::optional<Connection> parse_connection(const NetlinkMessage& message) {
  if (message.type != SOCK_DIAG_BY_FAMILY) return std::nullopt;
  const auto told = fixed_part<inet_diag_msg>(message);
  if (!told || (told->idiag_family != AF_INET && told->idiag_family != AF_INET6))
    return std::nullopt;
  const Family family = told->idiag_family == AF_INET ? Family::ipv4 : Family::ipv6;
  return Connection{endpoint_of(family, told->id.idiag_src, told->id.idiag_sport),
                    endpoint_of(family, told->id.idiag_dst, told->id.idiag_dport)};
}

}  // namespace hapx::vip
