// SPDX-License-Identifier: Apache-2.0
// What the node does for whoever watches it: the metrics window, and what only it shows.
#include <utility>

#include "appliance/metrics.hpp"
#include "appliance/node_state.hpp"

namespace hapx::appliance {

void Node::State::hear_metrics_request(const RequestArrived& event, Instant now,
                                       Decisions& out) const {
  if (!asks_for_metrics(event)) {
    out.actions.emplace_back(metrics_refusal(event));
  } else {
    out.actions.emplace_back(metrics_answer(event, metrics_page(status(now))));
  }
}

void Node::State::hear(const MetricsOpened&, Instant now, Decisions& out) {
  const bool is_news = !std::exchange(metrics_trouble, {}).empty();
  if (is_news) note(out, now, JournalKind::life, "metrics are served now");
}

void Node::State::hear(const MetricsUnavailable& event, Instant now, Decisions& out) {
  metrics_trouble = event.reason;
  note(out, now, JournalKind::life, "metrics are not served", event.reason);
}

}  // namespace hapx::appliance
