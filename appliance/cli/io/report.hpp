// SPDX-License-Identifier: Apache-2.0
// The verb that collects what is needed to look into a problem.
//
// Safety: no byte of the key leaves the machine: the key's file is not read, and every text goes
// through cli/secrets on its way into the archive.
#pragma once

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"

namespace hapx::appliance::cli {

/// What can't be had is left out, and named with its reason. Never overwrites a file.
int make_report(const GlobalOptions& global, const Report& verb, const Surroundings& around);

}  // namespace hapx::appliance::cli
