// SPDX-License-Identifier: Apache-2.0
// The verbs of `hapx config`: what a configuration file says, and what it would change.
#pragma once

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"

namespace hapx::appliance::cli {

/// Tells every refusal, each on a line of its own: on stderr, or as a document on stdout.
int check_config(const GlobalOptions& global, const CheckConfig& verb, const Surroundings& around);
int show_config(const GlobalOptions& global, const ShowConfig& verb, const Surroundings& around);
/// Asks hapxd for the configuration that it runs. Exits with exit_differs if the file says another.
int diff_config(const GlobalOptions& global, const DiffConfig& verb, const Surroundings& around);
int show_schema(const GlobalOptions& global, const Surroundings& around);
int render_haproxy(const RenderHaproxy& verb, const Surroundings& around);

}  // namespace hapx::appliance::cli
