// SPDX-License-Identifier: Apache-2.0
#include "vip/connection_message.hpp"

#include <cstring>

#include <gtest/gtest.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

namespace hapx::vip {
namespace {

NetlinkMessage only_message(const Bytes& bytes) {
  auto messages = split_netlink(bytes);
  EXPECT_EQ(messages.size(), 1U);
  return messages.empty() ? NetlinkMessage{} : messages.front();
}

/// As the kernel tells of a connection.
NetlinkMessage told(int family, const Endpoint& here, const Endpoint& there) {
  inet_diag_msg body{};
  body.idiag_family = static_cast<std::uint8_t>(family);
  body.idiag_state = TCP_ESTABLISHED;
  body.id.idiag_sport = htons(here.port);
  body.id.idiag_dport = htons(there.port);
  std::memcpy(body.id.idiag_src, here.address.bytes.data(), 16);
  std::memcpy(body.id.idiag_dst, there.address.bytes.data(), 16);
  return only_message(
      NetlinkRequest(SOCK_DIAG_BY_FAMILY, 0, 3, NetlinkRequest::bytes_of(body)).finish());
}

TEST(ConnectionMessage, asks_for_all_that_are_established_at_a_port) {
  const auto message = only_message(dump_connections_request(5, Family::ipv6, 6443));
  EXPECT_EQ(message.type, SOCK_DIAG_BY_FAMILY);
  EXPECT_EQ(message.flags, NLM_F_REQUEST | NLM_F_DUMP);
  EXPECT_EQ(message.sequence, 5U);
  const auto asked = fixed_part<inet_diag_req_v2>(message);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->sdiag_family, AF_INET6);
  EXPECT_EQ(asked->sdiag_protocol, IPPROTO_TCP);
  EXPECT_EQ(asked->idiag_states, 1U << TCP_ESTABLISHED);
  EXPECT_EQ(asked->id.idiag_sport, htons(6443));
}

TEST(ConnectionMessage, a_connection_is_read_in_both_families) {
  const Connection four{*parse_endpoint("192.168.4.20:6443"), *parse_endpoint("10.1.2.3:40000")};
  const Connection six{*parse_endpoint("[2001:db8::20]:6443"), *parse_endpoint("[2001:db8::9]:9")};
  EXPECT_EQ(parse_connection(told(AF_INET, four.here, four.there)), four);
  EXPECT_EQ(parse_connection(told(AF_INET6, six.here, six.there)), six);
}

TEST(ConnectionMessage, what_is_no_connection_is_nothing) {
  const Connection four{*parse_endpoint("192.168.4.20:6443"), *parse_endpoint("10.1.2.3:40000")};
  NetlinkMessage another = told(AF_INET, four.here, four.there);
  another.type = NLMSG_DONE;
  EXPECT_EQ(parse_connection(another), std::nullopt);
  EXPECT_EQ(parse_connection(told(AF_UNIX, four.here, four.there)), std::nullopt);
  NetlinkMessage cut = told(AF_INET, four.here, four.there);
  for (std::size_t size = 0; size < 16 + sizeof(inet_diag_msg); ++size) {
    NetlinkMessage shorter = cut;
    shorter.bytes.resize(size);
    EXPECT_EQ(parse_connection(shorter), std::nullopt) << size;
  }
}

}  // namespace
}  // namespace hapx::vip
