// SPDX-License-Identifier: Apache-2.0
// What does a node say of what it sees and does?
//
// To its journal and the log, which `hapx events` and `hapx why` show, and to the service manager.
#include <cstddef>
#include <utility>
#include <vector>

#include "appliance/node_state.hpp"
#include "config/wording.hpp"

namespace hapx::appliance {
namespace {

using membership::Liveness;

LogLevel level_of(EventKind kind) {
  switch (kind) {
    case EventKind::lease:
    case EventKind::announcement:
    case EventKind::backend:
      return LogLevel::info;
    default:
      return LogLevel::notice;
  }
}

}  // namespace

void Node::State::note(Decisions& out, Instant now, EventKind kind, std::string sentence,
                       std::string reason, std::optional<FailoverPhase> phase,
                       std::optional<ServiceName> service) const {
  out.entries.push_back(
      {now, kind, std::move(service), phase, std::move(sentence), std::move(reason)});
}

/// While the member itself is there: else its silence is the news.
void Node::State::journal_ways(std::size_t index, Instant now, Decisions& out) const {
  const auto is_heard = [](Liveness liveness) {
    return liveness == Liveness::alive || liveness == Liveness::suspect;
  };
  const auto& one = member.view().members[index];
  const auto& before = seen.members[index].ways;
  if (!is_heard(one.liveness)) return;
  const auto addresses = options.config.nodes[index].ways();
  for (std::size_t way = 0; way < one.ways.size() && way < before.size(); ++way) {
    const bool heard = is_heard(one.ways[way]);
    if (heard == is_heard(before[way])) continue;
    note(out, now, EventKind::member,
         one.name.text() + (heard ? " is heard at " : " is not heard any more at ") +
             to_string(addresses[way]));
  }
}

void Node::State::journal_view(Instant now, Decisions& out) {
  const auto& view = member.view();
  journal_alone(now, out);
  journal_arbiter(now, out);
  if (view == seen) return;
  for (std::size_t i = 0; i < view.members.size() && i < seen.members.size(); ++i) {
    const auto& member_now = view.members[i];
    const auto before = seen.members[i].liveness;
    if (member_now.config_differs != seen.members[i].config_differs) {
      const bool differs = !member_now.config_differs.empty();
      note(
          out, now, EventKind::member,
          member_now.name.text() + " runs " + (differs ? "another" : "the same") + " configuration",
          joined(member_now.config_differs));
    }
    journal_ways(i, now, out);
    if (member_now.liveness == before) continue;
    if (member_now.liveness == Liveness::dead) {
      note(out, now, EventKind::member, member_now.name.text() + " is dead",
           "silent for a whole lease", FailoverPhase::peer_dead);
    } else if (member_now.liveness == Liveness::alive && before != Liveness::suspect) {
      note(out, now, EventKind::member, member_now.name.text() + " is here");
    }
  }
  if (view.quorate != seen.quorate) {
    note(out, now, EventKind::quorum, view.quorate ? "quorum is won" : "quorum is lost");
  }
  if (view.coordinator != seen.coordinator) {
    note(out, now, EventKind::coordinator,
         view.coordinator ? view.coordinator->text() + " coordinates" : "nobody coordinates");
  }
  if (view.plan && (!seen.plan || view.plan->ballot != seen.plan->ballot ||
                    view.plan->number != seen.plan->number)) {
    ++counters["plans"];
  }
  account_view(now);
  seen = view;
}

void Node::State::tell_service_manager(Decisions& out) {
  std::string line = std::string("STATUS=") + (seen.quorate ? "quorate" : "no quorum");
  for (const auto& service : services) {
    if (service.right_until()) line += ", holds " + service.config().name.text();
  }
  if (line == told_status) return;
  told_status = line;
  out.actions.emplace_back(NotifyServiceManager{std::move(line)});
}

void Node::State::write_journal(Decisions& out) {
  std::vector<JournalEntry> entries = std::exchange(out.entries, {});
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (auto takeover = account_entry(entries[i])) entries.push_back(std::move(*takeover));
    JournalEntry& entry = entries[i];
    const std::string service = entry.service ? entry.service->text() : "";
    out.actions.emplace_back(WriteLog{level_of(entry.kind),
                                      (service.empty() ? "" : service + ": ") + entry.sentence +
                                          (entry.reason.empty() ? "" : " (" + entry.reason + ")"),
                                      entry.kind, service,
                                      entry.phase ? std::string(to_string(*entry.phase)) : ""});
    journal.record(std::move(entry));
  }
}

}  // namespace hapx::appliance
