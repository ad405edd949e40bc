// SPDX-License-Identifier: Apache-2.0
// What is remembered of a drill?
//
// When it was, of what, how long nobody answered, passed or not: the report's own summary, and no
// more of it. The kept reports are listed by it, and each node of a cluster that was drilled
// remembers the last one, for whoever watches it. Read back as another version wrote it; no file is
// read here.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

#include "config/result.hpp"
#include "config/time.hpp"

namespace hapx::appliance {

struct PastFault {
  std::string name;
  std::size_t runs = 0;
  std::size_t passed = 0;
  Duration outage_median{};
  Duration outage_maximum{};

  friend bool operator==(const PastFault&, const PastFault&) = default;
};

struct PastDrill {
  std::string started;  ///< "2026-11-28T13:36:57Z"; empty: unknown
  std::string lab;      ///< empty: it was this cluster
  std::string plan;
  std::string version;  ///< of hapx
  bool is_passed = false;
  std::vector<PastFault> faults;  ///< one of the same name may stand again, with another objective

  friend bool operator==(const PastDrill&, const PastDrill&) = default;
};

/// What as_json or drill::render_json wrote, also of another version; refuses what is no report.
[[nodiscard]] Result<PastDrill> past_drill_from_json(std::string_view text);
[[nodiscard]] PastDrill past_drill_from(const boost::json::object& report);

[[nodiscard]] boost::json::object as_json(const PastDrill& drill);
[[nodiscard]] std::string to_json(const PastDrill& drill);

/// When it began; nothing for what is no moment between 1970 and 2261.
[[nodiscard]] std::optional<Utc> beginning_of(const PastDrill& drill);

/// Limit: of the faults of a drill that a node remembers; there are fewer kinds.
inline constexpr std::size_t remembered_faults_max = 64;

/// The same of a drill that a node may remember: of a cluster, not of a lab; it says when it began,
/// and its faults are called as faults can be.
[[nodiscard]] Result<PastDrill> remembered_drill_from_json(std::string_view text);

/// One row per fault, in their order. Rows of the same name are one: all their runs, and the
/// outages of the row with the longest.
[[nodiscard]] std::vector<PastFault> by_fault(const PastDrill& drill);

/// "passed: 5 faults, at most 28 ms without an answer".
[[nodiscard]] std::string summary_of(const PastDrill& drill);

}  // namespace hapx::appliance
