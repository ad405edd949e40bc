// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/routes.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <sstream>

namespace hapx::appliance::drill {
namespace {

/// The kernel's table of its own addresses; a route in it answers for one.
constexpr std::array<std::string_view, 4> kernels_types{"local", "broadcast", "multicast",
                                                        "anycast"};
/// Who puts them back by itself: the kernel with an address, a router with its next word.
constexpr std::array<std::string_view, 2> returning{"kernel", "ra"};
constexpr std::array<std::string_view, 4> states{"linkdown", "dead", "offload", "\\"};

template <typename List>
bool is_in(const List& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

/// Empty: it is none that lasts.
std::string lasting(const std::string& line) {
  std::istringstream words(line);
  std::string kept;
  for (std::string word; words >> word;) {
    if (kept.empty() && is_in(kernels_types, word)) return "";
    if (is_in(states, word)) continue;
    if (word == "expires") {
      words >> word;
      continue;
    }
    kept += (kept.empty() ? "" : " ") + word;
    if (word != "proto" || !(words >> word)) continue;
    if (is_in(returning, word)) return "";
    kept += " " + word;
  }
  return kept;
}

}  // namespace

std::vector<std::string> lasting_routes(const std::string& printed) {
  std::istringstream lines(printed);
  std::vector<std::string> routes;
  for (std::string line; std::getline(lines, line);) {
    if (std::string route = lasting(line); !route.empty()) routes.push_back(std::move(route));
  }
  return routes;
}

std::vector<std::string> lost_routes(const std::vector<std::string>& before,
                                     const std::vector<std::string>& now) {
  std::vector<std::string> lost;
  std::ranges::copy_if(before, std::back_inserter(lost),
                       [&](const std::string& route) { return !is_in(now, route); });
  return lost;
}

}  // namespace hapx::appliance::drill
