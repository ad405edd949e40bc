// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/random.hpp"

#include "config/assert.hpp"

namespace hapx::appliance::sim {

std::uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

std::uint64_t Random::between(std::uint64_t low, std::uint64_t high) {
  HAPX_ASSERT(low <= high);
  const std::uint64_t span = high - low + 1;  // 0 means the whole range
  return span == 0 ? next() : low + next() % span;
}

Duration Random::between(Duration low, Duration high) {
  HAPX_ASSERT(low <= high);
  const auto span = static_cast<std::uint64_t>((high - low).count());
  return low + Duration(static_cast<Duration::rep>(between(std::uint64_t{0}, span)));
}

bool Random::chance(unsigned permille) {
  return next() % 1000 < permille;
}

}  // namespace hapx::appliance::sim
