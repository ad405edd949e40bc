// SPDX-License-Identifier: Apache-2.0
// What does a node remember between two steps?
//
// The inside of Node, in one place for the files node*.cpp, which change it and show it. Nobody
// else includes this.
#pragma once

#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "appliance/api.hpp"
#include "appliance/clients_here.hpp"
#include "appliance/coordination.hpp"
#include "appliance/decisions.hpp"
#include "appliance/journal.hpp"
#include "appliance/node.hpp"
#include "appliance/service_here.hpp"
#include "appliance/takeover.hpp"
#include "lb-supervisor/haproxy_config.hpp"
#include "lb-supervisor/supervisor.hpp"
#include "membership/member.hpp"
#include "vip/tie_breaker.hpp"

namespace hapx::appliance {

/// A cleanup that other nodes were asked for, until each has answered.
struct CleanupUnderWay {
  std::uint64_t request = 0;
  ServiceName service;
  std::map<std::uint64_t, NodeName> asked;  ///< by the order's id
  std::vector<NodeName> done;
  std::vector<NodeName> away;        ///< offline: not asked
  std::vector<std::string> trouble;  ///< refusals, and who did not answer
  OrderOutcome outcome = OrderOutcome::accepted;
};

struct Node::State {
  State(NodeOptions given, Instant now);

  NodeOptions options;
  Instant started;
  std::optional<Instant> quorate_since;  ///< a majority is heard without a break
  std::mt19937_64 random;
  membership::Member member;
  lb_supervisor::Supervisor supervisor;
  lb_supervisor::RenderedHaproxy haproxy;  ///< what HAProxy is to run; empty text: none here
  std::vector<ServiceHere> services;       ///< empty on a witness
  std::vector<ClientsHere> clients;        ///< of all addresses of all services, in their order
  Coordination coordination;
  Journal journal;
  std::map<std::string, std::uint64_t> counters;  ///< all there from the beginning
  Takeovers takeovers;
  Histogram loop_lag;
  std::optional<PastDrill> drill;              ///< the last one of this cluster
  Instant stepped_at;                          ///< last
  std::optional<Instant> next_due;             ///< the next deadline, as the last step left it
  std::string metrics;                         ///< as they were shown last
  Instant metrics_at{};                        ///< when that was
  std::set<std::uint64_t> readers;             ///< of the page's stream, by their requests
  Instant told_at{};                           ///< when they were told something last
  std::uint64_t told_events = 0;               ///< how much of the journal was in that
  std::optional<vip::TieBreaker> tie_breaker;  ///< of two nodes that may go on by evidence
  membership::Witness witness;                 ///< as membership was told
  std::string tie_breaker_trouble;             ///< as it was journaled
  bool acts_alone = false;                     ///< likewise
  bool was_peace = false;                      ///< the other one was heard, by the last look
  FenceStatus fence = FenceStatus::none;
  std::string fence_reason;  ///< why it isn't bpf
  std::string conflict;      ///< somebody runs under our name, by the last that was told
  Instant conflict_at{};     ///< when it was
  std::map<Window, std::string> window_troubles;  ///< why one is not served on the network
  std::optional<Instant> unfit_since;             ///< HAProxy's fitness is reported with patience
  bool unfit_told = false;
  std::map<std::uint64_t, std::uint64_t> requests_of_orders;  ///< order's id -> request's id
  std::map<std::uint64_t, CleanupUnderWay> cleanups;          ///< by the request's id
  membership::View seen;                                      ///< the view as it was journaled last
  std::optional<ConfigRead> examined;  ///< a changed file, while HAProxy is asked about it
  std::optional<ConfigRead> staged;    ///< changes who votes, and waits until all nodes have it
  bool staged_agreed = false;          ///< in this step: it waits no more
  std::vector<std::uint64_t> staging_requests;  ///< who wants to know what it waits for
  std::vector<std::uint64_t> reload_requests;   ///< who wants to know what became of the file
  bool plan_due = false;     ///< something changed that a placement may depend on
  bool planned = false;      ///< published since we became coordinator
  bool maintenance = false;  ///< as our services and HAProxy were told
  bool leaving = false;
  bool left = false;  ///< said goodbye to the peers
  bool exited = false;
  Instant leave_until{};
  std::optional<Instant> recording_due;  ///< of what is to be recorded
  std::string recording_occasion;
  std::optional<Instant> recorded_at;  ///< last
  std::string told_status;             ///< the service manager's STATUS= line
  std::optional<Duration> utc_offset;  ///< what our clock showed 0 at, from 1970; for windows alone

