// SPDX-License-Identifier: Apache-2.0
// The verbs that ask hapxd something, or give it an order.
#pragma once

#include <string>

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"
#include "appliance/status.hpp"
#include "config/result.hpp"

namespace hapx::appliance::cli {

/// What hapxd says; `json` is how it said it.
[[nodiscard]] Result<Status> ask_status(const GlobalOptions& global, std::string& json);

/// Exits with Health.
int show_status(const GlobalOptions& global, const ShowStatus& verb, const Surroundings& around);
int get(const GlobalOptions& global, const Get& verb, const Surroundings& around);
int why(const GlobalOptions& global, const Why& verb, const Surroundings& around);
/// Exits when the move is done, refused, or nobody knows.
int move(const GlobalOptions& global, const Move& verb, const Surroundings& around);
/// Exits when every node has answered, or has not in time.
int clean_up(const GlobalOptions& global, const CleanUp& verb, const Surroundings& around);

}  // namespace hapx::appliance::cli
