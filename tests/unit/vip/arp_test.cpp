// SPDX-License-Identifier: Apache-2.0
#include "vip/arp.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace hapx::vip {
namespace {

constexpr MacAddress mac{{0x02, 0, 0, 0, 0, 0x0a}};
const IpAddress vip_address = ipv4(192, 168, 4, 20);

TEST(Arp, an_announcement_as_request_has_these_bytes) {
  const ArpFrame expected = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0,   0, 0,  0,
                             0x0a, 0x08, 0x06, 0,    1,    0x08, 0,    6,   4, 0,  1,
                             0x02, 0,    0,    0,    0,    0x0a, 192,  168, 4, 20, 0,
                             0,    0,    0,    0,    0,    192,  168,  4,   20};
  EXPECT_EQ(to_frame(announcement_request(mac, vip_address)), expected);
}

/// Linux ignores a gratuitous reply with another target hardware address for a second after a
/// change.
TEST(Arp, an_announcement_as_reply_has_its_own_hardware_address_as_target) {
  const ArpFrame frame = to_frame(announcement_reply(mac, vip_address));
  EXPECT_EQ(frame[21], 2);
  EXPECT_TRUE(std::equal(mac.bytes.begin(), mac.bytes.end(), frame.begin() + 32));
  EXPECT_TRUE(std::equal(broadcast_mac.bytes.begin(), broadcast_mac.bytes.end(), frame.begin()));
}

TEST(Arp, a_probe_claims_nothing) {
  const ArpPacket probe = arp_probe(mac, vip_address);
  EXPECT_EQ(probe.sender_ip, IpAddress{});
  EXPECT_EQ(probe.target_ip, vip_address);
  EXPECT_EQ(probe.operation, ArpOperation::request);
}

TEST(Arp, what_is_built_is_parsed) {
  for (const ArpPacket& packet :
       {announcement_request(mac, vip_address), announcement_reply(mac, vip_address),
        arp_probe(mac, vip_address), arp_question(mac, ipv4(192, 168, 4, 11), vip_address)}) {
    const ArpFrame frame = to_frame(packet);
    EXPECT_EQ(parse_arp(frame), packet);
    std::vector<std::uint8_t> padded(frame.begin(), frame.end());
    padded.resize(60, 0xee);
    EXPECT_EQ(parse_arp(padded), packet);
  }
}

TEST(Arp, anything_else_is_nothing) {
  const ArpFrame good = to_frame(arp_probe(mac, vip_address));
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_EQ(parse_arp(std::span(good).first(length)), std::nullopt) << length;
  }
  // Ethertype, hardware type, protocol, the two lengths: one wrong byte of each.
  for (const std::size_t at : {12U, 13U, 14U, 15U, 16U, 17U, 18U, 19U, 20U}) {
    ArpFrame bad = good;
    bad.at(at) ^= 0x40;
    EXPECT_EQ(parse_arp(bad), std::nullopt) << at;
  }
  ArpFrame reverse = good;
  reverse.at(21) = 3;  // RARP
  EXPECT_EQ(parse_arp(reverse), std::nullopt);
}

}  // namespace
}  // namespace hapx::vip
