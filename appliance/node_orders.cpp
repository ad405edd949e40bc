// SPDX-License-Identifier: Apache-2.0
// What becomes of what an operator asks?
//
// A question is answered at once. An order goes to the coordinator, which may be ourselves: a move
// is judged by the scheduler and answered; a standing order goes into the record, and is answered
// when a majority has it.
#include <algorithm>
#include <utility>

#include "appliance/node_state.hpp"

namespace hapx::appliance {
namespace {

std::string words_of(const membership::Move& move) {
  return "move " + move.service.text() + (move.to ? " to " + move.to->text() : "");
}

std::string words_of(const membership::RecordChange& change) {
  const bool gives = change.verb == membership::RecordChange::Verb::give;
  return (gives ? "order: " : "lift: ") + describe(change.subject) +
         (change.time ? " for " + hapx::to_string(*change.time) : "");
}

}  // namespace

void Node::State::hear(const RequestArrived& event, Instant now, Decisions& out) {
  if (event.window == Window::metrics) return hear_metrics_request(event, now, out);
  const Status shown = status(now);
  auto answer = handle(event, {shown, journal, options.config, haproxy.text, now, utc_offset});
  if (auto* response = std::get_if<Respond>(&answer)) {
    out.actions.emplace_back(std::move(*response));
  } else if (const auto* move = std::get_if<MoveOrder>(&answer)) {
    give_order(move->id, membership::Move{move->service, move->to}, now, out);
  } else if (const auto* cleanup = std::get_if<CleanupOrder>(&answer)) {
    clean_up(*cleanup, now, out);
  } else if (const auto* alone = std::get_if<GoAloneOrder>(&answer)) {
    go_alone(*alone, now, out);
  } else if (const auto* drill_order = std::get_if<DrillOrder>(&answer)) {
    remember(*drill_order, now, out);
  } else if (const auto* recording = std::get_if<RecordingOrder>(&answer)) {
    out.actions.emplace_back(KeepRecording{"somebody asked for it", recording->id});
  } else if (const auto* reload = std::get_if<ReloadOrder>(&answer)) {
    reload_requests.push_back(reload->id);
    hear(ReloadRequested{}, now, out);
  } else {
    auto& change = std::get<RecordOrder>(answer);
    give_order(change.id, std::move(change.change), now, out);
  }
}

void Node::State::give_order(std::uint64_t request,
                             std::variant<membership::Move, membership::RecordChange> what,
                             Instant now, Decisions& out) {
  if (requests_of_orders.size() >= orders_max) {
    out.actions.emplace_back(
        api_order_answer(request, OrderOutcome::refused, "too many orders are under way"));
    return;
  }
  std::string by;
  std::optional<ServiceName> service;
  if (const auto* change = std::get_if<membership::RecordChange>(&what)) by = "by " + change->by;
  if (const auto* move = std::get_if<membership::Move>(&what)) service = move->service;
  note(out, now, EventKind::order,
       "asked to " + std::visit([](const auto& one) { return words_of(one); }, what), by, {},
       service);
  membership::Order order{random(), options.self, {}};
  std::visit([&](auto& one) { order.what = std::move(one); }, what);
  requests_of_orders[order.id] = request;
  absorb(member.order(order, now), now, out);
}

/// We coordinate, or it is for us alone.
void Node::State::take_order(const membership::Order& order, Instant now, Decisions& out) {
  if (std::holds_alternative<membership::Cleanup>(order.what)) {
    return forget_failures(order, now, out);
  }
  const std::string asked_at = "asked at " + order.from.text();
  if (const auto* move = std::get_if<membership::Move>(&order.what)) {
    auto answer = coordination.judge(order, member.view(), now);
    note(out, now, EventKind::order, answer.sentence, asked_at, {}, move->service);
    plan_due = plan_due || answer.outcome == OrderOutcome::accepted;
    return absorb(member.answer(std::move(answer), now), now, out);
  }
  const auto& change = std::get<membership::RecordChange>(order.what);
  const auto objection = coordination.objection(change);
  note(out, now, EventKind::order,
       (objection ? "refused to " : "taking into the record, to ") + words_of(change),
       objection.value_or(asked_at));
  if (objection) {
    return absorb(member.answer({order.id, order.from, OrderOutcome::refused, *objection}, now),
                  now, out);
  }
  absorb(member.keep(order, now), now, out);
}

void Node::State::pass_on(const membership::OrderAnswer& answer, Decisions& out) {
  const auto request = requests_of_orders.find(answer.id);
  if (request == requests_of_orders.end()) return;
  const std::uint64_t id = request->second;
  requests_of_orders.erase(request);
  const auto cleanup = cleanups.find(id);
  if (cleanup != cleanups.end()) return note_cleanup(cleanup->second, answer, out);
  out.actions.emplace_back(api_order_answer(id, answer.outcome, answer.sentence));
}

void Node::State::hear(const membership::RecordStored& event, Instant now, Decisions& out) {
  absorb(member.step(event, now), now, out);
}

void Node::State::hear(const membership::RecordStoreFailed& event, Instant now, Decisions& out) {
  ++counters["record_stores_failed"];
  note(out, now, EventKind::order, "the record can't be stored on this node", event.error.sentence);
  absorb(member.step(event, now), now, out);
}

void Node::State::hear(const membership::WallClockSet& event, Instant now, Decisions& out) {
  const Duration limit = membership::utc_max.time_since_epoch();
  utc_offset = std::clamp(event.offset, -limit, limit);
  absorb(member.step(event, now), now, out);
}

}  // namespace hapx::appliance
