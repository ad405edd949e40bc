// SPDX-License-Identifier: Apache-2.0
// How do we say it to a person?
//
// Turns one service's scores and choice into sentences, one per node and one for the whole. It
// decides nothing and recomputes nothing: each sentence reads the very terms that decided.
#pragma once

#include <string>
#include <vector>

#include "appliance/scheduler.hpp"
#include "appliance/scheduler_choice.hpp"
#include "appliance/scheduler_present.hpp"
#include "appliance/scheduler_score.hpp"

namespace hapx::appliance {

/// All that the scheduler came to know about one service.
struct Deliberation {
  const Facts& facts;
  const Present& present;
  const ServiceFacts& service;
  const PresentService& running;
  const ServiceScores& scores;
  const Load& load;  ///< as it was when the choice was made
  const Choice& choice;
};

/// In the order of the facts.
[[nodiscard]] std::vector<NodeVerdict> judge_nodes(const Deliberation& deliberation,
                                                   const Placement& placement);

/// One sentence about where the service is when all is done.
[[nodiscard]] std::string explain_placement(const Deliberation& deliberation,
                                            const Placement& placement);

}  // namespace hapx::appliance
