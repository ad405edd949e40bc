// SPDX-License-Identifier: Apache-2.0
// What does each verb of `hapx` do?
//
// Carries one Command out: asks hapxd, or looks at a file, or hands on to the lab. The answer goes
// to `out`, every complaint as one sentence to `err`, and what happened is the exit status.
#pragma once

#include <ostream>
#include <string>

#include "appliance/cli/hapx_words.hpp"
#include "appliance/table.hpp"

namespace hapx::appliance::cli {

/// Where a verb speaks.
struct Surroundings {
  std::ostream& out;
  std::ostream& err;
  Style style;
  std::string version;
  bool is_terminal = false;      ///< `out` can be drawn on, and not only written to
  bool is_err_terminal = false;  ///< likewise `err`
  Colour err_colour = Colour::never;
};

/// Returns the exit status.
[[nodiscard]] int run(const Command& command, const Surroundings& around);

}  // namespace hapx::appliance::cli
