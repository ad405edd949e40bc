// SPDX-License-Identifier: Apache-2.0
// The voter's half of parts.hpp: the real voter, its mapped file, and whether it keeps its word.
#include <algorithm>

#include "parts.hpp"

namespace hapx::membership::explore {

namespace {

const LeaseKey key("10.0.0.100");

std::string words(const Ballot& ballot) {
  if (ballot.round == 0) return "nothing";
  return std::to_string(ballot.round) + "/" + ballot.node.text() + "/" +
         std::to_string(ballot.incarnation.value);
}

template <class Answer>
std::string words(const char* question, const Answer& answer) {
  const std::string about = std::string(question) + " " + words(answer.ballot);
  if (answer.vote == Vote::yes) return "yes to " + about;
  if (answer.vote == Vote::abstains) return "abstains on " + about;
  std::string out = "no to " + about + ", promised " + words(answer.promised);
  if (answer.lease) out += ", " + words(answer.lease->ballot) + " has it";
  return out;
}

void append_lease(std::string& bytes, const std::optional<LeaseTold>& lease) {
  append_number(bytes, lease ? 1 : 0);
  if (!lease) return;
  append_ballot(bytes, lease->ballot);
  append_number(bytes, lease->boot.bytes[0]);
  append_number(bytes, static_cast<std::uint64_t>(lease->remaining.count()));
}

template <class Answer>
void append_answer(std::string& bytes, const Answer& answer) {
  append_ballot(bytes, answer.ballot);
  append_number(bytes, static_cast<std::uint64_t>(answer.vote));
  append_ballot(bytes, answer.promised);
  append_lease(bytes, answer.lease);
  append_number(bytes, static_cast<std::uint64_t>(answer.abstention.count()));
}

struct Writing {
  std::string& bytes;

