// SPDX-License-Identifier: Apache-2.0
#include "appliance/doctor/wire_frame.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "vip/arp.hpp"
#include "vip/claim.hpp"
#include "vip/ndp.hpp"

namespace hapx::appliance::doctor {
namespace {

constexpr std::uint8_t icmp = 1;
constexpr std::uint8_t icmpv6 = 58;
constexpr std::uint8_t echo_reply = 0;      ///< RFC 792
constexpr std::uint8_t echo_reply_6 = 129;  ///< RFC 4443

// Offsets from the first byte of the ICMP header.
constexpr std::size_t checksum_at = 2;
constexpr std::size_t text_at = 8;
constexpr std::string_view text = "hapx doctor wire";
constexpr std::size_t incarnation_at = text_at + text.size();
constexpr std::size_t kind_at = incarnation_at + 8;
constexpr std::size_t size_at = kind_at + 1;
constexpr std::size_t note_end = size_at + 2;

std::size_t ip_bytes(Family family) {
  return payload_at(family) - ethernet_bytes;
}

/// The ICMP message of an echo reply; empty for any other frame.
Bytes echo_reply_in(Bytes frame) {
  if (frame.size() < ethernet_bytes + 1) return {};
  const std::size_t ethertype = number_at(frame, 12);
  const Family family = ethertype == 0x0800 ? Family::ipv4 : Family::ipv6;
  if (ethertype != 0x0800 && ethertype != 0x86dd) return {};
  const std::size_t at = payload_at(family);
  if (frame.size() < at + note_end) return {};
  const bool is_ipv4 = family == Family::ipv4;
  const bool is_plain = is_ipv4 ? frame[ethernet_bytes] == 0x45 && frame[ethernet_bytes + 9] == icmp
                                : frame[ethernet_bytes + 6] == icmpv6;
  if (!is_plain || frame[at] != (is_ipv4 ? echo_reply : echo_reply_6)) return {};
  return frame.subspan(at);
}

std::optional<FrameKind> kind_of(const vip::ArpPacket& arp, const IpAddress& claimed) {
  const bool is_request = arp.operation == vip::ArpOperation::request;
  if (arp.sender_ip == claimed && arp.target_ip == claimed) {
    return is_request ? FrameKind::announcement_request : FrameKind::announcement_reply;
  }
  if (arp.sender_ip == claimed && !is_request) return FrameKind::answer;
  if (arp.target_ip != claimed || !is_request || arp.sender_ip == IpAddress{}) return std::nullopt;
  return arp.destination == vip::broadcast_mac ? FrameKind::question : FrameKind::question_to_one;
}

std::optional<FrameKind> kind_of(const vip::NdpPacket& ndp, const IpAddress& claimed) {
  if (ndp.target != claimed) return std::nullopt;
  if (ndp.kind == vip::NdpKind::advertisement) {
    return ndp.solicited ? FrameKind::answer : FrameKind::advertisement;
  }
  if (ndp.sender == IpAddress{Family::ipv6, {}}) return std::nullopt;
  const bool is_to_many = (ndp.destination.bytes[0] & 1U) != 0;
  return is_to_many ? FrameKind::question : FrameKind::question_to_one;
}

}  // namespace

Frame note_frame(IpHeads heads, const Note& note) {
  const bool is_ipv4 = heads.from.family == Family::ipv4;
  heads.protocol = is_ipv4 ? icmp : icmpv6;
  const std::size_t bytes = std::max(note.bytes, note_packet_bytes_min);
  Frame frame = ip_frame(heads, bytes - ip_bytes(heads.from.family));
  const std::size_t at = payload_at(heads.from.family);
  frame[at] = is_ipv4 ? echo_reply : echo_reply_6;
  std::ranges::copy(text, frame.begin() + static_cast<std::ptrdiff_t>(at + text_at));
  for (std::size_t i = 0; i < 8; ++i) {
    frame[at + incarnation_at + i] = static_cast<std::uint8_t>(note.incarnation >> (8 * i));
  }
  frame[at + kind_at] = static_cast<std::uint8_t>(note.kind);
  put16(frame, at + size_at, bytes);
  const Bytes message = Bytes(frame).subspan(at);
  put16(frame, at + checksum_at,
        internet_checksum(message, is_ipv4 ? 0 : pseudo_sum(heads, message.size())));
  return frame;
}

std::optional<Note> parse_note(Bytes frame) {
  const Bytes message = echo_reply_in(frame);
  if (message.empty()) return std::nullopt;
  const auto said = message.subspan(text_at, text.size());
  if (!std::ranges::equal(said, text, {}, {}, [](char c) { return std::uint8_t(c); })) {
    return std::nullopt;
  }
  Note note;
  for (std::size_t i = 0; i < 8; ++i) {
    note.incarnation |= std::uint64_t{message[incarnation_at + i]} << (8 * i);
  }
  const std::uint8_t kind = message[kind_at];
  if (kind < std::uint8_t(Note::Kind::from_address) || kind > std::uint8_t(Note::Kind::sized)) {
    return std::nullopt;
  }
  note.kind = static_cast<Note::Kind>(kind);
  note.bytes = static_cast<std::uint16_t>(number_at(message, size_at));
  return note;
}

std::optional<Sighting> sighting_of(Bytes frame, const IpAddress& claimed) {
  Sighting sighting;
  std::optional<FrameKind> kind;
  if (const auto arp = vip::parse_arp(frame)) {
    kind = kind_of(*arp, claimed);
    sighting.mac = arp->sender_mac;
    sighting.source = arp->source;
  } else if (const auto ndp = vip::parse_ndp(frame)) {
    kind = kind_of(*ndp, claimed);
    sighting.mac = ndp->hardware_address.value_or(ndp->source);
    sighting.source = ndp->source;
  }
  if (!kind) return std::nullopt;
  sighting.kind = *kind;
  if (const auto asked = vip::parse_inquiry(frame)) {
    sighting.asker = asked->asker;
    sighting.asker_mac = asked->asker_mac;
  }
  return sighting;
}

}  // namespace hapx::appliance::doctor
