// SPDX-License-Identifier: Apache-2.0
// Is there a state that must not be, and what is the shortest way to it?
//
// Breadth first, over every state that the model can get into: so the first violation that is met
// has a shortest story, which is told event by event. States are compared whole, never by a hash
// alone: two different ones are never taken for one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model.hpp"

namespace hapx::membership::explore {

struct Findings {
  std::string scope;
  std::uint64_t states = 0;                       ///< that differ in more than the voters' names
  std::uint64_t transitions = 0;                  ///< events that changed something
  std::uint64_t too_far = 0;                      ///< of these, beyond the bounds
  std::uint64_t acting = 0;                       ///< states in which a fence is open
  std::array<std::uint64_t, contenders> acted{};  ///< of these, whose
  std::uint64_t depth = 0;  ///< events from the first state to the last new one
  bool voters_alike = true;
  bool complete = true;  ///< nothing was left out for want of room
  std::string sizes;
  std::string violation;           ///< empty: none
  std::vector<std::string> story;  ///< the shortest one that leads to it

  [[nodiscard]] std::string words() const;
};

/// Limit: gives up, and says so, after `states_max` states (about 60 bytes each).
[[nodiscard]] Findings explore(const Scope& scope, std::uint64_t states_max);

}  // namespace hapx::membership::explore
