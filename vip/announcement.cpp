// SPDX-License-Identifier: Apache-2.0
#include "vip/announcement.hpp"

#include <array>

namespace hapx::vip {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Gaps between the first announcements.
constexpr std::array<Duration, 3> burst = {milliseconds(50), milliseconds(100), milliseconds(200)};
/// More than the second for which some neighbours take no second word about an address (Linux's
/// `locktime` is one): else each announcement would keep the next one from being heard.
constexpr Duration steady_gap = milliseconds(1100);
constexpr std::size_t steady_count = 10;
constexpr Duration refresh = seconds(30);
constexpr Duration refresh_jitter = seconds(3);

/// One step of splitmix64 (Steele, Lea, Flood 2014): small, and good enough to spread timers.
std::uint64_t next_random(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15U;
  std::uint64_t mixed = state;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  return mixed ^ (mixed >> 31U);
}

}  // namespace

Announcement::Announcement(std::uint64_t seed) : random_(seed) {}

void Announcement::begin(Instant now) {
  sent_ = 0;
  next_ = now;
}

void Announcement::stop() {
  next_.reset();
}

bool Announcement::take_due(Instant now) {
  if (!next_ || now < *next_) return false;
  next_ = now + gap_after(sent_);
  ++sent_;
  return true;
}

Duration Announcement::gap_after(std::size_t count) {
  if (count < burst.size()) return burst.at(count);
  if (count < burst.size() + steady_count) return steady_gap;
  const auto span = static_cast<std::uint64_t>((2 * refresh_jitter).count()) + 1;
  const auto drawn = static_cast<Duration::rep>(next_random(random_) % span);
  return refresh - refresh_jitter + Duration(drawn);
}

}  // namespace hapx::vip
