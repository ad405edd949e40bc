// SPDX-License-Identifier: Apache-2.0
// How does an operator read why a service is where it is?
//
// The reason of the placement in force first, then what each node is to the service and how it came
// here last, then what led there. It only arranges what hapxd said.
#pragma once

#include <string>
#include <vector>

#include "appliance/journal.hpp"
#include "appliance/status.hpp"

namespace hapx::appliance::cli {

/// What each node is to the service: a table; empty if no node may hold anything.
[[nodiscard]] std::string places_to_text(const ServiceStatus& service, Style style);

/// Ends with a newline.
[[nodiscard]] std::string why_to_text(const Status& status, const std::vector<EventLine>& events,
                                      Style style);

}  // namespace hapx::appliance::cli
