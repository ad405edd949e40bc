// SPDX-License-Identifier: Apache-2.0
// The verb that shows what hapxd noticed, decided and did: once, or as it happens.
#pragma once

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"

namespace hapx::appliance::cli {

int show_events(const GlobalOptions& global, const ShowEvents& verb, const Surroundings& around);

}  // namespace hapx::appliance::cli
