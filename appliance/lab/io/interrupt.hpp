// SPDX-License-Identifier: Apache-2.0
// Has somebody pressed Ctrl-C?
//
// While an InterruptWatch lives, SIGINT, SIGTERM and SIGHUP only raise a flag. Everything that
// waits in lab and drill waits by `pause`, which ends early when the flag is up; so whoever built
// something always comes back to the line that removes it.
#pragma once

#include <array>

#include <signal.h>

#include "config/time.hpp"

namespace hapx::appliance::lab {

/// One at a time; puts the former handlers back when it goes.
class InterruptWatch {
 public:
  InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;
  ~InterruptWatch();

 private:
  std::array<struct sigaction, 3> former_{};
};

[[nodiscard]] bool interrupted();

/// Sleeps; false when interrupted before or meanwhile.
bool pause(Duration duration);

}  // namespace hapx::appliance::lab
