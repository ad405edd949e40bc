// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/watch_text.hpp"

#include <algorithm>
#include <string_view>

#include "appliance/cli/event_stream.hpp"

namespace hapx::appliance::cli {

namespace {

constexpr std::size_t events_shown = 10;

bool has_failures(const Status& status) {
  return std::ranges::any_of(status.services, [](const ServiceStatus& service) {
    return std::ranges::any_of(service.nodes, [](const ServiceOnNode& place) {
      return place.vip_failures + place.haproxy_failures > 0 || !place.excluded.empty();
    });
  });
}

std::string parted(const std::string& table) {
  return table.empty() ? "" : "\n" + table;
}

}  // namespace

std::string watch_to_text(const Status& status, const std::vector<EventLine>& events, Style style) {
  std::string out = summary_to_text(status, style) + "\n" + members_to_text(status, style);
  if (!status.services.empty()) out += "\n" + services_to_text(status, style);
  out += parted(inactive_to_text(status, style));
  if (!status.orders.empty()) out += "\n" + orders_to_text(status, style);
  out += "\n";
  if (has_failures(status)) {
    out += fail_counts_to_text(status, style);
  } else {
    out += "no failures that count\n";
  }
  if (!status.services.empty()) out += "\n" + backends_to_text(status, style);
  if (!events.empty()) out += "\n" + events_to_text(chosen(events, {}, events_shown), style);
  return out;
}

std::string redrawn(const std::string& page, std::size_t rows) {
  constexpr std::string_view home = "\x1b[H";
  constexpr std::string_view clear_rest_of_line = "\x1b[K";
  constexpr std::string_view clear_below = "\x1b[J";
  std::vector<std::string_view> lines;
  for (std::string_view left = page; !left.empty();) {
    const std::size_t end = std::min(left.find('\n'), left.size());
    lines.push_back(left.substr(0, end));
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  std::string more;
  if (rows > 0 && lines.size() > rows) {
    more = "... and " + std::to_string(lines.size() - (rows - 1)) + " more lines";
    lines.resize(rows - 1);
    lines.push_back(more);
  }
  std::string out(home);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += "\n";
    out.append(lines[i]).append(clear_rest_of_line);
  }
  return out.append(clear_below);
}

}  // namespace hapx::appliance::cli
