// SPDX-License-Identifier: Apache-2.0
// What happens between fork and exec?
//
// The steps that a child of the lab takes on its way to becoming a machine's process: signals back
// to normal, streams in place, every other descriptor closed, the machine's namespaces entered.
// Used by process.cpp and spawn.cpp only; all of it runs in the child.
#pragma once

#include <string>
#include <vector>

namespace hapx::appliance::lab {

struct Streams {
  int input = -1;  ///< -1: /dev/null
  int output = -1;
  int errors = -1;
};

/// Enters the namespace (none when empty) and becomes the program, with `environment`
/// ("NAME=value") besides ours. Exit code 127 when it can't, with the reason on `errors`.
[[noreturn]] void exec_in(const std::string& netns, const std::vector<std::string>& command,
                          const Streams& streams, const std::vector<std::string>& environment = {});

}  // namespace hapx::appliance::lab
