// SPDX-License-Identifier: Apache-2.0
// How does an agent end its machine?
//
// At once and without a word (drill/machine_end says how); the agent ends with it.
#pragma once

#include <functional>

#include "config/result.hpp"

namespace hapx::appliance::drill {

/// What ends this machine when it is called; an Error where that may not be.
[[nodiscard]] Result<std::function<Result<void>()>> power_cut();

}  // namespace hapx::appliance::drill
