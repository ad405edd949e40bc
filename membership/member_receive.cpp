// SPDX-License-Identifier: Apache-2.0
// What does a member make of a datagram?
#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "membership/member_state.hpp"

namespace hapx::membership {

void Member::State::refuse(const Endpoint& from, std::string_view reason, Instant now) {
  note_sign_of_life(from, reason, now);
  news.push_back(DatagramRefused{from, std::string(reason)});
}

void Member::State::note_conflict(const std::string& sentence, Instant now) {
  if (conflict_told && now - *conflict_told < lease_max) return;
  conflict_told = now;
  news.push_back(Conflict{sentence});
}

/// From cheap to dear: whose is it by its own account, from where, does it open, is it for us, is
/// it fresh. What fails one of these has no effect but a count.
void Member::State::receive(const DatagramArrived& datagram, Instant now) {
  using namespace refusal_reason;
  const auto peeked = codec.peek(datagram.bytes);
  if (const auto* refused = std::get_if<Refused>(&peeked))
    return refuse(datagram.from, refused->reason, now);
  const auto& claimed = std::get<Envelope>(peeked);
  const bool our_name_on_it = claimed.sender == options.self;
  if (our_name_on_it && claimed.boot == options.boot && claimed.incarnation == options.incarnation)
    return refuse(datagram.from, our_own, now);
  Peer* peer = find_peer(claimed.sender);
  if (peer == nullptr && !our_name_on_it) {
    if (!hear_candidate(claimed.sender, datagram, now)) refuse(datagram.from, unknown_sender, now);
    return;
  }
  const auto way = peer == nullptr ? std::optional<std::size_t>(0) : peer->way_from(datagram.from);
  if (!way) return refuse(datagram.from, wrong_address, now);
  const auto result = codec.open(datagram.bytes);
  if (const auto* refused = std::get_if<Refused>(&result))
    return refuse(datagram.from, refused->reason, now);
  const auto& opened = std::get<Opened>(result);
  if (our_name_on_it) {
    note_conflict("another process sends under the name of this node from " +
                      to_string(datagram.from.address),
                  now);
    return refuse(datagram.from, our_name, now);
  }
  if (opened.message.to != options.self) return refuse(datagram.from, for_another_node, now);

  switch (peer->receive(opened.envelope, opened.message.beat, *way, now, random)) {
    case Peer::Reception::current:
      owe_response(*peer, opened.message);
      if (!counts_by_kin(*peer, opened.message.electorate, now))
        return refuse(datagram.from, another_electorate, now);
      return take_in(*peer, opened, now);
    case Peer::Reception::promoted:
      owe_response(*peer, opened.message);
      beats_owed.insert(peer->node().name);
      if (!counts_by_kin(*peer, opened.message.electorate, now))
        return refuse(datagram.from, another_electorate, now);
      // What we wait for may have come with it, and it should know at once what we want.
      writer.began_anew(peer->node().name);
      client_lists.began_anew(peer->node().name);
      take_in(*peer, opened, now);
      for (auto& [key, claim] : claims) {
        claim.lease.heard_news(now);
        // Its process before this one may have held it, and told so, while we didn't run.
        if (key != LeaseKey::coordinator() && claim.lease.right())
          news.push_back(RightRegained{key});
      }
      return;
    case Peer::Reception::another_way:
      return;
    case Peer::Reception::replayed:
      return refuse(datagram.from, replayed, now);
    case Peer::Reception::superseded:
      return refuse(datagram.from, superseded, now);
    case Peer::Reception::unproven:
    case Peer::Reception::rival:
      break;
  }
  const bool is_rival = peer->current() && peer->current()->boot != opened.envelope.boot &&
                        peer->detector().present(now);
  // Liveness: nobody floods. Of two nodes that have two processes each, everybody is somebody's
  // rival, and each notice reaches two.
  if (is_rival && !rivals_told.insert(peer->node().name).second)
    return refuse(datagram.from, rival_session, now);
  Beat& beat = message_to(*peer).beat.emplace(make_beat(*peer, now));
  if (opened.message.beat) beat.response = opened.message.beat->challenge;
  if (is_rival) {
    beat.rival = opened.envelope.incarnation;
    return refuse(datagram.from, rival_session, now);
  }
  beat.challenge = peer->challenge(random);
  refuse(datagram.from, unproven, now);
}

/// Whoever asks whether we are alive is to know it, whatever else it says.
void Member::State::owe_response(const Peer& peer, const Message& message) {
  if (!message.beat || message.beat->challenge == 0) return;
  responses[peer.node().name] = message.beat->challenge;
  beats_owed.insert(peer.node().name);
}

void Member::State::take_in(Peer& peer, const Opened& opened, Instant now) {
  const Message& message = opened.message;
  if (message.beat) take_beat(peer, *message.beat, now);
  take_requests(peer, opened.envelope, message, now);
  take_votes(peer, message, now);
  take_record(peer, message);
  take_contents(peer, message, now);
}

void Member::State::take_beat(Peer& peer, const Beat& beat, Instant now) {
  peer.heard(beat, options.self, options.incarnation, now);
  // An earlier version tells none: a node may have gone back to it.
  if (peer.config() == 0 || peer.config() == config_fingerprint) note_config(peer, {});
  if (beat.leaving) watch.left(peer.node().name);
  if (beat.coordinator && beat.coordinator->ballot.node != options.self)
    watch.heard_from_others(beat.coordinator->ballot,
                            now + std::min(beat.coordinator->remaining, lease_max), now);
  if (beat.rival && *beat.rival == options.incarnation) {
    // Safety: of two sessions of one node the later one never proposes.
    silenced_until = now + options.config.timing.lease;
    note_conflict(
        peer.node().name.text() + " hears another session of this node; this one is silent", now);
  }
  if (peer.hears_our_namesake())
    note_conflict(
        peer.node().name.text() + " hears another process of this node instead of this one", now);
}

void Member::State::note_config(const Peer& peer, std::vector<std::string> differs) {
  for (MemberView& member : view.members) {
    if (member.name != peer.node().name || member.config_differs == differs) continue;
    member.config_differs = std::move(differs);
    view_changed = true;
    return;
  }
}

void Member::State::take_votes(const Peer& peer, const Message& message, Instant now) {
  const auto ours = [this](const Ballot& ballot) {
    return ballot.node == options.self && ballot.incarnation == options.incarnation;
  };
  const Duration soon = options.config.timing.heartbeat / 16;
  const auto take = [&](auto answer) {
    const auto claim = claims.find(answer.key);
    if (claim == claims.end() || !ours(answer.ballot)) return;
    // Liveness: a voter that the release hasn't reached yet is asked again soon.
    if (answer.lease && voter.is_released(answer.key, *answer.lease))
      answer.lease->remaining = std::min(answer.lease->remaining, soon);
    claim->second.lease.answered(peer.node().name, answer, now);
    note_right(claim->second);
  };
  for (const PrepareAnswer& answer : message.prepare_answers) take(answer);
  for (const ProposalAnswer& answer : message.proposal_answers) take(answer);
}

/// Who claims under it has not heard the plan that we have, and may not want the key when it does:
/// a node that comes back would take for a moment what it has been barred from meanwhile. It asks
/// again with its next beat.
bool Member::State::is_outdated(const std::optional<PlanId>& plan) const {
  return plan && view.plan && *plan < view.plan->id();
}

void Member::State::take_requests(const Peer& peer, const Envelope& from, const Message& message,
                                  Instant now) {
  const Session session{from.sender, from.boot};
  // Safety: who has adopted a list never again votes for who counts by the one before it.
  const bool is_bygone = succession.kinship(peer.electorate()) == Kinship::predecessor;
  for (const Release& release : message.releases) {
    if (auto store = voter.release(release, session, now)) actions.emplace_back(std::move(*store));
    if (release.key == LeaseKey::coordinator()) watch.released(release.ballot);
    const auto claim = claims.find(release.key);
    if (claim != claims.end()) claim->second.lease.heard_news(now);
  }
  for (const Proposal& proposal : message.proposals) {
    if (is_bygone || is_outdated(proposal.plan)) continue;
    auto ballotage = voter.propose(proposal, session, now);
    if (ballotage.store) actions.emplace_back(std::move(*ballotage.store));
    if (ballotage.answer) message_to(peer).proposal_answers.push_back(std::move(*ballotage.answer));
    if (!proposal.held) continue;
    renewed = true;
    if (proposal.key == LeaseKey::coordinator())
      watch.heard(proposal.ballot, now + std::min(proposal.lease, lease_max));
    const auto claim = claims.find(proposal.key);
    if (claim == claims.end()) continue;
    claim->second.lease.heard_holder(proposal.ballot, proposal.lease, now);
    note_right(claim->second);
  }
  for (const Prepare& prepare : message.prepares) {
    if (is_bygone || is_outdated(prepare.plan)) continue;
    auto ballotage = voter.prepare(prepare, session, now);
    if (ballotage.store) actions.emplace_back(std::move(*ballotage.store));
    if (ballotage.answer) message_to(peer).prepare_answers.push_back(std::move(*ballotage.answer));
  }
}

void Member::State::take_contents(Peer& peer, const Message& message, Instant now) {
  for (const ReportPart& part : message.report_parts) {
    if (!peer.add(part, now)) continue;
    for (MemberView& member : view.members) {
      if (member.name != peer.node().name) continue;
      member.report = peer.report();
      member.report_heard = peer.report_heard();
    }
    view_changed = true;
  }
  for (const ConfigTold& told : message.config_told)
    if (peer.add(told)) note_config(peer, compare(config_parts, peer.config_parts()));
  // Liveness: of two neither obeys what the other one planned without it, which would take away
  // what is held here by the vote of whatever stands in for the other one's.
  const bool knows_us = peers.size() != 1 || peer.hears_us();
  for (const PlanPart& part : message.plan_parts) {
    if (part.plan.ballot.node != peer.node().name || !knows_us) continue;
    auto assignments = plan_assembly.add(part.plan, part.index, part.count, part.assignment);
    if (!assignments) continue;
    // Safety: only the highest plan that was ever seen is obeyed (LEASE.md, rule 21).
    if (view.plan && part.plan <= view.plan->id()) continue;
    view.plan = Plan{part.plan.ballot, part.plan.number, std::move(*assignments)};
    news.push_back(PlanArrived{});
  }
  for (const Order& order : message.orders) {
    const NodeName* addressee = addressee_of(order);
    const bool is_for_us = addressee != nullptr ? *addressee == options.self : coordinating(now);
    if (!is_for_us || order.from != peer.node().name) continue;
    const auto reception = orders.receive(order);
    if (reception.is_new) news.push_back(OrderArrived{order});
    if (reception.answer) message_to(peer).order_answers.push_back(*reception.answer);
  }
  for (const ClientsTold& part : message.clients_told) client_lists.add(peer.node().name, part);
  for (const OrderAnswer& answer : message.order_answers)
    if (orders.answered(answer.id)) news.push_back(OrderAnswered{answer});
}

}  // namespace hapx::membership
