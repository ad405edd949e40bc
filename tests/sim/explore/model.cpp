// SPDX-License-Identifier: Apache-2.0
#include "model.hpp"

#include <algorithm>
#include <numeric>

#include "config/assert.hpp"

namespace hapx::membership::explore {

namespace {

constexpr Id unknown = ~Id{0};
/// What without_answers() may leave out: refusals, all, or acceptances below a round.
constexpr std::uint64_t refusals = 0;
constexpr std::uint64_t all_answers = 1U << 20U;

std::uint64_t key_of(Id part, Kind kind, Id note, std::size_t voter) {
  HAPX_ASSERT(part < (1U << 28U) && note < (1U << 28U));
  // 28 bits of the part, 28 of the note, 2 of the voter, 4 of the kind.
  std::uint64_t key = part;
  key = (key << 28U) | note;
  key = (key << 2U) | voter;
  return (key << 4U) | static_cast<std::uint64_t>(kind);
}

std::vector<std::vector<std::size_t>> permutations_of(std::size_t count, bool alike) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  std::vector<std::vector<std::size_t>> all{order};
  while (alike && std::next_permutation(order.begin(), order.end())) all.push_back(order);
  return all;
}

}  // namespace

Model::Model(const Scope& scope, bool voters_are_alike)
    : scope_(scope),
      parts_(scope, voters_are_alike),
      permutations_(permutations_of(scope.voters, voters_are_alike)) {
  static_cast<void>(put_mail({}));
}

State Model::first() {
  State state;
  for (std::size_t i = 0; i < contenders; ++i) state.contender[i] = put(parts_.first_contender(i));
  for (std::size_t i = 0; i < scope_.voters; ++i) state.voter[i] = put(parts_.first_memory());
  for (std::size_t i = 0; i < contenders; ++i) {
    Contender spent = parts_.first_contender(i);
    spent.ballots = 0xff;
    spent_[i] = put(std::move(spent));
  }
  return state;
}

Id Model::put(Contender contender) {
  std::string bytes = parts_.bytes(contender);
  return contenders_.put(std::move(bytes), [&] {
    KnownContender known{contender,
                         parts_.open_for(contender),
                         parts_.session(contender),
                         contender.lease.right().has_value(),
                         contender.ballots >= scope_.ballots[contender.index],
                         0,
                         std::nullopt,
                         unknown,
                         {}};
    const auto ballot = LeaseContents::ballot(contender.lease);
    if (ballot && ballot->incarnation.value == contender.incarnation)
      known.newest_round = ballot->round;
    known.renamed.fill(unknown);
    return known;
  });
}

Id Model::put(Memory memory) {
  std::string bytes = parts_.bytes(memory);
  return voters_.put(std::move(bytes), [&] {
    KnownVoter known{memory, {}, {}, parts_.abstains_for(memory), unknown};
    if (memory.promise.accepted) {
      known.promised_to = memory.promise.accepted->session();
      known.promised_for = parts_.promised_for(memory);
    }
    return known;
  });
}

Id Model::put(Note note) {
  std::string bytes = note.bytes();
  return notes_.put(std::move(bytes), [&] {
    KnownNote known{note, note.is_request(), note.is_yes(), false, false, false, 0, 0};
    const auto* accepted = std::get_if<ProposalAnswer>(&note.what);
    if (accepted != nullptr && accepted->vote == Vote::yes)
      known.accepted_round = accepted->ballot.round;
    known.is_release = std::holds_alternative<Release>(note.what);
    if (const auto* proposal = std::get_if<Proposal>(&note.what)) {
      known.is_proposal = true;
      known.is_held = proposal->held;
      std::string holding;
      append_ballot(holding, proposal->ballot);
      append_number(holding, static_cast<std::uint64_t>(proposal->lease.count()));
      known.holding = holdings_.put(std::move(holding), [] { return Id{0}; });
    }
    return known;
  });
}

Id Model::put_mail(const std::vector<Id>& notes) {
  std::string bytes;
  for (const Id note : notes) append_number(bytes, note);
  return mails_.put(std::move(bytes), [&] { return notes; });
}

