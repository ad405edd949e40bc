// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/checkers.hpp"

#include <algorithm>
#include <utility>

namespace hapx::appliance::sim {

namespace {

constexpr std::size_t violations_max = 100;

std::string milliseconds(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) +
         " ms";
}

}  // namespace

/// Two majorities have voters in common, and those promise one thing at a time. Unless all that the
/// two need to have in common are excused.
bool OneKernelAnswers::promised_to_two(Moment at, const IpAddress& vip) const {
  const auto others = lists_.find(vip);
  return is_excused(at, excuses_.votes()) ||
         (others != lists_.end() && std::ranges::any_of(others->second, [&](const auto& list) {
            return is_excused(at, list);
          }));
}

bool OneKernelAnswers::is_excused(Moment at, const membership::Votes& list) const {
  unsigned excused = 0;
  unsigned total = 0;
  for (const auto& [voter, votes] : list) {
    total += votes;
    if (excuses_.excused(at, voter, Excused::As::voter)) excused += votes;
  }
  if (by_evidence_) return excused > 0;
  const unsigned majority = total / 2 + 1;
  return excused >= 2 * majority - total;
}

void OneKernelAnswers::see(Moment at, const Fact& fact, Violations& found) {
  excuses_.see(fact);
  if (const auto* answers = std::get_if<KernelAnswers>(&fact)) {
    auto& nodes = answering_[answers->vip];
    if (answers->answers) {
      nodes.insert(answers->node);
    } else {
      nodes.erase(answers->node);
    }
  } else if (const auto* extended = std::get_if<DeadlineExtended>(&fact)) {
    if (!extended->list.empty()) lists_[extended->vip].insert(extended->list);
  } else if (const auto* split = std::get_if<SegmentSplit>(&fact)) {
    split_ = split->is_split;
  } else if (const auto* outlook = std::get_if<Outlook>(&fact)) {
    chance_ = outlook->chance;
  } else if (const auto* excused = std::get_if<Excused>(&fact)) {
    // Who goes on after a pause may have evidence for it, and asks as late as anybody.
    if (excused->as == Excused::As::holder) sighted_ = at + hearing;
  }
  if (split_ || chance_) sighted_ = at + hearing;
  if (by_evidence_ && at < sighted_) return;
  for (const auto& [vip, nodes] : answering_) {
    if (nodes.size() < 2 && told_.empty()) continue;
    const auto counts = [&](const NodeName& node) {
      return !excuses_.excused(at, node, Excused::As::holder);
    };
    if (std::count_if(nodes.begin(), nodes.end(), counts) < 2 || promised_to_two(at, vip)) {
      told_.erase(vip);
      continue;
    }
    if (!told_.insert(vip).second) continue;
    std::string names;
    for (const NodeName& node : nodes) names += (names.empty() ? "" : ", ") + node.text();
    found.push_back({at, "OneKernelAnswers", names + " all answer for " + to_string(vip)});
  }
}

void ActsUnderLease::see(Moment at, const Fact& fact, Violations& found) {
  excuses_.see(fact);
  if (const auto* promised = std::get_if<Promised>(&fact)) {
    promises_[promised->key][promised->voter.node] = {promised->to, promised->until};
    judge(at, promised->key, found);
  } else if (const auto* forgotten = std::get_if<PromiseForgotten>(&fact)) {
    promises_[forgotten->key].erase(forgotten->voter);
    judge(at, forgotten->key, found);
  } else if (const auto* extended = std::get_if<DeadlineExtended>(&fact)) {
    const auto key = membership::LeaseKey::of(extended->vip);
    Deadline& deadline = deadlines_[key][extended->session];
    // A new process says once more what it has found: that was promised under the list of then.
    if (extended->until > deadline.until + std::chrono::microseconds(1))
      deadline.list = extended->list;
    deadline.until = extended->until;
    judge(at, key, found);
  } else if (const auto* answer = std::get_if<TieBreakerAnswered>(&fact)) {
    Moment& until = vouched_until_[answer->node];
    until = std::max(until, at + answer->lease);  // it may have had a longer lease before
  } else if (const auto* closed = std::get_if<FenceClosed>(&fact)) {
    deadlines_[membership::LeaseKey::of(closed->vip)].erase(closed->session);
  } else if (const auto* changed = std::get_if<ClockRateChanged>(&fact)) {
    for (auto& [key, promises] : promises_) {
      const auto promise = promises.find(changed->session.node);
      if (promise == promises.end()) continue;
      promise->second.until = changed->rescaled(at, promise->second.until);
    }
    for (auto& [key, deadlines] : deadlines_) {
      for (auto& [session, deadline] : deadlines) {
        if (session != changed->session) continue;
        deadline.until = changed->rescaled(at, deadline.until);
      }
    }
  }
}

