// SPDX-License-Identifier: Apache-2.0
// What is a moment, and who may know it?
//
// Time is told, never read: `Instant` is a moment of a clock that has no now(). Whoever decides
// gets `now` as an argument; only the doors read the kernel's clock (CLOCK_BOOTTIME, which also
// counts the time a machine sleeps, and is what the kernel-held lease is measured in). So the
// simulator can tell a year in a minute, and a decision can be replayed.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/result.hpp"

namespace hapx {

using Duration = std::chrono::nanoseconds;

/// The clock behind Instant: nanoseconds since this machine booted. Deliberately without now().
struct BootClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
};

/// A moment on this machine. Moments of two machines can't be compared.
using Instant = BootClock::time_point;

/// The clock behind Utc: nanoseconds since 1970-01-01T00:00:00Z, leap seconds left out. Without
/// now(), too, and never a reason to act at once: it is what operators name, and it may be wrong.
struct UtcClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<UtcClock>;
  static constexpr bool is_steady = false;
};

/// A moment that all machines mean alike, as far as their clocks are right.
using Utc = UtcClock::time_point;

/// "2026-11-28T13:36:57Z", whole seconds.
[[nodiscard]] std::string to_string(Utc moment);

/// Reads a moment as RFC 3339 writes it, in UTC, whole or with a fraction of a second:
/// "2026-11-28T13:36:57.042Z". From 1970 to 2261; what is below a nanosecond is dropped.
[[nodiscard]] Result<Utc> parse_utc(std::string_view text);

/// Reads a duration as Go writes them: "300ms", "1.5s", "1h30m", "0". Units ns, us, ms, s, m, h.
/// Refuses a missing unit, negative values and anything above 10 years.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);

/// The shortest form that parse_duration reads back: "300ms", "1m30s", "0s".
[[nodiscard]] std::string to_string(Duration duration);

}  // namespace hapx
