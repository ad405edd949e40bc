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
  const double figure = milliseconds(duration);
  std::array<char, 32> text{};
  if (figure < 1) {
    std::snprintf(text.data(), text.size(), "%.2f ms", figure);
  } else if (figure < 10) {
    std::snprintf(text.data(), text.size(), "%.1f ms", figure);
  } else if (figure < 1000) {
    std::snprintf(text.data(), text.size(), "%.0f ms", figure);
  } else {
    std::snprintf(text.data(), text.size(), "%.2f s", figure / 1000);
  }
  return text.data();
}

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace hapx::appliance::drill
