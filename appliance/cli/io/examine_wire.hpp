// SPDX-License-Identifier: Apache-2.0
// The verb that tests the network between this node and another.
#pragma once

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"

namespace hapx::appliance::cli {

/// Exits with doctor::Verdict; with exit_no_answer if nothing could be tested with anybody.
int show_wire(const GlobalOptions& global, const DoctorWire& verb, const Surroundings& around);

}  // namespace hapx::appliance::cli
