// SPDX-License-Identifier: Apache-2.0
// What do `hapx drill run --lab` and `hapx drill list` do?
//
// A drill injects a fault into a real lab, measures what a client sees, and says whether it is as
// promised. If the lab of that name is up it is used and stays up; if not it is built for the drill
// and removed after it, also on Ctrl-C. The report goes to `out`, progress to `err`.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "appliance/lab/io/verbs.hpp"

namespace hapx::appliance::drill {

struct RunOptions {
  lab::UpOptions lab;               ///< which lab, and how to build it where it is not up
  std::vector<std::string> faults;  ///< names as `drill list` prints them; "all" means every one
  unsigned count = 1;               ///< how often each fault is injected, 1 to 100
  lab::Output output = lab::Output::text;
  std::string record_file;  ///< where the report is also written as JSON; empty: nowhere
};

/// 0: every run met its expectation; 1: one did not, or the lab failed; 130: interrupted.
[[nodiscard]] int run_drill(const RunOptions& options, std::ostream& out, std::ostream& err);

/// Prints the names of the faults, each with one sentence.
[[nodiscard]] int list_drills(lab::Output output, std::ostream& out);

}  // namespace hapx::appliance::drill
