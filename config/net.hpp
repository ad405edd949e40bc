// SPDX-License-Identifier: Apache-2.0
// What is an address?
//
// Plain values for what stands in a config file and on the wire: IP addresses, addresses with a
// prefix, UDP/TCP endpoints, hardware addresses. Text to value is total; nothing here resolves a
// name or opens a socket.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/result.hpp"

namespace hapx {

enum class Family : std::uint8_t { ipv4, ipv6 };

/// An IPv4 or IPv6 address. Bytes in network order; for IPv4 the first four count, the rest are 0.
struct IpAddress {
  Family family = Family::ipv4;
  std::array<std::uint8_t, 16> bytes{};

  friend bool operator==(const IpAddress&, const IpAddress&) = default;
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

/// 4 or 16.
[[nodiscard]] std::size_t byte_count(Family family);

/// Accepts the canonical dotted quad and RFC 4291 text; no zone, no prefix, no port.
[[nodiscard]] Result<IpAddress> parse_ip(std::string_view text);
[[nodiscard]] IpAddress ipv4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);
[[nodiscard]] std::string to_string(const IpAddress& address);

/// An address with the length of its network's prefix: 192.168.4.20/27. The host bits stay.
struct Cidr {
  IpAddress address;
  std::uint8_t prefix = 32;

  friend bool operator==(const Cidr&, const Cidr&) = default;
  friend auto operator<=>(const Cidr&, const Cidr&) = default;
};

/// The same without the host bits: 192.168.4.0.
[[nodiscard]] IpAddress network_of(const Cidr& cidr);

[[nodiscard]] Result<Cidr> parse_cidr(std::string_view text);
[[nodiscard]] std::string to_string(const Cidr& cidr);

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// Accepts "192.168.4.11:9405" and "[2001:db8::1]:9405"; port 0 to 65535 without leading zeros.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text);
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

/// A hardware (Ethernet) address.
struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  friend bool operator==(const MacAddress&, const MacAddress&) = default;
  friend auto operator<=>(const MacAddress&, const MacAddress&) = default;
};

[[nodiscard]] Result<MacAddress> parse_mac(std::string_view text);
[[nodiscard]] std::string to_string(const MacAddress& mac);

}  // namespace hapx
