// SPDX-License-Identifier: Apache-2.0
// How is an event or an action written in one short line?
//
// For the trace of a simulated run, which is read when a seed has failed.
#pragma once

#include <string>

#include "appliance/action.hpp"
#include "appliance/event.hpp"

namespace hapx::appliance::sim {

/// What happens in every beat anyway is `routine`; a trace leaves it out unless asked.
enum class Weight : std::uint8_t { news, routine };

struct Line {
  Weight weight = Weight::news;
  std::string text;
};

[[nodiscard]] Line describe(const Event& event);
[[nodiscard]] Line describe(const Action& action);

}  // namespace hapx::appliance::sim
