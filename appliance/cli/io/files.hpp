// SPDX-License-Identifier: Apache-2.0
// The verbs that look at files or write them, and ask no hapxd.
#pragma once

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"

namespace hapx::appliance::cli {

/// Tells every refusal, each on a line of its own: on stderr, or as a document on stdout.
int check_config(const GlobalOptions& global, const CheckConfig& verb, const Surroundings& around);
int show_config(const GlobalOptions& global, const ShowConfig& verb, const Surroundings& around);
int render_haproxy(const RenderHaproxy& verb, const Surroundings& around);
int make_key(const MakeKey& verb, const Surroundings& around);
int simulate(const GlobalOptions& global, const Simulate& verb, const Surroundings& around);

}  // namespace hapx::appliance::cli
