// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/record_checkers.hpp"

#include <algorithm>
#include <chrono>

#include "appliance/sim/checkers.hpp"

namespace hapx::appliance::sim {

namespace {

using membership::OrderKind;
using membership::Subject;

/// An assignment that was on its way arrives within this time, or not at all.
constexpr Duration arriving = std::chrono::seconds(2);

bool concerns(const Subject& lifted, const Subject& subject) {
  return lifted == subject || (lifted.kind == OrderKind::ban && lifted.node.empty() &&
                               subject.kind == OrderKind::ban && subject.service == lifted.service);
}

}  // namespace

bool AcknowledgedOrders::is_being_lifted(const Subject& subject) const {
  return std::any_of(asked_.begin(), asked_.end(), [&](const auto& asked) {
    return !asked.second.gives && concerns(asked.second.subject, subject);
  });
}

void AcknowledgedOrders::see(Moment at, const Fact& fact) {
  std::erase_if(standing_,
                [&](const auto& each) { return each.second.until && *each.second.until <= at; });
  if (const auto* asked = std::get_if<StandingOrderAsked>(&fact)) {
    StandingOrderAsked& fresh = asked_[asked->request] = *asked;
    if (asked->gives) {
      // Of two that are on their way nobody knows which comes last, and gives its end to both.
      for (auto& [request, other] : asked_) {
        if (!other.gives || other.subject != asked->subject) continue;
        if (other.until) fresh.until = std::min(fresh.until.value_or(*other.until), *other.until);
        if (fresh.until) other.until = std::min(other.until.value_or(*fresh.until), *fresh.until);
      }
      // It may take the place of one that stands, though nobody is ever told, and end sooner.
      const auto standing = standing_.find(asked->subject);
      if (standing == standing_.end() || !asked->until) return;
      auto& until = standing->second.until;
      until = std::min(until.value_or(*asked->until), *asked->until);
      return;
    }
    std::erase_if(standing_,
                  [&](const auto& each) { return concerns(asked->subject, each.first); });
    // What was asked before and is not answered yet may be lifted before its answer comes.
    std::erase_if(asked_, [&](const auto& each) {
      return each.second.gives && concerns(asked->subject, each.second.subject);
    });
  } else if (const auto* answered = std::get_if<StandingOrderAnswered>(&fact)) {
    const auto found = asked_.find(answered->request);
    if (found == asked_.end() || answered->outcome == membership::OrderOutcome::unknown) return;
    const StandingOrderAsked what = found->second;
    asked_.erase(found);
    if (answered->outcome != membership::OrderOutcome::accepted || !what.gives) return;
    if (is_being_lifted(what.subject)) return;
    standing_[what.subject] = {at, what.until};
  }
}

void OrdersOutlive::see(Moment at, const Fact& fact, Violations& found) {
  excuses_.see(fact);
  acknowledged_.see(at, fact);
  const auto* in_force = std::get_if<OrdersInForce>(&fact);
  if (in_force == nullptr || in_force->stale) return;
  if (excuses_.excused(at, in_force->coordinator, Excused::As::holder)) return;
  if (in_force->alone) meeting_until_ = at + meeting_takes;
  if (at < meeting_until_) return;
  for (const auto& [subject, standing] : acknowledged_.all()) {
    if (std::count(in_force->subjects.begin(), in_force->subjects.end(), subject) > 0) {
      told_.erase(subject);
    } else if (told_.insert(subject).second) {
      found.push_back({at, "OrdersOutlive",
                       in_force->coordinator.text() + " plans without the " + describe(subject) +
                           ", which was acknowledged"});
    }
  }
}

bool StandbyHoldsNothing::is_bound(Moment at, const NodeName& node) const {
  const auto standby = acknowledged_.all().find(Subject::standby(node));
  return standby != acknowledged_.all().end() && at > standby->second.since + arriving && !stale_ &&
         at >= maintained_until_ && !excuses_.excused(at, node, Excused::As::holder);
}

void StandbyHoldsNothing::see(Moment at, const Fact& fact, Violations& found) {
  excuses_.see(fact);
  acknowledged_.see(at, fact);
  if (acknowledged_.all().contains(Subject::maintenance())) maintained_until_ = Moment::max();
  if (const auto* in_force = std::get_if<OrdersInForce>(&fact)) {
    stale_ = in_force->stale;
    if (std::ranges::count(in_force->subjects, Subject::maintenance()) > 0)
      maintained_until_ = Moment::max();
    else if (maintained_until_ == Moment::max())
      maintained_until_ = at + arriving;
  } else if (const auto* answers = std::get_if<KernelAnswers>(&fact)) {
    const std::pair place(answers->node, answers->vip);
    if (!answers->answers)
      taken_.erase(place);
    else if (is_bound(at, answers->node))
      taken_.emplace(place, at);
  }
  std::erase_if(taken_, [&](const auto& each) {
    const auto& [place, since] = each;
    if (!is_bound(at, place.first)) return true;
    if (at <= since + arriving + lease_) return false;
    found.push_back(
        {at, "StandbyHoldsNothing",
         place.first.text() + " is in standby and has taken " + to_string(place.second)});
    return true;
  });
}

}  // namespace hapx::appliance::sim
