// SPDX-License-Identifier: Apache-2.0
// How does another HAProxy take over from one that serves?
//
// Like a change of guard: the next one comes, stands beside the one on duty, says a word, and only
// then does the other go. Here is one attempt of that, up to the word:
//
//   checking ---------> starting --------> warming ----------> answered
//      |     accepted      |      started     |     answered
//      | refused,          | failed           | exited, too late (then it is killed)
//      v no answer         v                  v
//    failed              failed             failed
//
// Both run on the same listening sockets meanwhile; the new one accepts when it is able to. What
// becomes of the old one, and when the next attempt is due, is the supervisor's business.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "config/archived.hpp"
#include "config/time.hpp"
#include "lb-supervisor/event.hpp"
#include "lb-supervisor/outcome.hpp"

namespace hapx::lb_supervisor {

class Replacement {
 public:
  /// `generation` is of this attempt alone.
  Replacement(const SupervisorOptions& options, std::uint64_t generation, RenderedHaproxy wanted)
      : options_(options), generation_(generation), wanted_(std::move(wanted)) {}

  /// Begins with HAProxy's judgement of the text, or with a text that it has accepted before.
  void check(Instant now, Outcome& outcome);
  void start(Instant now, Outcome& outcome);

  // REQUIRES: the event's generation is ours.
  void step(const HaproxyConfigAccepted& event, Instant now, Outcome& outcome);
  void step(const HaproxyConfigRefused& event);
  void step(const HaproxyStarted& event, Instant now);
  void step(const HaproxyStartFailed& event);
  void step(const HaproxyExited& event);
  void step(const HaproxyProbed& event);
  void step(const HaproxyProbeFailed& event, Instant now);
  /// Time has passed.
  void step(Instant now, Outcome& outcome);
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  /// Nobody wants it any more: ends what was started.
  void abandon(Outcome& outcome) const;

  [[nodiscard]] std::uint64_t generation() const { return generation_; }
  /// HAProxy has accepted the text.
  [[nodiscard]] bool accepted() const { return accepted_; }
  /// It answers: it may take over.
  [[nodiscard]] std::optional<Process> answered() const;
  /// Why nothing comes of this attempt.
  [[nodiscard]] std::optional<std::string> failure() const;

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(options_, generation_, wanted_, accepted_, state_);
  }
  Replacement() = default;

  struct Checking {
    Instant until;
  };
  struct Starting {
    Instant ask_again;
    Instant until;
  };
  struct Warming {
    int pid = 0;
    Instant until;
    Probing probing;
  };
  struct Answered {
    int pid = 0;
  };
  struct Failed {
    std::string reason;
  };

  void ask_to_start(Outcome& outcome) const;

  SupervisorOptions options_;
  std::uint64_t generation_ = 0;
  RenderedHaproxy wanted_;
  bool accepted_ = false;
  std::variant<Checking, Starting, Warming, Answered, Failed> state_;
};

}  // namespace hapx::lb_supervisor
