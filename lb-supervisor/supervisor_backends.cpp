// SPDX-License-Identifier: Apache-2.0
// What follows from HAProxy's answers about its kube-apiservers?
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "lb-supervisor/runtime_reply.hpp"
#include "lb-supervisor/supervisor.hpp"

namespace hapx::lb_supervisor {
namespace {

/// It is down, and its last check was good: the next one may bring it up.
bool is_rising(const ServerHealth& server) {
  return !server.up && !server.set_aside && !server.level.empty();
}

const ServerHealth* find_server(const std::vector<BackendHealth>& backends,
                                const ServiceName& service, const std::string& name) {
  const auto backend = std::ranges::find(backends, service, &BackendHealth::service);
  if (backend == backends.end()) return nullptr;
  const auto server = std::ranges::find(backend->servers, name, &ServerHealth::name);
  return server == backend->servers.end() ? nullptr : &*server;
}

/// Without what changes all the time: its connections, and that it is being checked, in which time
/// it has shown what it had shown before.
ServerHealth what_lasts(ServerHealth server, const ServerHealth* before) {
  server.connections.reset();
  if (std::exchange(server.is_being_checked, false) && before && before->check == server.check)
    server.level = before->level;
  return server;
}

}  // namespace

/// Whether a number of healthy servers means anything yet. One of other servers does not, while the
/// wanted ones are on their way; nor does the first one before those that came have had their
/// chance.
bool Supervisor::is_telling(const BackendHealth& backend) const {
  if (!runs_what_is_wanted() && not_replaced_.empty()) return false;
  return counts_.contains(backend.service) || std::ranges::none_of(backend.servers, is_rising);
}

Outcome Supervisor::step(const BackendsReported& event, Instant now) {
  Outcome outcome;
  if (!warm()) return outcome;
  follow_amendment(event.backends, now, outcome);
  all_checked_ = true;
  auto told =
      servers_ && runs_what_is_wanted() ? only_wanted(*servers_, event.backends) : event.backends;
  for (auto& backend : told) {
    for (auto& server : backend.servers) {
      const auto* before = find_server(backends_, backend.service, server.name);
      server = what_lasts(std::move(server), before);
    }
    const auto healthy = is_telling(backend) ? healthy_servers(backend) : std::nullopt;
    if (healthy) {
      counts_.try_emplace(backend.service, options_.settle).first->second.reported(*healthy, now);
    } else {
      all_checked_ = false;
    }
  }
  const bool changed = backends_ != told;
  if (changed) {
    backends_ = std::move(told);
    outcome.news.emplace_back(BackendsChanged{});
  }
  settle(now, outcome);
  look_up_again(now, outcome);
  return outcome;
}

void Supervisor::settle(Instant now, Outcome& outcome) {
  bool changed = false;
  for (auto& [service, count] : counts_) changed = count.step(now) || changed;
  if (changed) outcome.news.emplace_back(BackendsChanged{});
}

void Supervisor::look_up_again(Instant now, Outcome& outcome) {
  bool any_up = false;
  bool any_unresolved = false;
  for (const auto& backend : backends_) {
    for (const auto& server : backend.servers) {
      any_up = any_up || server.up;
      any_unresolved = any_unresolved || server.check == not_resolved;
    }
  }
  if (any_up || !any_unresolved || left_alone()) {
    look_up_at_.reset();
    look_up_pace_.lived();
  } else if (!look_up_at_) {
    look_up_at_ = now + look_up_pace_.failed();
  } else if (now >= *look_up_at_) {
    look_up_at_.reset();
    trouble_ = "host names are looked up again";
    become_ending(Duration(0), now, outcome);
  }
}

std::optional<unsigned> Supervisor::healthy_api_servers(const ServiceName& service) const {
  const auto found = counts_.find(service);
  return found == counts_.end() ? std::nullopt : found->second.settled();
}

}  // namespace hapx::lb_supervisor
