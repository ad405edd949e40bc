// SPDX-License-Identifier: Apache-2.0
#include "appliance/doctor/judge_wire.hpp"

#include <algorithm>
#include <numeric>

namespace hapx::appliance::doctor {
namespace {

constexpr const char* inspection_advice =
    "look for dynamic ARP inspection, IP source guard or port security on the switch ports, and "
    "for "
    "filters of the hypervisor";

unsigned sum(const FrameCounts& counts) {
  return std::accumulate(counts.begin(), counts.end(), 0U);
}

bool is_silent(const WireDirection& way) {
  return sum(way.receiver.seen) == 0 && way.receiver.sizes_seen.empty();
}

bool was_played(const WireDirection& way) {
  return sum(way.sender.sent) > 0;
}

/// What tells a filter that lets through what it was told of from one that lets nothing through.
std::string permitted_advice(const Segment& segment) {
  if (segment.is_given) {
    return "permit " + to_string(segment.claimed) +
           " on the ports of both nodes (OpenStack: allowed-address-pairs); " + inspection_advice;
  }
  return "permit the VIP on the ports of both nodes (OpenStack: allowed-address-pairs), then try "
         "the VIP itself before hapxd runs: --address " +
         to_string(segment.vips.front().address);
}

void judge_announcements(const WireDirection& way, Findings& findings) {
  const Segment& segment = way.facts.segment;
  const std::string on = name_of(segment) + ": ";
  const std::string whose = "announcements of " + way.from.text();
  const char* why = ": after a failover hosts would go on sending to the node that has failed";
  if (segment.family == Family::ipv6) {
    findings.push_back(
        way.seen(FrameKind::advertisement) > 0
            ? Finding{Verdict::ok, "announce",
                      on + whose + " (unsolicited neighbour advertisements) reach " + way.to.text()}
            : Finding{
                  Verdict::fail, "announce",
                  on + whose + " (unsolicited neighbour advertisements) don't " + "reach " +
                      way.to.text() + why,
                  permitted_advice(segment) + "; ND inspection and RA guard of the switch, too"});
    return;
  }
  const bool request = way.seen(FrameKind::announcement_request) > 0;
  const bool reply = way.seen(FrameKind::announcement_reply) > 0;
  if (request && reply) {
    findings.push_back(
        {Verdict::ok, "announce",
         on + whose + " (gratuitous ARP, request and reply) reach " + way.to.text()});
  } else if (request || reply) {
    findings.push_back({Verdict::warn, "announce",
                        on + "of the " + whose + " only the " +
                            (request ? "ARP requests" : "ARP replies") + " reach " + way.to.text() +
                            ": hapx sends both, and hosts that listen to the other "
                            "alone learn of a failover late",
                        inspection_advice});
  } else {
    findings.push_back({Verdict::fail, "announce",
                        on + whose + " (gratuitous ARP) don't reach " + way.to.text() + why,
                        permitted_advice(segment)});
  }
}

/// `way` is that of the question; the answer goes the other.
void judge_questions(const WireDirection& way, const WireDirection& back, Findings& findings) {
  const std::string on = name_of(way.facts.segment) + ": ";
  if (way.seen(FrameKind::question) == 0) {
    findings.push_back({Verdict::fail, "questions",
                        on + "questions of " + way.from.text() +
                            " to all (who has the address?) "
                            "don't reach " +
                            way.to.text() + ": a host there can't find a VIP",
                        way.facts.segment.family == Family::ipv6
                            ? "let multicast pass (MLD snooping without a querier drops it)"
                            : "let broadcasts pass; look for storm control and client isolation"});
  } else if (back.sent(FrameKind::answer) > 0 && back.seen(FrameKind::answer) == 0) {
    findings.push_back({Verdict::fail, "answers",
                        on + "answers of " + back.from.text() +
                            " (the address is at ...) don't "
                            "reach " +
                            back.to.text() + ": a host there can't find a VIP",
                        permitted_advice(way.facts.segment)});
  } else if (way.seen(FrameKind::question_to_one) == 0) {
    findings.push_back({Verdict::warn, "questions",
                        on + "questions of " + way.from.text() + " to one host don't reach " +
                            way.to.text() +
                            ", those to all do: hosts that check what they know "
                            "lose seconds",
                        inspection_advice});
  } else {
    findings.push_back({Verdict::ok, "questions",
                        on + way.from.text() + " asks where the address is, and " + way.to.text() +
                            "'s answers come"});
  }
}

/// `way` is that of the claiming node's packets.
void judge_packets(const WireDirection& way, const WireDirection& back, Findings& findings) {
  const std::string on = name_of(way.facts.segment) + ": ";
  const bool from = way.seen(FrameKind::from_address) > 0;
  const bool to = back.seen(FrameKind::to_address) > 0;
  if (from && to) {
    findings.push_back(
        {Verdict::ok, "packets",
         on + "packets from and to the address pass while " + way.from.text() + " has it"});
    return;
  }
  if (!from) {
    findings.push_back({Verdict::fail, "packets",
                        on + "packets that " + way.from.text() +
                            " sends from the address don't "
                            "reach " +
                            way.to.text() + ": clients get no answer from a VIP there",
                        permitted_advice(way.facts.segment)});
  }
  if (!to) {
    findings.push_back({Verdict::fail, "packets",
                        on + "packets to the address don't reach " + way.from.text() +
                            " while it has it: clients can't reach a VIP there",
                        permitted_advice(way.facts.segment)});
  }
}

void judge_hardware(const WireDirection& way, Findings& findings) {
  if (way.receiver.seen_from == MacAddress{}) return;
  findings.push_back({Verdict::fail, "hardware",
                      name_of(way.facts.segment) + ": frames of " + way.from.text() + " (" +
                          to_string(way.sender.mac) + ") come to " + way.to.text() + " from " +
                          to_string(way.receiver.seen_from) +
                          ": something between rewrites hardware addresses, and announcements "
                          "name one that nobody may reach",
                      "use a bridged network, no Wi-Fi client bridge and no MAC translation of the "
                      "hypervisor"});
}

/// Whether anything could be tried there.
bool judge_ends(const WireFacts& all, const SegmentFacts& facts, Findings& findings) {
  if (!facts.other_knows_it) {
    const NodeName& other = all.nodes[all.here_is_first ? 1 : 0];
    findings.push_back(
        {Verdict::fail, "segment",
         name_of(facts.segment) + ": " + other.text() + " has no VIP there by its file",
         "give both nodes the same file (`hapx config diff`)"});
    return false;
  }
  for (std::size_t end = 0; end < 2; ++end) {
    const std::string& trouble = facts.ends[end].trouble;
    if (trouble.empty()) continue;
    findings.push_back({Verdict::fail, "segment",
                        "nothing could be tried, for on " + all.nodes[end].text() + " " + trouble,
                        "put that right first (`hapx doctor` there says more)"});
  }
  return facts.ends[0].trouble.empty() && facts.ends[1].trouble.empty();
}

/// Whether anything of one reaches the other.
bool judge_joint(const SegmentFacts& facts, const WireDirection& way, const WireDirection& back,
                 Findings& findings) {
  if (!was_played(way) && !was_played(back)) return false;  // judge_strangers says why
  if (!is_silent(way) || !is_silent(back)) return true;
  findings.push_back({Verdict::fail, "segment",
                      name_of(facts.segment) +
                          ": nothing of either node reaches the other there: they are on no "
                          "common segment, and a VIP can't move between them",
                      "connect " + facts.segment.interface.text() +
                          " of both to one VLAN or port group; private VLANs and client isolation "
                          "keep hosts apart, too"});
  return false;
}

/// Tells of it if that is so; nothing else needs to be said of that way then.
bool is_one_way(const WireDirection& dead, const WireDirection& live, Findings& findings) {
  if (!is_silent(dead) || is_silent(live)) return false;
  findings.push_back({Verdict::fail, "one-way",
                      name_of(dead.facts.segment) + ": nothing of " + dead.from.text() +
                          " reaches " + dead.to.text() +
                          ", though frames come the other way: " + dead.to.text() +
                          " would not learn where a VIP is that " + dead.from.text() + " has",
                      "look for a filter at " + dead.from.text() +
                          "'s port and for a broken "
                          "fibre or bond; two nodes of one hardware address look so, too"});
  return true;
}

void judge_segment(const WireFacts& all, const SegmentFacts& facts, Findings& findings) {
  if (!judge_ends(all, facts, findings)) return;
  const auto& [first, second] = facts.ends;
  const WireDirection way{facts, all.nodes[0], all.nodes[1], first, second};
  const WireDirection back{facts, all.nodes[1], all.nodes[0], second, first};
  if (judge_joint(facts, way, back, findings)) {
    const bool one_way = is_one_way(way, back, findings) || is_one_way(back, way, findings);
    for (const auto* each : {&way, &back}) {
      const auto& other = each == &way ? back : way;
      if (!is_silent(*each)) {
        judge_announcements(*each, findings);
        judge_hardware(*each, findings);
        judge_size(*each, findings);
      }
      if (one_way) continue;
      judge_questions(*each, other, findings);
      judge_packets(*each, other, findings);
    }
  }
  judge_strangers(facts, all, findings);
  judge_dhcp(facts, findings);
}

}  // namespace

std::string name_of(const Segment& segment) {
  return segment.interface.text() + (segment.family == Family::ipv6 ? " (IPv6)" : "");
}

Findings judge_wire(const WireFacts& facts) {
  Findings findings;
  if (!facts.disagreement.empty()) {
    findings.push_back({Verdict::fail, "ends", facts.disagreement,
                        "give both ends the same --address, or only one of them"});
    return findings;
  }
  findings.push_back({Verdict::ok, "ends",
                      facts.nodes[0].text() + " and " + facts.nodes[1].text() +
                          " hear each other at their own addresses, with the same key"});
  for (const SegmentFacts& segment : facts.segments) judge_segment(facts, segment, findings);
  findings.push_back({Verdict::ok, "ports",
                      "hapx sends from the interfaces' own hardware addresses alone: limits of "
                      "addresses per port and refused \"forged transmits\" are no matter to it"});
  return findings;
}

}  // namespace hapx::appliance::doctor