Id Model::with(Id mail, Id note) {
  const std::vector<Id>& before = mails_[mail];
  if (std::ranges::binary_search(before, note)) return mail;
  const auto [known, is_new] =
      known_mail_.try_emplace((std::uint64_t{mail} << 32U) | note, unknown);
  if (is_new) {
    std::vector<Id> notes = before;
    notes.insert(std::ranges::lower_bound(notes, note), note);
    known->second = put_mail(notes);
  }
  return known->second;
}

const Model::KnownContenderStep& Model::contender_step(Id contender, Kind kind, Id note,
                                                       std::size_t voter) {
  const auto [known, is_new] = known_contender_steps_.try_emplace(
      key_of(contender, kind, note, voter), static_cast<Id>(contender_steps_.size()));
  if (is_new) {
    const bool has_note = kind >= Kind::hears_answer && kind != Kind::hears_news;
    ContenderStep step = parts_.step(contenders_[contender].contender, kind,
                                     has_note ? &notes_[note].note : nullptr, voter);
    irregular_ = irregular_ || step.irregular;
    KnownContenderStep result{
        put(std::move(step.after)), {}, step.broken_word, step.too_far, step.out_of_ballots};
    for (Letter& letter : step.sent)
      result.sent.emplace_back(static_cast<std::uint8_t>(letter.voter),
                               put(std::move(letter.note)));
    contender_steps_.push_back(std::move(result));
  }
  return contender_steps_[known->second];
}

const Model::KnownVoterStep& Model::voter_step(Id voter, Kind kind, Id note) {
  const auto [known, is_new] = known_voter_steps_.try_emplace(key_of(voter, kind, note, 0),
                                                              static_cast<Id>(voter_steps_.size()));
  if (is_new) {
    const Memory& before = voters_[voter].memory;
    VoterStep step = kind == Kind::voter_hears ? parts_.hear(before, notes_[note].note)
                                               : parts_.begin_again(before, kind);
    KnownVoterStep result{put(std::move(step.after)),
                          {},
                          step.answer && step.answer->may_be(scope_.late),
                          step.broken_word};
    if (step.answer) result.answer = put(std::move(*step.answer));
    voter_steps_.push_back(std::move(result));
  }
  return voter_steps_[known->second];
}

/// A contender with no ballot left, whose fence is closed and whose time is up: all it could do
/// lies beyond the bounds.
bool Model::spent(Id contender) {
  KnownContender& known = contenders_.at(contender);
  if (!known.last_ballot || known.open_for > Duration{0}) return false;
  if (!known.spent) {
    const std::size_t i = known.contender.index;
    known.spent = known.contender.restarts >= scope_.restarts[i] &&
                  known.contender.power_losses >= scope_.power_losses[i] &&
                  contender_step(contender, Kind::beats, 0, 0).out_of_ballots;
  }
  return *known.spent;
}

Id Model::without_answers(Id mail, std::size_t contender, std::uint64_t below_round) {
  const std::uint64_t key = (std::uint64_t{mail} << 32U) | (below_round << 1U) | contender;
  const auto [known, is_new] = known_remainders_.try_emplace(key, mail);
  if (is_new) {
    std::vector<Id> notes = mails_[mail];
    std::erase_if(notes, [&](Id note) {
      const KnownNote& one = notes_[note];
      return !one.is_request && one.note.contender == contender && one.accepted_round < below_round;
    });
    known->second = put_mail(notes);
  }
  return known->second;
}

void Model::forget_the_useless(State& state) {
  for (std::size_t i = 0; i < contenders; ++i) {
    std::uint64_t below = refusals;
    if (state.contender[i] == spent_[i] || spent(state.contender[i])) {
      state.contender[i] = spent_[i];
      below = all_answers;
    } else if (scope_.late == Late::acceptances) {
      below = contenders_[state.contender[i]].newest_round;
    }
    if (below == refusals &&
        (scope_.late != Late::all || !contenders_[state.contender[i]].last_ballot))
      continue;
    for (std::size_t v = 0; v < scope_.voters; ++v)
      state.mail[v] = without_answers(state.mail[v], i, below);
  }
}

void Model::add(const State& before, Successor next) {
  if (next.broken_word == nullptr && !next.too_far) {
    forget_the_useless(next.state);
    if (next.state == before) return;
  }
  successors_.push_back(std::move(next));
}

