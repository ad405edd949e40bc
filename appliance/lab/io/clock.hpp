// SPDX-License-Identifier: Apache-2.0
// What time is it in the lab?
//
// CLOCK_BOOTTIME, the clock in which hapx's own instants are told. All namespaces of one machine
// share it, so the instants of every instrument can be compared.
#pragma once

#include "config/time.hpp"

namespace hapx::appliance::lab {

[[nodiscard]] Instant boot_now();

}  // namespace hapx::appliance::lab
