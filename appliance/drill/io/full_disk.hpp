// SPDX-License-Identifier: Apache-2.0
// How is a node's state directory filled without filling the machine's disk?
//
// What is in it is copied to a small file system in memory, that one is mounted in its place, and
// filled to its last byte. All this is seen by the node's own processes alone, and goes with them;
// the files on the disk stay as they are.
#pragma once

#include <string>

#include <sys/types.h>

#include "config/result.hpp"

namespace hapx::appliance::drill {

/// `inside`: a process that sees what the node sees.
[[nodiscard]] Result<void> fill(const std::string& folder, pid_t inside);

/// The directory is what it was before. No failure where the processes are gone, and with them what
/// was mounted.
[[nodiscard]] Result<void> empty(const std::string& folder, pid_t inside);

}  // namespace hapx::appliance::drill