void ActsUnderLease::judge(Moment at, const membership::LeaseKey& key, Violations& found) const {
  const auto open = deadlines_.find(key);
  if (open == deadlines_.end()) return;
  const auto promises = promises_.find(key);
  for (const auto& [session, deadline] : open->second) {
    if (deadline.until <= at || excuses_.excused(at, session.node, Excused::As::holder)) continue;
    unsigned votes = 0;
    unsigned total = 0;
    for (const auto& [voter, weight] : deadline.list.empty() ? excuses_.votes() : deadline.list) {
      total += weight;
      bool promised = excuses_.excused(at, voter, Excused::As::voter);
      if (!promised && promises != promises_.end()) {
        const auto promise = promises->second.find(voter);
        promised = promise != promises->second.end() && promise->second.to == session &&
                   promise->second.until >= deadline.until;
      }
      if (promised) votes += weight;
    }
    const auto evidence = vouched_until_.find(session.node);
    const bool vouched = by_evidence_ && votes > 0 && evidence != vouched_until_.end() &&
                         deadline.until <= evidence->second;
    if (votes * 2 > total || vouched) continue;
    found.push_back({at, "ActsUnderLease",
                     session.node.text() + " may act on " + key.text() + " for " +
                         milliseconds(deadline.until - at) + " more, promised by " +
                         std::to_string(votes) + " of " + std::to_string(total) + " votes"});
  }
}

void VotersKeepPromises::see(Moment at, const Fact& fact, Violations& found) {
  excuses_.see(fact);
  if (const auto* forgotten = std::get_if<PromiseForgotten>(&fact)) {
    last_.erase({forgotten->voter, forgotten->key});
    return;
  }
  if (const auto* changed = std::get_if<ClockRateChanged>(&fact)) {
    for (auto& [of, promise] : last_) {
      if (of.first == changed->session.node) promise.until = changed->rescaled(at, promise.until);
    }
    return;
  }
  const auto* promised = std::get_if<Promised>(&fact);
  if (promised == nullptr) return;
  const std::pair place(promised->voter.node, promised->key);
  const auto [last, first_time] = last_.try_emplace(place, *promised);
  if (first_time) return;
  const Promised before = std::exchange(last->second, *promised);
  if (excuses_.excused(at, promised->voter.node, Excused::As::voter)) return;
  const bool same_boot = before.voter == promised->voter;
  const bool binds = same_boot ? promised->clock < before.expiry : at < before.until;
  const std::string& name = promised->voter.node.text();
  if (before.to != promised->to && binds) {
    found.push_back({at, "VotersKeepPromises",
                     name + " promises " + promised->key.text() + " to " +
                         promised->to.node.text() + ", " + milliseconds(before.until - at) +
                         " before its promise to " + before.to.node.text() + " ends"});
  }
  if (before.to == promised->to && same_boot && promised->expiry < before.expiry) {
    found.push_back(
        {at, "VotersKeepPromises", name + " shortens its promise of " + promised->key.text()});
  }
}

void AnnouncedWhenServing::see(Moment at, const Fact& fact, Violations& found) {
  const auto* announced = std::get_if<Announced>(&fact);
  if (announced == nullptr || (announced->address_known && announced->haproxy_known)) return;
  found.push_back({at, "AnnouncedWhenServing",
                   announced->node.text() + " announces " + to_string(announced->vip) + " before " +
                       (announced->address_known ? "HAProxy serves" : "the address is there")});
}

void ReleaseIsReflex::see(Moment at, const Fact& fact, Violations& found) {
  const auto* step = std::get_if<StepEnded>(&fact);
  if (step == nullptr) return;
  for (const StepEnded::Held& held : step->held) {
    if (held.deadline_ahead || held.removal_asked) continue;
    found.push_back({at, "ReleaseIsReflex",
                     step->node.text() + " has no right to " + to_string(held.vip) +
                         " and has not asked for its removal"});
  }
}

