// SPDX-License-Identifier: Apache-2.0
// How is a member wired inside?
//
// Private to the files member*.cpp: nobody else includes it. Each public call of Member does four
// things in this order: let time pass, take in its news, settle (ask and answer ourselves until
// nothing is urgent), and flush what is to be said, one message per peer.
//
//   codec -> peer          an opened datagram -> is it fresh, and from whom
//   peer -> voter          their prepares, proposals, releases -> our answers, stored first
//   peer -> lease          their answers, and what they hold -> our rights
//   lease -> voter         our own vote, without a detour through the network
//   coordinator_watch -> lease   nobody coordinates, and it is our turn -> claim
//   lease -> record_writer   we coordinate -> read the record, then write it
//   record_writer -> record_copy, peers   questions; record_copy -> whoever asked   answers
//   everything -> view
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "membership/arbiter.hpp"
#include "membership/assembly.hpp"
#include "membership/client_lists.hpp"
#include "membership/codec.hpp"
#include "membership/coordinator_watch.hpp"
#include "membership/lease.hpp"
#include "membership/member.hpp"
#include "membership/order_desk.hpp"
#include "membership/peer.hpp"
#include "membership/quorum.hpp"
#include "membership/random.hpp"
#include "membership/record_assembly.hpp"
#include "membership/record_copy.hpp"
#include "membership/record_writer.hpp"
#include "membership/succession.hpp"
#include "membership/voter.hpp"

namespace hapx::membership {

struct Member::State {
  /// A key that we want or wanted; never forgotten, so that no ballot is used twice.
  struct Claim {
    explicit Claim(Lease claimed) : lease(std::move(claimed)) {}

    Lease lease;
    std::optional<Instant> told_until;  ///< the right as the node above knows it
    Ballot told_ballot;                 ///< meaningful with told_until
    std::string told_denial;

    template <class Archive>
    void archive(Archive& kept) {
      kept(lease, told_until, told_ballot, told_denial);
    }
  };
  struct RepeatedRelease {
    Release release;
    unsigned beats = 0;
  };

  /// A record on its way from a peer, in parts.
  struct RecordInbox {
    RecordAssembly told;
    RecordAssembly written;
  };
  /// An order that changes the record, from when it came until a majority has it.
  struct Change {
    Order order;
    std::optional<std::uint64_t> version;  ///< under which it travels
    std::string sentence;
    std::string refusal;
  };
  /// Limit: changes that are on their way at the same time; one more is refused.
  static constexpr std::size_t changes_max = 16;

  State(MemberOptions options, Instant now);

  // member.cpp: time, claims, the view
  void pass_time(Instant now);
  void settle(Instant now);
  [[nodiscard]] Outcome finish(Instant now);
  void tell_denials();
  Claim& claim_of(const LeaseKey& key);
  void release(Claim& claim, Instant now);
  void note_right(Claim& claim);
  void pursue(Claim& claim, Instant now);
  void keep_plan_current(Instant now);
  void refresh_view(Instant now);
  [[nodiscard]] bool quorate(Instant now) const;
  [[nodiscard]] bool coordinating(Instant now) const;
  [[nodiscard]] bool silenced(Instant now) const { return left || now < silenced_until; }
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  // member_govern.cpp: whether to coordinate
  void govern(Instant now);
  [[nodiscard]] unsigned rank(Instant now) const;
  [[nodiscard]] bool somebody_hears_more(Instant now) const;
  [[nodiscard]] bool outheard(Instant now) const {
    return outheard_since && now >= *outheard_since + options.config.timing.lease;
  }
  [[nodiscard]] bool should_resign(Instant now);

  // member_receive.cpp: one datagram
  void receive(const DatagramArrived& datagram, Instant now);
  void owe_response(const Peer& peer, const Message& message);
  void take_in(Peer& peer, const Opened& opened, Instant now);
  void take_beat(Peer& peer, const Beat& beat, Instant now);
  void take_votes(const Peer& peer, const Message& message, Instant now);
  void take_requests(const Peer& peer, const Envelope& from, const Message& message, Instant now);
  [[nodiscard]] bool is_outdated(const std::optional<PlanId>& plan) const;
  void note_config(const Peer& peer, std::vector<std::string> differs);
  void take_contents(Peer& peer, const Message& message, Instant now);
  void note_conflict(const std::string& sentence, Instant now);
  void refuse(const Endpoint& from, std::string_view reason, Instant now);

  // member_record.cpp: standing orders
  void take_record(const Peer& peer, const Message& message);
  void keep_record(Instant now);
  bool tell_copy();
  void say_record(const Peer& peer, Instant now);
  void end_orders(Instant now);
  void take_up_changes(Instant now);
  void answer_changes();
  [[nodiscard]] std::string said_alone(std::uint64_t version) const;
  void refresh_record(Instant now);
  [[nodiscard]] std::optional<Instant> next_order_end() const;
  [[nodiscard]] std::optional<Utc> time_of_day(Instant now) const;
  [[nodiscard]] Instant instant_of(Utc moment) const;

  // member_electorate.cpp: who votes
  [[nodiscard]] bool counts_by_kin(Peer& peer, const ElectorateTold& told, Instant now);
  [[nodiscard]] std::vector<std::string> staged_waits_for(Instant now) const;
  [[nodiscard]] bool may_tell_staged(Instant now) const;
  [[nodiscard]] bool is_in_use(std::uint64_t list) const;
  void refresh_electorate(Instant now);
  bool hear_candidate(const NodeName& sender, const DatagramArrived& datagram, Instant now);

