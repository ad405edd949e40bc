// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/markup.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "config/utf8.hpp"

namespace hapx::appliance::drill {
namespace {

/// U+FFFE and U+FFFF are UTF-8, and no characters of XML.
bool is_noncharacter(std::string_view character) {
  return character == "\xef\xbf\xbe" || character == "\xef\xbf\xbf";
}

void append(std::string& out, std::string_view character) {
  if (character == "&") {
    out += "&amp;";
  } else if (character == "<") {
    out += "&lt;";
  } else if (character == ">") {
    out += "&gt;";
  } else if (character == "\"") {
    out += "&quot;";
  } else if (character == "'") {
    out += "&#39;";
  } else if (character == "\n") {
    out += "\n";
  } else if (is_noncharacter(character)) {
    out += "?";
  } else {
    out += printable(character);
  }
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(1, utf8_length(text));
    append(out, text.substr(0, length));
    text.remove_prefix(length);
  }
  return out;
}

std::string number(double value, int digits) {
  constexpr double largest = 1e12;
  if (!std::isfinite(value) || std::abs(value) > largest) return "0";
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                 std::chars_format::fixed, digits);
  std::string out(text.data(), end.ptr);
  if (out.find('.') == std::string::npos) return out;
  out.erase(out.find_last_not_of('0') + 1);
  if (out.back() == '.') out.pop_back();
  return out == "-0" ? "0" : out;
}

}  // namespace hapx::appliance::drill
