// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/haproxy_words.hpp"

#include <algorithm>

namespace hapx::lb_supervisor {
namespace {

constexpr std::size_t bytes_max = 500;
constexpr std::size_t line_bytes_shown_max = 120;

/// "[ALERT]    (1234) : config : ..." -> "config : ...".
std::string_view without_prefix(std::string_view line) {
  if (line.substr(0, 1) != "[") return line;
  const auto end = line.find(") : ");
  return end == std::string_view::npos ? line : line.substr(end + 4);
}

enum class Which { alerts, others };

std::string collect(std::string_view output, Which which) {
  std::string words;
  while (!output.empty() && words.size() < bytes_max) {
    const auto line = output.substr(0, output.find('\n'));
    output.remove_prefix(std::min(output.size(), line.size() + 1));
    const bool is_alert = line.substr(0, 7) == "[ALERT]";
    const bool is_notice = line.substr(0, 8) == "[NOTICE]";
    if (line.empty() || is_notice || is_alert != (which == Which::alerts)) continue;
    if (!words.empty()) words += "; ";
    words += without_prefix(line);
  }
  words.resize(std::min(words.size(), bytes_max));
  for (auto& c : words) {
    if (c < 0x20 || c > 0x7E) c = '?';
  }
  return words;
}

/// Of the first "file:NUMBER]" in the words; 0 if there is none.
std::size_t blamed_line(std::string_view words) {
  for (auto end = words.find(']'); end != std::string_view::npos; end = words.find(']', end + 1)) {
    const auto colon = words.substr(0, end).rfind(':');
    if (colon == std::string_view::npos || colon + 1 == end || end - colon > 7) continue;
    std::size_t number = 0;
    const auto digits = words.substr(colon + 1, end - colon - 1);
    if (!std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) continue;
    for (const char c : digits) number = number * 10 + static_cast<std::size_t>(c - '0');
    return number;
  }
  return 0;
}

std::string line_of(std::string_view text, std::size_t number) {
  for (std::size_t i = 1; i < number && !text.empty(); ++i) {
    text.remove_prefix(std::min(text.size(), text.find('\n')));
    if (!text.empty()) text.remove_prefix(1);
  }
  auto line = text.substr(0, text.find('\n'));
  line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
  return std::string(line.substr(0, line_bytes_shown_max));
}

}  // namespace

std::string located(const std::string& words, const RenderedHaproxy& rendered) {
  const auto number = blamed_line(words);
  const auto line = line_of(rendered.text, number);
  if (number == 0 || line.empty()) return words;
  const auto origin = std::ranges::find(rendered.origins, number, &LineOrigin::line);
  if (origin == rendered.origins.end()) return "its line `" + line + "`: " + words;
  const auto where =
      origin->file_line == 0 ? "" : "hapx.yaml, line " + std::to_string(origin->file_line) + ", ";
  return where + origin->place + ", `" + line + "`: " + words;
}

std::string words_of_haproxy(std::string_view output) {
  const auto alerts = collect(output, Which::alerts);
  return alerts.empty() ? collect(output, Which::others) : alerts;
}

}  // namespace hapx::lb_supervisor
