// SPDX-License-Identifier: Apache-2.0
// How do nodes reach the arbiter, and what is done to it?
//
// Their questions take the way of their own addresses, in the weather of that network. What it has
// promised is stated as any voter's promises are, so that the checkers watch it alike.
#include <algorithm>
#include <span>
#include <utility>

#include "appliance/sim/world.hpp"
#include "config/assert.hpp"
#include "membership/promise_bytes.hpp"

namespace hapx::appliance::sim {

using namespace std::chrono_literals;

namespace {

constexpr std::string_view lease_prefix = "leases/";
/// A restore takes it down until no promise counts any more, at least.
constexpr Duration restore_min = lease_max;
constexpr Duration restore_max = 3 * lease_max;
/// A node looks at it now and then, and doubts another one for as long as a lease may be.
constexpr Duration doubted_max = 13s;
const Error out_of_patience{ErrorKind::unavailable, "no answer in time"};
const Error nobody_there{ErrorKind::unavailable, "nobody answers there"};

/// What an entry says is promised, with the remaining time in the place of an instant.
std::optional<membership::Promise> promise_in(const std::vector<std::uint8_t>& value,
                                              const membership::LeaseKey& key) {
  constexpr std::size_t checksum_bytes = 8;
  if (value.size() <= checksum_bytes) return std::nullopt;
  const auto body = std::span(value).first(value.size() - checksum_bytes);
  membership::ByteReader reader(body);
  static_cast<void>(reader.u8());  // the layout's version
  return membership::read_promise(reader, key);
}

}  // namespace

bool World::reaches_arbiter(const Machine& machine) const {
  return etcd_.carries(machine.node.name) && has_carrier(machine, 0);
}

void World::ask_arbiter(Machine& asker, const membership::AskArbiter& action) {
  HAPX_ASSERT(!asker.process->question);  // one is under way at a time
  Question question;
  question.asker = &asker;
  question.number = ++questions_;
  question.store = etcd_.id();
  question.asked = now_;
  question.what = action;
  question.course = etcd_.draw_course(network_.weather());
  asker.process->question = question.number;
  const auto impatient = asker.clock.when(clock_of(asker) + action.patience);
  if (impatient) fail_question(question, *impatient - now_, out_of_patience);
  const bool reached = reaches_arbiter(asker);
  if (question.course.refusal && !(reached && etcd_.has_leader()))
    fail_question(question, *question.course.refusal, nobody_there);
  if (!reached || !question.course.there) return;
  const Duration until_effect = *question.course.there + question.course.commit;
  schedule(until_effect, [this, question = std::move(question)] { decide(question); });
}

void World::fail_question(const Question& question, Duration after, const Error& error) {
  answer_question(question, after, membership::ArbiterFailed{question.what.ticket, error});
}

/// To the process that asked, if it still waits for it then.
void World::answer_question(const Question& question, Duration after, const Event& event) {
  Machine& asker = *question.asker;
  schedule_on(asker, after, [this, &asker, number = question.number, event] {
    if (!asker.process || asker.process->question != number) return;
    asker.process->question.reset();
    deliver(asker, event);
  });
}

/// The instant at which a transaction takes effect, whatever has become of its asker.
void World::decide(Question question) {
  if (etcd_.id() != question.store) return;  // one that was restored doesn't know the question
  Course& course = question.course;
  if (!etcd_.has_leader()) {
    const auto wait = std::exchange(course.wait, std::nullopt);
    if (wait) schedule(*wait, [this, question = std::move(question)] { decide(question); });
    return;
  }
  const auto answer = etcd_.transact(question.what);
  if (traces()) {
    note("etcd == " + question.asker->options.name.text() +
         (answer.swapped ? " writes " : " reads ") + std::to_string(question.what.swaps.size()) +
         ", revision " + std::to_string(answer.revision));
  }
  if (answer.swapped) note_promises(question);
  const bool is_told = !course.again || !course.second_is_told;
  if (is_told && course.back && reaches_arbiter(*question.asker))
    answer_question(question, *course.back, answer);
  const auto again = std::exchange(course.again, std::nullopt);
  if (!again) return;
  if (!course.second_is_told) course.back.reset();
  schedule(*again, [this, question = std::move(question)] { decide(question); });
}

/// Until when a promise counts at the earliest: whoever judges it may have a clock that is fast,
/// and have read it as soon as it was written.
void World::note_promises(const Question& question) {
  if (!options_.config.arbiter) return;
  for (const membership::ArbiterSwap& swap : question.what.swaps) {
    if (!swap.key.starts_with(lease_prefix)) continue;
    const membership::LeaseKey key(swap.key.substr(lease_prefix.size()));
    const auto promise = promise_in(swap.value, key);
    if (!promise) continue;
    const std::pair place(arbiter_, key);
    const auto last = accepted_.find(place);
    if (!promise->accepted) {
      if (last == accepted_.end()) continue;
      accepted_.erase(last);
      state(PromiseForgotten{arbiter_, key});
      continue;
    }
    const membership::Accepted& accepted = *promise->accepted;
    // What was only passed on stands as it was.
    const bool is_old = last != accepted_.end() && last->second.session() == accepted.session() &&
                        last->second.ballot == accepted.ballot &&
                        last->second.sequence == accepted.sequence;
    if (is_old) continue;
    accepted_[place] = accepted;
    const Moment until =
        question.asked + accepted.expiry.time_since_epoch() * 1000 / clock_rate_max;
    const auto instant_of = [](Moment moment) { return Instant(moment.time_since_epoch()); };
    state(Promised{
        {arbiter_, {}}, key, accepted.session(), until, instant_of(now_), instant_of(until)});
  }
}

/// It is judged by its clerks' clocks.
void World::excuse_arbiter() {
  if (!options_.config.arbiter) return;
  Duration longest{0};
  bool goes_on = false;
  for (const auto& [name, machine] : machines_) {
    longest = std::max(longest, machine.longest_lease);
    goes_on = goes_on || machine.clock.rate_permille() > clock_rate_max;
  }
  state(Excused{arbiter_, Excused::As::voter, goes_on ? Moment::max() : now_ + longest * 5 / 4});
}

// What is so.

/// Which store a node has been able to see, and since when it need not doubt it.
void World::observe_arbiter() {
  if (!options_.config.arbiter) return;
  for (auto& [name, machine] : machines_) {
    const bool sees = machine.thinks() && etcd_.has_leader() && reaches_arbiter(machine);
    if (!sees || std::exchange(machine.store_seen, etcd_.id()) == etcd_.id()) continue;
    machine.trusts_from = now_ + doubted_max;
    schedule(doubted_max, [this] { changed(); });
  }
}

/// Of two nodes with an arbiter: the other one has nobody to vote for it, and this one has.
bool World::stands_by_arbiter(const Machine& machine) const {
  if (!options_.config.arbiter || !etcd_.has_leader() || etcd_.is_slow()) return false;
  if (!reaches_arbiter(machine) || now_ < machine.trusts_from) return false;
  const auto is_helpless = [&](const auto& entry) {
    const Machine& other = entry.second;
    if (&other == &machine) return true;
    const bool apart = !hears(machine, other) && !hears(other, machine) && !reaches_arbiter(other);
    return other.is_clone() ? !other.powered : !other.thinks() || apart;
  };
  return healthy(machine) && fit(machine) && std::ranges::all_of(machines_, is_helpless);
}

/// The nodes have agreed for long, undisturbed, and nobody needs the arbiter.
bool World::agree() const {
  const auto is_well = [&](const auto& entry) {
    const Machine& one = entry.second;
    if (one.is_clone()) return !one.powered;
    return healthy(one) && std::ranges::all_of(machines_, [&](const auto& each) {
             return each.second.is_clone() || &each.second == &one || hears(one, each.second);
           });
  };
  return !votes_vary_ && now_ - disturbed_ >= options_.patience.settled &&
         std::ranges::all_of(machines_, is_well);
}

// What is done to it.

/// Liveness: what befalls an arbiter that nobody needs is no reason for anything.
void World::disturb_arbiter(const std::string& what) {
  if (!agree()) return disturb(what);
  note("** " + what + ", and nobody needs it");
  changed();
}

void World::end_arbiter() {
  if (!options_.config.arbiter) return;
  disturb_arbiter("etcd has lost its quorum");
  etcd_.set_leader(false);
  observe();
}

void World::begin_arbiter() {
  if (!options_.config.arbiter) return;
  disturb_arbiter("etcd has a quorum, and is quick");
  etcd_.set_leader(true);
  etcd_.set_slow(Duration(0));
  observe();
}

void World::slow_arbiter(Duration commit) {
  if (!options_.config.arbiter) return;
  disturb_arbiter("etcd takes " + hapx::to_string(commit) + " for a commit");
  etcd_.set_slow(commit);
  observe();
}

void World::cut_arbiter(const NodeName& node) {
  if (!options_.config.arbiter) return;
  disturb_arbiter("cut " + node.text() + " from etcd");
  etcd_.cut(node);
  observe();
}

void World::heal_arbiter(const NodeName& node) {
  if (!options_.config.arbiter) return;
  disturb_arbiter("heal " + node.text() + " and etcd");
  etcd_.heal(node);
  observe();
}

void World::replace_arbiter() {
  if (!options_.config.arbiter || etcd_.is_restoring()) return;
  disturb_arbiter("etcd is lost, and going to be restored from a backup");
  etcd_.begin_restore();
  schedule(random_.between(restore_min, restore_max), [this] {
    disturb_arbiter("etcd is restored from a backup");
    etcd_.end_restore();
    observe();
  });
  observe();
}

}  // namespace hapx::appliance::sim