  /// One step's work in progress.
  bool unsettled = false;

  void hear(const Started& event, Instant now, Decisions& out);
  void hear(const DeadlineReached& event, Instant now, Decisions& out);
  void hear(const RequestArrived& event, Instant now, Decisions& out);
  void hear(const WindowOpened& event, Instant now, Decisions& out);
  void hear(const WindowUnavailable& event, Instant now, Decisions& out);
  void hear(const StopRequested& event, Instant now, Decisions& out);
  void hear(const ReloadRequested& event, Instant now, Decisions& out);
  void hear(const ConfigRead& event, Instant now, Decisions& out);
  void hear(const ConfigRefused& event, Instant now, Decisions& out);
  void hear(const DrillNotKept& event, Instant now, Decisions& out);
  void hear(const RecordingKept& event, Instant now, Decisions& out);
  void hear(const RecordingNotKept& event, Instant now, Decisions& out);
  void have_recorded(const std::string& occasion, Instant now);
  void keep_recording_if_due(Instant now, Decisions& out);
  void haproxy_examined(const std::string& refusal, Instant now, Decisions& out);
  void stage(const ConfigRead& file, Instant now, Decisions& out);
  [[nodiscard]] std::optional<std::string> refuse_electorate(const ClusterConfig& after) const;
  void attend_to_staged(Instant now, Decisions& out);
  void answer_reload(const std::vector<std::string>& taking, Decisions& out);
  void hear(const membership::DatagramArrived& event, Instant now, Decisions& out);
  void hear(const membership::RecordStored& event, Instant now, Decisions& out);
  void hear(const membership::RecordStoreFailed& event, Instant now, Decisions& out);
  void hear(const membership::WallClockSet& event, Instant now, Decisions& out);
  void hear(const membership::ArbiterAnswered& event, Instant now, Decisions& out);
  void hear(const membership::ArbiterFailed& event, Instant now, Decisions& out);
  void hear_metrics_request(const RequestArrived& event, Instant now, Decisions& out);
  void hear(const StreamEnded& event, Instant now, Decisions& out);
  [[nodiscard]] std::string message(Instant now) const;
  [[nodiscard]] std::optional<Instant> readers_due() const;
  void tell_readers(Instant now, Decisions& out);
  void hear_vip(const vip::Event& event, Instant now, Decisions& out);
  void hear_clients(const vip::ClientEvent& event, Instant now, Decisions& out);
  template <class Event>
  void hear(const Event& event, Instant now, Decisions& out);

  void absorb(membership::Outcome outcome, Instant now, Decisions& out);
  void absorb(lb_supervisor::Outcome outcome, Instant now, Decisions& out);
  void absorb_news(const membership::News& news, Instant now, Decisions& out);
  void absorb_news(const lb_supervisor::News& news, Instant now, Decisions& out);

  void give_order(std::uint64_t request,
                  std::variant<membership::Move, membership::RecordChange> what, Instant now,
                  Decisions& out);
  void take_order(const membership::Order& order, Instant now, Decisions& out);
  void pass_on(const membership::OrderAnswer& answer, Decisions& out);
  void clean_up(const CleanupOrder& order, Instant now, Decisions& out);
  void remember(const DrillOrder& order, Instant now, Decisions& out);
  void forget_failures(const membership::Order& order, Instant now, Decisions& out);
  void note_cleanup(CleanupUnderWay& cleanup, const membership::OrderAnswer& answer,
                    Decisions& out);
  void finish_cleanup(const CleanupUnderWay& cleanup, Decisions& out);

