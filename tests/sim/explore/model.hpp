// SPDX-License-Identifier: Apache-2.0
// What are all the states that the lease can get into, at small scope?
//
// The code that ships (voter, lease, quorum, promise_memory, recall) runs here unchanged, between
// two contenders for one key and two or three voters. From a state each event that could happen
// next leads to another; search.hpp visits them all.
//
// Explored. The network is a set of messages that only grows, one set for each voter: whatever was
// ever said may be delivered at any later time, in any order, any number of times, or never, which
// is loss, doubling, delay, reordering and partition in one. Contenders claim, beat, release, claim
// again, are restarted in flight (the kernel's fence stays as it is) or lose power (a new session);
// they hear of each other's holding, releases and ballots, or don't. Voters restart with their
// mapped file, lose it, or lose power. The kernel's fence is what is judged: it opens with the
// right and closes by itself, so a process that is never heard of again is a frozen one.
//
// Time. The world goes in ticks of a second, and there is no end of them. The clocks are at the
// ends of what LEASE.md, rule 7, allows: contenders run 10 % slow, so their rights last long,
// voters 10 % fast, so their promises are short. T is a whole number of ticks on a voter's clock;
// the right that it gives ends 0.01 ticks before (1.99 of 2), so an instant is shared or not by the
// hair's breadth that the arithmetic leaves. Everything between two ticks happens at one instant,
// in every order.
//
// When two states are one. Nobody knows the time, only how long ago and how long still: so "now" is
// always the same instant, and a tick makes what is remembered older. What is past is as good as
// anything past. Voters are alike: states that differ in the voters' names are one state. Voters
// and contenders are processes of their own, with clocks of their own: a node's vote for itself may
// be late or lost, too, which is more than can happen.
//
// Not explored. What lies beyond the bounds of the Scope: ballots that a contender begins, rounds
// of proposals under one ballot (one a tick), releases, restarts, lost memories, and which answers
// may be late (Scope::late). A contender on its last ballot hears no refusals, for they could only
// make it begin another; one that would have to begin another is out of the game. The asker's own
// lease in a yes to a prepare, which is news for nobody. Clocks that change their speed, or drift
// more than rule 7 allows. The bytes on the wire, replayed or forged datagrams, who is a member:
// they are Member's (unit tests, simulator). More than one key; more than two sessions at a time;
// unequal votes. Random waits are zero: a contender that waits may try again in any later event, so
// no shorter wait can do more. Rule 10 has nothing to end here: that a right lasts although another
// one holds takes a machine that was paused.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "parts.hpp"

namespace hapx::membership::explore {

using Id = std::uint32_t;

/// Each part is kept once, in a table of its kind; a state is their numbers.
struct State {
  std::array<Id, contenders> contender{};
  std::array<Id, voters_max> voter{};
  std::array<Id, voters_max> mail{};  ///< what was ever said between that voter and contenders
  std::uint8_t forgotten = 0;         ///< how often a voter lost its memory

  friend bool operator==(const State&, const State&) = default;
};

struct Event {
  Kind kind = Kind::time_passes;
  std::uint8_t contender = 0;
  std::uint8_t voter = 0;
  Id note = 0;
  Id answer = 0;  ///< that is heard at once
};

struct Successor {
  State state;
  Event event;
  const std::string* broken_word = nullptr;  ///< of a voter or a contender, in this event
  bool too_far = false;  ///< beyond the scope's bounds: to be judged, not visited
};

/// A table of values, each once, by their bytes.
template <class Value>
class Table {
 public:
  template <class Make>
  Id put(std::string bytes, Make make) {
    const auto [found, is_new] =
        ids_.try_emplace(std::move(bytes), static_cast<Id>(values_.size()));
    if (is_new) values_.push_back(make());
    return found->second;
  }
  [[nodiscard]] const Value& operator[](Id id) const { return values_[id]; }
  [[nodiscard]] Value& at(Id id) { return values_[id]; }
  [[nodiscard]] std::size_t size() const { return values_.size(); }

