// SPDX-License-Identifier: Apache-2.0
// How does a store that both nodes write give the third vote?
//
// Two nodes and an etcd: its consensus keeps one promise for each key, as a voter's memory would
// (promise.hpp), and each node is its clerk. A clerk reads what is promised, judges by the rules of
// every voter, and writes the outcome on the condition that nothing has changed since it read. If
// something has, nothing is written, and it begins again. So there is one voter, however many
// clerks it has, and etcd itself need not know what a lease is.
//
// The store has no clock that counts here. A promise is written with its length; whoever reads it
// counts that from when it first read it so, on its own clock, and the condition of its write
// proves that it was so until then. The holder counts from before it sent the write (LEASE.md, rule
// 27).
//
//              ask                     answered: as expected
//    idle ------------> under way ------------------------------> answers for the leases
//      ^                    | answered: not as expected, and what is there: judge again
//      |                    v
//      +------- failed, or not in time: nothing is known of what was asked
//
// It sends nothing: it says what to ask. One question is under way at a time; all keys that need it
// travel in it together.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/archived.hpp"
#include "config/cluster_config.hpp"
#include "config/time.hpp"
#include "membership/action.hpp"
#include "membership/event.hpp"
#include "membership/promise.hpp"

namespace hapx::membership {

class Arbiter {
 public:
  using Question = std::variant<Prepare, Proposal, Release>;
  using Answer = std::variant<PrepareAnswer, ProposalAnswer>;
  struct Reply {
    std::vector<Answer> answers;
    std::set<LeaseKey> again;       ///< what was asked of these is to be asked again at once
    std::vector<Release> releases;  ///< likewise
  };

  /// How often it is looked at when it is not needed, and all that was promised stands still.
  static constexpr Duration look_interval = std::chrono::seconds(5);
  static constexpr Duration retry_interval = std::chrono::milliseconds(500);

  Arbiter(Session self, const Timing& timing);

  [[nodiscard]] bool is_busy() const { return under_way_.has_value(); }
  /// Whether what is in the store has been seen. Until then questions are in vain.
  [[nodiscard]] bool knows() const { return seen_; }
  /// Whether it may have promised us this key, and not heard of its release.
  [[nodiscard]] bool concerns(const LeaseKey& key) const;
  /// When it is to be looked at, if nothing is asked before. Meaningful while not is_busy().
  [[nodiscard]] Instant next_look() const { return next_look_; }

  /// What to ask now. Without questions (or before knows()) it looks, and measures a commit. Of one
  /// key in the order in which they are judged. REQUIRES: not is_busy().
  [[nodiscard]] AskArbiter ask(const std::vector<Question>& questions, Instant now);
  [[nodiscard]] Reply hear(const ArbiterAnswered& answered, Instant now);
  void hear(const ArbiterFailed& failed, Instant now);

  /// Whether its vote may be reckoned with: it answered, and has not failed for a lease since.
  [[nodiscard]] bool answers(Instant now) const;
  /// When answers() changes if nothing comes.
  [[nodiscard]] std::optional<Instant> next_deadline(Instant now) const;
  /// Why its vote is missing; empty: it isn't.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  /// How long the slowest of its last commits took; absent: none yet.
  [[nodiscard]] std::optional<Duration> slowest_commit() const;

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(ticket_, under_way_, seen_, store_, revision_, known_, changed_, mark_revision_,
         abstain_until_, next_look_, failing_since_, trouble_, commits_, commits_seen_);
  }

  /// What the store has for a key.
  struct Known {
    std::int64_t revision = 0;
    std::vector<std::uint8_t> value;
    Promise promise;          ///< the instant in it is of our clock
    Instant abstain_until{};  ///< nobody knows what was promised before
  };
  /// The questions about one key that are under way.
  struct Asked {
    std::vector<Question> questions;
    std::vector<Answer> answers;      ///< if nothing has changed
    std::vector<std::uint8_t> value;  ///< what is to be remembered for them; empty: nothing new
  };
  struct UnderWay {
    std::uint64_t ticket = 0;
    Instant asked;
    std::map<LeaseKey, Asked> keys;
    bool measures = false;
    bool writes = false;
  };

  void judge_questions(Asked& asked, const LeaseKey& key, Instant now) const;
  void note_store(const ArbiterAnswered& answered, Instant now);
  void note_entries(const std::vector<ArbiterEntry>& entries, Instant now);
  [[nodiscard]] Duration until_next_look(const UnderWay& way, Instant now) const;
  void note_commit(Duration took);
  [[nodiscard]] const Known* find(const LeaseKey& key) const;

  Session self_;
  Timing timing_;
  std::uint64_t ticket_ = 0;
  std::optional<UnderWay> under_way_;
  bool seen_ = false;
  std::uint64_t store_ = 0;
  std::int64_t revision_ = 0;  ///< of the store, the highest seen
  std::map<LeaseKey, Known> known_;
  Instant changed_{};               ///< when a promise was last found to be another than before
  std::int64_t mark_revision_ = 0;  ///< of the entry by which commits are measured
  Instant abstain_until_{};         ///< another store's memory, or an older one
  Instant next_look_{};
  std::optional<Instant> failing_since_;
  std::string trouble_;
  std::array<Duration, 10> commits_{};
  std::size_t commits_seen_ = 0;
};

}  // namespace hapx::membership
