// SPDX-License-Identifier: Apache-2.0
// May a node go on without a majority of the votes?
//
// The part of config/validate.hpp that judges `spec.noQuorumPolicy` and `spec.tieBreaker`. Evidence
// can stand in for one absent vote of exactly two (LEASE.md, rules 24 and 25), and it needs
// somebody to ask.
#pragma once

#include <vector>

#include "config/validate.hpp"

namespace hapx {

/// The broken rules of both keys; the other parts of `config` need not be sound.
[[nodiscard]] std::vector<Finding> validate_quorum(const ClusterConfig& config);

}  // namespace hapx
