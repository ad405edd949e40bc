// SPDX-License-Identifier: Apache-2.0
// When is the arbiter asked for its vote? (LEASE.md, rule 27)
//
// Only where it matters: while the other node votes for what we hold, nobody writes to the arbiter
// at all, and whatever becomes of it costs nothing. It is asked for the keys for which the other
// node's vote is missing, with the beats, and at once when the other one is known to be away. A
// renewal is asked for three times in a lease, and not with every beat.
#include <algorithm>
#include <utility>

#include "membership/member_state.hpp"

namespace hapx::membership {

/// With a beat, or at once.
void Member::State::want_arbiter(const Claim& claim, Instant now) {
  if (!arbiter || !claim.lease.needs(arbiter_voter, now)) return;
  const auto asked = claim.lease.accepted_by(arbiter_voter);
  const bool is_fresh = asked && now - *asked < options.config.timing.lease / 3;
  if (!is_fresh) for_arbiter.insert(claim.lease.key());
}

/// No beat needs to pass before it is asked in the other one's place.
bool Member::State::other_is_away(Instant now) const {
  return std::ranges::none_of(peers, [&](const Peer& peer) {
    return peer.current() && peer.detector().present(now) && peer.hears_us();
  });
}

std::vector<Arbiter::Question> Member::State::questions_for_arbiter(Instant now) {
  std::vector<Arbiter::Question> questions;
  for (Release& release : std::exchange(releases_for_arbiter, {}))
    questions.emplace_back(std::move(release));
  for (const LeaseKey& key : std::exchange(for_arbiter, {})) {
    const auto claim = claims.find(key);
    if (claim == claims.end() || silenced(now)) continue;
    Lease& lease = claim->second.lease;
    if (auto prepare = lease.prepare_for(arbiter_voter))
      questions.emplace_back(*std::move(prepare));
    else if (auto proposal = lease.proposal_for(arbiter_voter, now))
      questions.emplace_back(*std::move(proposal));
  }
  return questions;
}

/// Safety: the instant of a proposal is read here, before the question is built (rule 6).
void Member::State::consult_arbiter(Instant now) {
  if (!arbiter || arbiter->is_busy()) return;
  // What it has must be seen before it can be asked anything.
  std::vector<Arbiter::Question> questions;
  if (arbiter->knows()) questions = questions_for_arbiter(now);
  if (questions.empty() && (left || now < arbiter->next_look())) return;
  actions.emplace_back(arbiter->ask(questions, now));
}

void Member::State::take_arbiter(const ArbiterAnswered& answered, Instant now) {
  if (!arbiter) return;
  Arbiter::Reply reply = arbiter->hear(answered, now);
  for (const Arbiter::Answer& answer : reply.answers) {
    const auto take = [&](const auto& vote) {
      const auto claim = claims.find(vote.key);
      if (claim == claims.end()) return;
      claim->second.lease.answered(arbiter_voter, vote, now);
      note_right(claim->second);
    };
    std::visit(take, answer);
  }
  for_arbiter.merge(reply.again);
  std::ranges::move(reply.releases, std::back_inserter(releases_for_arbiter));
}

/// Without the other one its orders can't be had, and ours are kept here alone.
void Member::State::refresh_arbiter(Instant now) {
  if (!arbiter) return;
  count_record(coordinating(now) && std::ranges::none_of(peers, [&](const Peer& peer) {
                 return peer.detector().present(now);
               }));
  ArbiterView fresh{arbiter->answers(now), arbiter->trouble()};
  if (view.arbiter == fresh) return;
  view.arbiter = std::move(fresh);
  view_changed = true;
}

Outcome Member::step(const ArbiterAnswered& answered, Instant now) {
  state_->pass_time(now);
  state_->take_arbiter(answered, now);
  return state_->finish(now);
}

Outcome Member::step(const ArbiterFailed& failed, Instant now) {
  state_->pass_time(now);
  if (state_->arbiter) state_->arbiter->hear(failed, now);
  return state_->finish(now);
}

std::optional<Duration> Member::arbiter_commits_in() const {
  return state_->arbiter ? state_->arbiter->slowest_commit() : std::nullopt;
}

}  // namespace hapx::membership
