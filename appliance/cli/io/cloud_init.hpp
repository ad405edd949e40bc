// SPDX-License-Identifier: Apache-2.0
// The verbs for machines that don't exist yet: their seeds, and the volumes of these.
#pragma once

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"

namespace hapx::appliance::cli {

int render_seeds(const GlobalOptions& global, const RenderSeeds& verb, const Surroundings& around);
int make_volumes(const GlobalOptions& global, const MakeVolumes& verb, const Surroundings& around);

}  // namespace hapx::appliance::cli
