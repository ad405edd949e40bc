// SPDX-License-Identifier: Apache-2.0
// When does another HAProxy take over, and with what?
#include <utility>

#include "lb-supervisor/supervisor.hpp"

namespace hapx::lb_supervisor {

/// From scratch: with what is wanted, and HAProxy's judgement of it first.
void Supervisor::start_what_is_wanted() {
  current_ = wanted_;
  accepted_ = false;
}

/// The text that ran before is none to come back to: it didn't get warm.
void Supervisor::give_up_other_text() {
  if (!runs_what_is_wanted()) start_what_is_wanted();
}

/// An equal text says all: also where the sockets listen.
bool Supervisor::runs_what_is_wanted() const {
  return current_ && wanted_ ? current_->text == wanted_->text : !current_ && !wanted_;
}

void Supervisor::replace(Instant now, Outcome& outcome) {
  replace_at_.reset();
  if (!connected_) return;  // its return leads here again
  if (left_alone()) {
    not_replaced_ = left_alone_for_;
    return;
  }
  if (wanted_accepted_ && amend(now, outcome)) return;
  replacement_.emplace(options_, ++generation_, *wanted_);
  if (wanted_accepted_) {
    replacement_->start(now, outcome);
  } else {
    replacement_->check(now, outcome);
  }
}

void Supervisor::abandon_replacement(Outcome& outcome) {
  if (replacement_) replacement_->abandon(outcome);
  replacement_.reset();
  replace_at_.reset();
  amendment_.reset();
}

Replacement* Supervisor::attempt_of(std::uint64_t generation) {
  return replacement_ && replacement_->generation() == generation ? &*replacement_ : nullptr;
}

void Supervisor::follow_replacement(Instant now, Outcome& outcome) {
  wanted_accepted_ = replacement_->accepted();
  if (const auto next = replacement_->answered()) {
    take_over(*next, now, outcome);
  } else if (const auto failure = replacement_->failure()) {
    replacement_.reset();
    replace_at_ = now + refusal_pace_.failed();
    if (not_replaced_ == *failure) return;
    not_replaced_ = *failure;
    outcome.news.emplace_back(HaproxyNotReplaced{*failure});
  }
}

void Supervisor::take_over(const Process& next, Instant now, Outcome& outcome) {
  const auto old = process_->generation;
  outcome.actions.emplace_back(RetireHaproxy{old, options_.drain_max});
  draining_.insert(old);
  replacement_.reset();
  not_replaced_.clear();
  refusal_pace_.lived();
  ++replacements_;
  process_ = next;
  current_ = wanted_;
  accepted_ = true;
  all_checked_ = false;
  state_ = Warm{now,
                {false, now + options_.probe_interval},
                ProbeRecord(options_.probe_failures_max),
                now + options_.first_ask_interval};
  outcome.actions.emplace_back(AskBackends{next.generation});
  outcome.news.emplace_back(HaproxyReplaced{});
}

// ---- what would HAProxy think of it

/// The keeper asks HAProxy one thing at a time, and what is under way matters more.
Outcome Supervisor::examine(RenderedHaproxy rendered, Instant now) {
  Outcome outcome;
  const bool is_busy = (replacement_ && !replacement_->accepted()) || examination_;
  if (!connected_ || !warm() || is_busy) {
    outcome.news.emplace_back(HaproxyExamined{});
    return outcome;
  }
  outcome.actions.emplace_back(CheckHaproxyConfig{++generation_, rendered.text, rendered.sockets});
  examination_ = Examination{std::move(rendered), generation_, now + options_.check_max};
  return outcome;
}

void Supervisor::end_examination(std::string refusal, Outcome& outcome) {
  examination_.reset();
  outcome.news.emplace_back(HaproxyExamined{std::move(refusal)});
}

}  // namespace hapx::lb_supervisor
