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
    seen_.push_back({healthy});
  } else if (healthy != seen_.back().healthy) {
    seen_.back().until = now;
    seen_.push_back({healthy});
  }
}

bool SettledCount::step(Instant now) {
  const bool was_first = std::exchange(first_, false);
  stepped_ = now;
  if (!settled_) return false;
  const auto is_within = [now](const Seen& seen, Duration time) {
    return !seen.until || now < *seen.until + time;
  };
  while (!is_within(seen_.front(), times_.loss)) seen_.pop_front();
  unsigned highest = 0;
  unsigned lowest = seen_.back().healthy;
  for (const Seen& seen : seen_) {
    highest = std::max(highest, seen.healthy);
    if (is_within(seen, times_.gain)) lowest = std::min(lowest, seen.healthy);
  }
  const unsigned before = *settled_;
  settled_ = std::clamp(before, lowest, highest);
  return was_first || settled_ != before;
}

std::optional<Instant> SettledCount::next_deadline() const {
  if (!settled_ || seen_.back().healthy == *settled_) return std::nullopt;
  const Duration time = seen_.back().healthy < *settled_ ? times_.loss : times_.gain;
  for (const Seen& seen : seen_) {
    if (seen.until && *seen.until + time > stepped_) return *seen.until + time;
  }
  return std::nullopt;
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
