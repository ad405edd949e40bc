// SPDX-License-Identifier: Apache-2.0
// What do nodes say to each other?
//
// Plain values. A Message is all that one node has to say to one other at one moment: usually a
// beat with some proposals, or some answers. It may take several datagrams; each item stands for
// itself, so the loss of one datagram loses only what was in it. Nothing here says how it looks as
// bytes (plaintext, codec) or when it is said (member).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "config/fingerprint.hpp"
#include "config/ids.hpp"
#include "config/net.hpp"
#include "config/time.hpp"
#include "membership/ballot.hpp"
#include "membership/report.hpp"
#include "membership/succession.hpp"

namespace hapx::membership {

/// Reports and plans of more entries than this can't be told.
inline constexpr std::uint32_t entries_max = 256;
inline constexpr std::size_t reason_bytes_max = 200;
inline constexpr std::size_t obstacle_bytes_max = 120;
inline constexpr std::size_t sentence_bytes_max = 400;
inline constexpr std::size_t config_part_bytes_max = 120;
/// So many clients of a holder are told, and so many at once.
inline constexpr std::size_t clients_max = 500;
inline constexpr std::size_t clients_part_max = 50;

/// "I hear this process of that node, and have this version of its report."
struct Hearing {
  NodeName node;
  Incarnation incarnation;
  std::uint64_t report_version = 0;  ///< 0: none yet

  friend bool operator==(const Hearing&, const Hearing&) = default;
};

/// "I heard it from the coordinator itself." Never hearsay of hearsay.
struct CoordinatorTold {
  Ballot ballot;  ///< its node is the coordinator
  Duration remaining{0};

  friend bool operator==(const CoordinatorTold&, const CoordinatorTold&) = default;
};

/// "I am here."
struct Beat {
  std::vector<Hearing> hears;
  std::optional<CoordinatorTold> coordinator;
  std::optional<PlanId> plan;   ///< the highest that I have in full
  std::uint64_t challenge = 0;  ///< repeat this number, so that I know you are not a recording
  std::uint64_t response = 0;   ///< your challenge
  std::optional<Incarnation>
      rival;  ///< you are this one, and another session of your node is alive
  bool leaving = false;
  bool orders_may_be_stale = false;  ///< of a coordinator that could not read the record
  std::uint64_t config = 0;          ///< the fingerprint of what I run; 0: not told
  std::uint64_t staged = 0;  ///< of what I would run instead, which changes who votes; 0: nothing

  friend bool operator==(const Beat&, const Beat&) = default;
};

/// The ballot's node and incarnation are the sender's.
struct Prepare {
  LeaseKey key;
  Ballot ballot;
  /// What wants the key; absent: the key is held already, or no plan is about it.
  std::optional<PlanId> plan{};

  friend bool operator==(const Prepare&, const Prepare&) = default;
};

/// An unexpired promise of the answering voter to some session.
struct LeaseTold {
  Ballot ballot;
  BootId boot;
  Duration remaining{0};  ///< counted by the voter, from its answer on

  [[nodiscard]] Session session() const { return {ballot.node, boot}; }

  friend bool operator==(const LeaseTold&, const LeaseTold&) = default;
};

enum class Vote : std::uint8_t {
  yes,
  no,
  abstains,  ///< neither: this voter can't know what it has promised
};

struct PrepareAnswer {
  LeaseKey key;
  Ballot ballot;  ///< of the prepare
  Vote vote = Vote::no;
  Ballot promised;                 ///< in every refusal: what is promised, or released by the asker
  std::optional<LeaseTold> lease;  ///< what was accepted and has not expired
  Duration abstention{0};          ///< of `abstains`: how long it lasts

  friend bool operator==(const PrepareAnswer&, const PrepareAnswer&) = default;
};

/// The ballot's node and incarnation are the sender's.
struct Proposal {
  LeaseKey key;
  Ballot ballot;
  std::uint64_t sequence = 0;
  Duration lease{0};  ///< T
  bool held = false;  ///< a majority has accepted this ballot, and the right has not ended
  std::optional<PlanId> plan{};  ///< as in Prepare

  friend bool operator==(const Proposal&, const Proposal&) = default;
};

struct ProposalAnswer {
  LeaseKey key;
  Ballot ballot;
  std::uint64_t sequence = 0;
  Vote vote = Vote::no;
  Ballot promised;
  std::optional<LeaseTold> lease;  ///< of a refusal: another session's
  Duration abstention{0};

