// SPDX-License-Identifier: Apache-2.0
#include "membership/lease.hpp"

#include <algorithm>
#include <utility>

namespace hapx::membership {

namespace {

/// Answers to older sequences come too late to be worth anything.
constexpr std::size_t sent_max = 64;
constexpr unsigned collisions_max = 4;
/// A voter that still holds a promise under an older ballot than these lets it expire.
constexpr std::size_t proposed_max = 4;

}  // namespace

Lease::Lease(LeaseKey key, Session self, Incarnation incarnation, const Electorate& electorate,
             const Timing& timing, std::uint64_t highest_round, std::uint64_t seed)
    : key_(std::move(key)),
      self_(std::move(self)),
      incarnation_(incarnation),
      electorate_(electorate),
      timing_(timing),
      highest_round_(highest_round),
      random_(seed) {}

void Lease::claim(Instant now) {
  if (claimed()) return;
  collisions_ = 0;
  become_preparing(now);
}

std::vector<Release> Lease::release() {
  std::vector<Release> releases;
  for (const Ballot& ballot : proposed_) releases.push_back({key_, ballot});
  state_ = Idle{};
  right_.reset();
  urgent_ = false;
  proposed_.clear();
  denial_.clear();
  return releases;
}

void Lease::become_waiting(Instant until) {
  state_ = Waiting{until};
  urgent_ = false;
}

void Lease::become_preparing(Instant now) {
  ++highest_round_;
  state_ = Preparing{{highest_round_, self_.node, incarnation_}, now, {}, {}};
  urgent_ = true;
}

void Lease::become_proposing(Instant now) {
  state_ = Proposing{std::get<Preparing>(state_).ballot, now, {}, {}};
  proposed_.push_back(std::get<Proposing>(state_).ballot);
  if (proposed_.size() > proposed_max) proposed_.erase(proposed_.begin());
  urgent_ = true;
}

void Lease::lose(const std::string& reason) {
  right_.reset();
  loss_ = reason;
}

/// Liveness: a holder goes above the told round at once while its right lasts; so does a candidate
/// the first time, later it steps back for a random while, so that two don't chase each other
/// (LEASE.md, rule 11). Nor may two that hold, each by one of a node's two processes: so a holder
/// goes above four times in a heartbeat at most.
void Lease::prepare_above(const Ballot& promised, Instant now) {
  highest_round_ = std::max(highest_round_, promised.round);
  if (right_ && went_above_ && now < *went_above_ + timing_.heartbeat / 4) {
    become_waiting(*went_above_ + timing_.heartbeat / 4);
    return;
  }
  if (right_ || collisions_ == 0) {
    ++collisions_;
    went_above_ = now;
    become_preparing(now);
    return;
  }
  const unsigned doublings = std::min(collisions_, collisions_max);
  ++collisions_;
  become_waiting(now + random_.up_to(timing_.heartbeat / 8 * (1U << doublings)));
}

void Lease::note_blocker(std::map<NodeName, Instant>& blocked, const NodeName& voter, Vote vote,
                         const std::optional<LeaseTold>& lease, Duration abstention, Instant now) {
  if (vote == Vote::abstains) {
    blocked[voter] = now + std::min(abstention, lease_max);
    if (!right_) denial_ = "a voter abstains, because it doesn't know what it has promised";
  } else if (lease && lease->session() != self_) {
    blocked[voter] = now + std::min(lease->remaining, lease_max);
    if (!right_) denial_ = lease->ballot.node.text() + " is still promised it";
  } else {
    blocked.erase(voter);
  }
}

void Lease::answered(const NodeName& voter, const PrepareAnswer& answer, Instant now) {
  auto* proposing = std::get_if<Proposing>(&state_);
  if (proposing != nullptr && proposing->ballot == answer.ballot) {
    // A straggler of the prepare that was won without it.
    if (answer.vote == Vote::no && answer.promised > answer.ballot)
      prepare_above(answer.promised, now);
    return;
  }
  auto* preparing = std::get_if<Preparing>(&state_);
  if (preparing == nullptr || preparing->ballot != answer.ballot) return;

  highest_round_ = std::max(highest_round_, answer.promised.round);
  if (answer.vote == Vote::yes) {
    preparing->granted.insert(voter);
    preparing->blocked.erase(voter);
  } else {
    note_blocker(preparing->blocked, voter, answer.vote, answer.lease, answer.abstention, now);
    const bool blocked = preparing->blocked.contains(voter);
    if (!blocked && answer.vote == Vote::no && answer.promised > answer.ballot) {
      prepare_above(answer.promised, now);
      return;
    }
  }
  count_grants(*preparing, now);
}

void Lease::count_grants(Preparing& preparing, Instant now) {
  std::set<NodeName> refused;
  for (const auto& [voter, until] : preparing.blocked) refused.insert(voter);
  switch (electorate_.judge(preparing.granted, refused)) {
    case Verdict::won:
      become_proposing(now);
      return;
    case Verdict::lost:
      wait_for_blockers(preparing.blocked, preparing.granted, now);
      return;
    case Verdict::pending:
      return;
  }
}

/// Liveness: the loser waits for the told remaining time and a seeded random while, the slower the
/// heartbeat the longer (LEASE.md, rule 11); a release that it hears ends the wait.
void Lease::wait_for_blockers(const std::map<NodeName, Instant>& blocked,
                              const std::set<NodeName>& free, Instant now) {
  std::map<NodeName, Instant> free_from = blocked;
  for (const NodeName& voter : free) free_from[voter] = now;
  Instant from = electorate_.free_from(free_from).value_or(now + timing_.heartbeat);
  if (right_) from = std::min(from, now + timing_.heartbeat);
  become_waiting(std::max(from, now) + random_.up_to(timing_.heartbeat / 25));
}

void Lease::answered(const NodeName& voter, const ProposalAnswer& answer, Instant now) {
  auto* proposing = std::get_if<Proposing>(&state_);
  if (proposing == nullptr || proposing->ballot != answer.ballot) return;
  Backing& backing = proposing->voters[voter];
  const auto sent = backing.sent.find(answer.sequence);
  if (sent == backing.sent.end()) return;  // never sent to this voter, or answered before

  const Sent what = sent->second;
  backing.sent.erase(sent);
  if (answer.vote == Vote::yes) {
    proposing->blocked.erase(voter);
    if (answer.sequence > backing.newest_acknowledged) {
      backing.newest_acknowledged = answer.sequence;
      backing.right_until = what.right_until;
    }
    count_backing(*proposing);
    pass_time(now);
    return;
  }
  note_blocker(proposing->blocked, voter, answer.vote, answer.lease, answer.abstention, now);
  if (proposing->blocked.contains(voter)) {
    std::set<NodeName> refused;
    for (const auto& [name, until] : proposing->blocked) refused.insert(name);
    if (!right_ && electorate_.judge({}, refused) == Verdict::lost)
      wait_for_blockers(proposing->blocked, {}, now);
  } else if (answer.promised > answer.ballot) {
    prepare_above(answer.promised, now);
  }
}

/// Safety: the node's right is the k-th newest of the voters' (LEASE.md, rule 7). It never shrinks
/// by being renewed: what a majority promised stays promised.
void Lease::count_backing(Proposing& proposing) {
  std::map<NodeName, Instant> backed;
  for (const auto& [voter, backing] : proposing.voters) {
    if (backing.newest_acknowledged != 0) backed[voter] = backing.right_until;
    if (backing.vouched_until)
      backed[voter] = std::max(backing.right_until, *backing.vouched_until);
  }
  const auto until = electorate_.backed_until(backed);
  if (!until) return;
  if (right_ && *until < right_->until) return;
  right_ = Right{proposing.ballot, *until};
  collisions_ = 0;
  denial_.clear();
}

std::optional<Instant> Lease::accepted_by(const NodeName& voter) const {
  const auto* proposing = std::get_if<Proposing>(&state_);
  if (proposing == nullptr) return std::nullopt;
  const auto backing = proposing->voters.find(voter);
  if (backing == proposing->voters.end() || backing->second.newest_acknowledged == 0)
    return std::nullopt;
  return backing->second.right_until - right_of(timing_.lease);
}

/// An answer to the last beat's asking is lately enough; one that misses a beat is not.
bool Lease::needs(const NodeName& voter, Instant now) const {
  if (const auto* preparing = std::get_if<Preparing>(&state_)) {
    return !electorate_.is_majority_where(
        [&](const NodeName& node) { return node != voter && preparing->granted.contains(node); });
  }
  const auto* proposing = std::get_if<Proposing>(&state_);
  if (proposing == nullptr) return false;
  std::map<NodeName, Instant> backed;
  for (const auto& [node, backing] : proposing->voters)
    if (node != voter && backing.newest_acknowledged != 0) backed[node] = backing.right_until;
  const auto until = electorate_.backed_until(backed);
  return !until || *until < now + right_of(timing_.lease) - timing_.heartbeat * 3 / 2;
}

void Lease::vouch(const NodeName& voter, Instant asked, Instant now) {
  if (auto* preparing = std::get_if<Preparing>(&state_)) {
    preparing->blocked.erase(voter);
    if (preparing->granted.insert(voter).second) count_grants(*preparing, now);
  }
  auto* proposing = std::get_if<Proposing>(&state_);
  if (proposing == nullptr) return;
  Backing& backing = proposing->voters[voter];
  const Instant until = asked + right_of(timing_.lease);
  if (backing.vouched_until && until <= *backing.vouched_until) return;
  backing.vouched_until = until;
  count_backing(*proposing);
  pass_time(now);
}

/// Safety: a right ends on hearing that another session holds the key under a higher ballot than
/// the one that the right was won with (LEASE.md, rule 10); a prepare alone ends nothing.
void Lease::heard_holder(const Ballot& ballot, Duration lease, Instant now) {
  if (!claimed() || ballot.node == self_.node) return;
  highest_round_ = std::max(highest_round_, ballot.round);
  if (!right_ || ballot < right_->ballot) return;
  lose(ballot.node.text() + " holds it under a higher ballot");
  denial_ = ballot.node.text() + " is still promised it";
  become_waiting(now + std::min(lease, lease_max));
}

void Lease::go_above(const Ballot& seen, Instant now) {
  const auto* preparing = std::get_if<Preparing>(&state_);
  const auto* proposing = std::get_if<Proposing>(&state_);
  highest_round_ = std::max(highest_round_, seen.round);
  if ((preparing != nullptr && preparing->ballot < seen) ||
      (proposing != nullptr && proposing->ballot < seen))
    prepare_above(seen, now);
}

void Lease::heard_news(Instant now) {
  if (std::holds_alternative<Waiting>(state_)) become_preparing(now);
  if (auto* preparing = std::get_if<Preparing>(&state_)) {
    preparing->blocked.clear();
    urgent_ = true;
  }
}

void Lease::pass_time(Instant now) {
  if (right_ && right_->until <= now) {
    lose("no majority of the votes renewed it in time");
    if (std::holds_alternative<Proposing>(state_)) become_preparing(now);
  }
  if (const auto* waiting = std::get_if<Waiting>(&state_); waiting && waiting->until <= now) {
    become_preparing(now);
    return;
  }
  const auto* proposing = std::get_if<Proposing>(&state_);
  if (proposing != nullptr && !right_ && now - proposing->since > timing_.lease) {
    become_preparing(now);
    return;
  }
  if (auto* preparing = std::get_if<Preparing>(&state_)) {
    const auto freed =
        std::erase_if(preparing->blocked, [now](const auto& entry) { return entry.second <= now; });
    if (freed > 0) urgent_ = true;
    if (!right_ && now - preparing->since > timing_.heartbeat * 2 && denial_.empty())
      denial_ = "no majority of the votes answers";
  }
}

std::optional<Instant> Lease::next_deadline() const {
  std::optional<Instant> earliest;
  const auto consider = [&earliest](Instant instant) {
    earliest = earliest ? std::min(*earliest, instant) : instant;
  };
  if (right_) consider(right_->until);
  if (const auto* waiting = std::get_if<Waiting>(&state_)) consider(waiting->until);
  if (const auto* preparing = std::get_if<Preparing>(&state_))
    for (const auto& [voter, until] : preparing->blocked) consider(until);
  return earliest;
}

bool Lease::take_urgency() {
  return std::exchange(urgent_, false);
}

std::optional<Prepare> Lease::prepare_for(const NodeName& voter) const {
  const auto* preparing = std::get_if<Preparing>(&state_);
  if (preparing == nullptr || preparing->granted.contains(voter)) return std::nullopt;
  return Prepare{key_, preparing->ballot};
}

std::optional<Proposal> Lease::proposal_for(const NodeName& voter, Instant now) {
  auto* proposing = std::get_if<Proposing>(&state_);
  if (proposing == nullptr) return std::nullopt;
  const std::uint64_t sequence = ++sequence_;
  Backing& backing = proposing->voters[voter];
  backing.sent[sequence] = Sent{now + right_of(timing_.lease)};
  if (backing.sent.size() > sent_max) backing.sent.erase(backing.sent.begin());
  const bool held = right_ && right_->ballot == proposing->ballot && now < right_->until;
  return Proposal{key_, proposing->ballot, sequence, timing_.lease, held};
}

}  // namespace hapx::membership
