// SPDX-License-Identifier: Apache-2.0
// What do operators hear of the third vote?
#include <string>
#include <utility>

#include "appliance/node_state.hpp"
#include "config/etcd_endpoint.hpp"

namespace hapx::appliance {

void Node::State::hear(const membership::ArbiterAnswered& event, Instant now, Decisions& out) {
  absorb(member.step(event, now), now, out);
}

void Node::State::hear(const membership::ArbiterFailed& event, Instant now, Decisions& out) {
  ++counters["arbiter_failures"];
  absorb(member.step(event, now), now, out);
}

void Node::State::journal_arbiter(Instant now, Decisions& out) {
  const auto& arbiter = member.view().arbiter;
  if (!arbiter) return;
  const bool answered = seen.arbiter && seen.arbiter->answers;
  const bool is_new_trouble = !arbiter->answers && !arbiter->trouble.empty() &&
                              (!seen.arbiter || seen.arbiter->trouble.empty());
  if (arbiter->answers == answered && !is_new_trouble) return;
  note(out, now, EventKind::quorum,
       arbiter->answers ? "etcd answers: it has the third vote"
                        : "etcd does not answer: its vote is missing",
       arbiter->trouble);
}

std::optional<ArbiterStatus> Node::State::arbiter_status() const {
  const auto& config = options.config.arbiter;
  const auto& arbiter = member.view().arbiter;
  if (!config || !arbiter) return std::nullopt;
  ArbiterStatus status;
  for (const Endpoint& endpoint : config->etcd.endpoints)
    status.endpoints.push_back(write_etcd_endpoint(endpoint));
  status.answers = arbiter->answers;
  status.trouble = arbiter->trouble;
  status.commits_in = member.arbiter_commits_in();
  return status;
}

}  // namespace hapx::appliance
