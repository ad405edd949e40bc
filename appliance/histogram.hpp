// SPDX-License-Identifier: Apache-2.0
// How long does it take, usually and at worst?
//
// Durations sorted into buckets, in the manner of Prometheus: so the answer can be given for any
// stretch of time, by whoever reads it twice. One row of bounds for everything that is measured
// here, from a tenth of a millisecond to five seconds; around the lease it is fine.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "config/time.hpp"

namespace hapx::appliance {

struct Histogram {
  using us = std::chrono::microseconds;
  using ms = std::chrono::milliseconds;
  /// Upper bounds, each included in its bucket; what is longer than the last has a bucket of its
  /// own.
  static constexpr std::array<Duration, 15> bounds{us(100), us(300), ms(1),    ms(3),    ms(10),
                                                   ms(30),  ms(100), ms(150),  ms(200),  ms(300),
                                                   ms(400), ms(600), ms(1000), ms(2000), ms(5000)};

  std::array<std::uint64_t, bounds.size() + 1> counts{};  ///< each of its own bucket alone
  Duration sum{0};

  /// A negative duration counts as none.
  void observe(Duration length) {
    length = std::max(length, Duration(0));
    const auto bound = std::ranges::lower_bound(bounds, length);
    ++counts[static_cast<std::size_t>(bound - bounds.begin())];
    sum += length;
  }

  [[nodiscard]] std::uint64_t count() const {
    std::uint64_t all = 0;
    for (const auto each : counts) all += each;
    return all;
  }

  friend bool operator==(const Histogram&, const Histogram&) = default;
};

}  // namespace hapx::appliance
