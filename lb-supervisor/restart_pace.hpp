// SPDX-License-Identifier: Apache-2.0
// How soon may what failed be tried again?
//
// At once the first time: most failures happen once. What fails again before it has lived a while
// is tried again after a pause that doubles up to a limit, and never given up: a crash loop costs
// next to nothing, and what an operator repairs comes back by itself.
#pragma once

#include <algorithm>

#include "config/archived.hpp"
#include "config/time.hpp"

namespace hapx::lb_supervisor {

class RestartPace {
 public:
  struct Limits {
    Duration first;   ///< pause after the first failure, often 0
    Duration second;  ///< after the second in a row; doubles from there
    Duration max;
  };

  explicit RestartPace(Limits limits) : limits_(limits), next_(limits.first) {}

  /// It failed. Returns how long to wait before the next try.
  [[nodiscard]] Duration failed() {
    const auto pause = next_;
    next_ = std::clamp(pause * 2, limits_.second, limits_.max);
    return pause;
  }

  /// It has lived long enough: the next failure is a first one.
  void lived() { next_ = limits_.first; }

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(limits_, next_);
  }

  Limits limits_;
  Duration next_;
};

}  // namespace hapx::lb_supervisor
