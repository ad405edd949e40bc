// SPDX-License-Identifier: Apache-2.0
// `hapx status --watch`: the cluster as it is now, and now, and now.
#pragma once

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"

namespace hapx::appliance::cli {

/// On a terminal a screen that is drawn over itself; anywhere else one block after the other. Goes
/// on while hapxd is away, until Ctrl-C.
int watch_status(const GlobalOptions& global, const Surroundings& around);

}  // namespace hapx::appliance::cli
