// SPDX-License-Identifier: Apache-2.0
// How is a whole drill carried out, wherever it is done?
//
// Which plan is wanted, one run after the other, and what is handed in at the end: the same for a
// lab and for a real cluster. What differs between them is a Place.
#pragma once

#include <functional>
#include <ostream>
#include <variant>
#include <vector>

#include "appliance/drill/io/display.hpp"
#include "appliance/drill/io/verbs.hpp"
#include "appliance/drill/plan.hpp"
#include "appliance/drill/report.hpp"

namespace hapx::appliance::drill {

/// Says it on `err`, and returns the exit status.
int fail(const Error& error, std::ostream& err);
int fail(const std::vector<Error>& refusals, std::ostream& err);

[[nodiscard]] bool wants_all(const std::vector<std::string>& names);

/// The plan that was asked for, by a file or by words, with what the words of the command say of it
/// all. Nobody has judged it yet. "all" means all that `is_done` says.
[[nodiscard]] std::variant<Plan, std::vector<Error>> wanted_plan(
    const RunOptions& options, const ClusterConfig& cluster,
    const std::function<bool(Fault)>& is_done);

/// What the place does not change of a report.
[[nodiscard]] Report empty_report(const Plan& plan, const RunOptions& options, std::string config);

/// Does a step; `is_first`: nothing was done before it.
using Performing = std::function<Run(const Step& step, bool is_first)>;

/// One after the other, until one is interrupted.
void run_all(Report& report, const Plan& plan, const std::vector<Step>& steps,
             const Performing& perform_one, Display& display);

/// Prints it, writes the files that are wanted, and keeps it. Returns the exit status.
int hand_in(const Report& report, const RunOptions& options, std::ostream& out, std::ostream& err);

/// What would be done.
int show_plan(const Plan& plan, const ClusterConfig& cluster, const RunOptions& options,
              std::ostream& out);

}  // namespace hapx::appliance::drill
