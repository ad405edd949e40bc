// SPDX-License-Identifier: Apache-2.0
#include "config/net.hpp"

#include <algorithm>
#include <optional>

#include "config/wording.hpp"

namespace hapx {
namespace {

Error not_an(const char* what, std::string_view text) {
  return {ErrorKind::refused, shown(text) + " is not " + what};
}

std::optional<unsigned> digit_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

/// A decimal number of 1 to 5 digits without leading zeros, at most `most`.
std::optional<std::uint32_t> decimal(std::string_view text, std::uint32_t most) {
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return value > most ? std::nullopt : std::optional(value);
}

/// The same for what fits a byte.
std::optional<std::uint8_t> small_decimal(std::string_view text, unsigned most) {
  const auto value = decimal(text, std::min(most, 255U));
  return value ? std::optional(static_cast<std::uint8_t>(*value)) : std::nullopt;
}

bool parse_ipv4_into(std::string_view text, std::uint8_t* out) {
  for (int i = 0; i < 4; ++i) {
    const auto dot = i < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos) return false;
    const auto byte = small_decimal(text.substr(0, dot), 255);
    if (!byte) return false;
    out[i] = *byte;
    text.remove_prefix(i < 3 ? dot + 1 : dot);
  }
  return true;
}

/// The groups on one side of "::" (or all of them), as bytes; nothing if there is a wrong one.
/// An embedded dotted quad may stand last.
bool parse_groups(std::string_view text, bool quad_allowed, std::array<std::uint8_t, 16>& out,
                  std::size_t& count) {
  count = 0;
  if (text.empty()) return true;
  while (true) {
    const auto colon = text.find(':');
    const bool last = colon == std::string_view::npos;
    const auto group = last ? text : text.substr(0, colon);
    if (last && quad_allowed && group.find('.') != std::string_view::npos) {
      if (count > 12 || !parse_ipv4_into(group, &out[count])) return false;
      count += 4;
      return true;
    }
    if (group.empty() || group.size() > 4 || count > 14) return false;
    unsigned value = 0;
    for (const char c : group) {
      const auto digit = digit_value(c);
      if (!digit) return false;
      value = value * 16 + *digit;
    }
    out[count++] = static_cast<std::uint8_t>(value >> 8);
    out[count++] = static_cast<std::uint8_t>(value & 0xff);
    if (last) return true;
    text.remove_prefix(colon + 1);
  }
}

bool parse_ipv6_into(std::string_view text, std::array<std::uint8_t, 16>& out) {
  std::array<std::uint8_t, 16> head{};
  std::array<std::uint8_t, 16> tail{};
  std::size_t head_count = 0;
  std::size_t tail_count = 0;
  const auto gap = text.find("::");
  if (gap == std::string_view::npos) {
    return parse_groups(text, true, out, head_count) && head_count == 16;
  }
  if (!parse_groups(text.substr(0, gap), false, head, head_count)) return false;
  if (!parse_groups(text.substr(gap + 2), true, tail, tail_count)) return false;
  if (head_count + tail_count > 14) return false;  // "::" stands for at least one group
  out.fill(0);
  for (std::size_t i = 0; i < head_count; ++i) out[i] = head[i];
  for (std::size_t i = 0; i < tail_count; ++i) out[16 - tail_count + i] = tail[i];
  return true;
}

void append_hex(std::string& out, unsigned value) {
  constexpr char digits[] = "0123456789abcdef";
  bool started = false;
  for (int shift = 12; shift >= 0; shift -= 4) {
    const unsigned digit = (value >> shift) & 0xf;
    started = started || digit != 0 || shift == 0;
    if (started) out += digits[digit];
  }
}

/// RFC 5952: lower case, the first longest run of at least two zero groups becomes "::".
std::string ipv6_to_string(const std::array<std::uint8_t, 16>& bytes) {
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) groups[i] = bytes[2 * i] * 256U + bytes[2 * i + 1];
  std::size_t run_at = 8;
  std::size_t run_length = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > run_length) {
      run_at = i;
      run_length = end - i;
    }
  }
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == run_at) {
      out += "::";
      i += run_length - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    append_hex(out, groups[i]);
  }
  return out;
}

}  // namespace