void VipThenHaproxy::see(Moment at, const Fact& fact, Violations& found) {
  const auto* step = std::get_if<StepEnded>(&fact);
  if (step == nullptr) return;
  for (const StepEnded::Books& books : step->books) {
    if (!books.haproxy_started || (books.vip_started && books.addresses_known)) continue;
    found.push_back({at, "VipThenHaproxy",
                     step->node.text() + " says that HAProxy serves " + books.service.text() +
                         ", whose addresses are not here"});
  }
}

void SleepsBetween::see(Moment at, const Fact& fact, Violations& found) {
  const auto* step = std::get_if<StepEnded>(&fact);
  if (step == nullptr || step->sleeps) return;
  found.push_back({at, "SleepsBetween", step->node.text() + " wants to be woken without end"});
}

void NothingIsTakenFromOthers::see(Moment at, const Fact& fact, Violations& found) {
  if (const auto* outlook = std::get_if<Outlook>(&fact)) chance_ = outlook->chance;
  if (const auto* foreign = std::get_if<ForeignClaims>(&fact)) {
    auto& since = places_[foreign->vip].claimed_since;
    if (!foreign->claims) since.reset();
    if (foreign->claims && !since) since = at;
  } else if (const auto* kernel = std::get_if<KernelAnswers>(&fact)) {
    Place& place = places_[kernel->vip];
    if (kernel->answers) place.answering.insert(kernel->node);
    if (!kernel->answers && place.answering.erase(kernel->node) > 0) place.ours_until = at;
  } else if (const auto* excused = std::get_if<Excused>(&fact)) {
    if (excused->as == Excused::As::holder) {
      unaware_until_[excused->node] = std::max(excused->until, at + long_ago);
    }
  }
  const auto* taken = std::get_if<AddressTaken>(&fact);
  if (taken == nullptr || chance_) return;
  const auto unaware = unaware_until_.find(taken->node);
  if (unaware != unaware_until_.end() && at < unaware->second) return;
  const Place& place = places_[taken->vip];
  const bool ours =
      !place.answering.empty() || (place.ours_until && at - *place.ours_until < long_ago);
  if (ours || !place.claimed_since || at - *place.claimed_since < only_just) return;
  found.push_back({at, "NothingIsTakenFromOthers",
                   taken->node.text() + " takes " + to_string(taken->vip) +
                       ", for which another host answers"});
}

void NobodyFloods::see(Moment at, const Fact& fact, Violations& found) {
  const auto* step = std::get_if<StepEnded>(&fact);
  if (step == nullptr || step->said == 0) return;
  Stretch& now = stretches_[step->node];
  if (at >= now.since + stretch) now = {at, 0};
  const bool told = now.said > said_max;
  now.said += step->said;
  if (told || now.said <= said_max) return;
  found.push_back({at, "NobodyFloods",
                   step->node.text() + " sends " + std::to_string(now.said) + " datagrams within " +
                       milliseconds(stretch)});
}

ServedInTime::ServedInTime(const ClusterConfig& config, Duration bound) : bound_(bound) {
  for (const ServiceConfig& service : config.services) {
    for (const VipConfig& vip : service.vips) unserved_since_[vip.address.address] = Moment{};
  }
}

void ServedInTime::see(Moment at, const Fact& fact, Violations& found) {
  if (const auto* outlook = std::get_if<Outlook>(&fact)) {
    const bool expects = outlook->stable_majority && !outlook->chance;
    if (!expects) stable_since_.reset();
    if (expects && !stable_since_) stable_since_ = at;
  } else if (std::holds_alternative<Disturbed>(fact)) {
    if (stable_since_) stable_since_ = at;
  } else if (const auto* serving = std::get_if<Serving>(&fact)) {
    auto& since = unserved_since_[serving->vip];
    if (serving->by) since.reset();
    if (!serving->by && !since) since = at;
  }
  if (!stable_since_) return;
  for (auto& [vip, since] : unserved_since_) {
    if (!since || at - std::max(*since, *stable_since_) <= bound_) continue;
    found.push_back({at, "ServedInTime",
                     to_string(vip) + " is not served after " + milliseconds(bound_) +
                         " of a stable majority"});
    since = at;  // told; again after another bound
  }
}

