// SPDX-License-Identifier: Apache-2.0
// How much does a service want a node?
//
// Pacemaker's scores: integers with INFINITY = 1000000 and an arithmetic in which -INFINITY
// absorbs everything, INFINITY everything else.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <string>

#include "config/archived.hpp"

namespace hapx {

class Score {
 public:
  static constexpr std::int32_t infinity_value = 1'000'000;

  constexpr Score() = default;
  constexpr explicit Score(std::int64_t value)
      : value_(static_cast<std::int32_t>(
            std::clamp<std::int64_t>(value, -infinity_value, infinity_value))) {}

  static constexpr Score infinity() { return Score(infinity_value); }
  static constexpr Score minus_infinity() { return Score(-infinity_value); }

  [[nodiscard]] constexpr std::int32_t value() const { return value_; }

  friend constexpr Score operator+(Score a, Score b) {
    if (a == minus_infinity() || b == minus_infinity()) return minus_infinity();
    if (a == infinity() || b == infinity()) return infinity();
    return Score(std::int64_t{a.value_} + b.value_);
  }
  constexpr Score& operator+=(Score other) { return *this = *this + other; }

  friend constexpr bool operator==(Score, Score) = default;
  friend constexpr auto operator<=>(Score, Score) = default;

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(value_);
  }

  std::int32_t value_ = 0;
};

/// "100", "INFINITY" or "-INFINITY".
[[nodiscard]] inline std::string to_string(Score score) {
  if (score == Score::infinity()) return "INFINITY";
  if (score == Score::minus_infinity()) return "-INFINITY";
  return std::to_string(score.value());
}

}  // namespace hapx
