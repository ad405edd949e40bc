// SPDX-License-Identifier: Apache-2.0
// How does whoever started a drill see it go on?
//
// On a terminal one line that is drawn over itself, with a bar and the time that is left; anywhere
// else (a file, a pipe, a job of a build server) a plain line for each thing that happens, and none
// twice.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "appliance/drill/plan.hpp"
#include "appliance/drill/progress.hpp"
#include "config/time.hpp"

namespace hapx::appliance::drill {

/// What progress is written to.
enum class Screen {
  none,      ///< it is no terminal
  plain,     ///< a terminal without colours
  coloured,  ///< a terminal
};

class Display {
 public:
  Display(std::ostream& err, Screen screen, const std::vector<Step>& steps, const Timing& timing);

  /// Before the first run and after the last one.
  void say(const std::string& words);
  /// A run begins.
  void begin(const Step& step);
  /// What is being done about it; may be said again and again.
  void tell(const std::string& doing);
  /// It is over; `verdict` in one line.
  void end(const std::string& verdict);

 private:
  void draw();
  void wipe();

  std::ostream& err_;
  Screen screen_;
  std::vector<Duration> expected_;
  std::vector<Duration> taken_;
  Progress now_;
  std::string drawn_;  ///< what stands on the terminal's line
  Instant begun_;
};

}  // namespace hapx::appliance::drill