  void operator()(const Prepare& prepare) const { append_ballot(bytes, prepare.ballot); }
  void operator()(const Release& release) const { append_ballot(bytes, release.ballot); }
  void operator()(const Proposal& proposal) const {
    append_ballot(bytes, proposal.ballot);
    append_number(bytes, proposal.sequence);
    append_number(bytes, static_cast<std::uint64_t>(proposal.lease.count()));
    append_number(bytes, proposal.held ? 1 : 0);
  }
  void operator()(const PrepareAnswer& answer) const { append_answer(bytes, answer); }
  void operator()(const ProposalAnswer& answer) const {
    append_answer(bytes, answer);
    append_number(bytes, answer.sequence);
  }
};

struct Wording {
  std::string operator()(const Prepare& one) const { return "prepare " + words(one.ballot); }
  std::string operator()(const Release& one) const { return "release " + words(one.ballot); }
  std::string operator()(const Proposal& one) const {
    return "propose " + words(one.ballot) + " #" + std::to_string(one.sequence) +
           (one.held ? " held" : "");
  }
  std::string operator()(const PrepareAnswer& one) const { return words("prepare", one); }
  std::string operator()(const ProposalAnswer& one) const {
    return words("propose", one) + " #" + std::to_string(one.sequence);
  }
};

bool unexpired(const Memory& memory, Instant now) {
  return memory.promise.accepted && memory.promise.accepted->expiry > now;
}

/// What it was told of releases, in order of the sessions.
void note_release(std::vector<Retired>& released, const Ballot& ballot, const BootId& boot) {
  const auto of_session = [&](const Retired& one) {
    return one.boot == boot && one.ballot.node == ballot.node;
  };
  const auto known = std::ranges::find_if(released, of_session);
  if (known == released.end()) {
    released.push_back({ballot, boot});
    std::ranges::sort(released, {},
                      [](const Retired& one) { return std::pair(one.ballot.node, one.boot); });
  } else {
    known->ballot = std::max(known->ballot, ballot);
  }
}

bool is_released(const Memory& memory, const Ballot& ballot, const BootId& boot) {
  return std::ranges::any_of(memory.released, [&](const Retired& one) {
    return one.boot == boot && one.ballot.node == ballot.node && ballot <= one.ballot;
  });
}

}  // namespace

std::string Note::bytes() const {
  std::string bytes;
  append_number(bytes, contender);
  append_number(bytes, from.boot.bytes[0]);
  append_number(bytes, what.index());
  std::visit(Writing{bytes}, what);
  return bytes;
}

bool Note::is_yes() const {
  const auto* prepared = std::get_if<PrepareAnswer>(&what);
  const auto* proposed = std::get_if<ProposalAnswer>(&what);
  return (prepared != nullptr && prepared->vote == Vote::yes) ||
         (proposed != nullptr && proposed->vote == Vote::yes);
}

bool Note::may_be(Late late) const {
  if (late == Late::all) return true;
  return is_yes() && (late == Late::agreements || std::holds_alternative<ProposalAnswer>(what));
}

std::string Note::words() const {
  return std::visit(Wording{}, what);
}

Duration Parts::promised_for(const Memory& memory) const {
  if (!unexpired(memory, voter_now_)) return Duration{0};
  return (memory.promise.accepted->expiry - voter_now_) * 1000 / scope_.voter_permille;
}

Duration Parts::abstains_for(const Memory& memory) const {
  if (memory.abstains_until <= voter_now_) return Duration{0};
  return (memory.abstains_until - voter_now_) * 1000 / scope_.voter_permille;
}

Memory Parts::aged(const Memory& memory) const {
  Memory other = memory;
  const Duration by = tick_length * scope_.voter_permille / 1000;
  const auto age = [&](Instant& instant) { instant = std::max(instant - by, voter_now_); };
  if (other.promise.accepted) age(other.promise.accepted->expiry);
  if (other.remembered_abstention != Instant{}) age(other.remembered_abstention);
  if (other.abstains_until != Instant{}) age(other.abstains_until);
  return other;
}

VoterIdentity Parts::identity(const Memory& memory) const {
  VoterIdentity identity{ClusterName("c"), NodeName("v"), {}};
  identity.boot.bytes[0] = memory.boot;
  return identity;
}

std::string Parts::bytes(const Memory& memory) const {
  std::string bytes;
  const auto append_all = [&bytes](const std::vector<Retired>& ballots) {
    append_number(bytes, ballots.size());
    for (const Retired& one : ballots) {
      append_ballot(bytes, one.ballot);
      append_number(bytes, one.boot.bytes[0]);
    }
  };
  append_number(bytes, memory.boot);
  append_instant(bytes, memory.remembered_abstention);
  append_instant(bytes, memory.abstains_until);
  append_ballot(bytes, memory.promise.promised);
  append_number(bytes, memory.promise.accepted ? 1 : 0);
  if (const auto& accepted = memory.promise.accepted) {
    append_ballot(bytes, accepted->ballot);
    append_number(bytes, accepted->boot.bytes[0]);
    append_number(bytes, accepted->sequence);
    append_instant(bytes, accepted->expiry);
  }
  append_all(memory.promise.retired);
  append_all(memory.released);
  return bytes;
}

Memory Parts::first_memory() const {
  Memory memory;
  memory.promise.key = key;
  return memory;
}

PromiseMemory Parts::real(const Memory& memory) const {
  PromiseMemory real(identity(memory));
  static_cast<void>(real.abstain(memory.remembered_abstention));
  if (memory.promise != first_memory().promise)
    static_cast<void>(real.remember(memory.promise, voter_now_, {key}));
  return real;
}

VoterStep Parts::hear(const Memory& before, const Note& request) const {
  VoterStep step{before, {}, {}};
  const PromiseMemory memory = real(before);
  Voter voter(memory, {key}, before.abstains_until);
  std::optional<StorePromise> store;
  const auto take = [&](auto ballotage) {
    store = std::move(ballotage.store);
    if (!ballotage.answer) return;
    // The asker's own lease, which a yes tells too: it would make one answer many.
    if (ballotage.answer->vote == Vote::yes) ballotage.answer->lease.reset();
    step.answer = Note{request.contender, {}, std::move(*ballotage.answer)};
  };
  if (const auto* prepare = std::get_if<Prepare>(&request.what)) {
    take(voter.prepare(*prepare, request.from, voter_now_));
  } else if (const auto* proposal = std::get_if<Proposal>(&request.what)) {
    take(voter.propose(*proposal, request.from, voter_now_));
  } else {
    const auto& release = std::get<Release>(request.what);
    store = voter.release(release, request.from, voter_now_);
    note_release(step.after.released, release.ballot, request.from.boot);
  }
  if (const Promise* known = voter.memory().find(key)) step.after.promise = *known;
  step.after.remembered_abstention = voter.memory().abstain_until();
  step.broken_word = judge_voter(before, step.after, &request, step.answer, voter_now_);
  if (!step.broken_word.empty() || (!store && step.after.promise == before.promise)) return step;

  std::vector<std::uint8_t> file = memory.encode();
  if (store)
    std::ranges::copy(store->bytes,
                      file.begin() + static_cast<std::ptrdiff_t>(store->slot * promise_slot_bytes));
  const DecodedMemory read = decode_memory(file, identity(before));
  const Promise* known = read.memory.find(key);
  if (known == nullptr || *known != step.after.promise)
    step.broken_word = "its mapped file doesn't say what it promised";
  return step;
}

/// Rule 5, by the real recall(): the process begins again, with the mapped file or without.
VoterStep Parts::begin_again(const Memory& before, Kind kind) const {
  VoterStep step{before, {}, {}};
  FoundMemory found;
  if (scope_.marker_works || kind == Kind::voter_restarts)
    found.marker = encode_marker(identity(before));
  Memory& after = step.after;
  Instant now = voter_now_;
  if (kind == Kind::voter_restarts)
    found.mapped = real(before).encode();
  else
    after.released.clear();
  if (kind == Kind::voter_loses_power) {
    ++after.boot;
    now = Instant{};  // of its new clock
  }
  const Recollection known = recall(found, identity(after), now);
  after.promise = first_memory().promise;
  if (const Promise* promise = known.memory.find(key)) after.promise = *promise;
  after.remembered_abstention = known.memory.abstain_until();
  after.abstains_until = after.remembered_abstention;
  if (known.abstain) after.abstains_until = std::max(after.abstains_until, now + *known.abstain);
  if (now != voter_now_) {  // back to the time in which it is always the same instant
    after.remembered_abstention += voter_now_ - now;
    after.abstains_until += voter_now_ - now;
  }
  if (after.promise.accepted != before.promise.accepted &&
      abstains_for(after) < promised_for(before))
    step.broken_word = "it begins again, has forgotten what it promised, and doesn't abstain";
  if (abstains_for(after) < abstains_for(before))
    step.broken_word = "it begins again, and cuts its abstention short";
  return step;
}

std::string judge_voter(const Memory& before, const Memory& after, const Note* heard,
                        const std::optional<Note>& answer, Instant now) {
  const auto& old = before.promise.accepted;
  const auto& accepted = after.promise.accepted;
  const auto* release = std::get_if<Release>(&heard->what);
  const bool gave_up =
      release != nullptr && old && old->session() == heard->from && old->ballot == release->ballot;
  if (after.promise.promised < before.promise.promised) return "it lowers its promise";
  if (unexpired(before, now) && !gave_up) {
    if (!accepted) return "it forgets what it promised";
    if (accepted->session() != old->session()) return "it promises the key to a second session";
    if (accepted->expiry < old->expiry) return "it shortens what it promised";
  }
  if (before.abstains_until > now && !(after.promise == before.promise) && release == nullptr)
    return "it votes although it abstains";
  const bool is_prepare = std::holds_alternative<Prepare>(heard->what);
  if (is_prepare && unexpired(before, now) && old->session() != heard->from &&
      !(after.promise == before.promise))
    return "it lets another session's prepare disturb a holder";
  const auto* proposal = std::get_if<Proposal>(&heard->what);
  const auto* voted = answer ? std::get_if<ProposalAnswer>(&answer->what) : nullptr;
  if (proposal == nullptr || voted == nullptr || voted->vote != Vote::yes) return {};
  if (proposal->ballot < before.promise.promised) return "it accepts a ballot below its promise";
  if (is_released(before, proposal->ballot, heard->from.boot))
    return "it accepts a ballot that was released";
  if (after.promise.promised < proposal->ballot) return "it accepts and doesn't raise its promise";
  if (!accepted || accepted->session() != heard->from) return "it says yes and promises nothing";
  if (accepted->expiry < now + proposal->lease) return "it promises for less than it was asked";
  return {};
}

}  // namespace hapx::membership::explore