/// All that is remembered grows older by a tick.
void Model::pass_time(const State& state) {
  Successor next{state, {}, nullptr, false};
  for (Id& id : next.state.contender) {
    if (contenders_[id].aged == unknown) {
      const Id aged = put(parts_.aged(contenders_[id].contender));
      contenders_.at(id).aged = aged;
    }
    id = contenders_[id].aged;
  }
  for (std::size_t v = 0; v < scope_.voters; ++v) {
    Id& id = next.state.voter[v];
    if (voters_[id].aged == unknown) {
      const Id aged = put(parts_.aged(voters_[id].memory));
      voters_.at(id).aged = aged;
    }
    id = voters_[id].aged;
  }
  if (next.state != state) add(state, std::move(next));
}

/// What follows on `state` by this event; `before` is where the event began.
void Model::move_contender(const State& before, const State& state, const Event& event) {
  const Kind kind = event.kind == Kind::voter_tells ? Kind::hears_answer : event.kind;
  const Id note = event.kind == Kind::voter_tells ? event.answer : event.note;
  const KnownContenderStep& step =
      contender_step(state.contender[event.contender], kind, note, event.voter);
  Successor next{state, event, step.broken_word.empty() ? nullptr : &step.broken_word,
                 step.too_far};
  next.state.contender[event.contender] = step.after;
  for (const auto& [to, letter] : step.sent)
    next.state.mail[to] = with(next.state.mail[to], letter);
  if (next.broken_word != nullptr || next.state != before) add(before, std::move(next));
}

void Model::move_contender(const State& state, std::size_t index, Kind kind, Id note,
                           std::size_t voter) {
  move_contender(state, state,
                 {kind, static_cast<std::uint8_t>(index), static_cast<std::uint8_t>(voter), note});
}

void Model::move_voter(const State& state, std::size_t voter, Kind kind, Id note) {
  const KnownVoterStep& step = voter_step(state.voter[voter], kind, note);
  Event event{kind, 0, static_cast<std::uint8_t>(voter), note};
  Successor next{state, event, step.broken_word.empty() ? nullptr : &step.broken_word, false};
  next.state.voter[voter] = step.after;
  const bool in_the_mail = step.answer && step.may_be_late;
  if (in_the_mail) next.state.mail[voter] = with(next.state.mail[voter], *step.answer);
  if (kind == Kind::voter_loses_file || kind == Kind::voter_loses_power) ++next.state.forgotten;
  if (next.broken_word != nullptr || next.state != state) add(state, std::move(next));
  if (!step.answer || in_the_mail) return;
  event.kind = Kind::voter_tells;
  event.contender = static_cast<std::uint8_t>(notes_[note].note.contender);
  const KnownContender& asker = contenders_[state.contender[event.contender]];
  // A refusal could only lead to another ballot, beyond the bounds.
  if (asker.last_ballot && !notes_[*step.answer].is_yes) return;
  event.answer = *step.answer;
  move_contender(state, next.state, event);
}

/// Anything that was ever said.
void Model::deliver(const State& state, std::size_t voter) {
  for (const Id note : mails_[state.mail[voter]]) {
    const KnownNote& known = notes_[note];
    if (known.is_request)
      move_voter(state, voter, Kind::voter_hears, note);
    else if (known.is_yes || !contenders_[state.contender[known.note.contender]].last_ballot)
      move_contender(state, known.note.contender, Kind::hears_answer, note, voter);
  }
}

void Model::spread_rumours(const State& state) {
  std::array<bool, contenders> released{};
  std::vector<Id> told;
  for (std::size_t voter = 0; voter < scope_.voters; ++voter) {
    for (const Id note : mails_[state.mail[voter]]) {
      const KnownNote& known = notes_[note];
      const std::size_t from = known.note.contender;
      released[from] = released[from] || known.is_release;
      if (!known.is_proposal) continue;
      const std::size_t to = 1 - from;
      const Id rumour = 2 * known.holding + (known.is_held ? 1 : 0);
      if (std::ranges::find(told, rumour) != told.end()) continue;
      told.push_back(rumour);
      const KnownContender& hearer = contenders_[state.contender[to]];
      if (known.is_held && (hearer.has_right || !hearer.last_ballot))
        move_contender(state, to, Kind::hears_holder, note);
      if (hearer.has_right && !hearer.last_ballot)
        move_contender(state, to, Kind::sees_ballot, note);
    }
  }
  for (std::size_t to = 0; to < contenders; ++to) {
    if (contenders_[state.contender[to]].last_ballot) continue;
    if (released[1 - to] || state.forgotten > 0) move_contender(state, to, Kind::hears_news);
  }
}

