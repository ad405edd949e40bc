// SPDX-License-Identifier: Apache-2.0
// What do one contender and one voter of the exploration do with one piece of news?
//
// The real code does it: a contender is a membership::Lease with the kernel's deadline beside it, a
// voter is a membership::Voter with its mapped file. Here they are values: told what happened and
// at which tick, they say what they became and what was sent, and whether they broke their word.
// What makes a whole of them (who hears what, and when) is in model.hpp, with the model's account
// of what is explored and what is not.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lease_contents.hpp"
#include "membership/voter.hpp"

namespace hapx::membership::explore {

inline constexpr std::size_t contenders = 2;
inline constexpr std::size_t voters_max = 3;
/// The world's time between two ticks.
inline constexpr Duration tick_length = std::chrono::seconds(1);
/// Where "now" is in the world's time, always: what is remembered grows older instead.
inline constexpr Duration now_of_the_world = std::chrono::seconds(100);

/// Which answers may come late. The others are heard at once or never; the question itself may
/// always be as late as it likes.
enum class Late : std::uint8_t {
  acceptances,  ///< a yes to a proposal of the newest ballot: what a right is made of
  agreements,   ///< every yes, to a prepare or a proposal of whichever ballot
  all,          ///< and refusals and abstentions
};

/// What is explored, and the bounds that make it finite.
struct Scope {
  std::string name;
  std::size_t voters = 3;
  /// T in ticks of the voters' clocks: of the contenders' first processes, and of later ones.
  std::array<unsigned, contenders> lease_ticks = {2, 2};
  unsigned later_lease_ticks = 1;
  /// Speeds. The least favourable: contenders slow, so rights are long; voters fast.
  std::int64_t contender_permille = 900;
  std::int64_t voter_permille = 1100;

  std::array<unsigned, contenders> ballots = {2, 2};  ///< that a contender begins, in all
  unsigned rounds = 2;  ///< of proposals under one ballot, one a tick at most
  std::array<unsigned, contenders> releases = {1, 1};
  std::array<unsigned, contenders> restarts = {0, 0};      ///< of the process
  std::array<unsigned, contenders> power_losses = {0, 0};  ///< of its machine
  bool later_incarnation_is_lower = false;                 ///< random numbers: either may be
  Late late = Late::acceptances;
  bool rumours = true;         ///< a contender hears of the other's holding, release, ballots
  bool voters_restart = true;  ///< with the mapped file, any number of times
  unsigned voters_forget = 0;  ///< file lost, or power lost: in all

  // Worlds that the rules don't promise to survive: what the search is seen to find.
  bool fence_works = true;   ///< else it stays open for a tick more
  bool marker_works = true;  ///< else a voter that forgets doesn't know that it has voted
};

/// A message without the voter's name: what one contender and some voter say to each other.
/// Sequences count the rounds in which all voters were told.
struct Note {
  std::size_t contender = 0;
  Session from;  ///< of requests
  std::variant<Prepare, Proposal, Release, PrepareAnswer, ProposalAnswer> what;