  friend bool operator==(const ProposalAnswer&, const ProposalAnswer&) = default;
};

/// The sender has stopped acting under this ballot, and will never use it again.
struct Release {
  LeaseKey key;
  Ballot ballot;

  friend bool operator==(const Release&, const Release&) = default;
};

/// One service of the sender's report, or (count 0) that the report is empty.
struct ReportPart {
  std::uint64_t version = 0;
  std::uint32_t index = 0;
  std::uint32_t count = 0;
  std::optional<ServiceReport> service;

  friend bool operator==(const ReportPart&, const ReportPart&) = default;
};

/// One assignment of a plan, or (count 0) that the plan is empty.
struct PlanPart {
  PlanId plan;
  std::uint32_t index = 0;
  std::uint32_t count = 0;
  std::optional<Assignment> assignment;

  friend bool operator==(const PlanPart&, const PlanPart&) = default;
};

/// "Promise to take no write below this ballot any more, and tell me what you have." The ballot's
/// node and incarnation are the sender's.
struct RecordRead {
  Ballot ballot;
  std::uint64_t number = 0;  ///< of the reading, from 1

  friend bool operator==(const RecordRead&, const RecordRead&) = default;
};

/// What a node has on disk, whether it was asked to read or to write.
struct RecordAnswer {
  Ballot ballot;                ///< of the question
  std::uint64_t number = 0;     ///< of the reading; 0: of a write
  Ballot promised;              ///< above `ballot`: a refusal
  std::optional<RecordId> has;  ///< absent: its copy is blank

  friend bool operator==(const RecordAnswer&, const RecordAnswer&) = default;
};

/// One entry of a record: an order or, behind those, a lifted one; or that there is nothing in it.
struct RecordPart {
  RecordId id;
  std::uint32_t index = 0;             ///< among the orders and the lifted ones behind them
  std::uint32_t count = 0;             ///< of the orders
  std::optional<StandingOrder> order;  ///< of an index below count
  /// Of a write into a blank copy: the number of the reading that was enough without it.
  std::uint64_t filling = 0;
  std::optional<RecordId> floor{};
  std::uint32_t lifted_count = 0;
  std::optional<LiftedOrder> lifted{};  ///< of an index from count on

  friend bool operator==(const RecordPart&, const RecordPart&) = default;
};

/// One part of the sender's configuration, for a node that runs another one.
struct ConfigTold {
  std::uint64_t config = 0;  ///< the fingerprint of all of it
  std::uint32_t index = 0;
  std::uint32_t count = 0;
  ConfigPart part;

  friend bool operator==(const ConfigTold&, const ConfigTold&) = default;
};

/// Who is connected to an address that the sender holds, a part of them or (count 0) nobody. For
/// whoever holds it next.
struct ClientsTold {
  LeaseKey key;
  std::uint64_t version = 0;
  std::uint32_t index = 0;
  std::uint32_t count = 0;
  std::vector<Endpoint> clients;  ///< at most clients_part_max, all of one family

  friend bool operator==(const ClientsTold&, const ClientsTold&) = default;
};

struct Message {
  NodeName to;
  ElectorateTold electorate;  ///< in each datagram, for all that is in it
  std::optional<Beat> beat;
  std::vector<Prepare> prepares;
  std::vector<PrepareAnswer> prepare_answers;
  std::vector<Proposal> proposals;
  std::vector<ProposalAnswer> proposal_answers;
  std::vector<Release> releases;
  std::vector<ReportPart> report_parts;
  std::vector<PlanPart> plan_parts;
  std::vector<Order> orders;
  std::vector<OrderAnswer> order_answers;
  std::vector<RecordRead> record_reads;
  std::vector<RecordAnswer> record_answers;
  std::vector<RecordPart> record_told;     ///< beside an answer: what the sender has
  std::vector<RecordPart> record_written;  ///< by the coordinator; the ballot is the sender's
  std::vector<ConfigTold> config_told;
  std::vector<ClientsTold> clients_told;

  [[nodiscard]] bool empty() const {
    return !beat && prepares.empty() && prepare_answers.empty() && proposals.empty() &&
           proposal_answers.empty() && releases.empty() && report_parts.empty() &&
           plan_parts.empty() && orders.empty() && order_answers.empty() && record_reads.empty() &&
           record_answers.empty() && record_told.empty() && record_written.empty() &&
           config_told.empty() && clients_told.empty();
  }

  friend bool operator==(const Message&, const Message&) = default;
};

}  // namespace hapx::membership
