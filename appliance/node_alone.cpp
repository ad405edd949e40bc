// SPDX-License-Identifier: Apache-2.0
// What does a node of two ask when it doesn't hear the other one, and what follows?
//
// It brings together what three rooms know: membership whether the other one is heard, vip whether
// the tie-breaker answers and whether anybody has an address. What that is worth is membership's to
// judge (membership/evidence).
#include <algorithm>
#include <set>

#include "appliance/node_state.hpp"

namespace hapx::appliance {
namespace {

using membership::OtherIs;

/// Whether nobody can say what the other one does, so that it may hold what we hold.
bool may_hold_unheard(OtherIs other) {
  switch (other) {
    case OtherIs::heard:
    case OtherIs::left:
      return false;
    case OtherIs::deaf:
    case OtherIs::unsure:
    case OtherIs::garbled:
    case OtherIs::suspect:
    case OtherIs::silent:
      break;
  }
  return true;
}

/// Whether to find out who has the addresses: by the time at which the other one's silence is long
/// enough that has been done.
bool may_be_taken_from(OtherIs other) {
  return other == OtherIs::suspect || other == OtherIs::silent || other == OtherIs::deaf;
}

}  // namespace

/// That nobody answers for an address proves something only to who isn't cut off himself.
bool Node::State::hears_tie_breaker(Instant now) const {
  const auto answered = tie_breaker ? tie_breaker->answered() : std::nullopt;
  return answered && now - *answered <= options.config.timing.lease / 2;
}

Surroundings Node::State::surroundings(Instant now) const {
  Surroundings around{member.view().rights, leaving, false, {}};
  const auto& alone = member.view().alone;
  if (!alone) return around;
  around.asks = alone->met && may_be_taken_from(alone->other) && hears_tie_breaker(now);
  around.doubt.doubts = may_hold_unheard(alone->other);
  around.doubt.gives_way = options.config.nodes.front().name != options.self;
  return around;
}

/// Asks the tie-breaker when it is due, and passes on what is known.
void Node::State::attend_to_evidence(Instant now, Decisions& out) {
  const auto& alone = member.view().alone;
  if (!tie_breaker || !alone || leaving) return;
  using Pace = vip::TieBreaker::Pace;
  const bool is_peace = alone->other == OtherIs::heard;
  // What was planned without the other one was not told it.
  const bool begins = !std::exchange(was_peace, is_peace);
  if (is_peace && begins) planned = false;
  if (auto probe = tie_breaker->ask(is_peace ? Pace::seldom : Pace::with_heartbeats, now))
    out.actions.emplace_back(std::move(*probe));
  membership::Witness fresh{tie_breaker->answered(), {}};
  for (const auto& service : services) service.add_free(fresh.free, now);
  if (fresh == witness) return;
  witness = fresh;
  absorb(member.hear_witness(std::move(fresh), now), now, out);
  unsettled = true;
}

void Node::State::go_alone(const GoAloneOrder& order, Instant now, Decisions& out) {
  const auto answer = [&](OrderOutcome outcome, const std::string& sentence) {
    out.actions.emplace_back(api_order_answer(order.id, outcome, sentence));
  };
  const auto& alone = member.view().alone;
  if (!alone) {
    return answer(OrderOutcome::refused,
                  "this is for two nodes with noQuorumPolicy `ignore`; here a majority decides");
  }
  const std::string other = other_of_two().text();
  if (alone->other != OtherIs::silent) {
    return answer(OrderOutcome::refused, other + " is not silent (" +
                                             std::string(to_string(alone->other)) +
                                             "), so there is nobody to do without");
  }
  note(out, now, EventKind::order, "asked to go on without " + other);
  absorb(member.waive_meeting(now), now, out);
  answer(OrderOutcome::accepted, "waiting for " + other + " no more");
}

void Node::State::journal_alone(Instant now, Decisions& out) {
  const auto& alone = member.view().alone;
  if (!alone || !seen.alone) return;
  const std::string other = other_of_two().text();
  const bool is_away = alone->other != OtherIs::heard && alone->other != OtherIs::suspect;
  const bool acts = alone->stands_in && is_away;
  if (acts != acts_alone) {
    acts_alone = acts;
    note(out, now, EventKind::quorum,
         acts ? "going on without " + other : "not going on without " + other,
         std::string(alone->reason));
  }
  std::string trouble = tie_breaker->trouble();
  if (trouble == tie_breaker_trouble) return;
  tie_breaker_trouble = std::move(trouble);
  note(out, now, EventKind::member,
       "the tie-breaker " + to_string(tie_breaker->config().address) + ' ' +
           (tie_breaker_trouble.empty() ? "answers" : tie_breaker_trouble));
}

std::optional<TwoNodesStatus> Node::State::two_nodes_status() const {
  const auto& alone = member.view().alone;
  if (!tie_breaker || !alone) return std::nullopt;
  return TwoNodesStatus{to_string(tie_breaker->config().address),
                        tie_breaker->trouble(),
                        std::string(to_string(alone->other)),
                        alone->met,
                        alone->stands_in,
                        std::string(alone->reason)};
}

const NodeName& Node::State::other_of_two() const {
  const auto& nodes = options.config.nodes;
  return nodes.front().name == options.self ? nodes.back().name : nodes.front().name;
}

}  // namespace hapx::appliance
