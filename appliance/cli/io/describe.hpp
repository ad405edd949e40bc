// SPDX-License-Identifier: Apache-2.0
// The verbs that show all about one thing, and the failures of services.
#pragma once

#include <string>

#include "appliance/about.hpp"
#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"
#include "config/result.hpp"

namespace hapx::appliance::cli {

/// Of an answer that is none, an Error of kind unavailable: it is no refusal of hapxd's.
[[nodiscard]] Result<Told> read_told(const std::string& body);

int describe(const GlobalOptions& global, const Describe& verb, const Surroundings& around);
int show_fail_counts(const GlobalOptions& global, const ShowFailCounts& verb,
                     const Surroundings& around);

}  // namespace hapx::appliance::cli
