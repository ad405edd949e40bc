// SPDX-License-Identifier: Apache-2.0
#include "lease_contents.hpp"

#include <algorithm>

namespace hapx::membership {

namespace {

std::size_t index_of(const NodeName& name, const std::vector<NodeName>& voters) {
  return static_cast<std::size_t>(std::ranges::find(voters, name) - voters.begin());
}

}  // namespace

void append_number(std::string& bytes, std::uint64_t number) {
  // Small numbers are the rule: seven bits a byte.
  while (number >= 0x80) {
    bytes.push_back(static_cast<char>(0x80U | (number & 0x7fU)));
    number >>= 7U;
  }
  bytes.push_back(static_cast<char>(number));
}

void append_instant(std::string& bytes, Instant instant) {
  append_number(bytes, static_cast<std::uint64_t>(instant.time_since_epoch().count()));
}

void append_ballot(std::string& bytes, const Ballot& ballot) {
  append_number(bytes, ballot.round);
  append_number(bytes, ballot.node.text().size());
  bytes += ballot.node.text();
  append_number(bytes, ballot.incarnation.value);
}

void LeaseContents::append(std::string& bytes, const Lease& lease,
                           const std::vector<NodeName>& voters) {
  const auto append_blocked = [&](const std::map<NodeName, Instant>& blocked) {
    append_number(bytes, blocked.size());
    for (const auto& [voter, until] : blocked) {
      append_number(bytes, index_of(voter, voters));
      append_instant(bytes, until);
    }
  };
  append_number(bytes, lease.highest_round_);
  append_number(bytes, lease.sequence_);
  append_number(bytes, lease.collisions_);
  append_number(bytes, lease.urgent_ ? 1 : 0);
  append_number(bytes, lease.right_ ? 1 : 0);
  if (lease.right_) {
    append_ballot(bytes, lease.right_->ballot);
    append_instant(bytes, lease.right_->until);
  }
  append_number(bytes, lease.proposed_.size());
  for (const Ballot& ballot : lease.proposed_) append_ballot(bytes, ballot);

  append_number(bytes, lease.state_.index());
  if (const auto* waiting = std::get_if<Lease::Waiting>(&lease.state_)) {
    append_instant(bytes, waiting->until);
  } else if (const auto* preparing = std::get_if<Lease::Preparing>(&lease.state_)) {
    append_ballot(bytes, preparing->ballot);
    append_number(bytes, preparing->granted.size());
    for (const NodeName& voter : preparing->granted) append_number(bytes, index_of(voter, voters));
    append_blocked(preparing->blocked);
  } else if (const auto* proposing = std::get_if<Lease::Proposing>(&lease.state_)) {
    append_ballot(bytes, proposing->ballot);
    append_instant(bytes, proposing->since);
    append_number(bytes, proposing->voters.size());
    for (const auto& [voter, backing] : proposing->voters) {
      append_number(bytes, index_of(voter, voters));
      append_number(bytes, backing.newest_acknowledged);
      append_instant(bytes, backing.right_until);
      append_number(bytes, backing.sent.size());
      for (const auto& [sequence, sent] : backing.sent) {
        append_number(bytes, sequence);
        append_instant(bytes, sent.right_until);
      }
    }
    append_blocked(proposing->blocked);
  }
}

std::optional<Lease> LeaseContents::renamed(const Lease& lease, const std::vector<NodeName>& voters,
                                            const std::vector<std::size_t>& to) {
  bool regular = true;
  const auto name = [&](const NodeName& voter) { return voters[to[index_of(voter, voters)]]; };
  const auto rename_blocked = [&](const std::map<NodeName, Instant>& blocked) {
    std::map<NodeName, Instant> other;
    for (const auto& [voter, until] : blocked) other[name(voter)] = until;
    return other;
  };
  const auto rename_sequence = [&](std::uint64_t sequence, std::size_t voter) {
    if (sequence == 0) return sequence;
    regular = regular && (sequence - 1) % voters.size() == voter;
    return sequence - voter + to[voter];
  };
  Lease other = lease;
  if (auto* preparing = std::get_if<Lease::Preparing>(&other.state_)) {
    std::set<NodeName> granted;
    for (const NodeName& voter : preparing->granted) granted.insert(name(voter));
    preparing->granted = std::move(granted);
    preparing->blocked = rename_blocked(preparing->blocked);
  } else if (auto* proposing = std::get_if<Lease::Proposing>(&other.state_)) {
    std::map<NodeName, Lease::Backing> backings;
    for (const auto& [voter, backing] : proposing->voters) {
      const std::size_t index = index_of(voter, voters);
      Lease::Backing& renamed_one = backings[name(voter)];
      renamed_one.newest_acknowledged = rename_sequence(backing.newest_acknowledged, index);
      renamed_one.right_until = backing.right_until;
      for (const auto& [sequence, sent] : backing.sent)
        renamed_one.sent[rename_sequence(sequence, index)] = sent;
    }
    proposing->voters = std::move(backings);
    proposing->blocked = rename_blocked(proposing->blocked);
  }
  if (!regular) return std::nullopt;
  return other;
}

Lease LeaseContents::aged(const Lease& lease, Duration by, Instant now, Duration oldest) {
  Lease other = lease;
  const auto age = [by, now](Instant& instant) { instant = std::max(instant - by, now); };
  if (other.right_) age(other.right_->until);
  if (auto* waiting = std::get_if<Lease::Waiting>(&other.state_)) {
    age(waiting->until);
  } else if (auto* preparing = std::get_if<Lease::Preparing>(&other.state_)) {
    for (auto& [voter, until] : preparing->blocked) age(until);
  } else if (auto* proposing = std::get_if<Lease::Proposing>(&other.state_)) {
    proposing->since = std::max(proposing->since - by, now - oldest);
    for (auto& [voter, until] : proposing->blocked) age(until);
    for (auto& [voter, backing] : proposing->voters) {
      age(backing.right_until);
      for (auto& [sequence, sent] : backing.sent) age(sent.right_until);
    }
  }
  return other;
}

std::optional<Ballot> LeaseContents::ballot(const Lease& lease) {
  if (const auto* preparing = std::get_if<Lease::Preparing>(&lease.state_))
    return preparing->ballot;
  if (const auto* proposing = std::get_if<Lease::Proposing>(&lease.state_))
    return proposing->ballot;
  return std::nullopt;
}

bool LeaseContents::proposing(const Lease& lease) {
  return std::holds_alternative<Lease::Proposing>(lease.state_);
}

}  // namespace hapx::membership
