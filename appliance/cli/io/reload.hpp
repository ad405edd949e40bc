// SPDX-License-Identifier: Apache-2.0
// How does an operator have a changed file taken, and learn what became of it?
//
// hapxd says what it takes, and ends; the next one begins with the file. The verb returns when that
// one answers.
#pragma once

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"

namespace hapx::appliance::cli {

int reload(const GlobalOptions& global, const Surroundings& around);

}  // namespace hapx::appliance::cli
