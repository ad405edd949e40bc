// SPDX-License-Identifier: Apache-2.0
// The verb for a machine whose hapxd is gone for good.
#pragma once

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"

namespace hapx::appliance::cli {

/// Drops every address that bears hapx's mark and every filter of hapx in this network namespace.
/// Exits with exit_refused if something of it is still there.
int release_all(const GlobalOptions& global, const Surroundings& around);

}  // namespace hapx::appliance::cli
