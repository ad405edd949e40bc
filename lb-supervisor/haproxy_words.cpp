// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/haproxy_words.hpp"

#include <algorithm>

namespace hapx::lb_supervisor {
namespace {

constexpr std::size_t bytes_max = 500;

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

}  // namespace

std::string words_of_haproxy(std::string_view output) {
  const auto alerts = collect(output, Which::alerts);
  return alerts.empty() ? collect(output, Which::others) : alerts;
}

}  // namespace hapx::lb_supervisor
