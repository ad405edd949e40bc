// SPDX-License-Identifier: Apache-2.0
// What does `hapx drill agent` do on a node?
//
// It is the hand of a drill on a machine that it does not run on, for as long as the drill lasts:
// it asks this node's hapx, does a fault when it is told to, and ends it: when it is told to, when
// the fault has lasted as long as it was to last, and when the line to the drill ends (the runner
// was killed, the ssh was cut, somebody pressed Ctrl-C), whichever comes first. If the agent itself
// is killed, a process that waits for nothing else ends the fault.
//
// Safety: no fault outlives its length or its drill, whoever is killed.
#pragma once

#include <functional>
#include <string>

#include "config/result.hpp"

namespace hapx::appliance::drill {

struct AgentOptions {
  std::string socket;   ///< where this node's hapxd answers; a drill's lock lies beside it
  std::string version;  ///< of hapx
  /// Has hapxd remember a drill (the document that POST /v1/drill takes); what it answers.
  std::function<Result<std::string>(const std::string& document)> remember;
};

/// Reads requests from `in` until its end, and writes the answers to `out`. Returns the exit
/// status.
[[nodiscard]] int run_agent(const AgentOptions& options, int in, int out);

}  // namespace hapx::appliance::drill
