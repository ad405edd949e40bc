// SPDX-License-Identifier: Apache-2.0
// May this cluster be drilled now?
//
// A drill takes away on purpose what must then not be missed. So nothing is drilled while a node
// says that something is wrong already, or while nobody could take over. What a node says is its
// status; why not is one sentence.
#pragma once

#include <string>

#include "appliance/status.hpp"
#include "config/ids.hpp"

namespace hapx::appliance::drill {

/// Why not, as the node of this status sees it; empty: it may. Where the cluster has one node alone
/// that may hold the service, nobody is missed.
[[nodiscard]] std::string hindrance_in(const Status& status, const ServiceName& service);

}  // namespace hapx::appliance::drill
