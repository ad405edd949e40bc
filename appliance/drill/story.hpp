// SPDX-License-Identifier: Apache-2.0
// What does the next holder itself say of the failover?
//
// Its journal has a phase (appliance/phase.hpp) at most entries of a failover, and the time of day.
// Here they become moments after the fault, to stand beside what is seen from outside. It is the
// story of one machine, by its own wall clock, to a millisecond.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "appliance/drill/report.hpp"
#include "config/time.hpp"

namespace hapx::appliance::drill {

struct JournalMoment {
  std::string phase;  ///< empty: none
  std::string at;     ///< "2026-11-28T13:36:57.123Z"
};

/// The instant that the text names; nothing for any other text.
[[nodiscard]] std::optional<Utc> moment_of(std::string_view text);

/// The first of each phase from the fault to `until` after it, in the order of time.
[[nodiscard]] std::vector<Phase> story_of(const std::vector<JournalMoment>& journal, Utc struck,
                                          Duration until);

}  // namespace hapx::appliance::drill
