// SPDX-License-Identifier: Apache-2.0
// How is a file or a folder of a node something else for a while?
//
// By a mount over it, among the mounts of that node's processes: those are its own under systemd
// and in a lab, so nobody else sees it. What lies below is not touched. There is nothing to put
// back but the mount, and a machine that boots again has forgotten it.
#pragma once

#include <functional>
#include <string>

#include <sys/types.h>

#include "appliance/lab/io/process.hpp"
#include "config/result.hpp"

namespace hapx::appliance::drill {

/// The folder as the process `inside` sees it keeps its files, and takes no byte more.
[[nodiscard]] Result<void> fill_up(const std::string& folder, pid_t inside);

/// The file as the process `inside` sees it says `text` instead, and everybody may read it.
[[nodiscard]] Result<void> cover(const std::string& file, const std::string& text, pid_t inside);

/// Covers the configuration with what is none and has it read (`reload`: what `hapx reload` says
/// there). An Error, and nothing is covered any more, if that is not refused.
[[nodiscard]] Result<void> refuses_nonsense(const std::string& file, pid_t inside,
                                            const std::function<Result<lab::Outcome>()>& reload);

/// As it was before; nothing where it is not covered by us. No failure where `inside` is gone, for
/// its mounts are gone with it. Limit: a path without blanks.
[[nodiscard]] Result<void> uncover(const std::string& path, pid_t inside);

}  // namespace hapx::appliance::drill
