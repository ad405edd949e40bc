// SPDX-License-Identifier: Apache-2.0
#include "membership/promise.hpp"

#include <algorithm>
#include <utility>

#include "config/cluster_config.hpp"

namespace hapx::membership {

namespace {

std::optional<LeaseTold> unexpired(const Promise& promise, Instant now) {
  if (!promise.accepted || promise.accepted->expiry <= now) return std::nullopt;
  return LeaseTold{promise.accepted->ballot, promise.accepted->boot,
                   promise.accepted->expiry - now};
}

bool promised_to_another(const Promise& promise, const Session& session, Instant now) {
  const auto lease = unexpired(promise, now);
  return lease && lease->session() != session;
}

/// Of a promise that may be changed, or one that may not.
auto* retired_by(auto& promise, const Session& session) {
  const auto found = std::ranges::find_if(promise.retired, [&](const Retired& retired) {
    return retired.ballot.node == session.node && retired.boot == session.boot;
  });
  return found == promise.retired.end() ? nullptr : &*found;
}

/// Liveness: what the asker has to go above; a voter that has begun anew may have heard of a
/// release before it promised anything.
Ballot highest_refused(const Promise& promise, const Session& session) {
  const Retired* retired = retired_by(promise, session);
  return retired == nullptr ? promise.promised : std::max(promise.promised, retired->ballot);
}

void retire(Promise& promise, const Ballot& ballot, const Session& session) {
  if (Retired* before = retired_by(promise, session)) {
    before->ballot = std::max(before->ballot, ballot);
    return;
  }
  if (promise.retired.size() == retired_max) promise.retired.erase(promise.retired.begin());
  promise.retired.push_back({ballot, session.boot});
}

}  // namespace

bool is_retired(const Promise& promise, const Ballot& ballot, const Session& session) {
  const Retired* retired = retired_by(promise, session);
  return retired != nullptr && ballot <= retired->ballot;
}

/// Safety: with an unexpired lease of another session a prepare leaves the promise as it was, so a
/// disturbed node can't block a healthy holder (LEASE.md, rule 3).
Judged<PrepareAnswer> judge(Promise promise, const Prepare& prepare, const Session& from,
                            Instant now) {
  PrepareAnswer answer{prepare.key, prepare.ballot, Vote::no, {}, {}, Duration{0}};
  answer.promised = highest_refused(promise, from);
  answer.lease = unexpired(promise, now);
  if (promised_to_another(promise, from, now) || prepare.ballot < promise.promised ||
      is_retired(promise, prepare.ballot, from))
    return {std::nullopt, answer};

  answer.vote = Vote::yes;
  answer.promised = prepare.ballot;
  if (promise.promised == prepare.ballot) return {std::nullopt, answer};
  promise.promised = prepare.ballot;
  return {std::move(promise), answer};
}

/// Safety: a key is promised to one session at a time, never by who wrote last (LEASE.md, rule 1),
/// and a promise to the same session is never shortened (rule 2).
Judged<ProposalAnswer> judge(Promise promise, const Proposal& proposal, const Session& from,
                             Instant now) {
  ProposalAnswer answer{proposal.key, proposal.ballot, proposal.sequence, Vote::no, {},
                        {},           Duration{0}};
  answer.promised = highest_refused(promise, from);
  if (promised_to_another(promise, from, now)) {
    answer.lease = unexpired(promise, now);
    return {std::nullopt, answer};
  }
  const bool length_is_sane = proposal.lease > Duration{0} && proposal.lease <= lease_max;
  if (!length_is_sane || proposal.ballot < promise.promised ||
      is_retired(promise, proposal.ballot, from))
    return {std::nullopt, answer};

  Accepted accepted{proposal.ballot, from.boot, proposal.sequence, now + proposal.lease};
  if (promise.accepted && promise.accepted->session() == from) {
    accepted.expiry = std::max(accepted.expiry, promise.accepted->expiry);
    if (promise.accepted->ballot == proposal.ballot)
      accepted.sequence = std::max(accepted.sequence, promise.accepted->sequence);
  }
  promise.accepted = accepted;
  promise.promised = proposal.ballot;
  answer.vote = Vote::yes;
  answer.promised = promise.promised;
  return {std::move(promise), answer};
}

/// Safety: forgets the lease only if it is of the released ballot, and never lowers the promise
/// (LEASE.md, rule 4): a late release can't end what was accepted after it.
Promise released(Promise promise, const Release& release, const Session& from) {
  if (promise.accepted && promise.accepted->session() == from &&
      promise.accepted->ballot == release.ballot)
    promise.accepted.reset();
  retire(promise, release.ballot, from);
  return promise;
}

}  // namespace hapx::membership
