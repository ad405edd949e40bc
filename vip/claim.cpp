// SPDX-License-Identifier: Apache-2.0
#include "vip/claim.hpp"

#include "vip/arp.hpp"
#include "vip/ndp.hpp"

namespace hapx::vip {
namespace {

WireFrame to_wire(const ArpPacket& packet) {
  const ArpFrame frame = to_frame(packet);
  return {frame.begin(), frame.end()};
}

Claim claim_of(const ArpPacket& packet) {
  Claim claim{packet.sender_ip, packet.sender_mac, packet.destination, ClaimKind::question};
  if (packet.sender_ip == IpAddress{}) {
    claim.address = packet.target_ip;
    claim.kind = ClaimKind::probe;
  } else if (packet.sender_ip == packet.target_ip ||
             (packet.operation == ArpOperation::reply && packet.destination == broadcast_mac)) {
    claim.kind = ClaimKind::announcement;
  } else if (packet.operation == ArpOperation::reply) {
    claim.kind = ClaimKind::answer;
  }
  return claim;
}

Claim claim_of(const NdpPacket& packet) {
  // Who leaves its hardware address out (RFC 4861, 4.4, lets it) is where the frame comes from.
  Claim claim{packet.target, packet.hardware_address.value_or(packet.source), packet.destination,
              packet.solicited ? ClaimKind::answer : ClaimKind::announcement};
  if (packet.kind == NdpKind::advertisement) return claim;
  claim.kind = ClaimKind::probe;
  if (packet.sender == IpAddress{Family::ipv6, {}}) return claim;
  claim.address = packet.sender;
  claim.kind = ClaimKind::question;
  return claim;
}

}  // namespace

std::string_view to_string(ClaimKind kind) {
  switch (kind) {
    case ClaimKind::announcement:
      return "announcement";
    case ClaimKind::answer:
      return "answer";
    case ClaimKind::question:
      return "question";
    case ClaimKind::probe:
      break;
  }
  return "probe";
}

std::vector<WireFrame> announcement_frames(const MacAddress& mac, const IpAddress& address) {
  if (address.family == Family::ipv6) return {to_frame(unsolicited_advertisement(mac, address))};
  return {to_wire(announcement_request(mac, address)), to_wire(announcement_reply(mac, address))};
}

WireFrame probe_frame(const MacAddress& mac, const IpAddress& address) {
  if (address.family == Family::ipv6) return to_frame(ndp_probe(mac, address));
  return to_wire(arp_probe(mac, address));
}

WireFrame question_frame(const MacAddress& mac, const IpAddress& own, const IpAddress& address) {
  if (address.family == Family::ipv6) return to_frame(ndp_question(mac, own, address));
  return to_wire(arp_question(mac, own, address));
}

WireFrame answer_frame(const MacAddress& mac, const IpAddress& address, const IpAddress& asker,
                       const MacAddress& asker_mac) {
  if (address.family == Family::ipv4)
    return to_wire({mac, asker_mac, ArpOperation::reply, mac, address, asker_mac, asker});
  NdpPacket answer = unsolicited_advertisement(mac, address);
  answer.destination = asker_mac;
  answer.receiver = asker;
  answer.solicited = true;
  return to_frame(answer);
}

std::optional<Inquiry> parse_inquiry(std::span<const std::uint8_t> frame) {
  if (const auto arp = parse_arp(frame)) {
    const bool asks = arp->operation == ArpOperation::request && arp->sender_ip != IpAddress{} &&
                      arp->sender_ip != arp->target_ip;
    if (!asks) return std::nullopt;
    return Inquiry{arp->target_ip, arp->sender_ip, arp->sender_mac, arp->destination};
  }
  const auto ndp = parse_ndp(frame);
  const bool asks =
      ndp && ndp->kind == NdpKind::solicitation && ndp->sender != IpAddress{Family::ipv6, {}};
  if (!asks) return std::nullopt;
  return Inquiry{ndp->target, ndp->sender, ndp->hardware_address.value_or(ndp->source),
                 ndp->destination};
}

std::optional<Claim> parse_claim(std::span<const std::uint8_t> frame) {
  if (const auto packet = parse_arp(frame)) return claim_of(*packet);
  if (const auto packet = parse_ndp(frame)) return claim_of(*packet);
  return std::nullopt;
}

}  // namespace hapx::vip
