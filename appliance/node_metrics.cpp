// SPDX-License-Identifier: Apache-2.0
// What the node does for whoever watches it: the metrics window, and the books that only windows
// read. Nothing in here has an influence on what the node does next.
#include <algorithm>
#include <utility>

#include "appliance/metrics.hpp"
#include "appliance/node_state.hpp"
#include "appliance/web_window.hpp"
#include "membership/codec.hpp"

namespace hapx::appliance {

using membership::Liveness;
using membership::ResourceState;

namespace {

JournalEntry told(const TakeoverStory& story) {
  return {story.announced,
          EventKind::takeover,
          story.service,
          std::nullopt,
          "came here from " + story.from.text() + " in " + milliseconds_text(whole(story.phases)) +
              " ms",
          std::string(is_failover(story.reason) ? "failover: " : "handover: ") +
              std::string(to_string(story.reason))};
}

}  // namespace

void Node::State::hear_metrics_request(const RequestArrived& event, Instant now, Decisions& out) {
  if (asks_for_metrics(event)) {
    if (metrics.empty() || now - metrics_at >= metrics_age_max) {
      metrics = metrics_text(status(now));
      metrics_at = now;
    }
    out.actions.emplace_back(metrics_answer(event, metrics));
  } else if (asks_for_stream(event)) {
    if (readers.size() >= readers_max) {
      out.actions.emplace_back(stream_refusal(event));
      return;
    }
    readers.insert(event.id);
    out.actions.emplace_back(stream_answer(event, message(now)));
  } else {
    out.actions.emplace_back(page_answer(event).value_or(window_refusal(event)));
  }
}

void Node::State::hear(const StreamEnded& event, Instant, Decisions&) {
  readers.erase(event.id);
}

std::string Node::State::message(Instant now) const {
  return stream_message(time_of_day(now, utc_offset), status(now),
                        event_lines(journal, now, {}, utc_offset));
}

std::optional<Instant> Node::State::readers_due() const {
  if (readers.empty()) return std::nullopt;
  const bool is_news = journal.recorded() != told_events;
  return told_at + (is_news ? message_interval_min : message_interval_max);
}

/// All readers are told the same, whenever each of them began.
void Node::State::tell_readers(Instant now, Decisions& out) {
  const auto due = readers_due();
  if (!due || now < *due) return;
  told_at = now;
  told_events = journal.recorded();
  out.actions.emplace_back(Publish{message(now), Window::metrics});
}

std::string served_in_words(Window window, const std::string& no) {
  return window == Window::metrics ? "metrics are " + no + "served"
                                   : "the API is " + no + "served to other hosts";
}

void Node::State::hear(const WindowOpened& event, Instant now, Decisions& out) {
  const bool is_news = window_troubles.erase(event.window) > 0;
  if (is_news) note(out, now, EventKind::life, served_in_words(event.window, "") + " now");
}

void Node::State::hear(const WindowUnavailable& event, Instant now, Decisions& out) {
  window_troubles[event.window] = event.reason;
  note(out, now, EventKind::life, served_in_words(event.window, "not "), event.reason);
}

/// Here and, if the disk takes it, in the next life.
void Node::State::remember(const DrillOrder& order, Instant now, Decisions& out) {
  drill = order.drill;
  note(out, now, EventKind::life, "a drill of this cluster has " + summary_of(*drill),
       "begun at " + drill->started);
  out.actions.emplace_back(KeepDrill{to_json(*drill)});
  out.actions.emplace_back(
      api_order_answer(order.id, OrderOutcome::accepted, options.self.text() + " remembers it"));
}

void Node::State::hear(const DrillNotKept& event, Instant now, Decisions& out) {
  note(out, now, EventKind::life, "the last drill is forgotten with this process", event.reason);
}

/// A counter that appears with its first count hides that count from whoever looks at increases.
void Node::State::begin_counting() {
  for (const char* name :
       {"announcements_failed", "fence_restored", "haproxy_failures", "haproxy_reloads",
        "haproxy_reloads_failed", "name_conflicts", "plans", "record_stores_failed", "recordings",
        "recordings_failed", "reloads_refused", "rights_lost"}) {
    counters[name] = 0;
  }
  if (options.config.arbiter) counters["arbiter_failures"] = 0;
  for (const auto reason : membership::refusal_reason::all) {
    counters["datagrams_refused." + std::string(reason)] = 0;
  }
}

/// Who fell silent, who coordinates, who holds what: for the story of the next takeover.
void Node::State::account_view(Instant now) {
  const auto& view = member.view();
  for (std::size_t i = 0; i < view.members.size() && i < seen.members.size(); ++i) {
    const auto& one = view.members[i];
    if (one.liveness == seen.members[i].liveness) continue;
    const auto contact = member.contact(one.name);
    if (one.liveness == Liveness::suspect && contact.last_heard) {
      takeovers.silent(one.name, *contact.last_heard, now);
    } else if (one.liveness == Liveness::dead) {
      const bool at_once = seen.members[i].liveness == Liveness::alive;  // we came late, or goodbye
      if (at_once && contact.last_heard && !contact.has_left) {
        takeovers.silent(one.name, *contact.last_heard, now);
      }
      takeovers.dead(one.name, now);
    } else if (one.liveness == Liveness::alive) {
      takeovers.heard(one.name);
    }
  }
  if (view.coordinator != seen.coordinator) takeovers.coordinates(view.coordinator, now);
  for (const auto& one : view.members) {
    if (one.name == options.self || !takes_part(one)) continue;
    for (const auto& report : one.report.services) {
      if (report.vip.state == ResourceState::started) takeovers.holds(report.service, one.name);
    }
  }
}

/// What is to be told, too, if that was the end of a takeover.
std::optional<JournalEntry> Node::State::account_entry(const JournalEntry& entry) {
  if (!entry.phase || !entry.service) return std::nullopt;
  const bool is_over = takeovers.reached(*entry.service, *entry.phase, entry.at);
  if (is_over) {
    const TakeoverStory& story = takeovers.last().front();
    if (is_failover(story.reason)) {
      have_recorded(story.service.text() + " came here from " + story.from.text() + ": " +
                        std::string(to_string(story.reason)),
                    entry.at);
    }
    return told(story);
  }
  if (*entry.phase != FailoverPhase::haproxy_serving) return std::nullopt;
  const auto from = takeovers.from(*entry.service);
  const auto reason =
      from ? reason_of_takeover(*entry.service, *from, entry.at) : TakeoverReason::preferred;
  takeovers.served(*entry.service, reason, options.self);
  return std::nullopt;
}

/// What is wrong with the one who held it; nothing wrong: it was an order, or a better node.
TakeoverReason Node::State::reason_of_takeover(const ServiceName& service, const NodeName& from,
                                               Instant now) const {
  const auto& members = member.view().members;
  const auto found = std::ranges::find(members, from, &membership::MemberView::name);
  if (found == members.end() || found->liveness != Liveness::alive || !takes_part(*found)) {
    return member.contact(from).has_left ? TakeoverReason::node_stopped : TakeoverReason::node_lost;
  }
  const auto here = std::ranges::find_if(
      services, [&](const auto& each) { return each.config().name == service; });
  if (here != services.end() && here->wanted().moved) return TakeoverReason::ordered;
  const auto report = report_of(*found, service);
  const auto failed = [](const membership::ResourceReport& resource) {
    return resource.state != ResourceState::stopped && resource.state != ResourceState::started;
  };
  if (!report.link_up || !report.obstacle.empty()) return TakeoverReason::link_down;
  if (failed(report.vip)) return TakeoverReason::vip_failed;
  if (failed(report.haproxy) || !report.haproxy_fit) return TakeoverReason::haproxy_failed;
  // It has let go meanwhile; what is left is that it may not hold the service any more.
  const Schedule schedule = coordination.judge_all(member.view(), now);
  const auto decided = std::ranges::find(schedule.services, service, &ServiceSchedule::service);
  const bool excluded = decided != schedule.services.end() &&
                        std::ranges::any_of(decided->nodes, [&](const NodeVerdict& verdict) {
                          return verdict.node == from && verdict.standing == Standing::excluded;
                        });
  if (excluded && report.vip.fail_count > 0) return TakeoverReason::vip_failed;
  if (excluded && report.haproxy.fail_count > 0) return TakeoverReason::haproxy_failed;
  return TakeoverReason::preferred;
}

}  // namespace hapx::appliance
