// SPDX-License-Identifier: Apache-2.0
// What would the scheduler do if ...?
//
// A scenario is a YAML file that tells a cluster's options, its nodes, its services and what runs
// and has failed where; `hapx simulate` answers it. Here its text becomes the scheduler's facts,
// and the schedule becomes JSON or text. Strict: an unknown key, an unknown node or a value out of
// range is refused with its place in the file. The keys `name`, `kind`, `why` and `expect` are for
// tests and people, and are not looked into.
#pragma once

#include <string>
#include <string_view>

#include "appliance/scheduler.hpp"
#include "appliance/scheduler_facts.hpp"
#include "config/result.hpp"

namespace hapx::appliance {

/// `file` is only for the sentence: "scenario.yaml:7:14: ...".
[[nodiscard]] Result<Facts> parse_scenario(std::string_view text, std::string_view file);

/// {"placement": {...}, "actions": [...], "why": {...}}, one line with its newline. A service's
/// placement is a node, null, or {"vip": ..., "haproxy": ...} where the two differ.
[[nodiscard]] std::string to_json(const Schedule& schedule);

/// For people: each service with its reason, its actions and every node's verdict.
[[nodiscard]] std::string to_text(const Schedule& schedule);

}  // namespace hapx::appliance
