// SPDX-License-Identifier: Apache-2.0
// Is a drill under way on this machine already?
//
// A file in the run directory that the kernel lets only one process lock. It says who that is, and
// since when. The lock goes with the last process that has it: with the agent, and with whoever
// undoes its fault when it is gone.
#pragma once

#include <string>

#include "config/io/descriptor.hpp"
#include "config/result.hpp"

namespace hapx::appliance::drill {

/// Held while the Descriptor is open. `run_dir`: hapxd's.
[[nodiscard]] Result<Descriptor> take_drill_lock(const std::string& run_dir);

}  // namespace hapx::appliance::drill
