// SPDX-License-Identifier: Apache-2.0
// The verbs of standing orders (standby, online, maintenance, ban, clear), and go-alone.
#pragma once

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"

namespace hapx::appliance::cli {

/// Exits when a majority of the nodes keeps it, or when it is refused, or when nobody can say.
int change_orders(const GlobalOptions& global, const ChangeOrders& verb,
                  const Surroundings& around);
/// Of two nodes: this one waits for the other one no more.
int go_alone(const GlobalOptions& global, const Surroundings& around);

}  // namespace hapx::appliance::cli