  // member_alone.cpp: evidence instead of the other one's vote
  [[nodiscard]] const Peer* other_of_two() const;
  void note_sign_of_life(const Endpoint& from, std::string_view reason, Instant now);
  [[nodiscard]] bool votes(const NodeName& other, Instant now) const;
  [[nodiscard]] OtherIs other_is(const Peer& other, Instant now) const;
  [[nodiscard]] KeyIs key_is(const Claim& claim, Instant now) const;
  void weigh(Instant now);
  void count_record(bool alone);

  // member_arbiter.cpp: a third vote that neither node has
  void want_arbiter(const Claim& claim, Instant now);
  [[nodiscard]] bool other_is_away(Instant now) const;
  [[nodiscard]] std::vector<Arbiter::Question> questions_for_arbiter(Instant now);
  void consult_arbiter(Instant now);
  void take_arbiter(const ArbiterAnswered& answered, Instant now);
  void refresh_arbiter(Instant now);

  // member_send.cpp: what is said
  void beat_all(Instant now);
  void beat_along(Instant now);
  void say_beats(Instant now);
  void beat_to(Peer& peer, Instant now);
  [[nodiscard]] Beat make_beat(Peer& peer, Instant now);
  void say_lease(Lease& lease, const Peer& peer, Instant now);
  void vote_ourselves(Claim& claim, Instant now);
  void say_report(const Peer& peer, Instant now);
  void say_config(const Peer& peer);
  void say_plan(const Peer& peer, Instant now);
  void say_orders(const Peer& peer, Instant now);
  void give_answer(OrderAnswer answer);
  Message& message_to(const Peer& peer) { return outbox[peer.node().name]; }
  void flush();

  Peer* find_peer(const NodeName& name);
  [[nodiscard]] const Peer* find_peer(const NodeName& name) const;

  /// All but what the constructor was given, and what is empty between two calls.
  template <class Archive>
  void archive(Archive& kept) {
    std::uint64_t counter = codec.counter();
    std::vector<LeaseKey> keys;
    for (const auto& [key, claim] : claims) keys.push_back(key);
    kept(counter, keys);
    codec.go_on_behind(counter);
    if (keys.size() > promise_keys_max) keys.clear();
    for (const LeaseKey& key : keys) kept(claim_of(key));
    kept(succession, counting_since, random, voter, peers, watch, orders, copy, writer,
         record_inboxes, changes, utc_offset, report, report_made, report_version, plan_number,
         published, plan_assembly, client_lists, clients_version, repeated_releases, next_beat,
         last_now, turn, inherits_coordinator, outheard_since, resigned_at, silenced_until,
         conflict_told, staging, witness, garbled_at, deaf_since, plan_knows_other, meeting_waived,
         acts_alone, arbiter, for_arbiter, releases_for_arbiter, left, renewed, view, view_changed,
         responses, beats_owed, rivals_told);
  }

  MemberOptions options;
  Session self;
  Succession succession;
  Instant counting_since;  ///< by this list, as far as this process can know
  Codec codec;
  Random random;
  Voter voter;
  std::vector<Peer> peers;    ///< in the file's order
  std::size_t ways_here = 1;  ///< by which we are heard ourselves
  const std::vector<ConfigPart> config_parts;
  const std::uint64_t config_fingerprint;
  std::map<LeaseKey, Claim> claims;
  const Lease* coordinator_lease =
      nullptr;  ///< among the claims, where it stays; null: never wanted
  CoordinatorWatch watch;
  OrderDesk orders;

  RecordCopy copy;
  RecordWriter writer;
  std::map<NodeName, RecordInbox> record_inboxes;
  std::vector<Change> changes;
  std::optional<Duration> utc_offset;  ///< absent: the time of day is not known

  NodeReport report;
  Instant report_made{};
  std::uint64_t report_version = 0;
  std::uint64_t plan_number = 0;
  std::optional<std::vector<Assignment>> published;  ///< what we, the coordinator, said last
  Assembly<PlanId, Assignment> plan_assembly;
  ClientLists client_lists;           ///< as peers told
  std::uint64_t clients_version = 0;  ///< of the list that we told last
  std::vector<RepeatedRelease> repeated_releases;

  Instant next_beat;
  Instant last_now{};                     ///< of the last call
  std::optional<Instant> turn;            ///< when to try for the coordinator's key
  bool inherits_coordinator = false;      ///< an earlier process of this session held it
  std::optional<Instant> outheard_since;  ///< a peer hears more of the cluster than we do
  std::optional<Instant> resigned_at;     ///< for that, last
  Instant silenced_until{};               ///< a rival of ours was there first
  std::optional<Instant> conflict_told;
  struct Staging {
    StagedConfig config;
    std::uint64_t hash;  ///< of its votes
    bool agreed = false;
    std::map<NodeName, Instant> heard{};  ///< of those whom it adds
  };
  std::optional<Staging> staging;

  Witness witness;
  std::optional<Instant> garbled_at;  ///< the other one sent what we can't open, last
  std::optional<Instant> deaf_since;  ///< it is heard, and doesn't hear us
  bool plan_knows_other = true;       ///< it was heard when we planned last
  bool meeting_waived = false;
  bool acts_alone = false;

  std::optional<Arbiter> arbiter;
  NodeName arbiter_voter;          ///< its name among the voters
  std::set<LeaseKey> for_arbiter;  ///< for these its vote is wanted
  std::vector<Release> releases_for_arbiter;

  bool left = false;
  bool renewed = false;  ///< a peer, with our vote, in this call

  View view;
  bool view_changed = false;
  std::map<NodeName, Message> outbox;
  std::map<NodeName, std::uint64_t>
      responses;                   ///< owed to challenges; a beat of this call has them
  std::set<NodeName> beats_owed;   ///< at once, and not with the next beat of all
  std::set<NodeName> rivals_told;  ///< since the last beat of all, of a session besides theirs
  std::vector<Action> actions;
  std::vector<News> news;
};

}  // namespace hapx::membership
