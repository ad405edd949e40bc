// SPDX-License-Identifier: Apache-2.0
#include "vip/claim.hpp"

#include <gtest/gtest.h>

#include "vip/arp.hpp"
#include "vip/ndp.hpp"

namespace hapx::vip {
namespace {

constexpr MacAddress mac{{0x02, 0, 0, 0, 0, 0x0a}};
constexpr MacAddress other_mac{{0x02, 0, 0, 0, 0, 0x0b}};

WireFrame wire(const ArpPacket& packet) {
  const ArpFrame frame = to_frame(packet);
  return {frame.begin(), frame.end()};
}

struct Addresses {
  IpAddress vip;
  IpAddress own;
};

class EachFamily : public testing::TestWithParam<Addresses> {
 protected:
  const IpAddress vip_ = GetParam().vip;
  const IpAddress own_ = GetParam().own;
};

TEST_P(EachFamily, what_we_announce_is_heard_as_an_announcement) {
  const auto frames = announcement_frames(mac, vip_);
  EXPECT_EQ(frames.size(), vip_.family == Family::ipv4 ? 2U : 1U);
  for (const WireFrame& frame : frames) {
    const auto claim = parse_claim(frame);
    ASSERT_TRUE(claim);
    EXPECT_EQ(claim->address, vip_);
    EXPECT_EQ(claim->mac, mac);
    EXPECT_EQ(claim->kind, ClaimKind::announcement);
    EXPECT_EQ(claim->destination.bytes[0] & 1, 1);  // to more than one
  }
}

TEST_P(EachFamily, a_probe_is_for_the_address_it_asks_for) {
  const auto claim = parse_claim(probe_frame(mac, vip_));
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->address, vip_);
  EXPECT_EQ(claim->mac, mac);
  EXPECT_EQ(claim->kind, ClaimKind::probe);
}

TEST_P(EachFamily, a_question_claims_the_address_it_comes_from) {
  const auto claim = parse_claim(question_frame(mac, own_, vip_));
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->address, own_);
  EXPECT_EQ(claim->mac, mac);
  EXPECT_EQ(claim->kind, ClaimKind::question);
}

TEST_P(EachFamily, an_answer_names_whom_it_is_for) {
  WireFrame frame;
  if (vip_.family == Family::ipv4) {
    frame = wire({mac, other_mac, ArpOperation::reply, mac, vip_, other_mac, own_});
  } else {
    NdpPacket answer = unsolicited_advertisement(mac, vip_);
    answer.destination = other_mac;
    answer.receiver = own_;
    answer.solicited = true;
    frame = to_frame(answer);
  }
  EXPECT_EQ(parse_claim(frame), (Claim{vip_, mac, other_mac, ClaimKind::answer}));
}

TEST_P(EachFamily, a_question_is_an_inquiry_and_its_answer_goes_to_the_asker_alone) {
  const auto inquiry = parse_inquiry(question_frame(mac, own_, vip_));
  ASSERT_TRUE(inquiry);
  EXPECT_EQ(inquiry->address, vip_);
  EXPECT_EQ(inquiry->asker, own_);
  EXPECT_EQ(inquiry->asker_mac, mac);
  EXPECT_EQ(inquiry->destination.bytes[0] & 1, 1);
  EXPECT_EQ(parse_claim(answer_frame(other_mac, vip_, own_, mac)),
            (Claim{vip_, other_mac, mac, ClaimKind::answer}));
}

TEST_P(EachFamily, who_announces_or_probes_asks_nobody) {
  EXPECT_EQ(parse_inquiry(probe_frame(mac, vip_)), std::nullopt);
  for (const WireFrame& frame : announcement_frames(mac, vip_))
    EXPECT_EQ(parse_inquiry(frame), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    Claim, EachFamily,
    testing::Values(Addresses{ipv4(192, 168, 4, 20), ipv4(192, 168, 4, 11)},
                    Addresses{*parse_ip("2001:db8:4::20"), *parse_ip("2001:db8:4::11")}),
    [](const auto& each) { return each.param.vip.family == Family::ipv4 ? "Ipv4" : "Ipv6"; });

/// RFC 4861, 4.4: an answer to a unicast question need not say it.
TEST(Claim, an_advertisement_without_a_place_is_where_it_comes_from) {
  NdpPacket answer = unsolicited_advertisement(mac, *parse_ip("2001:db8::1"));
  answer.hardware_address.reset();
  EXPECT_EQ(parse_claim(to_frame(answer))->mac, mac);
}

TEST(Claim, another_protocol_claims_nothing) {
  EXPECT_EQ(parse_claim(WireFrame(60, 0)), std::nullopt);
  EXPECT_EQ(parse_claim({}), std::nullopt);
}

}  // namespace
}  // namespace hapx::vip
