// SPDX-License-Identifier: Apache-2.0
#include "vip/wakening.hpp"

#include <array>
#include <utility>

namespace hapx::vip {
namespace {

using std::chrono::milliseconds;

/// After each round until the next one, or until giving up.
constexpr std::array<Duration, 6> gaps = {milliseconds(50),   milliseconds(100),
                                          milliseconds(200),  milliseconds(650),
                                          milliseconds(1000), milliseconds(1000)};
constexpr std::size_t late_round = 4;
constexpr std::uint32_t quarter = 1U << 30U;

}  // namespace

void Wakening::begin(const std::vector<Endpoint>& clients, Instant now) {
  stop();
  awaited_ = {clients.begin(), clients.end()};
  if (awaited_.empty()) return;
  outcome_ = {awaited_.size(), 0, Duration(0)};
  begun_ = now;
  next_ = now;
}

void Wakening::stop() {
  awaited_.clear();
  rounds_ = 0;
  next_.reset();
}

std::optional<Wakening::Round> Wakening::take_due(Instant now) {
  if (!next_ || now < *next_ || rounds_ == gaps.size()) return std::nullopt;
  Round round{{awaited_.begin(), awaited_.end()},
              static_cast<std::uint32_t>(rounds_) * quarter,
              rounds_ >= late_round};
  next_ = now + gaps.at(rounds_);
  ++rounds_;
  return round;
}

bool Wakening::answered(const Endpoint& client, Instant now) {
  if (awaited_.erase(client) == 0) return false;
  ++outcome_.answered;
  outcome_.took = now - begun_;
  return true;
}

std::optional<Wakening::Outcome> Wakening::take_outcome(Instant now) {
  const bool is_over = awaited_.empty() || (rounds_ == gaps.size() && now >= *next_);
  if (!next_ || !is_over) return std::nullopt;
  stop();
  return outcome_;
}

}  // namespace hapx::vip
