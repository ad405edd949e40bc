// SPDX-License-Identifier: Apache-2.0
#include "appliance/takeover.hpp"

#include <algorithm>
#include <chrono>
#include <ratio>
#include <utility>

namespace hapx::appliance {

std::string_view to_string(TakeoverReason reason) {
  switch (reason) {
    case TakeoverReason::node_lost:
      return "node-lost";
    case TakeoverReason::link_down:
      return "link-down";
    case TakeoverReason::vip_failed:
      return "vip-failed";
    case TakeoverReason::haproxy_failed:
      return "haproxy-failed";
    case TakeoverReason::ordered:
      return "ordered";
    case TakeoverReason::node_stopped:
      return "node-stopped";
    case TakeoverReason::preferred:
      break;
  }
  return "preferred";
}

Duration whole(const std::vector<PhaseTime>& phases) {
  Duration sum{0};
  for (const PhaseTime& phase : phases) sum += phase.time;
  return sum;
}

std::string milliseconds_text(Duration time) {
  using tenths = std::chrono::duration<std::int64_t, std::ratio<1, 10'000>>;
  const auto count = std::chrono::round<tenths>(std::max(time, Duration(0))).count();
  return std::to_string(count / 10) + "." + std::to_string(count % 10);
}

bool is_failover(TakeoverReason reason) {
  return reason <= TakeoverReason::haproxy_failed;
}

void Takeovers::silent(const NodeName& node, Instant last_heard, Instant now) {
  silences_[node] = {last_heard, now, {}, coordinator_ == node, {}};
}

void Takeovers::dead(const NodeName& node, Instant now) {
  const auto found = silences_.find(node);
  if (found != silences_.end()) found->second.dead = now;
}

void Takeovers::heard(const NodeName& node) {
  silences_.erase(node);
}

void Takeovers::coordinates(const std::optional<NodeName>& node, Instant now) {
  coordinator_ = node;
  if (!node) return;
  for (auto& [silent, silence] : silences_) {
    const bool is_new = silence.coordinated && silent != *node && !silence.coordinator_won;
    if (is_new) silence.coordinator_won = now;
  }
}

void Takeovers::holds(const ServiceName& service, const NodeName& node) {
  holders_[service] = node;
}

void Takeovers::begin(const ServiceName& service, Instant now) {
  Story story;
  if (const auto holder = holders_.find(service); holder != holders_.end()) {
    story.from = holder->second;
  }
  story.reached[FailoverPhase::placement_decided] = now;
  stories_[service] = std::move(story);
}

void Takeovers::drop(const ServiceName& service) {
  stories_.erase(service);
}

std::optional<NodeName> Takeovers::from(const ServiceName& service) const {
  const auto story = stories_.find(service);
  if (story == stories_.end() || story->second.reason) return std::nullopt;
  return story->second.from;
}

bool Takeovers::reached(const ServiceName& service, FailoverPhase phase, Instant now) {
  const auto found = stories_.find(service);
  if (found == stories_.end() || phase < FailoverPhase::lease_won) return false;
  found->second.reached[phase] = now;
  if (phase != FailoverPhase::announced || !found->second.reason) return false;
  finish(service, found->second);
  stories_.erase(found);
  return true;
}

void Takeovers::served(const ServiceName& service, TakeoverReason reason, const NodeName& self) {
  const auto found = stories_.find(service);
  if (found == stories_.end() || found->second.reason) return;
  const std::optional<NodeName> from = found->second.from;
  holders_[service] = self;
  if (!from || *from == self) {
    stories_.erase(found);
    return;
  }
  ++counts_[service][reason];
  found->second.reason = reason;
}

/// Each phase lasts from the end of the one before it. When the plan comes early (its coordinator
/// saw the death first), what was still open here ends with it.
void Takeovers::finish(const ServiceName& service, const Story& story) {
  std::map<FailoverPhase, Instant> ends = story.reached;
  std::optional<Instant> before;
  TakeoverStory told{service, *story.from, *story.reason, ends.at(FailoverPhase::announced), {}};
  const auto found = silences_.find(*story.from);
  if (*story.reason == TakeoverReason::node_lost && found != silences_.end()) {
    const Silence& silence = found->second;
    const Instant planned = ends.at(FailoverPhase::placement_decided);
    before = std::min(silence.last_heard, planned);
    ends[FailoverPhase::peer_silent] = std::min(silence.noticed, planned);
    ends[FailoverPhase::peer_dead] = std::min(silence.dead.value_or(planned), planned);
    if (silence.coordinator_won) {
      ends[FailoverPhase::lease_expired] = std::min(*silence.coordinator_won, planned);
    }
    times_.whole.observe(ends.at(FailoverPhase::announced) - *before);
  }
  for (const auto& [phase, end] : ends) {
    if (before) told.phases.push_back({phase, std::max(end - *before, Duration(0))});
    before = before ? std::max(*before, end) : end;
  }
  if (is_failover(told.reason)) {
    for (const auto& [phase, time] : told.phases) times_.phases[phase].observe(time);
  }
  last_.push_front(std::move(told));
  if (last_.size() > last_max) last_.pop_back();
}

TakeoverCounts Takeovers::counts(const ServiceName& service) const {
  const auto found = counts_.find(service);
  return found == counts_.end() ? TakeoverCounts() : found->second;
}

}  // namespace hapx::appliance
