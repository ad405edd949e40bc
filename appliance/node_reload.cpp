// SPDX-License-Identifier: Apache-2.0
// What becomes of a changed file?
//
// It is taken by a restart in flight, as an upgrade is: the next hapxd begins with it, finds fence,
// address and HAProxy as they were left, and goes on within the lease. There is no second way into
// a configuration. What is refused changes nothing, and HAProxy is asked, too.
#include <string>
#include <utility>
#include <vector>

#include "appliance/node_state.hpp"
#include "config/change.hpp"
#include "config/wording.hpp"

namespace hapx::appliance {
namespace {

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
  note(out, now, JournalKind::life, "the reload is refused, the accepted file stays in force",
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
  if (change.differences.empty()) {
    note(out, now, JournalKind::life, "the file says what is in force already");
    return answer_reload({}, out);
  }
  if (!change.fixed.empty()) {
    const std::string reason = joined(change.fixed) +
                               " can't change while hapxd runs: end hapxd on all nodes, then start "
                               "it with the new file";
    return hear(ConfigRefused{reason}, now, out);
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

void Node::State::haproxy_examined(const std::string& refusal, Instant now, Decisions& out) {
  const auto file = std::exchange(examined, std::nullopt);
  if (!file || leaving) return;
  if (!refusal.empty()) return hear(ConfigRefused{"HAProxy refuses it: " + refusal}, now, out);
  auto change = compare(options.config, file->config);
  if (file->keys != options.keys) change.differences.emplace_back("the cluster's key");
  note(out, now, JournalKind::life, "taking the changed file", joined(change.differences));
  answer_reload(change.differences, out);
  out.actions.emplace_back(RestartInFlight{file->config, file->text});
}

}  // namespace hapx::appliance
