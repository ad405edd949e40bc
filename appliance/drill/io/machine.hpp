// SPDX-License-Identifier: Apache-2.0
// On what is being measured, and when?
//
// A figure without its machine says little: the kernel, the processor, the memory, the versions.
#pragma once

#include <string>

#include "appliance/drill/report.hpp"

namespace hapx::appliance::drill {

/// What can't be found out stays empty. `version`: of hapx.
[[nodiscard]] Machine machine_facts(const std::string& version);

[[nodiscard]] Utc utc_now();

}  // namespace hapx::appliance::drill
