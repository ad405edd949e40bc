// SPDX-License-Identifier: Apache-2.0
// What can be seen of the supervisor?
#include <type_traits>

#include "lb-supervisor/supervisor.hpp"

namespace hapx::lb_supervisor {

std::string to_string(HaproxyState state) {
  switch (state) {
    case HaproxyState::stopped:
      return "stopped";
    case HaproxyState::unreachable:
      return "unreachable";
    case HaproxyState::checking:
      return "checking";
    case HaproxyState::pausing:
      return "pausing";
    case HaproxyState::starting:
      return "starting";
    case HaproxyState::warming:
      return "warming";
    case HaproxyState::warm:
      return "warm";
    case HaproxyState::ending:
      return "ending";
  }
  return "unknown";
}

Fitness Supervisor::fitness() const {
  if (const auto* warm_state = std::get_if<Warm>(&state_)) return warm_state->probes.fitness();
  if (std::holds_alternative<Stopped>(state_)) return {false, "no HAProxy is wanted here"};
  // While it is tried again, what was wrong the last time is still all that is known.
  const auto still = [this](const char* trying) {
    return Fitness{false, last_told_.empty() ? trying : last_told_};
  };
  if (std::holds_alternative<Checking>(state_)) return still("its config is being checked");
  if (std::holds_alternative<Starting>(state_)) return still("it is being started");
  if (std::holds_alternative<Warming>(state_)) return still("it does not answer yet");
  if (const auto* pausing = std::get_if<Pausing>(&state_); pausing && !pausing->until)
    return {false, "it is not started: " + left_alone_for_};
  if (std::holds_alternative<Ending>(state_)) return {false, "it is being ended: " + trouble_};
  return {false, trouble_};
}

SupervisorStatus Supervisor::status() const {
  static_assert(std::is_same_v<std::variant_alternative_t<7, State>, Ending>);
  static_assert(std::variant_size_v<State> == 8 && static_cast<int>(HaproxyState::ending) == 7);
  SupervisorStatus status;
  status.state = static_cast<HaproxyState>(state_.index());
  if (process_) status.pid = process_->pid;
  status.generation = process_ ? process_->generation : generation_;
  status.fitness = fitness();
  status.retries = !last_told_.empty();
  status.draining = draining_.size();
  status.replacements = replacements_;
  status.not_replaced = not_replaced_;
  status.failures = failures_;
  status.starts = starts_;
  status.restarts = restarts_;
  status.backends = backends_;
  for (const auto& [service, count] : counts_) {
    if (const auto settled = count.settled()) status.healthy_api_servers[service] = *settled;
  }
  return status;
}

}  // namespace hapx::lb_supervisor
