// SPDX-License-Identifier: Apache-2.0

#include "config/io/clock.hpp"

#include <ctime>

namespace hapx {

Instant boot_now() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return Instant(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace hapx
