// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/clock.hpp"

#include "config/assert.hpp"

namespace hapx::appliance::sim {

namespace {
constexpr Duration horizon = std::chrono::hours(2400);  // times 1000 still fits in 63 bits
}

MachineClock::MachineClock(Instant first, Moment now, unsigned rate_permille)
    : base_instant_(first), base_moment_(now), rate_permille_(rate_permille) {
  HAPX_ASSERT(rate_permille > 0);
}

Instant MachineClock::read(Moment now) const {
  if (stopped_) return base_instant_;
  return base_instant_ + (now - base_moment_) * rate_permille_ / 1000;
}

std::optional<Moment> MachineClock::when(Instant instant) const {
  if (instant <= base_instant_) return base_moment_;
  if (stopped_ || instant > base_instant_ + horizon) return std::nullopt;
  const Duration::rep scaled = (instant - base_instant_).count() * 1000;
  const Duration::rep rate = rate_permille_;
  return base_moment_ + Duration((scaled + rate - 1) / rate);  // rounded up: never too early
}

void MachineClock::set_rate(Moment now, unsigned rate_permille) {
  HAPX_ASSERT(rate_permille > 0);
  base_instant_ = read(now);
  base_moment_ = now;
  rate_permille_ = rate_permille;
}

void MachineClock::stop(Moment now) {
  base_instant_ = read(now);
  base_moment_ = now;
  stopped_ = true;
}

void MachineClock::go_on(Moment now) {
  base_moment_ = now;
  stopped_ = false;
}

}  // namespace hapx::appliance::sim
