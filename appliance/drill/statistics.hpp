// SPDX-License-Identifier: Apache-2.0
// What is typical, what is the worst, and how is it told?
//
// The median and the maximum of a few durations: the only two figures that hapx states.
#pragma once

#include <string>
#include <vector>

#include "config/time.hpp"

namespace hapx::appliance::drill {

/// The middle value, the lower of two; zero when there is none.
[[nodiscard]] Duration median(std::vector<Duration> values);
[[nodiscard]] Duration maximum(const std::vector<Duration>& values);

/// For people: "0.35 ms", "4.2 ms", "276 ms", "1.67 s".
[[nodiscard]] std::string readable(Duration duration);
/// For programs, and for plots.
[[nodiscard]] double milliseconds(Duration duration);

}  // namespace hapx::appliance::drill
