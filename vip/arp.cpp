// SPDX-License-Identifier: Apache-2.0
#include "vip/arp.hpp"

#include <algorithm>

namespace hapx::vip {
namespace {

// Offsets from the first byte of the Ethernet header.
constexpr std::size_t destination_at = 0;
constexpr std::size_t source_at = 6;
constexpr std::size_t fixed_at = 12;  ///< ethertype and ARP's four constant fields
constexpr std::size_t operation_at = 20;
constexpr std::size_t sender_mac_at = 22;
constexpr std::size_t sender_ip_at = 28;
constexpr std::size_t target_mac_at = 32;
constexpr std::size_t target_ip_at = 38;

/// Ethertype ARP; hardware type Ethernet, protocol IPv4, lengths 6 and 4.
constexpr std::array<std::uint8_t, 8> fixed = {0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 6, 4};

void put(ArpFrame& frame, std::size_t at, const MacAddress& mac) {
  std::copy(mac.bytes.begin(), mac.bytes.end(), frame.begin() + static_cast<std::ptrdiff_t>(at));
}

void put(ArpFrame& frame, std::size_t at, const IpAddress& address) {
  std::copy_n(address.bytes.begin(), 4, frame.begin() + static_cast<std::ptrdiff_t>(at));
}

MacAddress mac_at(std::span<const std::uint8_t> frame, std::size_t at) {
  MacAddress mac;
  std::copy_n(frame.begin() + static_cast<std::ptrdiff_t>(at), mac.bytes.size(), mac.bytes.begin());
  return mac;
}

IpAddress ip_at(std::span<const std::uint8_t> frame, std::size_t at) {
  IpAddress address;
  std::copy_n(frame.begin() + static_cast<std::ptrdiff_t>(at), 4, address.bytes.begin());
  return address;
}

}  // namespace

ArpPacket announcement_request(const MacAddress& mac, const IpAddress& address) {
  return {mac, broadcast_mac, ArpOperation::request, mac, address, MacAddress{}, address};
}

ArpPacket announcement_reply(const MacAddress& mac, const IpAddress& address) {
  return {mac, broadcast_mac, ArpOperation::reply, mac, address, mac, address};
}

ArpPacket arp_probe(const MacAddress& mac, const IpAddress& address) {
  return {mac, broadcast_mac, ArpOperation::request, mac, IpAddress{}, MacAddress{}, address};
}

ArpPacket arp_question(const MacAddress& mac, const IpAddress& own, const IpAddress& address) {
  return {mac, broadcast_mac, ArpOperation::request, mac, own, MacAddress{}, address};
}

ArpFrame to_frame(const ArpPacket& packet) {
  ArpFrame frame{};
  put(frame, destination_at, packet.destination);
  put(frame, source_at, packet.source);
  std::copy(fixed.begin(), fixed.end(), frame.begin() + fixed_at);
  frame.at(operation_at + 1) = static_cast<std::uint8_t>(packet.operation);
  put(frame, sender_mac_at, packet.sender_mac);
  put(frame, sender_ip_at, packet.sender_ip);
  put(frame, target_mac_at, packet.target_mac);
  put(frame, target_ip_at, packet.target_ip);
  return frame;
}

std::optional<ArpPacket> parse_arp(std::span<const std::uint8_t> frame) {
  if (frame.size() < arp_frame_bytes) return std::nullopt;
  if (!std::equal(fixed.begin(), fixed.end(), frame.begin() + fixed_at)) return std::nullopt;
  if (frame[operation_at] != 0) return std::nullopt;
  const auto operation = static_cast<ArpOperation>(frame[operation_at + 1]);
  if (operation != ArpOperation::request && operation != ArpOperation::reply) return std::nullopt;
  return ArpPacket{
      mac_at(frame, source_at),     mac_at(frame, destination_at), operation,
      mac_at(frame, sender_mac_at), ip_at(frame, sender_ip_at),    mac_at(frame, target_mac_at),
      ip_at(frame, target_ip_at)};
}

}  // namespace hapx::vip
