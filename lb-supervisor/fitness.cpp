// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/fitness.hpp"

#include <algorithm>
#include <utility>

#include "lb-supervisor/runtime_reply.hpp"

namespace hapx::lb_supervisor {

void ProbeRecord::failed(std::string reason) {
  if (failures_ < failures_max_) ++failures_;
  reason_ = std::move(reason);
}

Fitness ProbeRecord::fitness() const {
  if (failures_ < failures_max_) return {true, "it answers its probes"};
  return {false, std::to_string(failures_) + " probes in a row failed: " + reason_};
}

SettledCount::SettledCount(SettleTimes times) : times_(times) {
  times_.loss = std::max(times_.loss, times_.gain);
}

void SettledCount::reported(unsigned healthy, Instant now) {
  if (!settled_) {
    settled_ = healthy;
    first_ = true;
    return;
  }
  if (healthy == *settled_) {
    departure_.reset();
    return;
  }
  const bool below = healthy < *settled_;
  if (!departure_ || departure_->below != below) {
    departure_ = Departure{below, healthy, now};
  } else {
    departure_->nearest =
        below ? std::max(departure_->nearest, healthy) : std::min(departure_->nearest, healthy);
  }
}

bool SettledCount::step(Instant now) {
  const bool was_first = std::exchange(first_, false);
  if (!departure_ || now < ends(*departure_)) return was_first;
  settled_ = departure_->nearest;
  departure_.reset();
  return true;
}

std::optional<Instant> SettledCount::next_deadline() const {
  if (!departure_) return std::nullopt;
  return ends(*departure_);
}

Instant SettledCount::ends(const Departure& departure) const {
  return departure.since + (departure.below ? times_.loss : times_.gain);
}

std::optional<unsigned> healthy_servers(const BackendHealth& backend) {
  unsigned healthy = 0;
  for (const auto& server : backend.servers) {
    if (server.check == not_checked_yet) return std::nullopt;
    if (server.up) ++healthy;
  }
  return healthy;
}

}  // namespace hapx::lb_supervisor
