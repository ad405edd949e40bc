// SPDX-License-Identifier: Apache-2.0
// What do `hapx lab up|status|exec|down` do?
//
// Each verb is one function: options in, an exit code out, words on the streams it is given. They
// look nothing up in the environment and know nothing of command lines. A lab outlives the command
// that built it; `down` finds it again by its name alone, even when `up` was killed half-way.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "appliance/lab/plan.hpp"

namespace hapx::appliance::lab {

/// Exit codes of every verb of lab and drill.
inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;         ///< said on `err` in one sentence
inline constexpr int exit_interrupted = 130;  ///< SIGINT or SIGTERM; everything is cleaned up

struct UpOptions {
  Wishes wishes;         ///< name, nodes, witness, profile, family, links: see plan.hpp
  std::string programs;  ///< folder with hapxd and hapx; empty: the folder of this program
};

enum class Output { text, json };

/// Builds the lab and starts every hapxd; returns when the service is served, or after 15 s with
/// what is missing. On failure or Ctrl-C everything that was built is removed again.
[[nodiscard]] int lab_up(const UpOptions& options, std::ostream& out, std::ostream& err);

/// Says per node whether it has power, its processes and its own view of the service.
[[nodiscard]] int lab_status(const std::string& name, const std::string& programs, Output output,
                             std::ostream& out, std::ostream& err);

/// Runs a command in the namespace of `where` (a node, "client", "apiservers" or "wire") with this
/// process's own input and output; returns the command's exit code. HAPX_SOCKET is set for a node.
[[nodiscard]] int lab_exec(const std::string& name, const std::string& where,
                           const std::vector<std::string>& command, std::ostream& err);

/// Tells a stand-in ("apiserver1", ...) to be "well", "failing" (it answers 500), "hanging" or
/// "dead".
[[nodiscard]] int lab_apiserver(const std::string& name, const std::string& server,
                                const std::string& health, std::ostream& out, std::ostream& err);

/// Ends every process of the lab and removes its namespaces and directories. A lab that is not
/// there is no failure.
[[nodiscard]] int lab_down(const std::string& name, std::ostream& out, std::ostream& err);

}  // namespace hapx::appliance::lab
