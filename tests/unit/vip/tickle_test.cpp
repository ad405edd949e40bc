// SPDX-License-Identifier: Apache-2.0
#include "vip/tickle.hpp"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace hapx::vip {
namespace {

using Bytes = std::vector<std::uint8_t>;

const Endpoint served = *parse_endpoint("192.168.4.20:6443");
const Endpoint client = *parse_endpoint("192.168.4.99:40123");
const Endpoint served6 = *parse_endpoint("[2001:db8:4::20]:6443");
const Endpoint client6 = *parse_endpoint("[2001:db8:4::99]:40123");

/// The packet behind an Ethernet header.
Bytes frame_of(const Bytes& packet) {
  Bytes frame(12, 0x02);
  const bool is_ipv4 = packet[0] >> 4U == 4;
  frame.push_back(is_ipv4 ? 0x08 : 0x86);
  frame.push_back(is_ipv4 ? 0x00 : 0xdd);
  frame.insert(frame.end(), packet.begin(), packet.end());
  return frame;
}

Bytes reset_frame(const Endpoint& from, const Endpoint& to) {
  Bytes frame = frame_of(tickle_packet(from, to, 1));
  frame.at(frame.size() - 7) = 0x14;  // RST, ACK
  return frame;
}

/// Byte by byte, from RFC 791, RFC 9293 and RFC 1071.
TEST(Tickle, of_ipv4_is_an_acknowledgement_without_anything_else) {
  const Bytes expected = {0x45, 0x00, 0x00, 0x28, 0x00, 0x00, 0x40, 0x00,
                          0x40, 0x06, 0xb1, 0x08,                          // IPv4
                          192,  168,  4,    20,   192,  168,  4,    99,    // from, to
                          0x19, 0x2b, 0x9c, 0xbb,                          // ports
                          0x12, 0x34, 0x56, 0x78, 0x00, 0x00, 0x00, 0x00,  // numbers
                          0x50, 0x10, 0x04, 0x00, 0x03, 0x7a, 0x00, 0x00};
  EXPECT_EQ(tickle_packet(served, client, 0x12345678), expected);
}

TEST(Tickle, of_ipv6_has_the_same_segment_under_another_header) {
  const Bytes packet = tickle_packet(served6, client6, 0x12345678);
  ASSERT_EQ(packet.size(), 60U);
  const Bytes header(packet.begin(), packet.begin() + 8);
  EXPECT_EQ(header, (Bytes{0x60, 0, 0, 0, 0, 20, 6, 64}));
  EXPECT_TRUE(std::equal(packet.begin() + 8, packet.begin() + 24, served6.address.bytes.begin()));
  EXPECT_TRUE(std::equal(packet.begin() + 24, packet.begin() + 40, client6.address.bytes.begin()));
  EXPECT_EQ(packet[53], 0x10);
}

/// As a receiver checks it: with the checksum in its place the sum is all ones.
TEST(Tickle, its_checksums_hold) {
  const auto sum_of = [](std::uint32_t sum, const Bytes& bytes, std::size_t from) {
    for (std::size_t at = from; at < bytes.size(); at += 2) sum += bytes[at] * 256U + bytes[at + 1];
    while (sum > 0xffffU) sum = (sum & 0xffffU) + (sum >> 16U);
    return sum;
  };
  std::mt19937 random(5);
  for (int round = 0; round < 1000; ++round) {
    Endpoint from = round % 2 == 0 ? served : served6;
    Endpoint to = round % 2 == 0 ? client : client6;
    const std::size_t bytes = byte_count(from.address.family);
    for (std::size_t i = 0; i < bytes; ++i) {
      from.address.bytes.at(i) = static_cast<std::uint8_t>(random());
      to.address.bytes.at(i) = static_cast<std::uint8_t>(random());
    }
    const Bytes packet = tickle_packet(from, to, static_cast<std::uint32_t>(random()));
    const bool is_ipv4 = round % 2 == 0;
    const std::size_t addresses_at = is_ipv4 ? 12 : 8;
    EXPECT_EQ(sum_of(6 + 20, packet, addresses_at), 0xffffU);
    if (!is_ipv4) continue;
    EXPECT_EQ(sum_of(0, Bytes(packet.begin(), packet.begin() + 20), 0), 0xffffU);
  }
}

TEST(Tickle, a_reset_is_read_in_both_families) {
  EXPECT_EQ(parse_reset(reset_frame(served, client)), (Reset{served, client}));
  EXPECT_EQ(parse_reset(reset_frame(client6, served6)), (Reset{client6, served6}));
}

TEST(Tickle, a_reset_behind_ip_options_is_read) {
  Bytes frame = reset_frame(served, client);
  frame[14] = 0x46;
  frame.insert(frame.begin() + 34, {1, 1, 1, 1});
  EXPECT_EQ(parse_reset(frame), (Reset{served, client}));
}

TEST(Tickle, what_is_no_reset_is_nothing) {
  EXPECT_EQ(parse_reset(frame_of(tickle_packet(served, client, 1))), std::nullopt);
  Bytes udp = reset_frame(served, client);
  udp[23] = 17;
  EXPECT_EQ(parse_reset(udp), std::nullopt);
  Bytes udp6 = reset_frame(served6, client6);
  udp6[20] = 17;
  EXPECT_EQ(parse_reset(udp6), std::nullopt);
  Bytes fragment = reset_frame(served, client);
  fragment[21] = 1;  // its offset
  EXPECT_EQ(parse_reset(fragment), std::nullopt);
  Bytes arp = reset_frame(served, client);
  arp[13] = 6;
  EXPECT_EQ(parse_reset(arp), std::nullopt);
  for (const unsigned header : {0x44U, 0x4fU, 0x65U}) {  // too short, longer than all, no IPv4
    Bytes frame = reset_frame(served, client);
    frame[14] = static_cast<std::uint8_t>(header);
    EXPECT_EQ(parse_reset(frame), std::nullopt) << header;
  }
}

TEST(Tickle, whatever_is_cut_off_is_read_without_harm) {
  for (const Bytes& frame : {reset_frame(served, client), reset_frame(served6, client6)})
    for (std::size_t size = 0; size < frame.size() - 6; ++size)
      EXPECT_EQ(parse_reset(std::span(frame).first(size)), std::nullopt) << size;
}

}  // namespace
}  // namespace hapx::vip
