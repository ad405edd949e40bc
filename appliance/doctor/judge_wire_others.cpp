// SPDX-License-Identifier: Apache-2.0
// What else is on the segment: limits of size, hosts that answer for others, DHCP servers.
#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "appliance/doctor/judge_wire.hpp"

namespace hapx::appliance::doctor {
namespace {

std::vector<IpAddress> addresses_of(const std::vector<Cidr>& vips) {
  std::vector<IpAddress> out;
  for (const Cidr& vip : vips) out.push_back(vip.address);
  return out;
}

bool has(const std::vector<IpAddress>& list, const IpAddress& address) {
  return std::ranges::find(list, address) != list.end();
}

/// "node2", or its hardware address.
std::string shown(const MacAddress& mac, const SegmentFacts& facts, const WireFacts& all) {
  for (std::size_t end = 0; end < 2; ++end) {
    if (facts.ends[end].mac == mac) return all.nodes[end].text();
  }
  return to_string(mac);
}

bool is_an_end(const MacAddress& mac, const SegmentFacts& facts) {
  return facts.ends[0].mac == mac || facts.ends[1].mac == mac;
}

/// By whom, as seen from either end.
std::map<IpAddress, std::set<MacAddress>> claimed_in(const SegmentFacts& facts) {
  std::map<IpAddress, std::set<MacAddress>> out;
  for (const SegmentEnd& end : facts.ends) {
    for (const Claimant& one : end.claimants) out[one.address].insert(one.mac);
  }
  return out;
}

using Claimed = std::map<IpAddress, std::set<MacAddress>>;

/// Who answers for all of the drawn addresses but one at most isn't a host that has one of them, or
/// two.
std::set<MacAddress> proxies_in(const Claimed& claimed, const Segment& segment) {
  std::map<MacAddress, unsigned> answers;
  for (const auto& [address, macs] : claimed) {
    if (!has(segment.drawn, address)) continue;
    for (const MacAddress& mac : macs) ++answers[mac];
  }
  std::set<MacAddress> out;
  for (const auto& [mac, count] : answers) {
    if (count > 1 && count + 1 >= segment.drawn.size()) out.insert(mac);
  }
  return out;
}

void judge_claimed(const SegmentFacts& facts, const WireFacts& all, const Claimed& claimed,
                   const std::set<MacAddress>& proxies, Findings& findings) {
  const Segment& segment = facts.segment;
  const auto found = claimed.find(segment.claimed);
  if (found == claimed.end()) return;
  const std::string who = shown(*found->second.begin(), facts, all);
  if (segment.is_given) {
    findings.push_back({Verdict::fail, "taken",
                        name_of(segment) + ": " + who + " has " + to_string(segment.claimed) +
                            " already, so that it was not claimed and nothing could be tried",
                        "give an address that nobody has, or none"});
  } else if (!proxies.contains(*found->second.begin())) {
    findings.push_back({Verdict::ok, "proxies",
                        name_of(segment) + ": " + who +
                            " answers for addresses of other networks "
                            "(proxy ARP), but not for those of the VIP's"});
  }
}

void judge_vip(const SegmentFacts& facts, const WireFacts& all, const Cidr& vip,
               const Claimed& claimed, const std::set<MacAddress>& proxies, Findings& findings) {
  const std::string on = name_of(facts.segment) + ": ";
  const std::string address = to_string(vip.address);
  const auto found = claimed.find(vip.address);
  if (found == claimed.end()) {
    findings.push_back({Verdict::ok, "vip", on + "nobody answers for " + address});
    return;
  }
  const bool is_served =
      has(facts.ends[0].served, vip.address) || has(facts.ends[1].served, vip.address);
  for (const MacAddress& mac : found->second) {
    if (proxies.contains(mac)) continue;
    const std::string who = shown(mac, facts, all);
    if (is_served && found->second.size() == 1) {
      findings.push_back(
          {Verdict::ok, "vip", on + who + " answers for " + address + ", which hapx holds"});
    } else if (is_an_end(mac, facts)) {
      findings.push_back(
          {Verdict::warn, "vip",
           on + who + " answers for " + address + ", though no hapxd here says that it is held",
           "look whether somebody added it there by hand (`hapx doctor`)"});
    } else {
      findings.push_back({Verdict::fail, "vip",
                          on + who + " answers for " + address +
                              ", and is neither of the two nodes: it is another host's",
                          "take it away from that host, or choose another VIP (a third node that "
                          "holds it is named only while a hapxd runs here)"});
    }
  }
}

}  // namespace

void judge_strangers(const SegmentFacts& facts, const WireFacts& all, Findings& findings) {
  const Segment& segment = facts.segment;
  const Claimed claimed = claimed_in(facts);
  const auto proxies = proxies_in(claimed, segment);
  for (const MacAddress& mac : proxies) {
    findings.push_back({Verdict::fail, "proxies",
                        name_of(segment) + ": " + shown(mac, facts, all) +
                            " answers for addresses drawn at random from the VIP's network: it "
                            "would answer for the VIP, too, and draw clients to itself",
                        "turn proxy ARP off there for this network (Linux: proxy_arp=0; Cisco: no "
                        "ip proxy-arp), or correct its prefix length"});
  }
  judge_claimed(facts, all, claimed, proxies, findings);
  if (proxies.empty() && !segment.drawn.empty() && !claimed.contains(segment.claimed)) {
    findings.push_back(
        {Verdict::ok, "proxies", name_of(segment) + ": nobody answers for addresses of others"});
  }
  for (const Cidr& vip : segment.vips) judge_vip(facts, all, vip, claimed, proxies, findings);
}

void judge_size(const WireDirection& way, Findings& findings) {
  const std::string on = name_of(way.facts.segment) + ": ";
  const unsigned own = way.sender.mtu;
  const unsigned other = way.receiver.mtu;
  const auto largest = std::ranges::max_element(way.receiver.sizes_seen);
  if (way.sender.sizes_sent.empty()) return;
  if (largest == way.receiver.sizes_seen.end()) {
    findings.push_back(
        {Verdict::fail, "size",
         on + "no packet of any size from " + way.from.text() + " reaches " + way.to.text(),
         "look for filters between the two"});
    return;
  }
  const std::string passes = "packets of up to " + std::to_string(*largest) + " bytes from " +
                             way.from.text() + " reach " + way.to.text();
  if (own > other && *largest >= other) {
    // The smaller end says in its TCP handshakes what it takes; what else is larger gets lost.
    findings.push_back({Verdict::warn, "size",
                        on + "the MTU is " + std::to_string(own) + " on " + way.from.text() +
                            " and " + std::to_string(other) + " on " + way.to.text() +
                            ": after a failover connections may stall that had agreed on the "
                            "larger",
                        "give the interface the same MTU on all nodes"});
  } else if (*largest >= own) {
    findings.push_back({Verdict::ok, "size", on + passes + ", the largest that it sends"});
  } else {
    findings.push_back({Verdict::fail, "size",
                        on + passes + ", larger ones don't, though its MTU is " +
                            std::to_string(own) + ": small requests work, large answers stall",
                        "set the MTU of both interfaces to what the network carries, or enlarge "
                        "it on every switch between (jumbo frames, VLAN and tunnel overhead)"});
  }
}

void judge_dhcp(const SegmentFacts& facts, Findings& findings) {
  if (facts.segment.family != Family::ipv4) return;
  const std::string on = name_of(facts.segment) + ": ";
  std::set<IpAddress> servers;
  std::set<std::pair<IpAddress, IpAddress>> of_vips;
  const auto vips = addresses_of(facts.segment.vips);
  for (const SegmentEnd& end : facts.ends) {
    for (const DhcpSight& offer : end.offers) {
      servers.insert(offer.server);
      if (has(vips, offer.offered)) of_vips.emplace(offer.server, offer.offered);
    }
  }
  for (const auto& [server, vip] : of_vips) {
    findings.push_back({Verdict::fail, "dhcp",
                        on + "the DHCP server " + to_string(server) + " offers " + to_string(vip) +
                            ", a VIP: some day another host has it",
                        "take the VIP out of the server's range, or reserve it there"});
  }
  if (!of_vips.empty()) return;
  findings.push_back(
      {Verdict::ok, "dhcp",
       on + (servers.empty()
                 ? "no DHCP server offers anything to a newcomer (one that serves known hosts "
                   "alone isn't seen)"
                 : "the DHCP server " + to_string(*servers.begin()) +
                       " was asked for the VIP and offers another address")});
}

}  // namespace hapx::appliance::doctor
