// SPDX-License-Identifier: Apache-2.0
// How much of a node does hapx itself use?
//
// The memory (proportional set size: shared pages count by their share) and the processor time of
// hapxd and both keepers. HAProxy is the service that is managed, not the manager, and is left out.
#pragma once

#include "appliance/drill/report.hpp"
#include "appliance/lab/plan.hpp"
#include "config/result.hpp"

namespace hapx::appliance::drill {

/// Looks for `duration` at a node while nothing is done to it. An Error when hapxd does not run, is
/// replaced meanwhile, or the look is interrupted.
[[nodiscard]] Result<Footprint> measure_footprint(const lab::NodePlan& node, Duration duration);

}  // namespace hapx::appliance::drill
