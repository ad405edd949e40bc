// SPDX-License-Identifier: Apache-2.0
// How does the part of the status that is there to be watched over time stand in JSON?
//
// Counts and histograms, which no screen shows but whoever keeps them can compare: addresses,
// takeovers, the loop's lag. An inside of appliance/status_json.cpp, which writes the rest. Reading
// is total: what is missing or of another kind is left at its default.
#pragma once

#include <boost/json.hpp>

#include "appliance/status.hpp"

namespace hapx::appliance {

/// Adds "vips" and "takeovers".
void add_watched(boost::json::object& out, const ServiceStatus& service);
/// Adds "leaseMs", "failoverTimes" and "loopLag".
void add_watched(boost::json::object& out, const Status& status);

/// Who else has claimed this address.
[[nodiscard]] boost::json::array rivals_json(const VipStatus& vip);

void read_watched(const boost::json::object& object, ServiceStatus& service);
void read_watched(const boost::json::object& object, Status& status);

}  // namespace hapx::appliance
