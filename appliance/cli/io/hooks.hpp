// SPDX-License-Identifier: Apache-2.0
// The verbs that tell hooks of events.
#pragma once

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"

namespace hapx::appliance::cli {

/// Follows hapxd's events and tells the file's hooks of them, until SIGINT or SIGTERM. A changed
/// file is taken within some seconds; a bad one is complained of, and what runs goes on.
int run_hooks(const GlobalOptions& global, const RunHooks& verb, const Surroundings& around);

/// Tells one hook of something that has not happened.
int try_hook(const GlobalOptions& global, const TryHook& verb, const Surroundings& around);

}  // namespace hapx::appliance::cli