void Model::act(const State& state, std::size_t index) {
  if (state.contender[index] == spent_[index]) return;
  const Contender& contender = contenders_[state.contender[index]].contender;
  if (!contender.lease.claimed()) {
    move_contender(state, index, Kind::claims);
  } else {
    move_contender(state, index, Kind::beats);
  }
  if (contender.releases < scope_.releases[index] &&
      (contender.lease.claimed() || open(state, index)))
    move_contender(state, index, Kind::releases);
  if (contender.restarts < scope_.restarts[index]) move_contender(state, index, Kind::restarts);
  if (contender.power_losses < scope_.power_losses[index])
    move_contender(state, index, Kind::loses_power);
}

const std::vector<Successor>& Model::successors(const State& state) {
  successors_.clear();
  pass_time(state);
  for (std::size_t i = 0; i < contenders; ++i) act(state, i);
  for (std::size_t voter = 0; voter < scope_.voters; ++voter) {
    deliver(state, voter);
    if (scope_.voters_restart) move_voter(state, voter, Kind::voter_restarts);
    if (state.forgotten >= scope_.voters_forget) continue;
    move_voter(state, voter, Kind::voter_loses_file);
    move_voter(state, voter, Kind::voter_loses_power);
  }
  if (scope_.rumours) spread_rumours(state);
  return successors_;
}

Id Model::renamed(Id contender, std::size_t permutation) {
  if (permutation == 0) return contender;
  const Id known = contenders_[contender].renamed[permutation];
  if (known != unknown) return known;
  const auto lease = LeaseContents::renamed(contenders_[contender].contender.lease, parts_.voters(),
                                            permutations_[permutation]);
  irregular_ = irregular_ || !lease;
  if (!lease) return contender;
  Contender other = contenders_[contender].contender;
  other.lease = *lease;
  const Id id = put(std::move(other));
  contenders_.at(contender).renamed[permutation] = id;
  return id;
}

/// The voters in the order of what they remember and were told; among equals, the least names for
/// the contenders.
State Model::canonical(const State& state) {
  std::optional<State> least;
  for (std::size_t p = 0; p < permutations_.size(); ++p) {
    const std::vector<std::size_t>& to = permutations_[p];
    State other = state;
    for (std::size_t i = 0; i < to.size(); ++i) {
      other.voter[to[i]] = state.voter[i];
      other.mail[to[i]] = state.mail[i];
    }
    bool in_order = permutations_.size() > 1;
    for (std::size_t i = 1; i < to.size() && in_order; ++i)
      in_order = std::pair(other.voter[i - 1], other.mail[i - 1]) <=
                 std::pair(other.voter[i], other.mail[i]);
    if (!in_order && permutations_.size() > 1) continue;
    for (Id& contender : other.contender) contender = renamed(contender, p);
    if (!least || other.contender < least->contender) least = other;
  }
  return *least;
}

bool Model::open(const State& state, std::size_t contender) const {
  return contenders_[state.contender[contender]].open_for > Duration{0};
}

std::string Model::judge(const State& state) const {
  if (open(state, 0) && open(state, 1)) return "a and b may both act";
  for (std::size_t i = 0; i < contenders; ++i) {
    if (!open(state, i)) continue;
    const KnownContender& contender = contenders_[state.contender[i]];
    unsigned votes = 0;
    for (std::size_t v = 0; v < scope_.voters; ++v) {
      const KnownVoter& voter = voters_[state.voter[v]];
      const bool promised =
          voter.promised_to == contender.session && voter.promised_for >= contender.open_for;
      if (promised || voter.abstains_for >= contender.open_for) ++votes;
    }
    // Counted here, and not by the code that is tested.
    if (2 * votes <= scope_.voters)
      return contender.session.node.text() + " may act longer than a majority has promised";
  }
  return {};
}

std::string Model::sizes() const {
  return std::to_string(contenders_.size()) + " states of a contender, " +
         std::to_string(voters_.size()) + " of a voter, " + std::to_string(mails_.size()) +
         " of the mail, " + std::to_string(contender_steps_.size() + voter_steps_.size()) +
         " steps of the code";
}

}  // namespace hapx::membership::explore
