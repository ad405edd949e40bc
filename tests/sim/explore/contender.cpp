// SPDX-License-Identifier: Apache-2.0
// The contender's half of parts.hpp: as Member drives a Lease, and the kernel's fence beside it.
#include "parts.hpp"

namespace hapx::membership::explore {

namespace {

const LeaseKey key("10.0.0.100");
const std::array<const char*, contenders> names = {"a", "b"};
/// So short that every random wait of the lease is zero.
constexpr Duration heartbeat{1};

std::vector<NodeName> voters_of(const Scope& scope) {
  std::vector<NodeName> voters;
  for (std::size_t i = 0; i < scope.voters; ++i) voters.emplace_back("v" + std::to_string(i + 1));
  return voters;
}

Electorate electorate_of(const std::vector<NodeName>& voters) {
  std::vector<NodeConfig> nodes;
  for (const NodeName& voter : voters) {
    NodeConfig node;
    node.name = voter;
    nodes.push_back(node);
  }
  return Electorate(nodes);
}

Duration scaled(Duration duration, std::int64_t by, std::int64_t of) {
  return duration * by / of;
}

}  // namespace

Parts::Parts(const Scope& scope, bool voters_are_alike)
    : scope_(scope),
      contender_now_(scaled(now_of_the_world, scope.contender_permille, 1000)),
      voter_now_(scaled(now_of_the_world, scope.voter_permille, 1000)),
      voters_are_alike_(voters_are_alike),
      voters_(voters_of(scope)),
      electorate_(electorate_of(voters_)) {}

Duration Parts::open_for(const Contender& contender) const {
  if (contender.open_until <= contender_now_) return Duration{0};
  const std::int64_t local = (contender.open_until - contender_now_).count();
  const std::int64_t rate = scope_.contender_permille;
  return Duration((local * 1000 + rate - 1) / rate);
}

/// The kernel closes the fence by itself. A broken one stays open until the process closes it.
Contender Parts::aged(const Contender& contender) const {
  Contender other = contender;
  const Duration by = scaled(tick_length, scope_.contender_permille, 1000);
  const Duration oldest = 2 * lease_max;
  other.lease = LeaseContents::aged(contender.lease, by, contender_now_, oldest);
  other.said = false;
  if (!scope_.fence_works) return other;
  other.open_until -= by;
  if (other.open_until <= contender_now_) other.open_until = Instant{};
  return other;
}

Session Parts::session(const Contender& contender) const {
  Session session;
  session.node = NodeName(names[contender.index]);
  session.boot.bytes[0] = contender.boot;
  return session;
}

Lease Parts::new_lease(const Contender& of, unsigned lease_ticks) const {
  const Duration lease = scaled(lease_ticks * tick_length, scope_.voter_permille, 1000);
  return Lease(key, session(of), Incarnation{of.incarnation}, electorate_, Timing{heartbeat, lease},
               0, 1);
}

Contender Parts::first_contender(std::size_t index) const {
  Contender contender{Lease(key, {}, {}, electorate_, {}, 0, 1)};
  contender.index = index;
  contender.incarnation = 100;
  contender.lease = new_lease(contender, scope_.lease_ticks[index]);
  return contender;
}

std::string Parts::bytes(const Contender& contender) const {
  std::string bytes;
  for (const std::uint64_t number :
       {std::uint64_t{contender.index}, std::uint64_t{contender.boot}, contender.incarnation,
        contender.released_round, std::uint64_t{contender.had_right},
        std::uint64_t{contender.ballots}, std::uint64_t{contender.rounds},
        std::uint64_t{contender.said}, std::uint64_t{contender.releases},
        std::uint64_t{contender.restarts}, std::uint64_t{contender.power_losses}})
    append_number(bytes, number);
  append_instant(bytes, contender.open_until);
  LeaseContents::append(bytes, contender.lease, voters_);
  return bytes;
}

/// The fence follows the right: open until it ends, closed when the process sees that it is lost. A
/// new process leaves the inherited deadline alone until it has a right of its own (rule 9).
void Parts::look(Contender& contender, ContenderStep& step) const {
  const auto& right = contender.lease.right();
  if (!right) {
    if (contender.had_right) contender.open_until = Instant{};
    contender.had_right = false;
    return;
  }
  if (right->ballot.incarnation.value == contender.incarnation &&
      right->ballot.round <= contender.released_round)
    step.broken_word = "it acts under a ballot that it has released";
  contender.had_right = true;
  contender.open_until = std::max(contender.open_until, right->until);
}

void Parts::say(Contender& contender, ContenderStep& step) const {
  const Session from = session(contender);
  bool proposed = false;
  for (std::size_t i = 0; i < voters_.size(); ++i) {
    if (auto prepare = contender.lease.prepare_for(voters_[i])) {
      step.sent.push_back({i, {contender.index, from, std::move(*prepare)}});
    } else if (auto proposal = contender.lease.proposal_for(voters_[i], contender_now_)) {
      proposed = true;
      if (proposal->ballot.round <= contender.released_round)
        step.broken_word = "it proposes a ballot that it has released";
      if (voters_are_alike_) {
        step.irregular = step.irregular || (proposal->sequence - 1) % voters_.size() != i;
        proposal->sequence = (proposal->sequence - 1) / voters_.size() + 1;
      }
      step.sent.push_back({i, {contender.index, from, std::move(*proposal)}});
    }
  }
  if (!proposed) return;
  contender.said = true;
  ++contender.rounds;
}

/// Rules 8 and 9: the fence first.
void Parts::give_up(Contender& contender, ContenderStep& step) const {
  contender.open_until = Instant{};
  contender.had_right = false;
  contender.released_round = LeaseContents::highest_round(contender.lease);
  ++contender.releases;
  for (const Release& release : contender.lease.release())
    for (std::size_t i = 0; i < voters_.size(); ++i)
      step.sent.push_back({i, {contender.index, session(contender), release}});
  if (contender.lease.right()) step.broken_word = "it keeps its right after a release";
}

void Parts::become_new(Contender& contender, Kind kind) const {
  if (kind == Kind::loses_power) {
    ++contender.boot;
    ++contender.power_losses;
    contender.open_until = Instant{};
  } else {
    ++contender.restarts;
  }
  if (scope_.later_incarnation_is_lower)
    --contender.incarnation;
  else
    ++contender.incarnation;
  contender.had_right = false;
  contender.released_round = 0;
  contender.lease = new_lease(contender, scope_.later_lease_ticks);
}

void Parts::tell(Contender& contender, Kind kind, const Note* note, std::size_t voter,
                 ContenderStep& step) const {
  const Instant now = contender_now_;
  Lease& lease = contender.lease;
  switch (kind) {
    case Kind::claims:
      lease.claim(now);
      return;
    case Kind::releases:
      give_up(contender, step);
      return;
    case Kind::hears_answer:
      if (const auto* prepared = std::get_if<PrepareAnswer>(&note->what)) {
        lease.answered(voters_[voter], *prepared, now);
      } else if (ProposalAnswer proposed = std::get<ProposalAnswer>(note->what); true) {
        if (voters_are_alike_)
          proposed.sequence = (proposed.sequence - 1) * voters_.size() + voter + 1;
        lease.answered(voters_[voter], proposed, now);
      }
      return;
    case Kind::hears_holder: {
      const auto& proposal = std::get<Proposal>(note->what);
      lease.heard_holder(proposal.ballot, proposal.lease, now);
      return;
    }
    case Kind::hears_news:
      lease.heard_news(now);
      return;
    case Kind::sees_ballot:
      lease.go_above(std::get<Proposal>(note->what).ballot, now);
      return;
    default:
      return;
  }
}

/// As Member does with a Lease: time first, then the news, then whatever is urgent is said.
ContenderStep Parts::step(const Contender& before, Kind kind, const Note* note,
                          std::size_t voter) const {
  ContenderStep step{before, {}, false, false, false, {}};
  Contender& contender = step.after;
  if (kind == Kind::restarts || kind == Kind::loses_power) {
    become_new(contender, kind);
    return step;
  }
  const auto note_ballot = [&contender](const std::optional<Ballot>& old) {
    const auto ballot = LeaseContents::ballot(contender.lease);
    if (!ballot || ballot == old) return;
    ++contender.ballots;
    contender.rounds = 0;
    contender.said = false;
  };
  const auto old = LeaseContents::ballot(contender.lease);
  contender.lease.pass_time(contender_now_);
  look(contender, step);
  tell(contender, kind, note, voter, step);
  look(contender, step);
  note_ballot(old);
  const bool urgent = contender.lease.take_urgency();
  if (urgent || (kind == Kind::beats && !contender.said)) say(contender, step);
  look(contender, step);
  if (const auto& right = contender.lease.right(); right && right->until <= contender_now_)
    step.broken_word = "it keeps a right that is over";
  step.out_of_ballots = contender.ballots > scope_.ballots[contender.index];
  step.too_far = step.out_of_ballots || contender.rounds > scope_.rounds ||
                 contender.releases > scope_.releases[contender.index];
  return step;
}

}  // namespace hapx::membership::explore
