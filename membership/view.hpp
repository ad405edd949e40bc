// SPDX-License-Identifier: Apache-2.0
// What may the rest of the house know of the cluster?
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/cluster_config.hpp"
#include "membership/ballot.hpp"
#include "membership/evidence.hpp"
#include "membership/record.hpp"
#include "membership/report.hpp"

namespace hapx::membership {

enum class Liveness : std::uint8_t { unheard, alive, suspect, dead };

struct MemberView {
  NodeName name;
  Role role = Role::full;
  unsigned votes = 1;
  Liveness liveness = Liveness::unheard;  ///< of ourselves: always alive
  bool hears_us = false;                  ///< its last heartbeat said so
  NodeReport report;                      ///< its last; empty if none was heard
  std::optional<Instant> report_heard;    ///< from when on the ages in it count
  std::optional<Incarnation> incarnation;
  std::vector<std::string> config_differs{};  ///< where its configuration is not ours, if it told
  std::vector<Liveness> ways{};   ///< as heard at each of its addresses; empty if it has one
  bool counts_otherwise = false;  ///< by another list of voters: neither of us votes for the other

  friend bool operator==(const MemberView&, const MemberView&) = default;
};

enum class RecordState : std::uint8_t {
  unread,  ///< the orders in force are not known yet
  read,    ///< they are
  stale,   ///< they may be older than what some node knows
};

/// The standing orders.
struct RecordView {
  /// As the coordinator has it; of another node: what that says.
  RecordState state = RecordState::unread;
  StandingOrders orders;  ///< in force; of another node: those of its own copy
  std::string trouble;    ///< why our own copy can't be stored; empty: it can

  friend bool operator==(const RecordView&, const RecordView&) = default;
};

/// Who votes, and what is to become of that (LEASE.md, rule 22).
struct ElectorateView {
  std::uint64_t generation = 1;
  bool settled = true;  ///< the list before it counts no more
  std::vector<NodeName>
      missing;           ///< of all lists that count, those who were not heard to have adopted it
  bool storing = false;  ///< the list in force is on its way to our disk
  bool staged = false;   ///< a configuration that changes it waits here
  std::vector<std::string> waits_for;  ///< a sentence each; empty: for nothing any more

  friend bool operator==(const ElectorateView&, const ElectorateView&) = default;
};

/// How it is with the other one of two, where evidence may stand in for its vote (evidence.hpp).
struct AloneView {
  OtherIs other = OtherIs::heard;
  bool met = false;           ///< it has been heard since this machine started
  bool stands_in = false;     ///< evidence does, for what is held here or for who coordinates
  std::string_view reason{};  ///< why it does, or doesn't; lives for ever

  friend bool operator==(const AloneView&, const AloneView&) = default;
};

/// How it is with the third vote of two nodes (arbiter.hpp).
struct ArbiterView {
  bool answers = false;
  std::string trouble{};  ///< why its vote is missing, or may be soon; empty: it isn't

  friend bool operator==(const ArbiterView&, const ArbiterView&) = default;
};

struct View {
  /// Members that are alive have more than half of the votes, or evidence stands in for one.
  bool quorate = false;
  std::optional<NodeName>
      coordinator;                  ///< the holder of the coordinator's lease, as far as we know
  bool coordinating = false;        ///< that is us, and our right has not ended
  std::vector<MemberView> members;  ///< in the file's order, ourselves included
  std::optional<Plan> plan;         ///< the highest one seen
  RecordView record;
  ElectorateView electorate;
  std::optional<AloneView> alone;  ///< where noQuorumPolicy is ignore
  std::optional<ArbiterView> arbiter;
  /// What we hold, and until when we may act on it; the coordinator's key is among them.
  std::map<LeaseKey, Instant> rights;

  friend bool operator==(const View&, const View&) = default;
};

}  // namespace hapx::membership
