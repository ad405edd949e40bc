// SPDX-License-Identifier: Apache-2.0
// The frames and words of a wire test, each read back, cut off and altered.
#include "appliance/doctor/wire_frame.hpp"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/doctor/dhcp.hpp"
#include "appliance/doctor/wire_word.hpp"
#include "offer_frame.hpp"
#include "vip/claim.hpp"

namespace hapx::appliance::doctor {
namespace {

const MacAddress one{{2, 0, 0, 0, 0, 1}};
const MacAddress other{{2, 0, 0, 0, 0, 2}};
const IpAddress claimed = ipv4(192, 0, 2, 7);

Note note_of(Note::Kind kind, std::uint16_t bytes) {
  return {0x0123456789abcdefU, kind, bytes};
}

TEST(WireFrame, ANoteIsReadBackFromAPacketOfItsSize) {
  const IpAddress six = *parse_ip("2001:db8::7");
  for (const auto& [from, to] : {std::pair(claimed, ipv4(10, 0, 0, 1)), std::pair(six, six)}) {
    for (const std::uint16_t bytes : std::to_array<std::uint16_t>({84, 85, 1500, 9000, 65535})) {
      const Note note = note_of(Note::Kind::sized, bytes);
      const Frame frame = note_frame({one, other, from, to}, note);
      EXPECT_EQ(frame.size(), ethernet_bytes + bytes);
      EXPECT_EQ(parse_note(frame), note);
      EXPECT_EQ(parse_note(Bytes(frame).first(std::min<std::size_t>(frame.size(), 128))), note);
    }
    const Frame least = note_frame({one, other, from, to}, note_of(Note::Kind::from_address, 0));
    EXPECT_EQ(parse_note(least)->bytes, note_packet_bytes_min);
  }
}

TEST(WireFrame, BearsGoodChecksumsAndGoesOneHop) {
  const Frame frame =
      note_frame({one, other, claimed, ipv4(10, 0, 0, 1)}, note_of(Note::Kind::to_address, 101));
  EXPECT_EQ(internet_checksum(Bytes(frame).subspan(ethernet_bytes, ipv4_bytes)), 0);
  EXPECT_EQ(internet_checksum(Bytes(frame).subspan(payload_at(Family::ipv4))), 0);
  EXPECT_EQ(frame[ethernet_bytes + 8], 1) << "time to live";
  const IpAddress six = *parse_ip("2001:db8::7");
  const IpHeads heads{one, other, six, six, 58};
  const Frame of_six = note_frame(heads, note_of(Note::Kind::to_address, 200));
  const Bytes message = Bytes(of_six).subspan(payload_at(Family::ipv6));
  EXPECT_EQ(internet_checksum(message, pseudo_sum(heads, message.size())), 0);
  EXPECT_EQ(of_six[ethernet_bytes + 7], 1) << "hop limit";
}

TEST(WireFrame, WhatIsCutOffOrAnothersBearsNoNote) {
  Frame frame =
      note_frame({one, other, claimed, ipv4(10, 0, 0, 1)}, note_of(Note::Kind::sized, 84));
  for (std::size_t size = 0; size < payload_at(Family::ipv4) + 35; ++size) {
    EXPECT_EQ(parse_note(Bytes(frame).first(size)), std::nullopt) << size;
  }
  frame[payload_at(Family::ipv4)] = 8;
  EXPECT_EQ(parse_note(frame), std::nullopt) << "an echo request";
}

TEST(WireFrame, AFrameAboutTheAddressIsOfOneKind) {
  const auto kind_of = [](const Frame& frame, const IpAddress& address = claimed) {
    const auto sighting = sighting_of(frame, address);
    return sighting ? std::optional(sighting->kind) : std::nullopt;
  };
  const auto announcements = vip::announcement_frames(one, claimed);
  EXPECT_EQ(kind_of(announcements[0]), FrameKind::announcement_request);
  EXPECT_EQ(kind_of(announcements[1]), FrameKind::announcement_reply);
  EXPECT_EQ(kind_of(announcements[0], ipv4(192, 0, 2, 8)), std::nullopt);
  Frame question = vip::question_frame(one, ipv4(10, 0, 0, 1), claimed);
  EXPECT_EQ(kind_of(question), FrameKind::question);
  EXPECT_EQ(sighting_of(question, claimed)->asker, ipv4(10, 0, 0, 1));
  std::ranges::copy(other.bytes, question.begin());
  EXPECT_EQ(kind_of(question), FrameKind::question_to_one);
  EXPECT_EQ(kind_of(vip::answer_frame(one, claimed, ipv4(10, 0, 0, 1), other)), FrameKind::answer);
  EXPECT_EQ(kind_of(vip::probe_frame(one, claimed)), std::nullopt);
  const IpAddress six = *parse_ip("2001:db8::7");
  const IpAddress asker = *parse_ip("fe80::1");
  EXPECT_EQ(kind_of(vip::announcement_frames(one, six)[0], six), FrameKind::advertisement);
  EXPECT_EQ(kind_of(vip::answer_frame(one, six, asker, other), six), FrameKind::answer);
  EXPECT_EQ(kind_of(vip::question_frame(one, asker, six), six), FrameKind::question);
  EXPECT_EQ(kind_of(vip::probe_frame(one, six), six), std::nullopt);
}

TEST(WireDhcp, AnOfferIsReadAndNothingElse) {
  const DhcpOffer offer{0xdeadbeef, ipv4(10, 0, 0, 20), ipv4(10, 0, 0, 1)};
  const Frame frame = offer_frame(offer.transaction, offer.server, offer.offered, one);
  EXPECT_EQ(parse_offer(frame), offer);
  EXPECT_EQ(parse_offer(offer_frame(offer.transaction, offer.server, offer.offered, one, 5)), offer)
      << "an acknowledgement";
  for (const std::uint8_t kind : std::to_array<std::uint8_t>({0, 1, 3, 6})) {
    EXPECT_EQ(parse_offer(offer_frame(1, offer.server, offer.offered, one, kind)), std::nullopt);
  }
  for (std::size_t size = 0; size < dhcp_at + 244; ++size) {
    EXPECT_EQ(parse_offer(Bytes(frame).first(size)), std::nullopt) << size;
  }
}

TEST(WireDhcp, ANewcomerAsksForTheAddressAndAcceptsNothing) {
  const Frame frame = discover_frame(one, ipv4(10, 0, 0, 20), 0xdeadbeef, 42);
  EXPECT_EQ(transaction_of(frame), 0xdeadbeefU);
  EXPECT_EQ(parse_offer(frame), std::nullopt);
  const std::string text(frame.begin(), frame.end());
  EXPECT_NE(text.find(std::string{53, 1, 1}), std::string::npos) << "DHCPDISCOVER";
  EXPECT_NE(text.find(std::string{50, 4, 10, 0, 0, 20}), std::string::npos);
  const IpHeads heads{one, {}, ipv4(0, 0, 0, 0), ipv4(255, 255, 255, 255), 17};
  const Bytes datagram = Bytes(frame).subspan(payload_at(Family::ipv4));
  EXPECT_EQ(internet_checksum(datagram, pseudo_sum(heads, datagram.size())), 0);
}

WireWord rich_word() {
  WireWord word;
  word.to = NodeName("node2");
  word.hears = ~std::uint64_t{0};
  word.phase = WirePhase::second_claims;
  word.is_done = true;
  word.has_yours = true;
  word.given = {claimed, *parse_ip("2001:db8::7")};
  word.interface = InterfaceName("enp0s3.41");
  word.family = Family::ipv6;
  SegmentEnd& notes = word.notes;
  notes.trouble = "enp0s3.41 has no carrier";
  notes.mac = one;
  notes.own = *parse_ip("fe80::1");
  notes.mtu = 9000;
  notes.served = {ipv4(10, 0, 0, 20)};
  for (std::size_t kind = 0; kind < frame_kinds; ++kind) {
    notes.sent[kind] = static_cast<unsigned>(3 * kind);
    notes.seen[kind] = static_cast<unsigned>(2 * kind);
  }
  notes.sizes_sent = {9000, 1500};
  notes.sizes_seen = {1500};
  notes.seen_from = other;
  notes.claimants = {{claimed, other}};
  notes.offers = {{ipv4(10, 0, 0, 1), ipv4(10, 0, 0, 20), true}};
  return word;
}

TEST(WireWordText, IsReadBackAsItWas) {
  EXPECT_EQ(parse_word(to_text(rich_word())), rich_word());
  EXPECT_EQ(parse_word(to_text(WireWord{})), WireWord{});
}

TEST(WireWordText, FitsADatagramWhateverWasSeen) {
  WireWord word = rich_word();
  const IpAddress longest = *parse_ip("2001:db8:1111:2222:3333:4444:5555:6666");
  word.notes.trouble = std::string(1000, 'x');
  word.notes.served = std::vector<IpAddress>(4, longest);
  for (std::uint8_t i = 0; i < claimants_max; ++i) {
    word.notes.claimants.push_back({longest, {{i, 0xbb, 0xcc, 0xdd, 0xee, 0xff}}});
  }
  const std::string text = to_text(word);
  EXPECT_LE(text.size(), word_bytes_max);
  const auto read = parse_word(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->notes.seen, word.notes.seen) << "what counts most is kept";
  EXPECT_FALSE(read->notes.claimants.empty());
}

TEST(WireWordText, OfAnotherVersionIsReadAsFarAsItIsKnown) {
  EXPECT_EQ(parse_word(R"({"to":"node2","colour":"red","notes":{"mtu":-3,"own":7}})")->to,
            NodeName("node2"));
  EXPECT_EQ(parse_word("{}"), WireWord{});
  for (const char* text : {"", "[]", "7", "{", R"({"phase":99})"}) {
    EXPECT_EQ(parse_word(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace hapx::appliance::doctor
