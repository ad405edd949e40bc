// SPDX-License-Identifier: Apache-2.0
#include "appliance/doctor/texts.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace hapx::appliance::doctor {
namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> out;
  constexpr std::string_view blanks = " \t";
  for (auto begin = line.find_first_not_of(blanks); begin != line.npos;) {
    const auto end = std::min(line.find_first_of(blanks, begin), line.size());
    out.push_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(blanks, end);
  }
  return out;
}

std::optional<std::uint64_t> number_of(std::string_view text, int base) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

/// "0100007F:1F90": words of four bytes in the machine's order.
std::optional<Endpoint> endpoint_of(std::string_view text) {
  const auto colon = text.find(':');
  if (colon != 8 && colon != 32) return std::nullopt;
  Endpoint endpoint;
  endpoint.address.family = colon == 8 ? Family::ipv4 : Family::ipv6;
  for (std::size_t word = 0; word < colon / 8; ++word) {
    const auto value = number_of(text.substr(word * 8, 8), 16);
    if (!value) return std::nullopt;
    for (std::size_t byte = 0; byte < 4; ++byte) {
      endpoint.address.bytes[word * 4 + byte] = static_cast<std::uint8_t>(*value >> (8 * byte));
    }
  }
  const auto port = number_of(text.substr(colon + 1), 16);
  if (!port || *port > 65535) return std::nullopt;
  endpoint.port = static_cast<std::uint16_t>(*port);
  return endpoint;
}

}  // namespace

std::vector<BoundLine> bound_sockets_in(std::string_view text, Protocol protocol) {
  // include/net/tcp_states.h; an unconnected UDP socket is shown as closed.
  const std::string_view waiting = protocol == Protocol::tcp ? "0A" : "07";
  constexpr std::size_t local = 1;
  constexpr std::size_t state = 3;
  constexpr std::size_t inode = 9;
  std::vector<BoundLine> out;
  for (const auto line : lines_of(text)) {
    const auto words = words_of(line);
    if (words.size() <= inode || words[state] != waiting) continue;
    const auto at = endpoint_of(words[local]);
    const auto number = number_of(words[inode], 10);
    if (at && number) out.push_back({*at, *number});
  }
  return out;
}

InterfaceName default_interface_in(std::string_view text) {
  constexpr std::size_t destination = 1;
  constexpr std::size_t mask = 7;
  for (const auto line : lines_of(text)) {
    const auto words = words_of(line);
    if (words.size() > mask && words[destination] == "00000000" && words[mask] == "00000000") {
      return InterfaceName(std::string(words[0]));
    }
  }
  return {};
}

std::optional<std::uint64_t> bounding_set_in(std::string_view text) {
  for (const auto line : lines_of(text)) {
    const auto words = words_of(line);
    if (words.size() == 2 && words[0] == "CapBnd:") return number_of(words[1], 16);
  }
  return std::nullopt;
}

std::string haproxy_version_in(std::string_view text) {
  const auto words = words_of(lines_of(text).empty() ? std::string_view() : lines_of(text)[0]);
  // "HAProxy version 2.6.12", and before 2.4 "HA-Proxy version 2.2.9".
  const bool is_one = words.size() > 2 && (words[0] == "HAProxy" || words[0] == "HA-Proxy") &&
                      words[1] == "version";
  return is_one ? std::string(words[2]) : std::string();
}

bool is_at_least(std::string_view version, unsigned major, unsigned minor) {
  const auto dot = version.find('.');
  if (dot == version.npos) return false;
  const auto rest = version.substr(dot + 1);
  const auto digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  const auto first = number_of(version.substr(0, dot), 10);
  const auto second = number_of(rest.substr(0, digits), 10);
  if (!first || !second) return false;
  return *first > major || (*first == major && *second >= minor);
}

std::optional<std::string> value_in(std::string_view text, std::string_view key) {
  std::optional<std::string> out;
  for (const auto line : lines_of(text)) {
    if (line.starts_with(key) && line.substr(key.size()).starts_with('=')) {
      out = std::string(line.substr(key.size() + 1));
    }
  }
  return out;
}

}  // namespace hapx::appliance::doctor
