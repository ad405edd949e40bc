// SPDX-License-Identifier: Apache-2.0
#include "vip/ndp.hpp"

#include <algorithm>
#include <array>

#include "config/address_kind.hpp"

namespace hapx::vip {
namespace {

using Frame = std::vector<std::uint8_t>;
using Span = std::span<const std::uint8_t>;

// Offsets from the first byte of the Ethernet header.
constexpr std::size_t destination_at = 0;
constexpr std::size_t source_at = 6;
constexpr std::size_t ethertype_at = 12;
constexpr std::size_t ip_at = 14;
constexpr std::size_t payload_length_at = ip_at + 4;
constexpr std::size_t next_header_at = ip_at + 6;
constexpr std::size_t hop_limit_at = ip_at + 7;
constexpr std::size_t sender_at = ip_at + 8;
constexpr std::size_t receiver_at = ip_at + 24;
constexpr std::size_t icmp_at = ip_at + 40;
constexpr std::size_t checksum_at = icmp_at + 2;
constexpr std::size_t flags_at = icmp_at + 4;
constexpr std::size_t target_at = icmp_at + 8;
constexpr std::size_t options_at = icmp_at + 24;

constexpr std::size_t address_bytes = 16;
constexpr std::size_t option_unit = 8;  ///< what an option's length counts
constexpr std::uint8_t icmpv6 = 58;
constexpr std::uint8_t hop_limit = 255;
constexpr std::uint8_t solicited_flag = 0x40;
constexpr std::uint8_t override_flag = 0x20;
constexpr std::uint8_t source_option = 1;
constexpr std::uint8_t target_option = 2;

std::uint8_t option_of(NdpKind kind) {
  return kind == NdpKind::solicitation ? source_option : target_option;
}

void put(Frame& frame, std::size_t at, std::span<const std::uint8_t> bytes) {
  std::ranges::copy(bytes, frame.begin() + static_cast<std::ptrdiff_t>(at));
}

void put16(Frame& frame, std::size_t at, std::size_t value) {
  frame[at] = static_cast<std::uint8_t>(value >> 8U);
  frame[at + 1] = static_cast<std::uint8_t>(value & 0xffU);
}

std::size_t number_at(Span frame, std::size_t at) {
  return frame[at] * std::size_t{256} + frame[at + 1];
}

MacAddress mac_at(Span frame, std::size_t at) {
  MacAddress mac;
  std::ranges::copy(frame.subspan(at, mac.bytes.size()), mac.bytes.begin());
  return mac;
}

IpAddress ip_address_at(Span frame, std::size_t at) {
  IpAddress address{Family::ipv6, {}};
  std::ranges::copy(frame.subspan(at, address_bytes), address.bytes.begin());
  return address;
}

/// The ones' complement sum of RFC 1071, over the pseudo-header of RFC 8200 (8.1) and the message:
/// 0 where the message bears its checksum, else what that has to be.
std::uint16_t checksum(Span frame, std::size_t message_bytes) {
  std::uint32_t sum = icmpv6 + static_cast<std::uint32_t>(message_bytes);
  const Span summed = frame.subspan(sender_at, 2 * address_bytes + message_bytes);
  for (std::size_t i = 0; i < summed.size(); ++i) sum += summed[i] * (i % 2 == 0 ? 256U : 1U);
  while (sum > 0xffffU) sum = (sum & 0xffffU) + (sum >> 16U);
  return static_cast<std::uint16_t>(~sum);
}

bool is_group(const IpAddress& address) {
  return address.bytes[0] == 0xff;
}

/// False: an option of length 0, or one that is cut off.
bool read_options(Span options, NdpPacket& packet) {
  while (!options.empty()) {
    if (options.size() < option_unit) return false;
    const std::size_t length = options[1] * option_unit;
    if (length == 0 || length > options.size()) return false;
    if (options[0] == option_of(packet.kind) && length == option_unit)
      packet.hardware_address = mac_at(options, 2);
    options = options.subspan(length);
  }
  return true;
}

/// What RFC 4861 wants of a solicitation (7.1.1) and of an advertisement (7.1.2) besides.
bool is_acceptable(const NdpPacket& packet) {
  if (is_group(packet.target)) return false;
  if (packet.kind == NdpKind::advertisement)
    return !(packet.solicited && is_group(packet.receiver));
  return !is_unspecified(packet.sender) ||
         (packet.receiver == solicited_nodes_of(packet.target) && !packet.hardware_address);
}

}  // namespace

IpAddress all_nodes() {
  return {Family::ipv6, {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
}

IpAddress solicited_nodes_of(const IpAddress& address) {
  IpAddress group{Family::ipv6, {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff}};
  std::copy(address.bytes.begin() + 13, address.bytes.end(), group.bytes.begin() + 13);
  return group;
}

MacAddress multicast_mac(const IpAddress& group) {
  MacAddress mac{{0x33, 0x33}};
  std::copy(group.bytes.begin() + 12, group.bytes.end(), mac.bytes.begin() + 2);
  return mac;
}

NdpPacket unsolicited_advertisement(const MacAddress& mac, const IpAddress& address) {
  NdpPacket packet;
  packet.source = mac;
  packet.receiver = all_nodes();
  packet.destination = multicast_mac(packet.receiver);
  packet.kind = NdpKind::advertisement;
  packet.sender = address;
  packet.target = address;
  packet.overriding = true;
  packet.hardware_address = mac;
  return packet;
}

NdpPacket ndp_probe(const MacAddress& mac, const IpAddress& address) {
  NdpPacket packet;
  packet.source = mac;
  packet.sender = {Family::ipv6, {}};
  packet.receiver = solicited_nodes_of(address);
  packet.destination = multicast_mac(packet.receiver);
  packet.target = address;
  return packet;
}

NdpPacket ndp_question(const MacAddress& mac, const IpAddress& own, const IpAddress& address) {
  NdpPacket packet = ndp_probe(mac, address);
  packet.sender = own;
  packet.hardware_address = mac;
  return packet;
}

Frame to_frame(const NdpPacket& packet) {
  Frame frame(options_at + (packet.hardware_address ? option_unit : 0), 0);
  const std::size_t message_bytes = frame.size() - icmp_at;
  put(frame, destination_at, packet.destination.bytes);
  put(frame, source_at, packet.source.bytes);
  put16(frame, ethertype_at, 0x86dd);
  frame[ip_at] = 0x60;  // version 6
  put16(frame, payload_length_at, message_bytes);
  frame[next_header_at] = icmpv6;
  frame[hop_limit_at] = hop_limit;
  put(frame, sender_at, packet.sender.bytes);
  put(frame, receiver_at, packet.receiver.bytes);
  frame[icmp_at] = static_cast<std::uint8_t>(packet.kind);
  frame[flags_at] = static_cast<std::uint8_t>((packet.solicited ? solicited_flag : 0) |
                                              (packet.overriding ? override_flag : 0));
  put(frame, target_at, packet.target.bytes);
  if (packet.hardware_address) {
    frame[options_at] = option_of(packet.kind);
    frame[options_at + 1] = 1;
    put(frame, options_at + 2, packet.hardware_address->bytes);
  }
  put16(frame, checksum_at, checksum(frame, message_bytes));
  return frame;
}

std::optional<NdpPacket> parse_ndp(Span frame) {
  if (frame.size() < options_at || number_at(frame, ethertype_at) != 0x86dd ||
      frame[ip_at] >> 4U != 6 || frame[next_header_at] != icmpv6 ||
      frame[hop_limit_at] != hop_limit || frame[icmp_at + 1] != 0) {
    return std::nullopt;
  }
  const std::size_t message_bytes = number_at(frame, payload_length_at);
  if (message_bytes < options_at - icmp_at || message_bytes > frame.size() - icmp_at)
    return std::nullopt;
  NdpPacket packet;
  packet.kind = static_cast<NdpKind>(frame[icmp_at]);
  if (packet.kind != NdpKind::solicitation && packet.kind != NdpKind::advertisement)
    return std::nullopt;
  if (checksum(frame, message_bytes) != 0) return std::nullopt;
  packet.source = mac_at(frame, source_at);
  packet.destination = mac_at(frame, destination_at);
  packet.sender = ip_address_at(frame, sender_at);
  packet.receiver = ip_address_at(frame, receiver_at);
  packet.target = ip_address_at(frame, target_at);
  if (packet.kind == NdpKind::advertisement) {
    packet.solicited = (frame[flags_at] & solicited_flag) != 0;
    packet.overriding = (frame[flags_at] & override_flag) != 0;
  }
  const Span options = frame.subspan(options_at, icmp_at + message_bytes - options_at);
  if (!read_options(options, packet) || !is_acceptable(packet)) return std::nullopt;
  return packet;
}

}  // namespace hapx::vip
