// SPDX-License-Identifier: Apache-2.0
// What becomes of a changed file?
//
// It is taken by a restart in flight, as an upgrade is: the next hapxd begins with it, finds fence,
// address and HAProxy as they were left, and goes on within the lease. There is no second way into
// a configuration. What is refused changes nothing, and HAProxy is asked, too.
//
// A file that changes who votes is staged: it waits until the other nodes have the same, and then
// all take it at once (docs/LEASE.md, rule 22). Staged is only what was asked for last, and not for
// longer than this process lives.
#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "appliance/node_state.hpp"
#include "config/change.hpp"
#include "config/fingerprint.hpp"
#include "config/wording.hpp"
#include "membership/succession.hpp"

namespace hapx::appliance {
namespace {

using membership::votes_of;

bool opens(const ClusterKeys& keys, const ClusterKey& key) {
  return keys.first == key || keys.second == key;
}

std::string on_one_line(std::string lines) {
  for (auto end = lines.find('\n'); end != lines.npos; end = lines.find('\n', end)) {
    lines.replace(end, 1, "; ");
  }
  return lines;
}

}  // namespace

void Node::State::hear(const ReloadRequested&, Instant now, Decisions& out) {
  if (leaving) return hear(ConfigRefused{"hapxd is being ended"}, now, out);
  out.actions.emplace_back(ReadConfig{});
}

void Node::State::answer_reload(const std::vector<std::string>& taking, Decisions& out) {
  for (const auto id : std::exchange(reload_requests, {})) {
    out.actions.emplace_back(api_reload_answer(id, taking));
  }
}

void Node::State::hear(const ConfigRefused& event, Instant now, Decisions& out) {
  ++counters["reloads_refused"];
  note(out, now, EventKind::life, "the reload is refused, the accepted file stays in force",
       event.reason);
  for (const auto id : std::exchange(reload_requests, {})) {
    out.actions.emplace_back(
        api_order_answer(id, OrderOutcome::refused, on_one_line(event.reason)));
  }
}

void Node::State::hear(const ConfigRead& event, Instant now, Decisions& out) {
  if (leaving) return;
  auto change = compare(options.config, event.config);
  if (event.keys != options.keys) {
    if (!opens(event.keys, options.keys.first) || !opens(options.keys, event.keys.first)) {
      return hear(ConfigRefused{"the cluster's key would be another at once, and the other nodes "
                                "could not read this one: first let each have both, a line each"},
                  now, out);
    }
    change.differences.emplace_back("the cluster's key");
  }
  if (std::exchange(staged, std::nullopt)) {
    note(out, now, EventKind::life, "what was staged is forgotten, there is another file");
    std::ranges::move(std::exchange(staging_requests, {}), std::back_inserter(reload_requests));
    absorb(member.stage(std::nullopt, now), now, out);
  }
  if (change.differences.empty()) {
    note(out, now, EventKind::life, "the file says what is in force already");
    return answer_reload({}, out);
  }
  if (!change.fixed.empty()) {
    const std::string reason = joined(change.fixed) +
                               " can't change while hapxd runs: end hapxd on all nodes, then start "
                               "it with the new file";
    return hear(ConfigRefused{reason}, now, out);
  }
  if (auto refusal = refuse_electorate(event.config)) {
    return hear(ConfigRefused{*std::move(refusal)}, now, out);
  }
  examined = event;
  auto wanted = lb_supervisor::render(event.config, options.haproxy_paths);
  const bool is_same = wanted.text == haproxy.text;
  if (is_same || !lb_supervisor::runs_haproxy(event.config, options.self)) {
    return haproxy_examined({}, now, out);
  }
  // HAProxy judges its part before anything is changed.
  absorb(supervisor.examine(std::move(wanted), now), now, out);
}

/// What would never come to be: without this node, more than a vote at a time, or a majority that
/// needs those who go. What others have agreed on is followed, however far it is.
std::optional<std::string> Node::State::refuse_electorate(const ClusterConfig& after) const {
  const auto& before = options.config;
  std::set<NodeName> stay;
  for (const auto& [voter, weight] : votes_of(after)) stay.insert(voter);
  if (!stay.contains(options.self)) {
    return "it doesn't name this node, " + options.self.text() +
           "; to let it go end hapxd here, then give the file to the other nodes";
  }
  if (member.is_in_use(votes_of(after))) return std::nullopt;
  const auto votes = membership::votes_between(votes_of(before), votes_of(after));
  const std::string what = before.arbiter == after.arbiter ? "spec.nodes" : "spec.arbiter";
  if (votes > 0 && options.config.no_quorum_policy == NoQuorumPolicy::ignore) {
    return what +
           " changes who votes, and a node of two that goes on alone would not know of "
           "it: first give both nodes a file with noQuorumPolicy `stop` (and no tieBreaker), then "
           "this one";
  }
  if (votes > 1 && before.arbiter && after.arbiter && before.arbiter != after.arbiter) {
    return "other endpoints of etcd may be another etcd, with another memory: first give the nodes "
           "a file without spec.arbiter, then this one";
  }
  if (votes > 1) {
    return what + " changes by " + std::to_string(votes) +
           " votes, and while hapxd runs one at a time can come or go: change it in steps, or end "
           "hapxd on all nodes, then start it with the new file";
  }
  if (votes > 0 && !membership::Electorate(std::vector{votes_of(before)}).is_majority(stay)) {
    return "without the node that goes there is no majority of the present votes, so nobody could "
           "agree to it: end hapxd on all nodes, then start it with the new file";
  }
  return std::nullopt;
}

void Node::State::haproxy_examined(const std::string& refusal, Instant now, Decisions& out) {
  const auto file = std::exchange(examined, std::nullopt);
  if (!file || leaving) return;
  if (!refusal.empty()) return hear(ConfigRefused{"HAProxy refuses it: " + refusal}, now, out);
  auto change = compare(options.config, file->config);
  if (file->keys != options.keys) change.differences.emplace_back("the cluster's key");
  // Safety: it is not left, nor begun, by one node without the other (LEASE.md, rule 24).
  // Nor may one ask for an address for a shorter time than the other one may hold it unheard.
  const auto& before = options.config;
  const bool other_evidence = file->config.no_quorum_policy != before.no_quorum_policy ||
                              (before.tie_breaker && file->config.timing != before.timing);
  if (other_evidence || votes_of(file->config) != votes_of(options.config)) {
    note(out, now, EventKind::life, "staging the changed file, for it changes what votes decide",
         joined(change.differences));
    return stage(*file, now, out);
  }
  note(out, now, EventKind::life, "taking the changed file", joined(change.differences));
  answer_reload(change.differences, out);
  out.actions.emplace_back(RestartInFlight{file->config, file->text});
}

void Node::State::stage(const ConfigRead& file, Instant now, Decisions& out) {
  staged = file;
  std::ranges::move(std::exchange(reload_requests, {}), std::back_inserter(staging_requests));
  const auto fingerprint = fingerprint_of(parts_of(file.config));
  absorb(member.stage(
             membership::StagedConfig{fingerprint, file.config.nodes, votes_of(file.config)}, now),
         now, out);
}

/// Takes what is staged when nothing stands in its way any more. Who asked is answered as soon as
/// it is known what does.
void Node::State::attend_to_staged(Instant now, Decisions& out) {
  const bool is_agreed = std::exchange(staged_agreed, false);
  if (!staged || leaving) return;
  const auto& electorate = member.view().electorate;
  if (is_agreed) {
    const auto change = compare(options.config, staged->config);
    note(out, now, EventKind::life, "taking the changed file, as all nodes do",
         joined(change.differences));
    std::ranges::move(std::exchange(staging_requests, {}), std::back_inserter(reload_requests));
    answer_reload(change.differences, out);
    out.actions.emplace_back(RestartInFlight{staged->config, staged->text});
  } else if (!electorate.storing && !electorate.waits_for.empty()) {
    for (const auto id : std::exchange(staging_requests, {})) {
      out.actions.emplace_back(api_staged_answer(id, electorate.waits_for));
    }
  }
}

}  // namespace hapx::appliance
