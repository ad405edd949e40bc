// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/aligned.hpp"

#include <algorithm>
#include <cstddef>

namespace hapx::appliance::drill {

std::string aligned(const std::vector<std::vector<std::string>>& lines) {
  std::vector<std::size_t> widths(lines.front().size());
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string text;
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      text += line[i];
      if (i + 1 < line.size()) text.append(widths[i] - line[i].size() + 2, ' ');
    }
    text += "\n";
  }
  return text;
}

}  // namespace hapx::appliance::drill
