// SPDX-License-Identifier: Apache-2.0
// How is a drill ordered on the command line?
//
// Reads the plan if there is one, and hands all on to the drill, which knows no command line.
#pragma once

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"
#include "appliance/lab/io/verbs.hpp"

namespace hapx::appliance::cli {

/// Returns the exit status.
int run_drill(const GlobalOptions& global, const DrillRun& verb, const lab::UpOptions& where,
              lab::Output output, const Surroundings& around);

/// Speaks on stdin and stdout. Returns the exit status.
int run_agent(const GlobalOptions& global, const Surroundings& around);

}  // namespace hapx::appliance::cli