void NothingMovesIdly::see(Moment at, const Fact& fact, Violations& found) {
  if (std::holds_alternative<Disturbed>(fact)) disturbed_ = at;
  if (const auto* outlook = std::get_if<Outlook>(&fact)) {
    if (chance_) disturbed_ = at;
    chance_ = outlook->chance;
  }
  const auto* answers = std::get_if<KernelAnswers>(&fact);
  if (answers == nullptr || chance_) return;
  if (disturbed_ && at - *disturbed_ <= settling_) return;
  found.push_back({at, "NothingMovesIdly",
                   answers->node.text() + (answers->answers ? " begins" : " ceases") +
                       " to answer for " + to_string(answers->vip) + ", and nothing has happened"});
}

void MovesPerFault::see(Moment at, const Fact& fact, Violations& found) {
  if (std::holds_alternative<Disturbed>(fact)) {
    for (auto& [vip, place] : places_) {
      place.moves_left = std::min(place.moves_left + 1, moves_at_once);
    }
  }
  if (const auto* outlook = std::get_if<Outlook>(&fact)) {
    for (auto& [vip, place] : places_) {
      if (chance_) place.moves_left = moves_at_once;
    }
    chance_ = outlook->chance;
  }
  const auto* answers = std::get_if<KernelAnswers>(&fact);
  if (answers == nullptr) return;
  Place& place = places_[answers->vip];
  if (answers->answers) {
    place.answering.insert(answers->node);
  } else {
    place.answering.erase(answers->node);
  }
  if (place.answering.size() != 1 || place.last == *place.answering.begin()) return;
  const bool moved = place.last.has_value() && !chance_;
  place.last = *place.answering.begin();
  if (!moved) return;
  if (place.moves_left > 0) {
    --place.moves_left;
    return;
  }
  found.push_back({at, "MovesPerFault",
                   to_string(answers->vip) + " moves on to " + place.last->text() +
                       " more often than things were done to the cluster"});
}

void DecidesTheSameAgain::see(Moment at, const Fact& fact, Violations& found) {
  const auto* replayed = std::get_if<RecordingReplayed>(&fact);
  if (replayed == nullptr || replayed->difference.empty()) return;
  found.push_back(
      {at, "DecidesTheSameAgain",
       replayed->node.text() + " decides otherwise when it is replayed: " + replayed->difference});
}

Checkers::Checkers(const ClusterConfig& config, const Patience& patience)
    : one_kernel_answers_(config),
      acts_under_lease_(config),
      voters_keep_promises_(config),
      served_in_time_(config, patience.served),
      nothing_moves_idly_(patience.settled),
      orders_outlive_(config),
      standby_holds_nothing_(config) {}

void Checkers::see(Moment at, const Fact& fact) {
  if (violations_.size() >= violations_max) return;
  // Two kinds come with every event; whom they don't concern need not look.
  if (std::holds_alternative<StepEnded>(fact)) {
    release_is_reflex_.see(at, fact, violations_);
    vip_then_haproxy_.see(at, fact, violations_);
    sleeps_between_.see(at, fact, violations_);
    nobody_floods_.see(at, fact, violations_);
    return;
  }
  if (std::holds_alternative<Tick>(fact)) {
    one_kernel_answers_.see(at, fact, violations_);
    served_in_time_.see(at, fact, violations_);
    return;
  }
  one_kernel_answers_.see(at, fact, violations_);
  acts_under_lease_.see(at, fact, violations_);
  voters_keep_promises_.see(at, fact, violations_);
  announced_when_serving_.see(at, fact, violations_);
  nothing_is_taken_from_others_.see(at, fact, violations_);
  served_in_time_.see(at, fact, violations_);
  nothing_moves_idly_.see(at, fact, violations_);
  moves_per_fault_.see(at, fact, violations_);
  orders_outlive_.see(at, fact, violations_);
  standby_holds_nothing_.see(at, fact, violations_);
  decides_the_same_again_.see(at, fact, violations_);
}

}  // namespace hapx::appliance::sim
