// SPDX-License-Identifier: Apache-2.0
// How does one run of a drill go?
//
// Wait until all is well, set up the instruments, look at the undisturbed service, do the fault,
// wait until the service is back, undo the fault, wait until all is well again, judge. A run that
// can't be completed says why; the fault is undone in any case.
#pragma once

#include <functional>
#include <string>

#include "appliance/drill/io/place.hpp"
#include "appliance/drill/plan.hpp"
#include "appliance/drill/report.hpp"

namespace hapx::appliance::drill {

/// Told what is being done, in a few words; while something takes its time, the same again.
using Telling = std::function<void(const std::string&)>;

/// Waits at most so long for the service to come back, after what the fault itself takes.
inline constexpr Duration return_patience = std::chrono::seconds(20);

/// How long a run takes where all goes well, about: for whoever tells how much is left.
[[nodiscard]] Duration expected_time(const PlannedFault& planned, const Timing& timing);

[[nodiscard]] Run perform(const Step& step, Place& place, const Telling& tell);

}  // namespace hapx::appliance::drill