 private:
  std::unordered_map<std::string, Id> ids_;
  std::deque<Value> values_;
};

class Model {
 public:
  Model(const Scope& scope, bool voters_are_alike);

  [[nodiscard]] State first();
  /// All that can come next and differs. The answer is good until the next call.
  [[nodiscard]] const std::vector<Successor>& successors(const State& state);
  /// One name for all states that differ in the voters' names only.
  [[nodiscard]] State canonical(const State& state);

  /// Safety: no two fences are open at one instant, and behind each open one stands a majority of
  /// voters whose promise outlives it. An empty sentence if both are so.
  [[nodiscard]] std::string judge(const State& state) const;
  [[nodiscard]] bool open(const State& state, std::size_t contender) const;

  [[nodiscard]] std::string words(const Successor& successor, const State& before) const;
  [[nodiscard]] std::string sizes() const;
  /// Sequences that don't count rounds were seen: only a model of voters with names can go on.
  [[nodiscard]] bool irregular() const { return irregular_; }

 private:
  struct KnownContender {
    Contender contender;
    Duration open_for;  ///< of the world's time
    Session session;
    bool has_right;
    bool last_ballot;            ///< another would be beyond the bounds
    std::uint64_t newest_round;  ///< of its ballot under way; 0: none
    std::optional<bool> spent;   ///< of those on their last ballot, once it was asked
    Id aged;
    std::array<Id, 6> renamed;
  };
  struct KnownVoter {
    Memory memory;
    std::optional<Session> promised_to;
    Duration promised_for;
    Duration abstains_for;
    Id aged;
  };
  struct KnownNote {
    Note note;
    bool is_request;
    bool is_yes;
    bool is_held;  ///< a proposal of a holder
    bool is_proposal;
    bool is_release;
    std::uint64_t accepted_round;  ///< of a yes to a proposal; else 0
    Id holding;                    ///< the same for all proposals of one ballot and length
  };
  struct KnownContenderStep {
    Id after;
    std::vector<std::pair<std::uint8_t, Id>> sent;  ///< voter, note
    std::string broken_word;
    bool too_far;
    bool out_of_ballots;
  };
  struct KnownVoterStep {
    Id after;
    std::optional<Id> answer;
    bool may_be_late;
    std::string broken_word;
  };

  Id put(Contender contender);
  Id put(Memory memory);
  Id put(Note note);
  Id put_mail(const std::vector<Id>& notes);
  Id with(Id mail, Id note);
  Id renamed(Id contender, std::size_t permutation);
  const KnownContenderStep& contender_step(Id contender, Kind kind, Id note, std::size_t voter);
  const KnownVoterStep& voter_step(Id voter, Kind kind, Id note);

  void add(const State& before, Successor next);
  bool spent(Id contender);
  Id without_answers(Id mail, std::size_t contender, std::uint64_t below_round);
  void forget_the_useless(State& state);
  void pass_time(const State& state);
  void move_contender(const State& before, const State& state, const Event& event);
  void move_contender(const State& state, std::size_t index, Kind kind, Id note = 0,
                      std::size_t voter = 0);
  void move_voter(const State& state, std::size_t voter, Kind kind, Id note = 0);
  void deliver(const State& state, std::size_t voter);
  void spread_rumours(const State& state);
  void act(const State& state, std::size_t index);

  Scope scope_;
  Parts parts_;
  Table<KnownContender> contenders_;
  Table<KnownVoter> voters_;
  Table<KnownNote> notes_;
  Table<std::vector<Id>> mails_;
  Table<Id> holdings_;
  std::deque<KnownContenderStep> contender_steps_;
  std::deque<KnownVoterStep> voter_steps_;
  std::unordered_map<std::uint64_t, Id> known_contender_steps_;
  std::unordered_map<std::uint64_t, Id> known_voter_steps_;
  std::unordered_map<std::uint64_t, Id> known_mail_;
  std::unordered_map<std::uint64_t, Id> known_remainders_;
  std::array<Id, contenders> spent_{};
  std::vector<std::vector<std::size_t>> permutations_;
  std::vector<Successor> successors_;
  bool irregular_ = false;
};

}  // namespace hapx::membership::explore
