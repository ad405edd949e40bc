// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/supervisor.hpp"

#include <algorithm>
#include <utility>

#include "lb-supervisor/haproxy_words.hpp"
#include "lb-supervisor/runtime_reply.hpp"

namespace hapx::lb_supervisor {

Supervisor::Supervisor(SupervisorOptions options)
    : options_(options),
      restart_pace_(options.restart),
      refusal_pace_(options.refusal),
      look_up_pace_(options.look_up) {}

Outcome Supervisor::start(RenderedHaproxy rendered, Instant now) {
  Outcome outcome;
  if (wanted_ == rendered) return outcome;
  wanted_ = std::move(rendered);
  servers_ = take_apart(wanted_->text);
  amendment_failed_ = false;
  abandon_replacement(outcome);
  not_replaced_.clear();
  wanted_accepted_ = false;
  refusal_pace_.lived();
  restart_pace_.lived();
  last_told_.clear();
  counts_.clear();
  if (warm()) {
    if (!runs_what_is_wanted()) replace(now, outcome);
    return outcome;
  }
  if (left_alone() && process_) return outcome;  // once it is warm, it may be replaced
  start_what_is_wanted();
  // A HAProxy that is being started or ended is waited for: what comes of it leads here again.
  const bool in_flight =
      std::holds_alternative<Starting>(state_) || std::holds_alternative<Ending>(state_);
  if (!in_flight) proceed(now, outcome);
  return outcome;
}

Outcome Supervisor::stop(Instant now) {
  Outcome outcome;
  wanted_.reset();
  abandon_replacement(outcome);
  not_replaced_.clear();
  start_what_is_wanted();
  asked_.clear();
  if (!std::holds_alternative<Starting>(state_) && !std::holds_alternative<Ending>(state_)) {
    proceed(now, outcome);
  }
  return outcome;
}

Outcome Supervisor::serve(const ServiceName& service) {
  Outcome outcome;
  const bool is_new = asked_.insert(service).second;
  if (is_new && warm()) outcome.news.emplace_back(HaproxyServing{service});
  return outcome;
}

void Supervisor::rest(const ServiceName& service) {
  asked_.erase(service);
}

bool Supervisor::serves(const ServiceName& service) const {
  return warm() && asked_.count(service) > 0;
}

// ---- what the keeper tells

Outcome Supervisor::step(const KeeperConnected& event, Instant now) {
  Outcome outcome;
  connected_ = true;
  if (examination_) end_examination({}, outcome);
  replacement_.reset();  // the keeper has ended it
  amendment_.reset();
  replace_at_.reset();
  draining_ = {event.draining.begin(), event.draining.end()};
  const auto& running = event.running;
  const bool same = running && process_ && running->generation == process_->generation &&
                    running->pid == process_->pid;
  if (warm() && same) {
    if (!runs_what_is_wanted()) replace(now, outcome);
    return outcome;
  }
  Duration pause(0);
  if (warm()) {
    tell_failure("it went with its keeper", now, outcome);
    pause = restart_pace_.failed();
  }
  process_.reset();
  if (running) {
    process_ = Process{running->generation, running->pid};
    has_run_ = true;
    is_found_ = true;
    generation_ = std::max(generation_, running->generation);
  }
  for (const auto each : draining_) generation_ = std::max(generation_, each);
  if (running && wanted_) {
    // Whatever its text, it may be serving at this moment.
    current_ = RenderedHaproxy{running->config, running->sockets};
    accepted_ = true;
    become_warming(now, now + options_.adopted_warming_max);
    probe(std::get<Warming>(state_).probing, now, outcome);
  } else {
    proceed_after(pause, now, outcome);
  }
  return outcome;
}

Outcome Supervisor::step(const KeeperLost& event, Instant now) {
  Outcome outcome;
  connected_ = false;
  if (examination_) end_examination({}, outcome);
  replacement_.reset();
  replace_at_.reset();
  amendment_.reset();
  draining_.clear();
  trouble_ = event.reason;
  if (auto* warm_state = std::get_if<Warm>(&state_)) {
    if (!warm_state->probing.under_way) probe(warm_state->probing, now, outcome);
    return outcome;
  }
  process_.reset();
  if (wanted_) {
    state_ = Unreachable{};
  } else {
    state_ = Stopped{};
  }
  return outcome;
}

Outcome Supervisor::step(const HaproxyConfigAccepted& event, Instant now) {
  Outcome outcome;
  if (examination_ && event.generation == examination_->generation) {
    end_examination({}, outcome);
    return outcome;
  }
  if (auto* attempt = attempt_of(event.generation)) {
    if (!attempt->accepted() && amend(now, outcome)) {
      wanted_accepted_ = true;
      replacement_.reset();
      return outcome;
    }
    attempt->step(event, now, outcome);
    follow_replacement(now, outcome);
    return outcome;
  }
  if (!std::holds_alternative<Checking>(state_) || event.generation != generation_) return outcome;
  accepted_ = true;
  refusal_pace_.lived();
  proceed(now, outcome);
  return outcome;
}

Outcome Supervisor::step(const HaproxyConfigRefused& event, Instant now) {
  Outcome outcome;
  if (examination_ && event.generation == examination_->generation) {
    end_examination(located(event.reason, examination_->rendered), outcome);
    return outcome;
  }
  if (auto* attempt = attempt_of(event.generation)) {
    attempt->step(event);
    follow_replacement(now, outcome);
    return outcome;
  }
  if (!std::holds_alternative<Checking>(state_) || event.generation != generation_) return outcome;
  refuse(located(event.reason, *current_), now, outcome);
  return outcome;
}

Outcome Supervisor::step(const HaproxyStarted& event, Instant now) {
  Outcome outcome;
  if (auto* attempt = attempt_of(event.generation)) {
    attempt->step(event, now);
    follow_replacement(now, outcome);
    return outcome;
  }
  if (!std::holds_alternative<Starting>(state_) || event.generation != generation_) return outcome;
  process_ = Process{event.generation, event.pid};
  has_run_ = true;
  if (!wanted_ || !accepted_) {
    proceed(now, outcome);  // the wish changed while it was being started
  } else {
    become_warming(now, now + options_.warming_max);
  }
  return outcome;
}

Outcome Supervisor::step(const HaproxyStartFailed& event, Instant now) {
  Outcome outcome;
  if (auto* attempt = attempt_of(event.generation)) {
    attempt->step(event);
    follow_replacement(now, outcome);
    return outcome;
  }
  if (!std::holds_alternative<Starting>(state_) || event.generation != generation_) return outcome;
  tell_failure(event.reason, now, outcome);
  give_up_other_text();
  proceed_after(restart_pace_.failed(), now, outcome);
  return outcome;
}

Outcome Supervisor::step(const HaproxyExited& event, Instant now) {
  Outcome outcome;
  draining_.erase(event.generation);
  if (auto* attempt = attempt_of(event.generation)) {
    attempt->step(event);
    follow_replacement(now, outcome);
    return outcome;
  }
  if (!process_ || event.generation != process_->generation) return outcome;
  process_.reset();
  if (const auto* ending = std::get_if<Ending>(&state_)) {
    proceed_after(ending->pause, now, outcome);
  } else if (warm() || std::holds_alternative<Warming>(state_)) {
    tell_failure(warm() || !current_ ? event.how : located(event.how, *current_), now, outcome);
    abandon_replacement(outcome);
    if (!warm()) give_up_other_text();
    proceed_after(restart_pace_.failed(), now, outcome);
  }
  // Else it was one that was to be replaced: that goes on as it was.
  return outcome;
}

// ---- what the probe and HAProxy tell

Outcome Supervisor::step(const HaproxyProbed& event, Instant now) {
  Outcome outcome;
  if (auto* attempt = attempt_of(event.generation)) {
    attempt->step(event);
    follow_replacement(now, outcome);
    return outcome;
  }
  if (!process_ || event.generation != process_->generation) return outcome;
  if (std::holds_alternative<Warming>(state_)) {
    become_warm(now, outcome);
  } else if (auto* warm_state = std::get_if<Warm>(&state_)) {
    warm_state->probes.answered();
    warm_state->probing = {false, now + options_.probe_interval};
  }
  return outcome;
}

Outcome Supervisor::step(const HaproxyProbeFailed& event, Instant now) {
  Outcome outcome;
  if (auto* attempt = attempt_of(event.generation)) {
    attempt->step(event, now);
    follow_replacement(now, outcome);
    return outcome;
  }
  if (process_ && event.generation == process_->generation) {
    probe_failed(event.reason, now, outcome);
  }
  return outcome;
}

// ---- time

Outcome Supervisor::step(Instant now) {
  Outcome outcome;
  settle(now, outcome);
  if (examination_ && now >= examination_->until) end_examination({}, outcome);
  if (const auto* checking = std::get_if<Checking>(&state_)) {
    if (now >= checking->until) refuse("`haproxy -c` did not answer", now, outcome);
  } else if (const auto* pausing = std::get_if<Pausing>(&state_)) {
    if (pausing->until && now >= *pausing->until) proceed(now, outcome);
  } else if (auto* starting = std::get_if<Starting>(&state_)) {
    if (now >= starting->ask_again) step_starting(*starting, now, outcome);
  } else if (auto* ending = std::get_if<Ending>(&state_)) {
    if (now >= ending->ask_again) {
      ending->ask_again = now + options_.keeper_answer_max;
      outcome.actions.emplace_back(KillHaproxy{process_->generation});
    }
  } else if (auto* warming = std::get_if<Warming>(&state_)) {
    if (now >= warming->until) {
      tell_failure("it runs, but did not begin to answer", now, outcome);
      if (!left_alone()) give_up_other_text();
      give_up_process(now, outcome);
    } else {
      step_probing(warming->probing, now, outcome);
    }
  } else if (auto* warm_state = std::get_if<Warm>(&state_)) {
    if (now >= warm_state->next_ask) {
      warm_state->next_ask = now + (amendment_     ? options_.amend_ask_interval
                                    : all_checked_ ? options_.ask_interval
                                                   : options_.first_ask_interval);
      outcome.actions.emplace_back(AskBackends{process_->generation});
    }
    step_probing(warm_state->probing, now, outcome);
    if (replacement_) {
      replacement_->step(now, outcome);
      follow_replacement(now, outcome);
    } else if (replace_at_ && now >= *replace_at_) {
      replace(now, outcome);
    } else if (amendment_ && now >= amendment_->until) {
      amendment_.reset();
      amendment_failed_ = true;
      replace(now, outcome);
    }
  }
  return outcome;
}

std::optional<Instant> Supervisor::next_deadline() const {
  std::optional<Instant> next;
  const auto add = [&next](Instant instant) { next = next ? std::min(*next, instant) : instant; };
  if (const auto* checking = std::get_if<Checking>(&state_)) add(checking->until);
  if (const auto* pausing = std::get_if<Pausing>(&state_); pausing && pausing->until)
    add(*pausing->until);
  if (const auto* starting = std::get_if<Starting>(&state_)) add(starting->ask_again);
  if (const auto* ending = std::get_if<Ending>(&state_)) add(ending->ask_again);
  if (const auto* warming = std::get_if<Warming>(&state_)) {
    add(warming->probing.due);
    add(warming->until);
  }
  if (const auto* warm_state = std::get_if<Warm>(&state_)) {
    add(warm_state->probing.due);
    add(warm_state->next_ask);
    if (replace_at_) add(*replace_at_);
    if (amendment_) add(amendment_->until);
  }
  if (examination_) add(examination_->until);
  if (replacement_) {
    if (const auto deadline = replacement_->next_deadline()) add(*deadline);
  }
  for (const auto& [service, count] : counts_) {
    if (const auto deadline = count.next_deadline()) add(*deadline);
  }
  return next;
}

// ---- changes of state

/// The next step towards what is wanted, from what is known.
void Supervisor::proceed(Instant now, Outcome& outcome) {
  if (!connected_) {
    process_.reset();
    if (wanted_) {
      state_ = Unreachable{};
    } else {
      state_ = Stopped{};
    }
  } else if (wanted_ && left_alone()) {
    state_ = Pausing{std::nullopt};
  } else if (wanted_ && !accepted_) {
    become_checking(now, outcome);
  } else if (process_) {
    trouble_ = "another config is wanted";
    become_ending(Duration(0), now, outcome);
  } else if (wanted_) {
    become_starting(now, outcome);
  } else {
    state_ = Stopped{};
  }
}

void Supervisor::proceed_after(Duration pause, Instant now, Outcome& outcome) {
  if (pause > Duration(0) && wanted_ && connected_) {
    state_ = Pausing{now + pause};
  } else {
    proceed(now, outcome);
  }
}

void Supervisor::become_checking(Instant now, Outcome& outcome) {
  ++generation_;
  state_ = Checking{now + options_.check_max};
  outcome.actions.emplace_back(CheckHaproxyConfig{generation_, current_->text, current_->sockets});
}

void Supervisor::become_starting(Instant now, Outcome& outcome) {
  is_found_ = false;
  ++generation_;
  ++starts_;
  if (has_run_) ++restarts_;
  state_ = Starting{now + options_.keeper_answer_max};
  outcome.actions.emplace_back(StartHaproxy{generation_, current_->text, current_->sockets});
}

void Supervisor::become_warming(Instant now, Instant until) {
  state_ = Warming{now, until, {false, now + options_.warming_probe_interval}};
}

void Supervisor::become_warm(Instant now, Outcome& outcome) {
  all_checked_ = false;
  last_told_.clear();
  state_ = Warm{now,
                {false, now + options_.probe_interval},
                ProbeRecord(options_.probe_failures_max),
                now + options_.first_ask_interval};
  outcome.actions.emplace_back(AskBackends{process_->generation});
  outcome.news.emplace_back(HaproxyReady{});
  for (const auto& service : asked_) outcome.news.emplace_back(HaproxyServing{service});
  const bool is_found = std::exchange(is_found_, false);
  if (!runs_what_is_wanted()) {
    replace(now, outcome);
  } else if (is_found && !left_alone()) {
    // Its servers may have been changed since it began.
    amend(now, outcome);
  }
}

void Supervisor::become_ending(Duration pause, Instant now, Outcome& outcome) {
  abandon_replacement(outcome);
  state_ = Ending{now + options_.keeper_answer_max, pause};
  outcome.actions.emplace_back(KillHaproxy{process_->generation});
}

/// It runs and does not answer: it is ended, or waited for if it is left alone.
void Supervisor::give_up_process(Instant now, Outcome& outcome) {
  if (left_alone()) {
    become_warming(now, now + options_.warming_max);
  } else {
    become_ending(restart_pace_.failed(), now, outcome);
  }
}

/// The news of it; the state is the caller's business.
void Supervisor::tell_failure(const std::string& how, Instant now, Outcome& outcome) {
  trouble_ = how;
  if (const auto* warm_state = std::get_if<Warm>(&state_)) {
    ++failures_;
    if (now - warm_state->since >= options_.short_life) restart_pace_.lived();
    outcome.news.emplace_back(HaproxyFailed{how, {asked_.begin(), asked_.end()}});
  } else if (how != last_told_) {
    last_told_ = how;
    outcome.news.emplace_back(HaproxyNotReady{how});
  }
}

void Supervisor::refuse(const std::string& reason, Instant now, Outcome& outcome) {
  tell_failure(reason, now, outcome);
  proceed_after(refusal_pace_.failed(), now, outcome);
}

void Supervisor::probe(Probing& probing, Instant now, Outcome& outcome) {
  probing = {true, now + options_.probe_answer_max};
  outcome.actions.emplace_back(ProbeHaproxy{process_->generation});
}

void Supervisor::step_probing(Probing& probing, Instant now, Outcome& outcome) {
  if (now < probing.due) return;
  if (probing.under_way) {
    probe_failed("no answer", now, outcome);
  } else {
    probe(probing, now, outcome);
  }
}

void Supervisor::probe_failed(const std::string& reason, Instant now, Outcome& outcome) {
  if (auto* warming = std::get_if<Warming>(&state_)) {
    const bool is_young = now - warming->since < std::chrono::seconds(1);
    warming->probing = {
        false, now + (is_young ? options_.warming_probe_interval : options_.probe_interval)};
    return;
  }
  auto* warm_state = std::get_if<Warm>(&state_);
  if (warm_state == nullptr) return;
  warm_state->probes.failed(reason);
  warm_state->probing = {false, now + options_.probe_retry};
  if (!connected_) {
    tell_failure("it went with its keeper (" + trouble_ + "; " + reason + ")", now, outcome);
    process_.reset();
    replacement_.reset();
    state_ = Unreachable{};
  } else if (!warm_state->probes.fitness().fit) {
    tell_failure("frozen: " + warm_state->probes.fitness().reason, now, outcome);
    give_up_process(now, outcome);
  }
}

/// The keeper has not answered: it is asked again, or told that nothing is wanted any more.
void Supervisor::step_starting(Starting& starting, Instant now, Outcome& outcome) {
  if (wanted_) {
    starting.ask_again = now + options_.keeper_answer_max;
    outcome.actions.emplace_back(StartHaproxy{generation_, current_->text, current_->sockets});
  } else {
    outcome.actions.emplace_back(KillHaproxy{generation_});
    state_ = Stopped{};
  }
}

}  // namespace hapx::lb_supervisor
