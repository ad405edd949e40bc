// SPDX-License-Identifier: Apache-2.0
// How does one run of a drill go?
//
// Wait until all is well, set up the instruments, look at the undisturbed service, do the fault,
// wait until the service is back, undo the fault, wait until all is well again, judge. A run that
// can't be completed says why; the fault is undone in any case.
#pragma once

#include <functional>
#include <string>

#include "appliance/drill/report.hpp"
#include "appliance/lab/io/lab.hpp"

namespace hapx::appliance::drill {

/// Told what is being done, in a few words.
using Progress = std::function<void(const std::string&)>;

[[nodiscard]] Run perform(Fault fault, unsigned number, lab::Lab& lab, const Progress& progress);

}  // namespace hapx::appliance::drill
