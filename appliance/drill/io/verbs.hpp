// SPDX-License-Identifier: Apache-2.0
// What do `hapx drill run`, `list` and `history` do?
//
// A drill injects faults into a cluster, measures what a client sees, and says whether it is as
// promised, and as was asked for. The cluster is a real one, or a lab: if the lab of that name is
// up it is used and stays up; if not it is built for the drill and removed after it, also on
// Ctrl-C. The report goes to `out` (and to files), progress to `err`.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "appliance/drill/io/display.hpp"
#include "appliance/drill/outage.hpp"
#include "appliance/drill/reach.hpp"
#include "appliance/lab/io/verbs.hpp"

namespace hapx::appliance::drill {

/// A plan as it was read from a file.
struct PlanText {
  std::string file;  ///< for the sentences
  std::string text;
};

struct RunOptions {
  std::optional<ClusterOptions> cluster{};  ///< which real cluster; absent: a lab
  lab::UpOptions lab = {};                  ///< which lab, and how to build it where it is not up
  std::optional<PlanText> plan{};     ///< absent: `faults`, and if there is none the default plan
  std::vector<std::string> faults{};  ///< names as `drill list` prints them; "all" means every one
  std::optional<unsigned> count{};    ///< instead of the plan's; not of what stands at one fault
  std::optional<Duration> objective{};  ///< likewise
  std::optional<std::uint64_t> seed{};  ///< likewise
  Duration beat = usual_beat;           ///< between the starts of two requests of the client
  bool is_dry = false;                  ///< tells what would be done, and does nothing
  lab::Output output = lab::Output::text;
  std::string record_file{};  ///< where the report is also written as JSON; empty: nowhere
  std::string junit_file{};   ///< likewise, as JUnit's XML
  std::string html_file{};    ///< likewise, as a page
  std::string state_dir{};    ///< where it is kept, if that is there; empty: nowhere
  std::string version{};      ///< of hapx, for the report
  Screen screen = Screen::none;
};

/// 0: every run met its expectation; 1: one did not, or the place failed, or the plan was refused;
/// 130: interrupted.
[[nodiscard]] int run_drill(const RunOptions& options, std::ostream& out, std::ostream& err);

/// Explains the faults.
[[nodiscard]] int list_drills(lab::Output output, std::ostream& out);

/// Lists the drills that were kept.
[[nodiscard]] int show_history(const std::string& state_dir, lab::Output output, std::ostream& out,
                               std::ostream& err);

}  // namespace hapx::appliance::drill
