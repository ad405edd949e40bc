// SPDX-License-Identifier: Apache-2.0
// What is on the screen of whoever watches the cluster, and how does it get there?
//
// The page has everything in the order in which it is needed when something goes wrong. A screen is
// drawn over the last one line by line, so nothing flickers, and what doesn't fit is counted.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "appliance/journal.hpp"
#include "appliance/status.hpp"

namespace hapx::appliance::cli {

/// Nodes, quorum, services, inactive resources, orders, fail counts, backends, recent events, and
/// why it is degraded. Ends with a newline.
[[nodiscard]] std::string watch_to_text(const Status& status, const std::vector<EventLine>& events,
                                        Style style);

/// Before the first screen: a page of its own without a cursor, long lines are cut.
inline constexpr const char* screen_begins = "\x1b[?1049h\x1b[?25l\x1b[?7l";
/// And after the last: everything as it was.
inline constexpr const char* screen_ends = "\x1b[?7h\x1b[?25h\x1b[?1049l";

/// `page` over what stands there, on so many rows.
[[nodiscard]] std::string redrawn(const std::string& page, std::size_t rows);

}  // namespace hapx::appliance::cli
