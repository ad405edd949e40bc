// SPDX-License-Identifier: Apache-2.0
// Where does chance come from?
//
// From one number, the seed, and from nowhere else: the same seed tells the same story on every
// machine and every day. The generator is SplitMix64 (Steele, Lea, Flood, 2014): a counter and a
// mixing function, nothing that a library could do differently tomorrow. It is not fit for secrets.
#pragma once

#include <cstdint>

#include "config/time.hpp"

namespace hapx::appliance::sim {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  [[nodiscard]] std::uint64_t next();
  /// From `low` to `high`, both included. REQUIRES: low <= high.
  [[nodiscard]] std::uint64_t between(std::uint64_t low, std::uint64_t high);
  [[nodiscard]] Duration between(Duration low, Duration high);
  /// True `permille` times in a thousand.
  [[nodiscard]] bool chance(unsigned permille);

 private:
  std::uint64_t state_;
};

}  // namespace hapx::appliance::sim
