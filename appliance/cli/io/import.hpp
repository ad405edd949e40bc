// SPDX-License-Identifier: Apache-2.0
// The verb that reads what another system was told, and writes a hapx.yaml. It asks nobody.
#pragma once

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"

namespace hapx::appliance::cli {

int import_files(const GlobalOptions& global, const Import& verb, const Surroundings& around);

}  // namespace hapx::appliance::cli
