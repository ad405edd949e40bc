// SPDX-License-Identifier: Apache-2.0
// Where do small random waits come from?
//
// From a seed: the same seed tells the same story again. SplitMix64 (Steele, Lea, Flood 2014) is
// more than good enough to keep two candidates from knocking at the same instant. Not for secrets.
#pragma once

#include <cstdint>

#include "config/archived.hpp"
#include "config/time.hpp"

namespace hapx::membership {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  /// Between 0 and `most`, both included. REQUIRES: most >= 0.
  Duration up_to(Duration most) {
    return Duration(
        static_cast<Duration::rep>(next() % (static_cast<std::uint64_t>(most.count()) + 1)));
  }

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(state_);
  }

  std::uint64_t state_;
};

}  // namespace hapx::membership
