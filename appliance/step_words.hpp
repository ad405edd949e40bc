// SPDX-License-Identifier: Apache-2.0
// How is an event or an action written in one short line?
//
// For the trace of a simulated run, and for a recording that is replayed.
#pragma once

#include <string>

#include "appliance/action.hpp"
#include "appliance/event.hpp"

namespace hapx::appliance {

/// False for what happens in every beat anyway; a trace leaves that out unless asked.
[[nodiscard]] bool is_news(const Event& event);
[[nodiscard]] bool is_news(const Action& action);

[[nodiscard]] std::string describe(const Event& event);
[[nodiscard]] std::string describe(const Action& action);

}  // namespace hapx::appliance
