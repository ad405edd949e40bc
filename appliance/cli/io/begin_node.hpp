// SPDX-License-Identifier: Apache-2.0
// The verbs that make a node of a machine. They ask nobody and send nothing: file and key travel by
// a way that the operator trusts.
#pragma once

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"

namespace hapx::appliance::cli {

int init(const GlobalOptions& global, const Init& verb, const Surroundings& around);
int join(const GlobalOptions& global, const Join& verb, const Surroundings& around);

}  // namespace hapx::appliance::cli
