// SPDX-License-Identifier: Apache-2.0
// The verbs that look at files or write them, and ask no hapxd.
#pragma once

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"

namespace hapx::appliance::cli {

int make_key(const MakeKey& verb, const Surroundings& around);
int simulate(const GlobalOptions& global, const Simulate& verb, const Surroundings& around);

}  // namespace hapx::appliance::cli
