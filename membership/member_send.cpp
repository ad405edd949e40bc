// SPDX-License-Identifier: Apache-2.0
// What does a member say, and when?
#include <algorithm>
#include <iterator>
#include <utility>

#include "membership/member_state.hpp"

namespace hapx::membership {

namespace {

void age(ResourceReport& resource, Duration by) {
  if (resource.fail_count > 0) resource.since_last_failure += by;
}

}  // namespace

void Member::State::beat_all(Instant now) {
  const Duration heartbeat = options.config.timing.heartbeat;
  next_beat += heartbeat;
  if (next_beat <= now) next_beat = now + heartbeat;  // we were late: no burst to catch up
  say_beats(now);
}

/// All nodes beat together, led by whoever renews: a beat that is nearly due goes with the answer,
/// in one datagram, and wakes nobody twice. The next one waits an eighth longer, or it would come
/// just before the leader's. Who is further out of step slides towards the leader, an eighth with
/// each beat; not who leads, too: of two that renew, one is always near enough to go along.
void Member::State::beat_along(Instant now) {
  const Duration heartbeat = options.config.timing.heartbeat;
  const Duration to_go = next_beat - now;
  if (to_go <= heartbeat / 2) {
    next_beat = now + heartbeat + heartbeat / 8;
    say_beats(now);
  } else if (to_go <= heartbeat && view.rights.empty()) {
    next_beat -= heartbeat / 8;
  }
}

void Member::State::say_beats(Instant now) {
  if (!silenced(now)) {
    for (auto& [key, claim] : claims) {
      vote_ourselves(claim, now);
      want_arbiter(claim, now);
    }
  }
  rivals_told.clear();
  for (Peer& peer : peers) beat_to(peer, now);
  for (RepeatedRelease& repeated : repeated_releases) --repeated.beats;
  std::erase_if(repeated_releases, [](const auto& repeated) { return repeated.beats == 0; });
}

/// Everything that this peer should know now. What is lost is said again with the next beat.
void Member::State::beat_to(Peer& peer, Instant now) {
  message_to(peer).beat = make_beat(peer, now);
  if (!peer.current()) return;  // it could not believe us more, nor we its answers
  for (const RepeatedRelease& repeated : repeated_releases)
    message_to(peer).releases.push_back(repeated.release);
  if (!silenced(now))
    for (auto& [key, claim] : claims) say_lease(claim.lease, peer, now);
  if (peer.has_report_version() < report_version) say_report(peer, now);
  if (coordinating(now) && view.plan && view.plan->ballot.node == options.self) {
    const PlanId ours = view.plan->id();
    if (!peer.has_plan() || *peer.has_plan() < ours) say_plan(peer, now);
  }
  say_orders(peer, now);
  say_record(peer, now);
  if (peer.config() != 0 && peer.config() != config_fingerprint) say_config(peer);
}

Beat Member::State::make_beat(Peer& peer, Instant now) {
  Beat beat;
  for (const Peer& other : peers)
    if (other.current() && other.detector().present(now))
      beat.hears.push_back(
          {other.node().name, other.current()->incarnation, other.report_version()});
  const auto* known = watch.current(now);
  if (known != nullptr && known->first_hand)
    beat.coordinator = CoordinatorTold{known->ballot, known->until - now};
  if (view.plan) beat.plan = view.plan->id();
  if (!peer.current()) beat.challenge = peer.challenge(random);
  const auto owed = responses.find(peer.node().name);
  if (owed != responses.end()) beat.response = owed->second;
  beat.leaving = left;
  beat.orders_may_be_stale = coordinating(now) && writer.state() == RecordState::stale;
  beat.config = config_fingerprint;
  if (staging && may_tell_staged(now)) beat.staged = staging->config.fingerprint;
  return beat;
}

/// Once per key and message, the last word counts.
void Member::State::say_lease(Lease& lease, const Peer& peer, Instant now) {
  Message& message = message_to(peer);
  const auto is_ours = [&lease](const auto& item) { return item.key == lease.key(); };
  std::erase_if(message.prepares, is_ours);
  std::erase_if(message.proposals, is_ours);
  std::optional<PlanId> plan;
  if (view.plan && !lease.right() && lease.key() != LeaseKey::coordinator()) plan = view.plan->id();
  if (auto prepare = lease.prepare_for(peer.node().name)) {
    prepare->plan = plan;
    message.prepares.push_back(std::move(*prepare));
  } else if (auto proposal = lease.proposal_for(peer.node().name, now)) {
    proposal->plan = plan;
    message.proposals.push_back(std::move(*proposal));
  }
}

/// Safety: our own vote is cast by the same voter, and stored before it counts (LEASE.md, rule 5).
void Member::State::vote_ourselves(Claim& claim, Instant now) {
  Lease& lease = claim.lease;
  if (const auto prepare = lease.prepare_for(options.self)) {
    auto ballotage = voter.prepare(*prepare, self, now);
    if (ballotage.store) actions.emplace_back(std::move(*ballotage.store));
    if (ballotage.answer) lease.answered(options.self, *ballotage.answer, now);
  } else if (const auto proposal = lease.proposal_for(options.self, now)) {
    auto ballotage = voter.propose(*proposal, self, now);
    if (ballotage.store) actions.emplace_back(std::move(*ballotage.store));
    if (ballotage.answer) lease.answered(options.self, *ballotage.answer, now);
  }
  note_right(claim);
}

void Member::State::say_report(const Peer& peer, Instant now) {
  if (!peer.current() || report_version == 0) return;
  std::vector<ReportPart>& parts = message_to(peer).report_parts;
  parts.clear();
  const auto count = static_cast<std::uint32_t>(report.services.size());
  if (count == 0) parts.push_back({report_version, 0, 0, std::nullopt});
  for (std::uint32_t i = 0; i < count; ++i) {
    ServiceReport service = report.services[i];
    age(service.vip, now - report_made);
    age(service.haproxy, now - report_made);
    parts.push_back({report_version, i, count, std::move(service)});
  }
}

void Member::State::say_config(const Peer& peer) {
  std::vector<ConfigTold>& told = message_to(peer).config_told;
  told.clear();
  const auto count = static_cast<std::uint32_t>(config_parts.size());
  for (std::uint32_t i = 0; i < count; ++i)
    told.push_back({config_fingerprint, i, count, config_parts[i]});
}

void Member::State::say_plan(const Peer& peer, Instant now) {
  // A plan that was made without it is for nobody but us.
  if (!peer.current() || !view.plan || !coordinating(now) || !plan_knows_other) return;
  std::vector<PlanPart>& parts = message_to(peer).plan_parts;
  parts.clear();
  const PlanId id = view.plan->id();
  const auto count = static_cast<std::uint32_t>(view.plan->assignments.size());
  if (count == 0) parts.push_back({id, 0, 0, std::nullopt});
  for (std::uint32_t i = 0; i < count; ++i)
    parts.push_back({id, i, count, view.plan->assignments[i]});
}

void Member::State::say_orders(const Peer& peer, Instant now) {
  if (!peer.current()) return;
  std::vector<Order> said = orders.waiting_for(peer.node().name);
  const auto* known = watch.current(now);
  if (known != nullptr && known->ballot.node == peer.node().name)
    std::ranges::move(orders.waiting(), std::back_inserter(said));
  if (!said.empty()) message_to(peer).orders = std::move(said);
}

/// Of the coordinator or the addressee, to whoever gave the order.
void Member::State::give_answer(OrderAnswer answer) {
  if (answer.to == options.self) {
    if (orders.answered(answer.id)) news.push_back(OrderAnswered{std::move(answer)});
    return;
  }
  orders.remember(answer);
  const Peer* peer = find_peer(answer.to);
  if (peer != nullptr && peer->current())
    message_to(*peer).order_answers.push_back(std::move(answer));
}

/// Safety: every StorePromise stands in the list already, before the answers that rest on it.
void Member::State::flush() {
  for (auto& [name, message] : outbox) {
    const Peer* peer = find_peer(name);
    if (peer == nullptr || message.empty()) continue;
    message.to = name;
    message.electorate = succession.told();
    const std::size_t further = std::min(peer->ways().size(), ways_here) - 1;
    for (std::vector<std::uint8_t>& bytes : codec.seal(message)) {
      for (std::size_t way = 1; way <= further; ++way)
        actions.emplace_back(
            SendDatagram{{peer->ways()[way].address, options.config.port}, bytes, way});
      actions.emplace_back(
          SendDatagram{{peer->node().address, options.config.port}, std::move(bytes), 0});
    }
  }
  outbox.clear();
  responses.clear();
}

}  // namespace hapx::membership
