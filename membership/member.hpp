// SPDX-License-Identifier: Apache-2.0
// Who is here, and who may act?
//
// The room's machine. It votes, asks for votes, hears heartbeats and falls silent peers out, and
// shows the outcome as one View. It decides nothing about services: it is told which keys to claim
// and what to report, and carries plans that it doesn't read.
//
//   datagrams -> codec -> peer, failure_detector -+
//                      -> voter (our answers)      +--> View (rights, coordinator, members, plan)
//                      -> lease + quorum ----------+
//
// The coordinator's key is claimed here, by every member in turn, and never from above; its rights
// are no news, view().coordinating says it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "config/archived.hpp"
#include "config/cluster_config.hpp"
#include "config/cluster_key.hpp"
#include "membership/action.hpp"
#include "membership/event.hpp"
#include "membership/promise_memory.hpp"
#include "membership/view.hpp"

namespace hapx::membership {

using Action = std::variant<SendDatagram, StorePromise, StoreRecord, AskArbiter>;

/// What the node, one floor above, should know at once. The View holds the state; news say that it
/// changed, and why.
struct RightGained {
  LeaseKey key;
  Instant until;
};  ///< we may act from now on
struct RightExtended {
  LeaseKey key;
  Instant until;
};  ///< never an earlier instant than before
/// Another session may have held the key meanwhile, while our machine stood still: it was won again
/// under another ballot while it lasted, or another node has begun anew and may have forgotten.
struct RightRegained {
  LeaseKey key;
};
struct RightLost {
  LeaseKey key;
  std::string reason;
};  ///< expired, or another holds it (rule 10)
struct RightDenied {
  LeaseKey key;
  std::string reason;
};                      ///< a claim has to wait; told once per cause
struct ViewChanged {};  ///< members, quorum, coordinator or a report
struct PlanArrived {};  ///< view().plan is a higher one
struct OrderArrived {
  Order order;
};  ///< we are asked to: as the coordinator, or as the one node that it is for
struct OrderAnswered {
  OrderAnswer answer;
};  ///< to an order that was given here
struct OrderEnded {
  StandingOrder order;
};                       ///< we coordinate, and its time is over
struct StagedAgreed {};  ///< nothing stands in the way of what was staged any more
struct DatagramRefused {
  Endpoint from;
  std::string reason;
};  ///< reason: a short stable word group, counted
struct Conflict {
  std::string sentence;
};  ///< somebody runs under our name (a cloned VM)
using News = std::variant<RightGained, RightExtended, RightRegained, RightLost, RightDenied,
                          ViewChanged, PlanArrived, OrderArrived, OrderAnswered, OrderEnded,
                          StagedAgreed, DatagramRefused, Conflict>;

struct Outcome {
  std::vector<Action> actions;
  std::vector<News> news;
};

struct MemberOptions {
  ClusterConfig config;
  NodeName self;
  BootId boot;
  Incarnation incarnation;
  ClusterKeys keys;
  PromiseMemory memory;  ///< what an earlier incarnation of this boot promised; may be empty
  std::optional<Duration>
      abstain;  ///< vote for nobody for this long from `now` on (LEASE.md, rule 5)
  std::uint64_t seed = 0;
  /// Our copy, as it was on disk; blank if there was none, or a torn one. Its electorate, if any,
  /// is the one that was adopted for `config`.
  KeptRecord record;
};

/// A configuration that changes who votes, for as long as it waits.
struct StagedConfig {
  std::uint64_t fingerprint = 0;  ///< of all of it
  std::vector<NodeConfig> nodes;
  Votes votes;
};

/// What may stand in for the vote of the other one of two (evidence.hpp).
struct Witness {
  std::optional<Instant> asked;  ///< the tie-breaker has answered what it was asked then, or later
  /// Of these, nobody had the address when they were last asked for, over a lease, just now.
  std::set<LeaseKey> free;

  friend bool operator==(const Witness&, const Witness&) = default;
};

class Member {
 public:
  Member(MemberOptions options, Instant now);
  ~Member();
  Member(Member&&) noexcept;
  Member& operator=(Member&&) noexcept;

