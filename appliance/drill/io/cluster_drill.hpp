// SPDX-License-Identifier: Apache-2.0
// How is a drill of a real cluster begun and ended?
//
// hapx.yaml says which cluster it is. The plan is judged by it and by what is reached before
// anybody is called; then each node has its say, and nothing is done while one of them says that
// something is wrong. After the last run they are asked again.
#pragma once

#include <ostream>

#include "appliance/drill/io/verbs.hpp"

namespace hapx::appliance::drill {

/// REQUIRES options.cluster, and an InterruptWatch. Returns the exit status.
int run_on_cluster(const RunOptions& options, std::ostream& out, std::ostream& err);

}  // namespace hapx::appliance::drill
