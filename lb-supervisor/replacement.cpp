// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/replacement.hpp"

#include <algorithm>

#include "lb-supervisor/haproxy_words.hpp"

namespace hapx::lb_supervisor {

void Replacement::check(Instant now, Outcome& outcome) {
  state_ = Checking{now + options_.check_max};
  outcome.actions.emplace_back(CheckHaproxyConfig{generation_, wanted_.text, wanted_.sockets});
}

void Replacement::start(Instant now, Outcome& outcome) {
  accepted_ = true;
  state_ = Starting{now + options_.keeper_answer_max, now + options_.warming_max};
  ask_to_start(outcome);
}

void Replacement::ask_to_start(Outcome& outcome) const {
  outcome.actions.emplace_back(StartHaproxy{generation_, wanted_.text, wanted_.sockets});
}

void Replacement::step(const HaproxyConfigAccepted&, Instant now, Outcome& outcome) {
  if (std::holds_alternative<Checking>(state_)) start(now, outcome);
}

void Replacement::step(const HaproxyConfigRefused& event) {
  if (std::holds_alternative<Checking>(state_)) state_ = Failed{located(event.reason, wanted_)};
}

void Replacement::step(const HaproxyStarted& event, Instant now) {
  if (!std::holds_alternative<Starting>(state_)) return;
  state_ = Warming{
      event.pid, now + options_.warming_max, {false, now + options_.warming_probe_interval}};
}

void Replacement::step(const HaproxyStartFailed& event) {
  if (std::holds_alternative<Starting>(state_)) state_ = Failed{event.reason};
}

void Replacement::step(const HaproxyExited& event) {
  if (std::holds_alternative<Warming>(state_)) state_ = Failed{located(event.how, wanted_)};
}

void Replacement::step(const HaproxyProbed&) {
  if (const auto* warming = std::get_if<Warming>(&state_)) state_ = Answered{warming->pid};
}

void Replacement::step(const HaproxyProbeFailed&, Instant now) {
  if (auto* warming = std::get_if<Warming>(&state_)) {
    warming->probing = {false, now + options_.warming_probe_interval};
  }
}

void Replacement::step(Instant now, Outcome& outcome) {
  if (const auto* checking = std::get_if<Checking>(&state_)) {
    if (now >= checking->until) state_ = Failed{"`haproxy -c` did not answer"};
  } else if (auto* starting = std::get_if<Starting>(&state_)) {
    if (now >= starting->until) {
      abandon(outcome);
      state_ = Failed{"its keeper did not start it"};
    } else if (now >= starting->ask_again) {
      starting->ask_again = now + options_.keeper_answer_max;
      ask_to_start(outcome);
    }
  } else if (auto* warming = std::get_if<Warming>(&state_)) {
    if (now >= warming->until) {
      abandon(outcome);
      state_ = Failed{"it runs, but did not begin to answer"};
    } else if (now >= warming->probing.due) {
      warming->probing = {true, now + options_.probe_answer_max};
      outcome.actions.emplace_back(ProbeHaproxy{generation_});
    }
  }
}

std::optional<Instant> Replacement::next_deadline() const {
  if (const auto* checking = std::get_if<Checking>(&state_)) return checking->until;
  if (const auto* starting = std::get_if<Starting>(&state_)) {
    return std::min(starting->ask_again, starting->until);
  }
  if (const auto* warming = std::get_if<Warming>(&state_)) {
    return std::min(warming->probing.due, warming->until);
  }
  return std::nullopt;
}

void Replacement::abandon(Outcome& outcome) const {
  if (std::holds_alternative<Checking>(state_) || std::holds_alternative<Failed>(state_)) return;
  outcome.actions.emplace_back(KillHaproxy{generation_});
}

std::optional<Process> Replacement::answered() const {
  const auto* answered = std::get_if<Answered>(&state_);
  if (answered == nullptr) return std::nullopt;
  return Process{generation_, answered->pid};
}

std::optional<std::string> Replacement::failure() const {
  const auto* failed = std::get_if<Failed>(&state_);
  if (failed == nullptr) return std::nullopt;
  return failed->reason;
}

}  // namespace hapx::lb_supervisor