  [[nodiscard]] Outcome step(const DatagramArrived& datagram, Instant now);
  /// Time has passed; does whatever is due. Harmless when nothing is.
  [[nodiscard]] Outcome step(Instant now);
  [[nodiscard]] Outcome step(const RecordStored& stored, Instant now);
  [[nodiscard]] Outcome step(const RecordStoreFailed& failed, Instant now);
  /// Orders with an end need it, and those who are asked to give one.
  [[nodiscard]] Outcome step(const WallClockSet& clock, Instant now);
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  /// Wants to hold `key` from now on: prepares, and keeps what is won renewed. Idempotent.
  [[nodiscard]] Outcome claim(const LeaseKey& key, Instant now);
  /// Gives `key` up: retires the ballot, tells the voters. REQUIRES: whoever acts on the key has
  /// stopped (the fence is closed), see LEASE.md rules 8 and 9.
  [[nodiscard]] Outcome release(const LeaseKey& key, Instant now);

  /// Replaces what we tell of ourselves; sent at once if it differs (more than failures age), and
  /// with each beat until the peer has it.
  [[nodiscard]] Outcome tell(NodeReport report, Instant now);
  /// Tells who is connected to an address that is held here: its next holder wakes them. Told once,
  /// and lost if it is lost: say it again now and then.
  [[nodiscard]] Outcome tell_clients(const LeaseKey& key, const std::vector<Endpoint>& clients,
                                     Instant now);
  /// As a peer told last that held it.
  [[nodiscard]] const std::vector<Endpoint>& clients(const LeaseKey& key) const;
  /// Tells all nodes where services are to be, ourselves included (PlanArrived). REQUIRES:
  /// view().coordinating was true; does nothing if that right has just ended.
  [[nodiscard]] Outcome publish(std::vector<Assignment> assignments, Instant now);
  /// Sends an order to the coordinator, again with each beat until it answers or 3 s have passed
  /// (then OrderAnswered "unknown"). An order given at the coordinator comes back as OrderArrived.
  /// One that is for a single node goes there instead. REQUIRES: that is not this node.
  [[nodiscard]] Outcome order(Order order, Instant now);
  [[nodiscard]] Outcome answer(OrderAnswer answer, Instant now);
  /// Takes an order that changes the record into it, and answers whoever gave it when a majority
  /// has it on disk; if we cease to coordinate before, nobody does. REQUIRES: it is a RecordChange,
  /// and came as OrderArrived.
  [[nodiscard]] Outcome keep(Order order, Instant now);

  /// A node that is ahead of us counts by it, or ours is not settled: then to take it is no change
  /// that we would begin.
  [[nodiscard]] bool is_in_use(const Votes& list) const;
  /// Tells the other nodes that this configuration waits here, or none. StagedAgreed comes when all
  /// who are there have the same, a majority of the votes in force, and of the new ones, is among
  /// them, and each has counted by the list in force for lease_max; or when one of them has adopted
  /// it already, or ours is not settled. What it waits for is in the View. REQUIRES: its electorate
  /// is another one.
  [[nodiscard]] Outcome stage(std::optional<StagedConfig> staged, Instant now);

  /// What came of an AskArbiter.
  [[nodiscard]] Outcome step(const ArbiterAnswered& answered, Instant now);
  [[nodiscard]] Outcome step(const ArbiterFailed& failed, Instant now);
  /// How long the slowest of its last ten commits took; absent: there was none. Not in the View,
  /// which would change with each.
  [[nodiscard]] std::optional<Duration> arbiter_commits_in() const;

  /// Replaces what is known besides votes. Nothing comes of it unless there are two nodes and
  /// noQuorumPolicy is ignore.
  [[nodiscard]] Outcome hear_witness(Witness witness, Instant now);
  /// Somebody says that the other one is off: counts as if the two had met. For as long as this
  /// process lives; once something is held its memory of this boot says so.
  [[nodiscard]] Outcome waive_meeting(Instant now);

  /// Leaves in order: releases every key (the coordinator's, too) and says goodbye, so that peers
  /// take us for dead at once instead of waiting for silence. Nothing is claimed or voted for
  /// afterwards. REQUIRES: as release.
  [[nodiscard]] Outcome leave(Instant now);
  /// Votes for nobody until now + `length`, a restart included (LEASE.md, rule 17: whoever notices
  /// that its memory may be an older one).
  [[nodiscard]] Outcome abstain(Duration length, Instant now);

  [[nodiscard]] const View& view() const;

  /// What is known of a peer besides the View, which would change with every beat if it had this.
  struct Contact {
    std::optional<Instant> last_heard;
    bool has_left = false;  ///< its last word was good-bye

    friend bool operator==(const Contact&, const Contact&) = default;
  };
  /// The default of all fields for ourselves and for strangers.
  [[nodiscard]] Contact contact(const NodeName& peer) const;

  /// All that it remembers, beyond what the constructor was given (config/archived.hpp).
  void archive(ArchiveWriter& kept) const;
  void archive(ArchiveReader& kept);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hapx::membership
