// SPDX-License-Identifier: Apache-2.0
// The verbs that ask hapxd something, or give it an order.
#pragma once

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"

namespace hapx::appliance::cli {

/// Exits with Health.
int show_status(const GlobalOptions& global, const ShowStatus& verb, const Surroundings& around);
int get(const GlobalOptions& global, const Get& verb, const Surroundings& around);
int why(const GlobalOptions& global, const Why& verb, const Surroundings& around);
/// Exits when the move is done, refused, or nobody knows.
int move(const GlobalOptions& global, const Move& verb, const Surroundings& around);

}  // namespace hapx::appliance::cli
