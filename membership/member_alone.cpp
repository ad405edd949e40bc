// SPDX-License-Identifier: Apache-2.0
// Does evidence stand in for the other one of two? (LEASE.md, rules 24 and 25)
#include <algorithm>
#include <array>
#include <utility>

#include "membership/member_state.hpp"

namespace hapx::membership {

namespace {

/// The memory is of this boot. Nothing is accepted here, and nobody else's promise is in it, unless
/// the other one was heard, or had been heard before.
bool has_met(const PromiseMemory& memory, const NodeName& self) {
  return std::ranges::any_of(memory.promises(), [&](const Promise& promise) {
    const bool of_another = promise.promised.round > 0 && promise.promised.node != self;
    return promise.accepted || !promise.retired.empty() || of_another;
  });
}

/// What says nothing of who is there now: it is a recording, or came from this machine.
bool is_no_sign_of_life(std::string_view reason) {
  using namespace refusal_reason;
  constexpr std::array reasons{replayed, superseded, our_own, our_name};
  return std::ranges::find(reasons, reason) != reasons.end();
}

bool holds_nothing(const NodeReport& report) {
  return std::ranges::all_of(report.services, [](const ServiceReport& service) {
    return service.vip.state == ResourceState::stopped;
  });
}

}  // namespace

/// Safety: with exactly two votes, and no other list in force beside theirs.
const Peer* Member::State::other_of_two() const {
  const bool asked_for = options.config.no_quorum_policy == NoQuorumPolicy::ignore;
  if (!asked_for || peers.size() != 1 || !succession.settled()) return nullptr;
  return &peers.front();
}

void Member::State::note_sign_of_life(const Endpoint& from, std::string_view reason, Instant now) {
  const Peer* other = other_of_two();
  if (other != nullptr && other->way_from(from) && !is_no_sign_of_life(reason)) garbled_at = now;
}

/// Whether it has voted for all that we hold, lately. (It may not hear us any more and not know it
/// yet, or abstain.)
bool Member::State::votes(const NodeName& other, Instant now) const {
  const Duration patience = options.config.timing.heartbeat * 5 / 2;
  return std::ranges::all_of(claims, [&](const auto& entry) {
    const Lease& lease = entry.second.lease;
    if (!lease.right()) return true;
    const auto asked = lease.accepted_by(other);
    return asked && now - *asked <= patience;
  });
}

OtherIs Member::State::other_is(const Peer& other, Instant now) const {
  const Duration lease = options.config.timing.lease;
  const FailureDetector& detector = other.detector();
  if (detector.has_left())
    return now - *detector.last_heard() < lease ? OtherIs::left : OtherIs::silent;
  switch (detector.liveness(now)) {
    case Liveness::alive:
      if (other.hears_us()) return votes(other.node().name, now) ? OtherIs::heard : OtherIs::unsure;
      return deaf_since && now - *deaf_since >= lease && holds_nothing(other.report())
                 ? OtherIs::deaf
                 : OtherIs::unsure;
    case Liveness::suspect:
      return OtherIs::suspect;
    case Liveness::unheard:
    case Liveness::dead:
      break;
  }
  if (garbled_at && now - *garbled_at < lease) return OtherIs::garbled;
  const bool since_start = !detector.last_heard() && now - counting_since < lease;
  return since_start ? OtherIs::suspect : OtherIs::silent;
}

KeyIs Member::State::key_is(const Claim& claim, Instant now) const {
  const LeaseKey& key = claim.lease.key();
  const auto& right = claim.lease.right();
  if (right && now < right->until) return KeyIs::held;
  const Promise* ours = voter.memory().find(key);
  const bool inherited = ours != nullptr && ours->accepted && ours->accepted->session() == self &&
                         now < ours->accepted->expiry;
  if (inherited) return KeyIs::held;
  if (key == LeaseKey::coordinator()) return KeyIs::role;
  return witness.free.contains(key) ? KeyIs::free : KeyIs::unasked;
}

/// Lets the evidence vote, where it may.
void Member::State::weigh(Instant now) {
  const Peer* other = other_of_two();
  if (other == nullptr || left) return;
  if (!other->detector().present(now) || other->hears_us()) {
    deaf_since.reset();
  } else if (!deaf_since) {
    deaf_since = now;
  }
  AloneView fresh;
  fresh.other = other_is(*other, now);
  fresh.met = meeting_waived || (view.alone && view.alone->met);
  if (!fresh.met) fresh.met = other->detector().last_heard() || has_met(voter.memory(), self.node);
  const auto worth_until =
      witness.asked ? *witness.asked + right_of(options.config.timing.lease) : Instant{};
  Evidence evidence{fresh.other, now < worth_until, fresh.met, KeyIs::role};
  if (coordinating(now)) evidence.key = KeyIs::held;
  const Finding finding = judge(evidence);
  fresh.stands_in = finding.stands_in;
  fresh.reason = finding.reason;
  for (auto& [key, claim] : claims) {
    if (silenced(now) || !claim.lease.claimed()) continue;
    evidence.key = key_is(claim, now);
    const Finding found = judge(evidence);
    if (!found.stands_in) continue;
    claim.lease.vouch(other->node().name, *witness.asked, now);
    note_right(claim);
    // Of a holder it is worth knowing why it goes on, though nobody coordinates.
    if (std::exchange(fresh.stands_in, true)) continue;
    fresh.reason = found.reason;
  }
  // Standing orders are kept by both, or by this one while the other can't be asked.
  const bool can_be_asked = fresh.other == OtherIs::heard || fresh.other == OtherIs::suspect;
  count_record(finding.stands_in && !can_be_asked);
  if (view.alone == fresh) return;
  view.alone = fresh;
  view_changed = true;
}

void Member::State::count_record(bool alone) {
  if (std::exchange(acts_alone, alone) == alone) return;
  writer.count_by(alone ? Electorate(std::vector{Votes{{self.node, 1}}}) : succession.electorate());
}

Outcome Member::waive_meeting(Instant now) {
  state_->pass_time(now);
  state_->meeting_waived = true;
  return state_->finish(now);
}

Outcome Member::hear_witness(Witness witness, Instant now) {
  state_->pass_time(now);
  state_->witness = std::move(witness);
  return state_->finish(now);
}

}  // namespace hapx::membership
