// SPDX-License-Identifier: Apache-2.0
// What does `hapx sim` do?
//
// It plays one plot after another until so many are played, somebody presses Ctrl-C, or one of them
// finds something wrong: then it cuts that one short and shows it. Progress goes to `err`.
#pragma once

#include <cstdint>
#include <ostream>

#include "config/time.hpp"

namespace hapx::appliance::sim {

struct SwarmOptions {
  std::uint64_t first_seed = 1;
  std::uint64_t count = 1;
  Duration length = std::chrono::minutes(10);  ///< simulated, of each
  bool trace = false;                          ///< also what happened, line by line
  bool json = false;
  unsigned edition = 0;  ///< of the deeds that are drawn; 0: the newest
};

/// 0: nothing was wrong; 1: something was; 130: interrupted before.
[[nodiscard]] int run_swarm(const SwarmOptions& options, std::ostream& out, std::ostream& err);

}  // namespace hapx::appliance::sim
