// SPDX-License-Identifier: Apache-2.0
// When does the HAProxy that runs take other servers, and when are they all there?
#include <algorithm>
#include <utility>

#include "lb-supervisor/supervisor.hpp"

namespace hapx::lb_supervisor {

/// Begins to bring the servers of what runs in line with those that are wanted, if that is all that
/// is to be done, and tells whether it is.
bool Supervisor::amend(Instant now, Outcome& outcome) {
  if (amendment_failed_ || !servers_ || !current_) return false;
  const auto running = take_apart(current_->text);
  if (!running || !can_become(*running, *servers_)) return false;
  amendment_ = Amendment{now + options_.amend_max, false};
  std::get<Warm>(state_).next_ask = now + options_.amend_ask_interval;
  outcome.actions.emplace_back(AskBackends{process_->generation});
  return true;
}

/// HAProxy's own word tells what is left to do, and when it has all that is wanted. What is not
/// wanted any more goes by and by.
void Supervisor::follow_amendment(const std::vector<BackendHealth>& told, Instant now,
                                  Outcome& outcome) {
  if (!servers_ || left_alone() || (!amendment_ && !runs_what_is_wanted())) return;
  auto changes = changes_towards(*servers_, told);
  const auto is_missing = [](const ServerChange& change) {
    return change.kind == ServerChange::Kind::add || change.kind == ServerChange::Kind::ready;
  };
  if (!amendment_) {
    std::erase_if(changes, is_missing);  // somebody's hand, until the next amendment
  } else if (std::ranges::none_of(changes, is_missing)) {
    const bool changed = amendment_->changed || !changes.empty();
    amendment_.reset();
    current_ = wanted_;
    accepted_ = true;
    not_replaced_.clear();
    refusal_pace_.lived();
    if (changed) outcome.news.emplace_back(HaproxyAmended{});
  } else {
    amendment_->changed = true;
    std::get<Warm>(state_).next_ask = now + options_.amend_ask_interval;
  }
  if (!changes.empty())
    outcome.actions.emplace_back(AmendHaproxy{process_->generation, std::move(changes)});
}

}  // namespace hapx::lb_supervisor
