// SPDX-License-Identifier: Apache-2.0
#include "membership/voter.hpp"

#include <algorithm>
#include <utility>

namespace hapx::membership {

Voter::Voter(PromiseMemory memory, std::vector<LeaseKey> wanted, Instant abstain_until)
    : memory_(std::move(memory)), wanted_(std::move(wanted)), abstain_until_(abstain_until) {}

Promise Voter::recalled(const LeaseKey& key) const {
  if (const Promise* known = memory_.find(key)) return *known;
  Promise fresh;
  fresh.key = key;
  return fresh;
}

template <class Answer>
Ballotage<Answer> Voter::stored(Judged<Answer> judged, Instant now) {
  if (!judged.remember) return {std::nullopt, std::move(judged.answer)};
  auto store = memory_.remember(*judged.remember, now, wanted_);
  if (!store) return {};
  return {std::move(store), std::move(judged.answer)};
}

Ballotage<PrepareAnswer> Voter::prepare(const Prepare& prepare, const Session& from, Instant now) {
  if (abstaining(now)) {
    return {
        std::nullopt,
        PrepareAnswer{prepare.key, prepare.ballot, Vote::abstains, {}, {}, abstain_until_ - now}};
  }
  return stored(judge(recalled(prepare.key), prepare, from, now), now);
}

Ballotage<ProposalAnswer> Voter::propose(const Proposal& proposal, const Session& from,
                                         Instant now) {
  if (abstaining(now)) {
    return {std::nullopt, ProposalAnswer{proposal.key,
                                         proposal.ballot,
                                         proposal.sequence,
                                         Vote::abstains,
                                         {},
                                         {},
                                         abstain_until_ - now}};
  }
  return stored(judge(recalled(proposal.key), proposal, from, now), now);
}

std::optional<StorePromise> Voter::release(const Release& release, const Session& from,
                                           Instant now) {
  const Promise before = recalled(release.key);
  const Promise promise = released(before, release, from);
  if (promise == before) return std::nullopt;
  return memory_.remember(promise, now, wanted_);
}

StorePromise Voter::abstain(Instant until) {
  abstain_until_ = std::max(abstain_until_, until);
  return memory_.abstain(until);
}

bool Voter::is_released(const LeaseKey& key, const LeaseTold& told) const {
  const Promise* known = memory_.find(key);
  return known != nullptr && is_retired(*known, told.ballot, told.session());
}

}  // namespace hapx::membership
