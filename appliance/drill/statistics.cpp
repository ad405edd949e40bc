// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/statistics.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace hapx::appliance::drill {

Duration median(std::vector<Duration> values) {
  if (values.empty()) return Duration::zero();
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

Duration maximum(const std::vector<Duration>& values) {
  return values.empty() ? Duration::zero() : *std::ranges::max_element(values);
}

std::string readable(Duration duration) {
  if (duration < Duration::zero()) return "-" + readable(-duration);
  const double milliseconds = std::chrono::duration<double, std::milli>(duration).count();
  std::array<char, 32> text{};
  if (milliseconds < 1) {
    std::snprintf(text.data(), text.size(), "%.2f ms", milliseconds);
  } else if (milliseconds < 10) {
    std::snprintf(text.data(), text.size(), "%.1f ms", milliseconds);
  } else if (milliseconds < 1000) {
    std::snprintf(text.data(), text.size(), "%.0f ms", milliseconds);
  } else {
    std::snprintf(text.data(), text.size(), "%.2f s", milliseconds / 1000);
  }
  return text.data();
}

}  // namespace hapx::appliance::drill
