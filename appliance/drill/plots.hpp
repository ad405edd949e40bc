// SPDX-License-Identifier: Apache-2.0
// How do outages look?
//
// Two plots as SVG, drawn by hand: how the outages of each fault are spread, and one run as time
// went by: which requests of the client were served, which moments the failover had, and which
// machine answered for the address when. Each has a title and a description for those who don't see
// it, and tells by place and shape whatever it tells by colour. The colours are the page's.
#pragma once

#include <cstddef>
#include <string>

#include "appliance/drill/report.hpp"

namespace hapx::appliance::drill {

/// One line a row of rows_of: its runs as points, least to most, the median, what is promised and
/// what was asked for. Empty where nothing was run.
[[nodiscard]] std::string plot_outages(const Report& report);

/// One run. `id`: of the elements, unique in the page.
[[nodiscard]] std::string plot_run(const Run& run, const Report& report, std::size_t id);

}  // namespace hapx::appliance::drill
