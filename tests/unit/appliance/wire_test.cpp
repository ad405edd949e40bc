// SPDX-License-Identifier: Apache-2.0
// A segment on which all is well, and then one thing after another that isn't: two ends play their
// test on it, and come to one finding.
#include <algorithm>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/doctor/dhcp.hpp"
#include "offer_frame.hpp"
#include "vip/arp.hpp"
#include "vip/claim.hpp"
#include "vip/ndp.hpp"
#include "wire_bench.hpp"

namespace hapx::appliance::doctor {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const IpAddress vip_address = ipv4(10, 0, 0, 20);
const MacAddress stranger = wire_mac(99);

bool is_arp(const Frame& frame, vip::ArpOperation operation) {
  const auto arp = vip::parse_arp(frame);
  return arp && arp->operation == operation;
}
bool is_to_many(const Frame& frame) {
  return (frame[0] & 1U) != 0;
}
std::optional<Note::Kind> kind_of_note(const Frame& frame) {
  const auto note = parse_note(frame);
  return note ? std::optional(note->kind) : std::nullopt;
}

/// An answer to whoever asks for an address that `has` says that the stranger has.
std::vector<Frame> answer(const Frame& frame, const std::function<bool(const IpAddress&)>& has,
                          const MacAddress& mac = stranger) {
  const auto asked = vip::parse_inquiry(frame);
  if (!asked || !has(asked->address)) return {};
  return {vip::answer_frame(mac, asked->address, asked->asker, asked->asker_mac)};
}

bool is_in_vips_network(const IpAddress& address) {
  return network_of({address, 24}) == ipv4(10, 0, 0, 0);
}

void offer(WireBench& bench, const IpAddress& offered) {
  bench.bystander = [offered](const Frame& frame) -> std::vector<Frame> {
    const auto transaction = transaction_of(frame);
    if (!transaction) return {};
    return {offer_frame(*transaction, ipv4(10, 0, 0, 1), offered, wire_mac(1))};
  };
}

struct Case {
  const char* name;
  void (*harm)(WireBench&);
  std::vector<const char*> complaints;
};

const Case cases[] = {
    {"NothingPasses",
     [](WireBench& bench) { bench.passes = [](auto, auto&) { return false; }; },
     {"fail segment: eth0: nothing of either node reaches the other"}},
    {"OneDirection",
     [](WireBench& bench) { bench.passes = [](auto from, auto&) { return from != 0; }; },
     {"fail one-way: eth0: nothing of node1 reaches node2, though frames come the other way"}},
    {"TheOtherDirection",
     [](WireBench& bench) { bench.passes = [](auto from, auto&) { return from != 1; }; },
     {"fail one-way: eth0: nothing of node2 reaches node1"}},
    {"NoArpReplies",
     [](WireBench& bench) {
       bench.passes = [](auto, auto& frame) { return !is_arp(frame, vip::ArpOperation::reply); };
     },
     {"warn announce: eth0: of the announcements of node1 only the ARP requests reach node2",
      "fail answers: eth0: answers of node2", "warn announce: eth0: of the announcements of node2",
      "fail answers: eth0: answers of node1"}},
    {"NoGratuitousRequests",
     [](WireBench& bench) {
       bench.passes = [](auto, auto& frame) {
         const auto arp = vip::parse_arp(frame);
         return !arp || arp->operation == vip::ArpOperation::reply ||
                arp->sender_ip != arp->target_ip;
       };
     },
     {"warn announce: eth0: of the announcements of node1 only the ARP replies",
      "warn announce: eth0: of the announcements of node2 only the ARP replies"}},
    {"NoBroadcastsOfOne",
     [](WireBench& bench) {
       bench.passes = [](auto from, auto& frame) { return from != 1 || !is_to_many(frame); };
     },
     {"fail announce: eth0: announcements of node2 (gratuitous ARP) don't reach node1",
      "fail questions: eth0: questions of node2 to all"}},
    {"NoQuestionsToOne",
     [](WireBench& bench) {
       bench.passes = [](auto, auto& frame) {
         return is_to_many(frame) || !is_arp(frame, vip::ArpOperation::request);
       };
     },
     {"warn questions: eth0: questions of node1 to one host",
      "warn questions: eth0: questions of "
      "node2 to one host"}},
    {"SourceGuard",
     [](WireBench& bench) {
       bench.passes = [](auto from, auto& frame) {
         return from != 0 || kind_of_note(frame) != Note::Kind::from_address;
       };
     },
     {"fail packets: eth0: packets that node1 sends from the address don't reach node2"}},
    {"NoPacketsToTheAddress",
     [](WireBench& bench) {
       bench.passes = [](auto from, auto& frame) {
         return from != 0 || kind_of_note(frame) != Note::Kind::to_address;
       };
     },
     {"fail packets: eth0: packets to the address don't reach node2 while it has it"}},
    {"SmallPath",
     [](WireBench& bench) {
       bench.passes = [](auto, auto& frame) { return frame.size() <= ethernet_bytes + 1450; };
     },
     {"fail size: eth0: packets of up to 1450 bytes from node1 reach node2, larger ones don't",
      "fail size: eth0: packets of up to 1450 bytes from node2"}},
    {"JumboOnOneEnd",
     [](WireBench& bench) {
       bench.notes(0).mtu = 9000;
       bench.passes = [](auto, auto& frame) { return frame.size() <= ethernet_bytes + 1500; };
     },
     {"warn size: eth0: the MTU is 9000 on node1 and 1500 on node2"}},
    {"NoSizePasses",
     [](WireBench& bench) {
       bench.passes = [](auto, auto& frame) { return kind_of_note(frame) != Note::Kind::sized; };
     },
     {"fail size: eth0: no packet of any size from node1",
      "fail size: eth0: no packet of any "
      "size from node2"}},
    {"RewrittenHardware",
     [](WireBench& bench) {
       bench.passes = [](auto from, auto& frame) {
         if (from == 0) std::ranges::copy(wire_mac(77).bytes, frame.begin() + 6);
         return true;
       };
     },
     {"fail hardware: eth0: frames of node1 (02:00:00:00:00:01) come to node2 from "
      "02:00:00:00:00:4d"}},
    {"ProxyForAll",
     [](WireBench& bench) {
       bench.bystander = [](auto& frame) {
         return answer(frame, [](const IpAddress&) { return true; });
       };
     },
     {"fail proxies: eth0: 02:00:00:00:00:63 answers for addresses drawn at random"}},
    {"AnEndIsAProxy",
     [](WireBench& bench) {
       bench.bystander = [](auto& frame) { return answer(frame, is_in_vips_network, wire_mac(2)); };
     },
     {"fail proxies: eth0: node2 answers for addresses drawn at random"}},
    {"VipIsAnothers",
     [](WireBench& bench) {
       bench.bystander = [](auto& frame) {
         return answer(frame, [](const IpAddress& address) { return address == vip_address; });
       };
     },
     {"fail vip: eth0: 02:00:00:00:00:63 answers for 10.0.0.20, and is neither of the two"}},
    {"VipIsAnEndsByHand",
     [](WireBench& bench) {
       bench.bystander = [](auto& frame) {
         return answer(
             frame, [](const IpAddress& address) { return address == vip_address; }, wire_mac(2));
       };
     },
     {"warn vip: eth0: node2 answers for 10.0.0.20, though no hapxd here says that it is held"}},
    {"GivenAddressIsTaken",
     [](WireBench& bench) {
       bench.options(1).given = {ipv4(10, 0, 0, 77)};
       bench.bystander = [](auto& frame) {
         const auto claim = vip::parse_claim(frame);
         const bool probes = claim && claim->kind == vip::ClaimKind::probe;
         return probes ? std::vector<Frame>{vip::announcement_frames(stranger, claim->address)[0]}
                       : std::vector<Frame>();
       };
     },
     {"fail taken: eth0: 02:00:00:00:00:63 has 10.0.0.77 already, so that it was not claimed"}},
    {"GivenAddressesDiffer",
     [](WireBench& bench) {
       bench.options(0).given = {ipv4(10, 0, 0, 77)};
       bench.options(1).given = {ipv4(10, 0, 0, 78)};
     },
     {"fail ends: one was given 10.0.0.77 to test with, the other 10.0.0.78"}},
    {"DhcpOffersTheVip",
     [](WireBench& bench) { offer(bench, vip_address); },
     {"fail dhcp: eth0: the DHCP server 10.0.0.1 offers 10.0.0.20, a VIP"}},
    {"DhcpOffersTheVipToOthers",
     [](WireBench& bench) {
       bench.bystander = [](auto& frame) -> std::vector<Frame> {
         if (!transaction_of(frame)) return {};
         return {offer_frame(4711, ipv4(10, 0, 0, 1), vip_address, stranger)};
       };
     },
     {"fail dhcp: eth0: the DHCP server 10.0.0.1 offers 10.0.0.20, a VIP"}},
    {"NoCarrier",
     [](WireBench& bench) { bench.notes(1).trouble = "eth0 has no carrier"; },
     {"fail segment: nothing could be tried, for on node2 eth0 has no carrier"}},
};

void PrintTo(const Case& each, std::ostream* out) {
  *out << each.name;
}

class WireCase : public testing::TestWithParam<Case> {};

TEST_P(WireCase, BothEndsComplainOfOneThing) {
  WireBench bench;
  GetParam().harm(bench);
  bench.run();
  const auto complaints = bench.complaints();
  ASSERT_EQ(complaints.size(), GetParam().complaints.size()) << testing::PrintToString(complaints);
  for (std::size_t i = 0; i < complaints.size(); ++i) {
    EXPECT_THAT(complaints[i], HasSubstr(GetParam().complaints[i]));
  }
}

INSTANTIATE_TEST_SUITE_P(All, WireCase, testing::ValuesIn(cases),
                         [](const auto& one) { return std::string(one.param.name); });

std::string all_of(const WireBench& bench) {
  return to_text(bench.findings(), {});
}

TEST(Wire, OfWhichNothingIsToBeSaidIsWell) {
  WireBench bench;
  bench.run();
  EXPECT_THAT(bench.complaints(), IsEmpty());
  const std::string text = all_of(bench);
  for (const char* sentence :
       {"node1 and node2 hear each other",
        "eth0: announcements of node1 (gratuitous ARP, request and reply) reach node2",
        "eth0: announcements of node2 (gratuitous ARP, request and reply) reach node1",
        "eth0: node1 asks where the address is, and node2's answers come",
        "eth0: node2 asks where the address is, and node1's answers come",
        "packets from and to the address pass while node1 has it",
        "packets of up to 1500 bytes from node1 reach node2", "nobody answers for 10.0.0.20",
        "nobody answers for addresses of others", "no DHCP server offers anything",
        "own hardware addresses"}) {
    EXPECT_THAT(text, HasSubstr(sentence));
  }
  EXPECT_LT(bench.took(), seconds(10));
}

TEST(Wire, NobodysAddressIsClaimedInTurnAndThoseOfTheNetworkOnlyAskedFor) {
  WireBench bench;
  std::vector<std::pair<std::size_t, IpAddress>> claims;
  bench.passes = [&](std::size_t from, const Frame& frame) {
    const auto claim = vip::parse_claim(frame);
    const bool claims_it = claim && claim->kind == vip::ClaimKind::announcement;
    if (claims_it) claims.emplace_back(from, claim->address);
    return true;
  };
  bench.run();
  ASSERT_EQ(claims.size(), 12U);
  for (std::size_t i = 0; i < claims.size(); ++i) {
    EXPECT_EQ(claims[i].first, i / 6) << "one after the other";
    EXPECT_EQ(network_of({claims[i].second, 24}), ipv4(192, 0, 2, 0)) << "RFC 5737";
  }
  const Segment segment = bench.facts().segments[0].segment;
  EXPECT_EQ(segment.drawn.size(), 4U);
  for (const IpAddress& address : segment.drawn) {
    EXPECT_TRUE(is_in_vips_network(address)) << to_string(address);
    EXPECT_NE(address, vip_address);
  }
  EXPECT_EQ(segment.drawn, bench.facts(1).segments[0].segment.drawn);
}

TEST(Wire, ARouterThatAnswersForOtherNetworksHarmsNobody) {
  WireBench bench;
  bench.bystander = [](auto& frame) {
    return answer(frame, [](const IpAddress& address) { return !is_in_vips_network(address); });
  };
  bench.run();
  EXPECT_THAT(bench.complaints(), IsEmpty());
  EXPECT_THAT(all_of(bench), HasSubstr("answers for addresses of other networks (proxy ARP)"));
}

TEST(Wire, AHostThatHasTwoOfTheDrawnAddressesIsNoProxy) {
  WireBench bench;
  bench.bystander = [has = std::vector<IpAddress>()](const Frame& frame) mutable {
    return answer(frame, [&](const IpAddress& address) {
      if (address == vip_address || !is_in_vips_network(address)) return false;
      if (has.size() < 2 && std::ranges::find(has, address) == has.end()) has.push_back(address);
      return std::ranges::find(has, address) != has.end();
    });
  };
  bench.run();
  EXPECT_THAT(bench.complaints(), IsEmpty());
}

TEST(Wire, AVipThatHapxHoldsIsAnsweredFor) {
  WireBench bench;
  bench.notes(0).served = {vip_address};
  bench.bystander = [](auto& frame) {
    return answer(frame, [](const IpAddress& address) { return address == vip_address; });
  };
  bench.run();
  EXPECT_THAT(bench.complaints(), IsEmpty());
  EXPECT_THAT(all_of(bench), HasSubstr("answers for 10.0.0.20, which hapx holds"));
}

TEST(Wire, ADhcpServerWithAnotherRangeIsWell) {
  WireBench bench;
  offer(bench, ipv4(10, 0, 0, 150));
  bench.run();
  EXPECT_THAT(bench.complaints(), IsEmpty());
  EXPECT_THAT(all_of(bench), HasSubstr("10.0.0.1 was asked for the VIP and offers another"));
}

TEST(Wire, AGivenAddressIsClaimedIfNobodyHasIt) {
  WireBench bench;
  bench.options(1).given = {vip_address};
  bench.run();
  EXPECT_THAT(bench.complaints(), IsEmpty());
  EXPECT_EQ(bench.facts().segments[0].segment.claimed, vip_address);
}

TEST(Wire, AnInterfaceWithoutAnAddressOfItsOwnIsTestedLikeAnyOther) {
  WireBench bench;
  bench.notes(0).own = {};
  bench.notes(1).own = {};
  bench.run();
  EXPECT_THAT(bench.complaints(), IsEmpty());
}

TEST(Wire, AJumboPathIsMeasuredToItsEnd) {
  WireBench bench;
  bench.notes(0).mtu = 9000;
  bench.notes(1).mtu = 9000;
  bench.run();
  EXPECT_THAT(bench.complaints(), IsEmpty());
  EXPECT_THAT(all_of(bench), HasSubstr("up to 9000 bytes from node2 reach node1"));
}

TEST(Wire, OfIpv6HasAdvertisementsAndGroups) {
  WireBench bench(wire_config("2001:db8:4::20/64"));
  bench.run();
  EXPECT_THAT(bench.complaints(), IsEmpty());
  EXPECT_THAT(all_of(bench), HasSubstr("eth0 (IPv6): announcements of node1 (unsolicited "
                                       "neighbour advertisements) reach node2"));
  EXPECT_EQ(all_of(bench).find("DHCP"), std::string::npos);

  WireBench deaf(wire_config("2001:db8:4::20/64"));
  deaf.passes = [](auto, auto& frame) { return !is_to_many(frame); };
  deaf.run();
  const auto complaints = deaf.complaints();
  ASSERT_EQ(complaints.size(), 4U) << testing::PrintToString(complaints);
  EXPECT_THAT(complaints[0], HasSubstr("fail announce: eth0 (IPv6): announcements of node1"));
  EXPECT_THAT(complaints[1], HasSubstr("fail questions: eth0 (IPv6): questions of node1 to all"));
}

TEST(Wire, AVipThatTheOtherDoesNotKnowIsToldOf) {
  WireBench bench;
  bench.options(1).config.services[0].vips[0].interface = InterfaceName("eth7");
  bench.run();
  const Findings findings = judge_wire(bench.facts(0));
  ASSERT_EQ(verdict_on(findings), Verdict::fail);
  EXPECT_THAT(to_text(findings, {}), HasSubstr("eth0: node2 has no VIP there by its file"));
  EXPECT_THAT(to_text(judge_wire(bench.facts(1)), {}),
              HasSubstr("eth7: node1 has no VIP there by its file"));
}

TEST(WireMeeting, TheSecondMayComeLate) {
  WireBench bench;
  bench.second_comes_after = seconds(45);
  bench.run();
  EXPECT_THAT(bench.complaints(), IsEmpty());
}

TEST(WireMeeting, WhomNobodyJoinsGivesUp) {
  WireBench bench;
  bench.second_comes_after = seconds(61);
  bench.options(1).patience = seconds(5);
  bench.run();
  EXPECT_EQ(bench.facts(0).meeting, Meeting::nobody);
  EXPECT_EQ(bench.facts(1).meeting, Meeting::nobody);
}

TEST(WireMeeting, WordsOfOneDirectionAreToldFromSilence) {
  WireBench bench;
  bench.words_pass = {false, true};
  bench.run();
  EXPECT_EQ(bench.facts(0).meeting, Meeting::not_heard);
  EXPECT_EQ(bench.facts(0).nodes[1], NodeName("node2"));
  EXPECT_EQ(bench.facts(1).meeting, Meeting::nobody);
}

TEST(WireMeeting, WhoFallsSilentIsNotWaitedForLong) {
  WireBench bench;
  bench.words_end_after = seconds(3);
  bench.run();
  EXPECT_EQ(bench.facts(0).meeting, Meeting::lost);
  EXPECT_EQ(bench.facts(1).meeting, Meeting::lost);
  EXPECT_LT(bench.took(), seconds(10));
}

TEST(WireMeeting, OfThreeTheFirstTwoOfTheFileTest) {
  ClusterConfig config = wire_config();
  config.nodes[2].role = Role::full;
  const Instant now(seconds(1));
  std::vector<WireEnd> ends;
  for (std::size_t i = 0; i < 3; ++i) {
    WireEnd::Options options;
    options.config = config;
    options.self = config.nodes[i].name;
    options.incarnation = 100 + i;
    options.notes = {wire_notes(static_cast<std::uint8_t>(i))};
    options.patience = seconds(10);
    ends.emplace_back(options, now);
  }
  const auto said_by = [&](std::size_t from, const WireOrders& orders) {
    std::vector<std::pair<std::size_t, WordHeard>> said;
    for (const WireOrder& order : orders) {
      const auto* word = std::get_if<SendWord>(&order);
      for (std::size_t to = 0; word && to < 3; ++to) {
        if (config.nodes[to].name != word->to) continue;
        said.emplace_back(to, WordHeard{config.nodes[from].name, 100 + from, word->word});
      }
    }
    return said;
  };
  std::vector<std::pair<std::size_t, WordHeard>> on_the_way;
  for (Instant at = now; at < now + seconds(12); at += milliseconds(50)) {
    const auto due = std::exchange(on_the_way, {});
    const auto step = [&](std::size_t end, const WireEvent& event) {
      const auto said = said_by(end, ends[end].step(event, at));
      on_the_way.insert(on_the_way.end(), said.begin(), said.end());
    };
    for (const auto& [to, word] : due) step(to, word);
    for (std::size_t end = 0; end < 3; ++end) step(end, Woken{});
  }
  EXPECT_EQ(ends[0].partner(), NodeName("node2"));
  EXPECT_EQ(ends[0].facts().meeting, Meeting::met);
  EXPECT_EQ(ends[1].facts().meeting, Meeting::met);
  EXPECT_EQ(ends[2].facts().meeting, Meeting::elsewhere);
}

TEST(WirePlan, RefusesWhatHasNoTwoEnds) {
  const auto refused = [](const ClusterConfig& config, const char* self) {
    const auto segments = segments_of(config, NodeName(self));
    return segments ? std::string() : segments.error().sentence;
  };
  ClusterConfig config = wire_config();
  EXPECT_EQ(refused(config, "node1"), "");
  EXPECT_THAT(refused(config, "node3"), HasSubstr("is a witness"));
  EXPECT_THAT(refused(config, "node9"), HasSubstr("no node node9"));
  config.nodes[1].role = Role::witness;
  EXPECT_THAT(refused(config, "node1"), HasSubstr("a wire has two ends"));
}

TEST(WirePlan, RefusesAddressesThatAreNobodysToClaim) {
  const ClusterConfig config = wire_config();
  EXPECT_TRUE(check_given(config, ipv4(10, 0, 0, 77)));
  EXPECT_TRUE(check_given(config, vip_address));
  for (const char* address :
       {"192.168.4.12", "0.0.0.0", "127.0.0.1", "224.0.0.18", "255.255.255.255", "2001:db8::1"}) {
    EXPECT_FALSE(check_given(config, *parse_ip(address))) << address;
  }
}

TEST(WirePlan, DrawsNobodysAddressesWithinTheNetwork) {
  ClusterConfig config = wire_config("10.0.0.20/28");
  Segment segment = segments_of(config, NodeName("node1"))->front();
  for (std::uint64_t seed = 1; seed < 200; ++seed) {
    draw_addresses(segment, config, seed, {});
    EXPECT_EQ(segment.drawn.size(), 4U);
    for (const IpAddress& address : segment.drawn) {
      EXPECT_EQ(network_of({address, 28}), ipv4(10, 0, 0, 16));
      EXPECT_NE(address, ipv4(10, 0, 0, 16));
      EXPECT_NE(address, ipv4(10, 0, 0, 31));
      EXPECT_NE(address, vip_address);
    }
  }
  config = wire_config("10.0.0.20/32");
  segment = segments_of(config, NodeName("node1"))->front();
  draw_addresses(segment, config, 1, {});
  EXPECT_THAT(segment.drawn, IsEmpty()) << "nobody else has room there";
}

}  // namespace
}  // namespace hapx::appliance::doctor