  void settle(Instant now, Decisions& out);
  void obey_maintenance(Instant now, Decisions& out);
  void obey_plan(Instant now, Decisions& out);
  void converge(Instant now, Decisions& out);
  void tell_report(Instant now, Decisions& out);
  void coordinate(Instant now, Decisions& out);
  void leave(Instant now, Decisions& out);
  void attend_to_clients(Instant now, Decisions& out);
  void look_for_holders(Instant now);
  void answer_returns(Instant now, Decisions& out);
  void journal_view(Instant now, Decisions& out);
  void journal_ways(std::size_t index, Instant now, Decisions& out) const;
  [[nodiscard]] bool hears_tie_breaker(Instant now) const;
  [[nodiscard]] Surroundings surroundings(Instant now) const;
  [[nodiscard]] const NodeName& other_of_two() const;
  [[nodiscard]] std::optional<TwoNodesStatus> two_nodes_status() const;
  void attend_to_evidence(Instant now, Decisions& out);
  [[nodiscard]] std::optional<ArbiterStatus> arbiter_status() const;
  void journal_arbiter(Instant now, Decisions& out);
  void go_alone(const GoAloneOrder& order, Instant now, Decisions& out);
  void journal_alone(Instant now, Decisions& out);
  void begin_counting();
  void account_view(Instant now);
  std::optional<JournalEntry> account_entry(const JournalEntry& entry);
  [[nodiscard]] TakeoverReason reason_of_takeover(const ServiceName& service, const NodeName& from,
                                                  Instant now) const;
  void tell_service_manager(Decisions& out);
  void write_journal(Decisions& out);
  void note(Decisions& out, Instant now, EventKind kind, std::string sentence,
            std::string reason = {}, std::optional<FailoverPhase> phase = {},
            std::optional<ServiceName> service = {}) const;

  /// All but the options.
  template <class Archive>
  void archive(Archive& kept) {
    kept(started, quorate_since, random, member, supervisor, haproxy, services, clients,
         coordination, journal, counters, takeovers, loop_lag, drill, stepped_at, next_due, metrics,
         metrics_at, readers, told_at, told_events, tie_breaker, witness, tie_breaker_trouble,
         acts_alone, was_peace, fence, fence_reason, conflict, conflict_at, window_troubles,
         unfit_since, unfit_told, requests_of_orders, cleanups, seen, examined, staged,
         staged_agreed, staging_requests, reload_requests, plan_due, planned, maintenance, leaving,
         left, exited, leave_until, recording_due, recording_occasion, recorded_at, told_status,
         utc_offset, unsettled);
  }

  [[nodiscard]] bool may_plan(Instant now) const;
  [[nodiscard]] Instant may_plan_from() const;
  [[nodiscard]] Status status(Instant now) const;
  [[nodiscard]] std::optional<Instant> next_deadline() const;
};

/// "metrics are served". `no`: "not ", or nothing.
[[nodiscard]] std::string served_in_words(Window window, const std::string& no);

/// A recording is kept so long after its occasion, with what came of that in it.
inline constexpr Duration recording_aftermath = std::chrono::seconds(2);
/// And so long after the one before: that has what happened meanwhile, if no more did than fits.
inline constexpr Duration recording_pause = std::chrono::seconds(10);
/// Limit: orders that are still on their way.
inline constexpr std::size_t orders_max = 64;
/// HAProxy may be unfit for this long before that is told: a restart takes far less.
inline constexpr Duration unfit_patience = std::chrono::seconds(1);
/// Metrics are shown again for this long: who asks more often costs next to nothing.
inline constexpr Duration metrics_age_max = std::chrono::milliseconds(100);
/// A conflict is told again every lease_max; after this long without, it is over.
inline constexpr Duration conflict_patience = 2 * lease_max;
/// An ordered end waits this long for the kernel to confirm that the addresses are gone.
inline constexpr Duration leave_patience = std::chrono::seconds(1);

}  // namespace hapx::appliance
