// SPDX-License-Identifier: Apache-2.0
// What is put off while HAProxy is left alone, and what begins when that ends?
#include <algorithm>

#include "lb-supervisor/supervisor.hpp"

namespace hapx::lb_supervisor {

Outcome Supervisor::leave_alone(const std::string& reason, Instant now) {
  Outcome outcome;
  if (left_alone_for_ == reason) return outcome;
  left_alone_for_ = reason;
  if (left_alone()) {
    if (!runs_what_is_wanted()) not_replaced_ = reason;
    abandon_replacement(outcome);
    return outcome;
  }
  if (warm()) {
    not_replaced_.clear();
    if (runs_what_is_wanted()) {
      amend(now, outcome);
    } else {
      replace(now, outcome);
    }
  } else if (auto* warming = std::get_if<Warming>(&state_)) {
    warming->until = std::min(warming->until, now + options_.adopted_warming_max);
  } else if (std::holds_alternative<Pausing>(state_)) {
    restart_pace_.lived();
    proceed(now, outcome);
  }
  return outcome;
}

}  // namespace hapx::lb_supervisor
