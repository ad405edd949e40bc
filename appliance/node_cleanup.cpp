// SPDX-License-Identifier: Apache-2.0
// How are failures forgotten on all nodes?
//
// Each node counts its own failures, so each has to be asked: the node at which the order was given
// asks the others directly, forgets its own at once, and answers when all have. A coordinator is
// not needed, nor a quorum; whoever plans sees the counts go with the next reports.
#include <algorithm>
#include <utility>

#include "appliance/node_state.hpp"

namespace hapx::appliance {
namespace {

std::string listed(const std::vector<NodeName>& nodes) {
  std::string out;
  for (const NodeName& node : nodes) out += (out.empty() ? "" : ", ") + node.text();
  return out;
}

bool is_here(const membership::MemberView& member) {
  return member.liveness == membership::Liveness::alive ||
         member.liveness == membership::Liveness::suspect;
}

/// The worst of two: unknown says less than a refusal does.
OrderOutcome worse(OrderOutcome a, OrderOutcome b) {
  return static_cast<int>(a) < static_cast<int>(b) ? b : a;
}

}  // namespace

void Node::State::clean_up(const CleanupOrder& order, Instant now, Decisions& out) {
  note(out, now, EventKind::order,
       "asked to forget the failures of " + order.service.text() +
           (order.node ? " on " + order.node->text() : ""),
       {}, {}, order.service);
  CleanupUnderWay cleanup{order.id, order.service, {}, {}, {}, {}, OrderOutcome::accepted};
  std::vector<membership::Order> orders;
  for (const auto& one : member.view().members) {
    if (one.role == Role::witness || (order.node && *order.node != one.name)) continue;
    if (one.name == options.self) {
      cleanup.done.push_back(one.name);
    } else if (!is_here(one)) {
      cleanup.away.push_back(one.name);
    } else {
      orders.push_back({random(), options.self, membership::Cleanup{order.service, one.name}});
      cleanup.asked[orders.back().id] = one.name;
    }
  }
  if (requests_of_orders.size() + orders.size() > orders_max) {
    out.actions.emplace_back(
        api_order_answer(order.id, OrderOutcome::refused, "too many orders are under way"));
    return;
  }
  if (!cleanup.done.empty()) {
    for (auto& service : services) {
      if (service.config().name == order.service) service.forget_failures(now, out);
    }
  }
  if (orders.empty()) return finish_cleanup(cleanup, out);
  cleanups[order.id] = std::move(cleanup);
  for (const auto& asked : orders) requests_of_orders[asked.id] = order.id;
  for (auto& asked : orders) absorb(member.order(std::move(asked), now), now, out);
}

/// Another node asks us.
void Node::State::forget_failures(const membership::Order& order, Instant now, Decisions& out) {
  const auto& cleanup = std::get<membership::Cleanup>(order.what);
  const auto here = std::ranges::find_if(
      services, [&](const auto& service) { return service.config().name == cleanup.service; });
  membership::OrderAnswer answer{order.id, order.from, OrderOutcome::accepted, {}};
  if (here == services.end()) {
    answer.outcome = OrderOutcome::refused;
    answer.sentence = "there is no service " + cleanup.service.text() + " in its file";
  } else {
    note(out, now, EventKind::order,
         "asked to forget the failures of " + cleanup.service.text() + " here",
         "asked at " + order.from.text(), {}, cleanup.service);
    here->forget_failures(now, out);
  }
  absorb(member.answer(std::move(answer), now), now, out);
}

void Node::State::note_cleanup(CleanupUnderWay& cleanup, const membership::OrderAnswer& answer,
                               Decisions& out) {
  const auto asked = cleanup.asked.find(answer.id);
  if (asked == cleanup.asked.end()) return;
  if (answer.outcome == OrderOutcome::accepted) {
    cleanup.done.push_back(asked->second);
  } else {
    cleanup.trouble.push_back(asked->second.text() + ": " + answer.sentence);
  }
  cleanup.outcome = worse(cleanup.outcome, answer.outcome);
  cleanup.asked.erase(asked);
  if (!cleanup.asked.empty()) return;
  finish_cleanup(cleanup, out);
  cleanups.erase(cleanup.request);
}

void Node::State::finish_cleanup(const CleanupUnderWay& cleanup, Decisions& out) {
  const std::string what = "failures of " + cleanup.service.text();
  std::vector<NodeName> done = cleanup.done;
  std::ranges::sort(done);
  std::string sentence = "the " + what + " are forgotten on " + listed(done);
  if (done.empty()) sentence = "no " + what + " could be forgotten";
  OrderOutcome outcome = cleanup.outcome;
  if (!cleanup.away.empty()) {
    sentence += "; offline, and not asked: " + listed(cleanup.away);
    if (done.empty()) outcome = worse(outcome, OrderOutcome::refused);
  }
  for (const std::string& trouble : cleanup.trouble) sentence += "; " + trouble;
  out.actions.emplace_back(api_order_answer(cleanup.request, outcome, sentence));
}

}  // namespace hapx::appliance
