// SPDX-License-Identifier: Apache-2.0
// Which drills were there, and what came of them?
//
// The reports that a machine has kept (STATE/drills, one JSON document each), read back as far as a
// list of them needs (appliance/past_drill). How they are named, so that their names stand in the
// order of time, and which are too old to be kept, is said here, too. It reads no file.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "appliance/drill/report.hpp"
#include "appliance/past_drill.hpp"

namespace hapx::appliance::drill {

/// Limit: so many reports are kept; a new one pushes the oldest out.
inline constexpr std::size_t reports_kept_max = 50;
/// Limit: a larger file is no report of ours; one of a thousand runs has less.
inline constexpr std::size_t report_bytes_max = 8 * 1024 * 1024;

/// "20261128T133657Z-weekly.json". Nothing for a report that does not say when it began.
[[nodiscard]] std::optional<std::string> file_name_of(const Report& report);

/// Whether a file of that name is a kept report.
[[nodiscard]] bool is_report_name(std::string_view name);

/// Of these names those that are too many, the oldest first.
[[nodiscard]] std::vector<std::string> too_old(std::vector<std::string> names);

/// A table, the newest last.
[[nodiscard]] std::string history_as_text(const std::vector<PastDrill>& drills);
[[nodiscard]] std::string history_as_json(const std::vector<PastDrill>& drills);

}  // namespace hapx::appliance::drill
