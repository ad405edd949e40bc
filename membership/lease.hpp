// SPDX-License-Identifier: Apache-2.0
// Until when may we act on a key?
//
// The holder's side of one key. It first asks all voters whether the key is free (prepare), then
// asks them for the key for a time T (propose), and asks again with every heartbeat, each time with
// a new sequence. The right is counted from *before* the asking, and shorter than T by what two
// clocks may drift apart; the voter counts T from when it answered. So our right is over before the
// promises are, however long a datagram took. All timing arithmetic of the lease is here and in
// right_of().
//
// It does not send: asked for a voter, it says what is to be said to that voter at this instant
// (prepare_for, proposal_for). It does not count votes (quorum does), and does not know why the key
// is wanted.
//
//            claim                  majority grants               majority accepts
//    Idle ----------> Preparing ------------------------> Proposing ----------------> the right
//      ^               ^  |  ^                              |    ^                     (until an
//      | release       |  |  +-- a refusal with a higher ---+    +-- every heartbeat    instant)
//      | (anywhere)    |  |      promise; the right stays
//                time, |  | a majority can't grant: another session's lease, or abstentions
//         or a release |  v
//                     Waiting
//
// The right is beside the state: a holder that has to prepare again keeps what it was promised.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "config/archived.hpp"
#include "config/cluster_config.hpp"
#include "config/time.hpp"
#include "membership/message.hpp"
#include "membership/quorum.hpp"
#include "membership/random.hpp"

namespace hapx::membership {

class Lease {
 public:
  /// What was won: act under `ballot` while now < until.
  struct Right {
    Ballot ballot;
    Instant until;

    friend bool operator==(const Right&, const Right&) = default;
  };

  /// `highest_round`: of the ballots that our own voter remembers for this key.
  Lease(LeaseKey key, Session self, Incarnation incarnation, const Electorate& electorate,
        const Timing& timing, std::uint64_t highest_round, std::uint64_t seed);

  /// Wants the key from now on. Idempotent.
  void claim(Instant now);
  /// Another majority decides from now on; what is held already is held until it has been renewed.
  void count_by(Electorate electorate) { electorate_ = std::move(electorate); }
  /// Gives it up; says what to tell the voters: the ballots under which one of them may have
  /// promised us something. REQUIRES: whoever acts on the key has stopped (LEASE.md, rules 8, 9).
  /// Safety: these ballots are never used again, and no later answer to one of them counts.
  [[nodiscard]] std::vector<Release> release();

  void answered(const NodeName& voter, const PrepareAnswer& answer, Instant now);
  void answered(const NodeName& voter, const ProposalAnswer& answer, Instant now);
  /// Evidence stands in for this voter, which is absent, as if it had granted and accepted what it
  /// was asked at `asked` (LEASE.md, rule 25).
  void vouch(const NodeName& voter, Instant asked, Instant now);
  /// Another session says that a majority has accepted `ballot` of its.
  void heard_holder(const Ballot& ballot, Duration lease, Instant now);
  /// Somebody has seen a higher ballot than ours: goes above it, if ours is under way.
  void go_above(const Ballot& seen, Instant now);
  /// Somebody gave the key up, or a voter came back: what we wait for may have come.
  void heard_news(Instant now);
  /// Ends what has ended, and begins what is due. The same instant twice changes nothing.
  void pass_time(Instant now);
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  /// True once after each change that the voters should hear of at once, not with the next beat.
  [[nodiscard]] bool take_urgency();
  /// The prepare for this voter, if one is under way that it has not granted.
  [[nodiscard]] std::optional<Prepare> prepare_for(const NodeName& voter) const;
  /// A proposal for this voter, if a majority has granted. Each call is a new sequence.
  /// Safety: `now` is its one send instant, read before the datagram is built (LEASE.md, rule 6).
  [[nodiscard]] std::optional<Proposal> proposal_for(const NodeName& voter, Instant now);

  /// Without this voter no majority has granted or lately accepted what it was asked: it matters.
  [[nodiscard]] bool needs(const NodeName& voter, Instant now) const;

  [[nodiscard]] const LeaseKey& key() const { return key_; }
  [[nodiscard]] bool claimed() const { return !std::holds_alternative<Idle>(state_); }
  [[nodiscard]] const std::optional<Right>& right() const { return right_; }
  /// When this voter was asked what it accepted last; absent: nothing, under the present ballot.
  [[nodiscard]] std::optional<Instant> accepted_by(const NodeName& voter) const;
  /// Why the right ended; meaningful when right() has just become absent.
  [[nodiscard]] const std::string& loss() const { return loss_; }
  /// Why there is no right although it is claimed; empty while nothing stands in the way.
  [[nodiscard]] const std::string& denial() const { return denial_; }

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(electorate_, highest_round_, random_, state_, right_, sequence_, collisions_, went_above_,
         urgent_, proposed_, loss_, denial_);
  }

  friend struct LeaseContents;  // tests/sim/explore: has this state been seen?

  struct Idle {};
  struct Waiting {
    Instant until;
  };
  struct Preparing {
    Ballot ballot;
    Instant since;
    std::set<NodeName> granted;
    std::map<NodeName, Instant> blocked;  ///< not free before
  };
  struct Sent {
    Instant right_until;  ///< what the answer is worth, from what was stored when it was sent
  };
  struct Backing {
    std::map<std::uint64_t, Sent> sent;  ///< by sequence, at most sent_max
    std::uint64_t newest_acknowledged = 0;
    Instant right_until{};
    std::optional<Instant> vouched_until;  ///< by evidence, without an answer
  };
  struct Proposing {
    Ballot ballot;
    Instant since;
    std::map<NodeName, Backing> voters;
    std::map<NodeName, Instant> blocked;
  };
  using State = std::variant<Idle, Waiting, Preparing, Proposing>;

  void become_waiting(Instant until);
  void become_preparing(Instant now);
  void become_proposing(Instant now);
  void lose(const std::string& reason);
  void prepare_above(const Ballot& promised, Instant now);
  void note_blocker(std::map<NodeName, Instant>& blocked, const NodeName& voter, Vote vote,
                    const std::optional<LeaseTold>& lease, Duration abstention, Instant now);
  void count_grants(Preparing& preparing, Instant now);
  void wait_for_blockers(const std::map<NodeName, Instant>& blocked, const std::set<NodeName>& free,
                         Instant now);
  void count_backing(Proposing& proposing);

  LeaseKey key_;
  Session self_;
  Incarnation incarnation_;
  Electorate electorate_;
  Timing timing_;
  std::uint64_t highest_round_;
  Random random_;

  State state_ = Idle{};
  std::optional<Right> right_;
  std::uint64_t sequence_ = 0;
  unsigned collisions_ = 0;            ///< prepares in a row that met a higher promise
  std::optional<Instant> went_above_;  ///< another round, last
  bool urgent_ = false;
  std::vector<Ballot> proposed_;  ///< since the last release; the newest proposed_max
  std::string loss_;
  std::string denial_;
};

}  // namespace hapx::membership
