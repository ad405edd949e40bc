// SPDX-License-Identifier: Apache-2.0
// How does one node, or one service, look on a page of its own?
//
// First what it is and how it is doing, then every table in which it stands, then what led there.
// It arranges what hapxd has picked out (appliance/about.hpp).
#pragma once

#include <string>
#include <vector>

#include "appliance/journal.hpp"
#include "appliance/status.hpp"

namespace hapx::appliance::cli {

/// `about` has one member: the node. Ends with a newline.
[[nodiscard]] std::string node_to_text(const Status& about, const std::vector<EventLine>& events,
                                       Style style);

/// `about` has one service. Ends with a newline.
[[nodiscard]] std::string service_to_text(const Status& about, const std::vector<EventLine>& events,
                                          Style style);

}  // namespace hapx::appliance::cli
