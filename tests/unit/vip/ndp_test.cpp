// SPDX-License-Identifier: Apache-2.0
#include "vip/ndp.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace hapx::vip {
namespace {

using Frame = std::vector<std::uint8_t>;

constexpr MacAddress mac{{0x02, 0, 0, 0, 0, 0x0a}};
const IpAddress vip_address = *parse_ip("2001:db8:4::20");
const IpAddress own = *parse_ip("2001:db8:4::11");

TEST(Ndp, groups_and_their_hardware_addresses_are_those_of_the_rfcs) {
  EXPECT_EQ(to_string(all_nodes()), "ff02::1");
  EXPECT_EQ(to_string(solicited_nodes_of(*parse_ip("2001:db8::aabb:ccdd"))), "ff02::1:ffbb:ccdd");
  EXPECT_EQ(to_string(multicast_mac(all_nodes())), "33:33:00:00:00:01");
  EXPECT_EQ(to_string(multicast_mac(solicited_nodes_of(vip_address))), "33:33:ff:00:00:20");
}

/// The checksum was reckoned by hand; that the kernel takes such a frame is a door's test.
TEST(Ndp, an_announcement_has_these_bytes) {
  const Frame expected = {
      0x33, 0x33, 0,    0,    0,    1,  0x02, 0,   0, 0, 0, 0x0a, 0x86, 0xdd,  // Ethernet
      0x60, 0,    0,    0,    0,    32, 58,   255,                             // IPv6
      0x20, 0x01, 0x0d, 0xb8, 0,    4,  0,    0,   0, 0, 0, 0,    0,    0,
      0,    0x20,  // from the VIP
      0xff, 0x02, 0,    0,    0,    0,  0,    0,   0, 0, 0, 0,    0,    0,
      0,    1,                                    // to all
      136,  0,    0xf8, 0xdb, 0x20, 0,  0,    0,  // override
      0x20, 0x01, 0x0d, 0xb8, 0,    4,  0,    0,   0, 0, 0, 0,    0,    0,
      0,    0x20,                                     // target
      2,    1,    0x02, 0,    0,    0,  0,    0x0a};  // its place
  EXPECT_EQ(to_frame(unsolicited_advertisement(mac, vip_address)), expected);
}

TEST(Ndp, a_probe_claims_nothing) {
  const NdpPacket probe = ndp_probe(mac, vip_address);
  EXPECT_EQ(to_string(probe.sender), "::");
  EXPECT_EQ(to_string(probe.receiver), "ff02::1:ff00:20");
  EXPECT_EQ(probe.target, vip_address);
  EXPECT_EQ(probe.hardware_address, std::nullopt);  // RFC 4861, 7.1.1
}

std::vector<NdpPacket> packets() {
  NdpPacket answer = unsolicited_advertisement(mac, vip_address);
  answer.receiver = own;
  answer.solicited = true;
  NdpPacket bare = answer;
  bare.hardware_address.reset();
  return {unsolicited_advertisement(mac, vip_address), ndp_probe(mac, vip_address),
          ndp_question(mac, own, vip_address), answer, bare};
}

TEST(Ndp, what_is_built_is_parsed) {
  for (const NdpPacket& packet : packets()) {
    Frame frame = to_frame(packet);
    EXPECT_EQ(parse_ndp(frame), packet);
    frame.resize(frame.size() + 20, 0xee);  // padding
    EXPECT_EQ(parse_ndp(frame), packet);
  }
}

TEST(Ndp, one_wrong_bit_anywhere_behind_the_ethernet_addresses_is_seen) {
  for (const NdpPacket& packet : packets()) {
    const Frame good = to_frame(packet);
    for (std::size_t at = 12; at < good.size(); ++at) {
      // Traffic class and flow label mean nothing here.
      if (at >= 14 && at < 18) continue;
      Frame bad = good;
      bad[at] ^= 0x10;
      EXPECT_EQ(parse_ndp(bad), std::nullopt) << at;
    }
  }
}

TEST(Ndp, a_frame_that_is_cut_short_is_nothing) {
  for (const NdpPacket& packet : packets()) {
    const Frame good = to_frame(packet);
    for (std::size_t length = 0; length < good.size(); ++length) {
      EXPECT_EQ(parse_ndp(std::span(good).first(length)), std::nullopt) << length;
    }
  }
}

/// A packet with a good checksum that RFC 4861 forbids.
TEST(Ndp, what_a_node_must_not_accept_is_nothing) {
  NdpPacket target_is_group = ndp_question(mac, own, vip_address);
  target_is_group.target = all_nodes();
  EXPECT_EQ(parse_ndp(to_frame(target_is_group)), std::nullopt);

  NdpPacket probe_with_place = ndp_probe(mac, vip_address);
  probe_with_place.hardware_address = mac;
  EXPECT_EQ(parse_ndp(to_frame(probe_with_place)), std::nullopt);

  NdpPacket probe_to_one = ndp_probe(mac, vip_address);
  probe_to_one.receiver = own;
  EXPECT_EQ(parse_ndp(to_frame(probe_to_one)), std::nullopt);

  NdpPacket answer_to_all = unsolicited_advertisement(mac, vip_address);
  answer_to_all.solicited = true;
  EXPECT_EQ(parse_ndp(to_frame(answer_to_all)), std::nullopt);

  NdpPacket redirect = ndp_question(mac, own, vip_address);
  redirect.kind = static_cast<NdpKind>(137);
  EXPECT_EQ(parse_ndp(to_frame(redirect)), std::nullopt);
}

/// Brings the checksum of a frame that was changed in order again.
Frame mended(Frame frame) {
  const std::size_t message = frame[18] * 256U + frame[19];
  frame[56] = frame[57] = 0;
  std::uint32_t sum = 58 + static_cast<std::uint32_t>(message);
  for (std::size_t i = 22; i < 54 + message; ++i) sum += frame[i] * (i % 2 == 0 ? 256U : 1U);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  frame[56] = static_cast<std::uint8_t>(~sum >> 8);
  frame[57] = static_cast<std::uint8_t>(~sum);
  return frame;
}

TEST(Ndp, options_that_are_not_known_are_stepped_over_and_bad_ones_refused) {
  const NdpPacket packet = ndp_question(mac, own, vip_address);
  Frame frame = to_frame(packet);
  const Frame nonce = {14, 1, 1, 2, 3, 4, 5, 6};  // RFC 3971
  frame.insert(frame.end() - 8, nonce.begin(), nonce.end());
  frame[19] = static_cast<std::uint8_t>(frame[19] + nonce.size());
  EXPECT_EQ(parse_ndp(mended(frame)), packet);
  for (const std::uint8_t length : {std::uint8_t{0}, std::uint8_t{3}, std::uint8_t{255}}) {
    Frame bad = frame;
    bad[frame.size() - 15] = length;
    EXPECT_EQ(parse_ndp(mended(bad)), std::nullopt) << int{length};
  }
}

}  // namespace
}  // namespace hapx::vip
