// SPDX-License-Identifier: Apache-2.0
#include "appliance/hooks/round.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "config/wording.hpp"

namespace hapx::appliance::hooks {

namespace {

/// 1 s, 2 s, 4 s, 8 s.
Duration pause_after(unsigned tries) {
  return std::chrono::seconds(1U << (tries - 1));
}

/// The journal counts it instead of keeping it once more.
bool is_again(const EventLine& before, const EventLine& event) {
  return before.number == event.number && before.kind == event.kind &&
         before.service == event.service && before.sentence == event.sentence;
}

}  // namespace

Round::Round(const HookConfig& hook) : name_(hook.name) {
  for (const EventKind kind : hook.events) kinds_.emplace_back(to_string(kind));
}

void Round::add(const EventLine& event) {
  if (std::ranges::find(kinds_, event.kind) == kinds_.end()) return;
  // What was begun stays the first: somebody will say what became of it, and its pause goes on.
  const std::size_t begun = is_under_way_ || tries_ > 0 ? 1 : 0;
  if (waiting_.size() > begun && is_again(waiting_.back(), event)) waiting_.pop_back();
  waiting_.push_back(event);
  if (waiting_.size() <= waiting_max) return;
  waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(begun));
  ++left_out_;
}

void Round::take_over(Round& before) {
  left_out_ += std::exchange(before.left_out_, 0);
  for (const EventLine& event : std::exchange(before.waiting_, {})) add(event);
  before.is_under_way_ = false;
}

std::optional<Round::Telling> Round::next(Instant now) {
  if (is_under_way_ || waiting_.empty() || (not_before_ && now < *not_before_)) return std::nullopt;
  is_under_way_ = true;
  told_of_ = left_out_;
  return Telling{waiting_.front(), left_out_};
}

std::optional<Instant> Round::due() const {
  if (is_under_way_ || waiting_.empty()) return std::nullopt;
  return not_before_.value_or(Instant{});
}

std::string Round::ended(const Told& told, Instant now) {
  if (!is_under_way_) return {};  // another round has taken over
  is_under_way_ = false;
  ++tries_;
  const std::string event = "hook " + name_ + ": " + waiting_.front().kind + ": ";
  if (told.how == Told::How::not_reached && tries_ < tries_max) {
    const Duration pause = pause_after(tries_);
    not_before_ = now + pause;
    return event + told.sentence + "; trying again in " + hapx::to_string(pause);
  }
  const bool is_done = told.how == Told::How::done;
  const unsigned tries = tries_;
  waiting_.pop_front();
  tries_ = 0;
  not_before_.reset();
  if (!is_done) {
    ++left_out_;
    return event + told.sentence + "; not told" +
           (tries > 1 ? " after " + counted(tries, "attempt") : std::string()) + ", " +
           counted(left_out_, "event") + " left out by now";
  }
  left_out_ -= told_of_;
  return event + "told" +
         (told_of_ > 0 ? ", and that " + counted(told_of_, "event") + " before it were left out"
                       : std::string());
}

}  // namespace hapx::appliance::hooks
