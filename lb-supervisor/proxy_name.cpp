// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/proxy_name.hpp"

#include <optional>

namespace hapx::lb_supervisor {
namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == ':';
}

void append_hex(std::string& text, char c) {
  const auto byte = static_cast<unsigned char>(c);
  text += hex_digits[byte >> 4U];
  text += hex_digits[byte & 0xFU];
}

/// The byte that two upper-case hexadecimal digits stand for.
std::optional<char> read_hex(std::string_view two) {
  if (two.size() != 2) return std::nullopt;
  const auto high = hex_digits.find(two[0]);
  const auto low = hex_digits.find(two[1]);
  if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
  return static_cast<char>(static_cast<unsigned char>(high * 16 + low));
}

}  // namespace

std::string to_proxy_name(std::string_view name) {
  if (name.empty()) return "_";
  std::string written;
  for (const char c : name) {
    if (is_plain(c)) {
      written += c;
    } else {
      written += '_';
      append_hex(written, c);
    }
  }
  return written;
}

std::string from_proxy_name(std::string_view proxy_name) {
  if (proxy_name == "_") return {};
  std::string name;
  for (std::size_t i = 0; i < proxy_name.size(); ++i) {
    const auto byte =
        proxy_name[i] == '_' ? read_hex(proxy_name.substr(i + 1, 2)) : std::optional<char>{};
    if (byte) {
      name += *byte;
      i += 2;
    } else {
      name += proxy_name[i];
    }
  }
  return name;
}

std::string quoted(std::string_view word) {
  std::string text = "\"";
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\' || c == '$') {
      text += '\\';
      text += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      text += "\\x";
      append_hex(text, c);
    } else {
      text += c;
    }
  }
  return text + '"';
}

}  // namespace hapx::lb_supervisor
