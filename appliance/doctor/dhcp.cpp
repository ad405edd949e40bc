// SPDX-License-Identifier: Apache-2.0
#include "appliance/doctor/dhcp.hpp"

#include <array>
#include <string_view>

namespace hapx::appliance::doctor {
namespace {

constexpr std::uint8_t udp = 17;
constexpr std::size_t udp_bytes = 8;
constexpr std::size_t server_port = 67;
constexpr std::size_t client_port = 68;

// Offsets from the first byte of the message (RFC 2131, section 2).
constexpr std::size_t transaction_at = 4;
constexpr std::size_t flags_at = 10;
constexpr std::size_t offered_at = 16;  ///< yiaddr
constexpr std::size_t server_at = 20;   ///< siaddr
constexpr std::size_t hardware_at = 28;
constexpr std::size_t cookie_at = 236;
constexpr std::size_t options_at = 240;
constexpr std::size_t message_bytes = 300;  ///< some relays drop shorter ones (RFC 1542, 2.1)
constexpr std::array<std::uint8_t, 4> cookie{99, 130, 83, 99};

// Options (RFC 2132).
constexpr std::uint8_t pad = 0;
constexpr std::uint8_t option_requested = 50;
constexpr std::uint8_t option_kind = 53;
constexpr std::uint8_t option_server = 54;
constexpr std::uint8_t option_wishes = 55;
constexpr std::uint8_t option_client = 61;
constexpr std::uint8_t end = 255;
constexpr std::uint8_t discover = 1;
constexpr std::uint8_t offer = 2;
constexpr std::uint8_t acknowledgement = 5;

constexpr MacAddress to_all{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

std::uint32_t long_at(Bytes bytes, std::size_t at) {
  return static_cast<std::uint32_t>(number_at(bytes, at) << 16U | number_at(bytes, at + 2));
}

/// The UDP datagram of a server to a client, without its header.
Bytes message_in(Bytes frame) {
  constexpr std::size_t ip_at = ethernet_bytes;
  if (frame.size() < ip_at + ipv4_bytes || number_at(frame, 12) != 0x0800 ||
      frame[ip_at] >> 4U != 4 || frame[ip_at + 9] != udp) {
    return {};
  }
  const std::size_t header_bytes = (frame[ip_at] & 0x0fU) * std::size_t{4};
  const bool is_fragment = (number_at(frame, ip_at + 6) & 0x3fffU) != 0;
  const std::size_t at = ip_at + header_bytes;
  if (header_bytes < ipv4_bytes || is_fragment || frame.size() < at + udp_bytes + options_at ||
      number_at(frame, at) != server_port || number_at(frame, at + 2) != client_port) {
    return {};
  }
  return frame.subspan(at + udp_bytes);
}

}  // namespace

Frame discover_frame(const MacAddress& mac, const IpAddress& wanted, std::uint32_t transaction,
                     std::uint64_t client) {
  const IpHeads heads{mac, to_all, ipv4(0, 0, 0, 0), ipv4(255, 255, 255, 255), udp};
  Frame frame = ip_frame(heads, udp_bytes + message_bytes);
  const std::size_t udp_at = payload_at(Family::ipv4);
  put16(frame, udp_at, client_port);
  put16(frame, udp_at + 2, server_port);
  put16(frame, udp_at + 4, udp_bytes + message_bytes);
  const std::size_t at = udp_at + udp_bytes;
  frame[at] = 1;      // asks
  frame[at + 1] = 1;  // Ethernet
  frame[at + 2] = 6;
  put16(frame, at + transaction_at, transaction >> 16U);
  put16(frame, at + transaction_at + 2, transaction & 0xffffU);
  put16(frame, at + flags_at, 0x8000);  // answer to all: the address isn't here to be answered at
  put(frame, at + hardware_at, mac.bytes);
  put(frame, at + cookie_at, cookie);
  Frame options{option_kind, 1, discover, option_client, 9, 0};
  for (std::size_t i = 0; i < 8; ++i) {
    options.push_back(static_cast<std::uint8_t>(client >> (8 * i)));
  }
  options.insert(options.end(), {option_requested, 4});
  options.insert(options.end(), wanted.bytes.begin(), wanted.bytes.begin() + 4);
  options.insert(options.end(), {option_wishes, 3, 1, 3, 51, end});
  put(frame, at + options_at, options);
  put16(frame, udp_at + 6,
        internet_checksum(Bytes(frame).subspan(udp_at),
                          pseudo_sum(heads, udp_bytes + message_bytes)));
  return frame;
}

std::optional<DhcpOffer> parse_offer(Bytes frame) {
  const Bytes message = message_in(frame);
  if (message.size() < options_at || message[0] != 2 || long_at(message, cookie_at) != 0x63825363) {
    return std::nullopt;
  }
  DhcpOffer found{long_at(message, transaction_at), address_at(message, offered_at, Family::ipv4),
                  address_at(message, server_at, Family::ipv4)};
  std::uint8_t kind = 0;
  Bytes options = message.subspan(options_at);
  while (!options.empty() && options[0] != end) {
    if (options[0] == pad) {
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2 || options.size() < 2U + options[1]) break;
    const Bytes value = options.subspan(2, options[1]);
    if (options[0] == option_kind && value.size() == 1) kind = value[0];
    if (options[0] == option_server && value.size() == 4) {
      found.server = address_at(value, 0, Family::ipv4);
    }
    options = options.subspan(2U + value.size());
  }
  if (kind != offer && kind != acknowledgement) return std::nullopt;
  if (found.offered == IpAddress{}) return std::nullopt;
  return found;
}

}  // namespace hapx::appliance::doctor
