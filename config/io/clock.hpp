// SPDX-License-Identifier: Apache-2.0
// What time is it?
//
// Kernel time since boot, with suspend (CLOCK_BOOTTIME): the clock of every Instant. The same for
// all network namespaces of a machine.
#pragma once

#include "config/time.hpp"

namespace hapx {

[[nodiscard]] Instant boot_now();

}  // namespace hapx