  [[nodiscard]] bool is_request() const { return what.index() < 3; }
  [[nodiscard]] bool is_yes() const;
  [[nodiscard]] bool may_be(Late late) const;  ///< of an answer
  [[nodiscard]] std::string bytes() const;
  [[nodiscard]] std::string words() const;
};

/// A process that wants the key, and its machine's kernel.
struct Contender {
  Lease lease;
  std::size_t index = 0;
  std::uint8_t boot = 1;
  std::uint64_t incarnation = 0;
  Instant open_until{};  ///< the fence, on its machine's clock
  bool had_right = false;
  std::uint64_t released_round = 0;  ///< of this incarnation: its ballots up to here are over
  std::uint8_t ballots = 0;
  std::uint8_t rounds = 0;
  bool said = false;  ///< a round of proposals under this ballot, since the last tick
  std::uint8_t releases = 0;
  std::uint8_t restarts = 0;
  std::uint8_t power_losses = 0;
};

/// A voter's memory, and what the checkers remember for it.
struct Memory {
  Promise promise;
  Instant remembered_abstention{};
  Instant abstains_until{};
  std::uint8_t boot = 1;
  std::vector<Retired> released;  ///< what it was told, whatever it made of it; in order
};

enum class Kind : std::uint8_t {
  time_passes,
  claims,
  beats,
  releases,
  restarts,      ///< the contender's process: the fence stays as it is
  loses_power,   ///< the contender's machine: a new session
  hears_answer,  ///< of a voter
  hears_holder,  ///< a proposal of the other contender that is held
  hears_news,    ///< a release of the other contender, or a voter came back
  sees_ballot,   ///< of the other contender, in a plan
  voter_hears,   ///< a prepare, a proposal, a release
  voter_tells,   ///< the same, and the contender hears the answer at once
  voter_restarts,
  voter_loses_file,
  voter_loses_power,
};

struct Letter {
  std::size_t voter;
  Note note;
};

struct ContenderStep {
  Contender after;
  std::vector<Letter> sent;
  bool too_far = false;         ///< beyond the scope's bounds
  bool out_of_ballots = false;  ///< because of its ballots
  bool irregular = false;       ///< sequences that don't count rounds: voters aren't alike any more
  std::string broken_word;      ///< empty if none
};

struct VoterStep {
  Memory after;
  std::optional<Note> answer;
  std::string broken_word;
};

/// One contender or one voter at work, by the rules of a scope.
class Parts {
 public:
  explicit Parts(const Scope& scope, bool voters_are_alike);

  [[nodiscard]] Contender first_contender(std::size_t index) const;
  [[nodiscard]] Memory first_memory() const;

  /// `note` and `voter` as far as `kind` has them.
  [[nodiscard]] ContenderStep step(const Contender& before, Kind kind, const Note* note,
                                   std::size_t voter) const;
  [[nodiscard]] VoterStep hear(const Memory& before, const Note& request) const;
  [[nodiscard]] VoterStep begin_again(const Memory& before, Kind kind) const;
  /// A tick later.
  [[nodiscard]] Contender aged(const Contender& contender) const;
  [[nodiscard]] Memory aged(const Memory& memory) const;

  [[nodiscard]] std::string bytes(const Contender& contender) const;
  [[nodiscard]] std::string bytes(const Memory& memory) const;
  [[nodiscard]] Session session(const Contender& contender) const;

  /// For how long from now, in the world's time; a right rounded up, a promise rounded down.
  [[nodiscard]] Duration open_for(const Contender& contender) const;
  [[nodiscard]] Duration promised_for(const Memory& memory) const;
  [[nodiscard]] Duration abstains_for(const Memory& memory) const;

  [[nodiscard]] const std::vector<NodeName>& voters() const { return voters_; }
  [[nodiscard]] const Electorate& electorate() const { return electorate_; }

 private:
  [[nodiscard]] Lease new_lease(const Contender& of, unsigned lease_ticks) const;
  [[nodiscard]] VoterIdentity identity(const Memory& memory) const;
  [[nodiscard]] PromiseMemory real(const Memory& memory) const;
  void tell(Contender& contender, Kind kind, const Note* note, std::size_t voter,
            ContenderStep& step) const;
  void give_up(Contender& contender, ContenderStep& step) const;
  void become_new(Contender& contender, Kind kind) const;
  void say(Contender& contender, ContenderStep& step) const;
  void look(Contender& contender, ContenderStep& step) const;

  Scope scope_;
  Instant contender_now_;
  Instant voter_now_;
  bool voters_are_alike_;
  std::vector<NodeName> voters_;
  Electorate electorate_;
};

/// What the voter did not keep of its word, or an empty sentence. `heard`: absent if it began anew.
[[nodiscard]] std::string judge_voter(const Memory& before, const Memory& after, const Note* heard,
                                      const std::optional<Note>& answer, Instant now);

}  // namespace hapx::membership::explore