std::size_t byte_count(Family family) {
  return family == Family::ipv4 ? 4 : 16;
}

Result<IpAddress> parse_ip(std::string_view text) {
  IpAddress address;
  if (text.find(':') != std::string_view::npos) {
    address.family = Family::ipv6;
    if (!parse_ipv6_into(text, address.bytes)) return not_an("an IP address", text);
    return address;
  }
  if (!parse_ipv4_into(text, address.bytes.data())) return not_an("an IP address", text);
  return address;
}

IpAddress ipv4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  return {Family::ipv4, {a, b, c, d}};
}

std::string to_string(const IpAddress& address) {
  if (address.family == Family::ipv6) return ipv6_to_string(address.bytes);
  std::string out = std::to_string(address.bytes[0]);
  for (std::size_t i = 1; i < 4; ++i) out += '.' + std::to_string(address.bytes[i]);
  return out;
}

IpAddress network_of(const Cidr& cidr) {
  IpAddress network = cidr.address;
  for (std::size_t i = 0; i < byte_count(network.family); ++i) {
    const unsigned before = static_cast<unsigned>(8 * i);
    const unsigned kept = cidr.prefix > before ? std::min(cidr.prefix - before, 8U) : 0;
    network.bytes.at(i) = static_cast<std::uint8_t>(network.bytes.at(i) & (0xff00U >> kept));
  }
  return network;
}

Result<Cidr> parse_cidr(std::string_view text) {
  constexpr const char* what = "an address with a prefix, like 192.168.4.20/27";
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return not_an(what, text);
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return not_an(what, text);
  const auto bits_max = static_cast<unsigned>(8 * byte_count(address->family));
  const auto prefix = small_decimal(text.substr(slash + 1), bits_max);
  if (!prefix) return not_an(what, text);
  return Cidr{*address, *prefix};
}

std::string to_string(const Cidr& cidr) {
  return to_string(cidr.address) + '/' + std::to_string(cidr.prefix);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  constexpr const char* what = "an address and a port, like 127.0.0.1:9405 or [::1]:9405";
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return not_an(what, text);
  auto host = text.substr(0, colon);
  const bool brackets = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
  if (brackets) host = host.substr(1, host.size() - 2);
  const auto address = parse_ip(host);
  if (!address || brackets != (address->family == Family::ipv6)) return not_an(what, text);
  const auto port = decimal(text.substr(colon + 1), 65535);
  if (!port) return not_an(what, text);
  return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

std::string to_string(const Endpoint& endpoint) {
  const auto port = ':' + std::to_string(endpoint.port);
  const auto address = to_string(endpoint.address);
  return endpoint.address.family == Family::ipv6 ? '[' + address + ']' + port : address + port;
}

Result<MacAddress> parse_mac(std::string_view text) {
  MacAddress mac;
  if (text.size() != 17) return not_an("a hardware address, like 52:54:00:12:34:56", text);
  for (std::size_t i = 0; i < 6; ++i) {
    const auto high = digit_value(text[3 * i]);
    const auto low = digit_value(text[3 * i + 1]);
    if (!high || !low || (i < 5 && text[3 * i + 2] != ':')) {
      return not_an("a hardware address, like 52:54:00:12:34:56", text);
    }
    mac.bytes[i] = static_cast<std::uint8_t>(*high * 16 + *low);
  }
  return mac;
}

std::string to_string(const MacAddress& mac) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const auto byte : mac.bytes) {
    if (!out.empty()) out += ':';
    out += digits[byte >> 4];
    out += digits[byte & 0xf];
  }
  return out;
}

}  // namespace hapx
