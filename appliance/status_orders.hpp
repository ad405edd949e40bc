// SPDX-License-Identifier: Apache-2.0
// How do standing orders stand in the status?
//
// Their part of the JSON document and of the screen, in a file of its own. Private to the files
// status_*.cpp.
#pragma once

#include <boost/json.hpp>

#include "appliance/status.hpp"

namespace hapx::appliance {

void add_orders(boost::json::object& document, const Status& status);
/// Total; what is not as add_orders wrote it keeps its default.
void read_orders(const boost::json::object& document, Status& status);

}  // namespace hapx::appliance
