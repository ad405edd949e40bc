// SPDX-License-Identifier: Apache-2.0
// What time is it in the world, and what does a machine's clock say?
//
// The world has one true time, a Moment. No node ever sees it: each machine has a clock of its own
// that started elsewhere and runs at its own rate, so a deadline of one machine means nothing on
// another. Whoever needs to know "when does this machine's clock show that?" asks here.
#pragma once

#include <chrono>
#include <optional>

#include "config/time.hpp"

namespace hapx::appliance::sim {

/// True time: nanoseconds since the world began.
struct WorldClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WorldClock>;
  static constexpr bool is_steady = true;
};
using Moment = WorldClock::time_point;

class MachineClock {
 public:
  /// Shows `first` at `now` and then runs `rate_permille` thousandths as fast as the world.
  MachineClock(Instant first, Moment now, unsigned rate_permille);

  [[nodiscard]] Instant read(Moment now) const;

  /// The first moment at which the clock shows `instant` or more; it may be past. None while the
  /// clock stands still short of it, or beyond a hundred days.
  [[nodiscard]] std::optional<Moment> when(Instant instant) const;

  void set_rate(Moment now, unsigned rate_permille);
  [[nodiscard]] unsigned rate_permille() const { return rate_permille_; }

  /// A paused machine's clock stands still, and goes on from there: nobody inside notices.
  void stop(Moment now);
  void go_on(Moment now);
  [[nodiscard]] bool stopped() const { return stopped_; }

 private:
  Instant base_instant_;
  Moment base_moment_;
  unsigned rate_permille_;
  bool stopped_ = false;
};

}  // namespace hapx::appliance::sim
