// SPDX-License-Identifier: Apache-2.0
// How far is a drill, and how long does it still take?
//
// One line for a terminal: a bar, which run this is, the fault and what is being done about it, and
// about how much time is left. What a run is expected to take is corrected by what those before it
// have taken. It knows no terminal and no clock.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "config/time.hpp"

namespace hapx::appliance::drill {

struct Progress {
  std::size_t done = 0;   ///< runs that are over
  std::size_t total = 0;  ///< all runs
  std::string fault;      ///< "power-loss 2/5"
  std::string doing;      ///< "struck"
  std::optional<Duration> left;
};

/// Whether the bar may be coloured.
enum class Paint { plain, coloured };

/// At most `columns` wide, without a newline.
[[nodiscard]] std::string progress_line(const Progress& progress, std::size_t columns, Paint paint);

/// About how long the rest takes. `expected`: of every run, in order; `taken`: of those that are
/// over, likewise; `elapsed`: of the one that is under way.
[[nodiscard]] Duration time_left(const std::vector<Duration>& expected,
                                 const std::vector<Duration>& taken, Duration elapsed);

/// "1m20s", "45s": whole seconds, and above a minute whole tens of them.
[[nodiscard]] std::string roughly(Duration duration);

}  // namespace hapx::appliance::drill
