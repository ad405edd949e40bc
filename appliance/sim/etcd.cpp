// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/etcd.hpp"

#include <algorithm>

namespace hapx::appliance::sim {

using namespace std::chrono_literals;

namespace {

// As measured with three members on SSDs.
constexpr Duration commit_min = 800us;
constexpr Duration commit_max = 4ms;
constexpr Duration stalled_max = 20ms;  // a disk that has other things to do
constexpr unsigned stalled_permille = 30;

constexpr unsigned kept_permille = 500;     // of those that found no leader
constexpr unsigned refused_permille = 300;  // of those that found nobody
constexpr Duration refusal_max = 5ms;
constexpr unsigned backed_up_permille = 250;

}  // namespace

Etcd::Etcd(std::uint64_t seed, bool compares)
    : random_(seed), compares_(compares), id_(random_.next()) {}

bool Etcd::as_expected(const membership::ArbiterSwap& swap) const {
  if (!compares_) return true;
  const auto found = content_.entries.find(swap.key);
  return swap.revision == (found == content_.entries.end() ? 0 : found->second.revision);
}

void Etcd::write(const std::vector<membership::ArbiterSwap>& swaps) {
  if (random_.chance(backed_up_permille)) {
    if (backups_.size() < backups_max) {
      backups_.push_back(content_);
    } else {
      backups_[1 + random_.next() % (backups_.size() - 1)] = content_;
    }
  }
  ++content_.revision;  // one for the whole transaction
  for (const membership::ArbiterSwap& swap : swaps)
    content_.entries[swap.key] = {content_.revision, swap.value};
}

membership::ArbiterAnswered Etcd::transact(const membership::AskArbiter& asked) {
  membership::ArbiterAnswered answer;
  answer.ticket = asked.ticket;
  answer.swapped =
      std::ranges::all_of(asked.swaps, [&](const auto& swap) { return as_expected(swap); });
  if (answer.swapped && !asked.swaps.empty()) write(asked.swaps);
  answer.store = id_;
  answer.revision = content_.revision;
  for (const auto& [key, entry] : content_.entries)
    answer.entries.push_back({key, entry.revision, entry.value});
  return answer;
}

Course Etcd::draw_course(const Weather& weather) {
  // Chance is drawn alike for all, so that healing something does not change all that follows.
  const bool lost = random_.chance(weather.loss_permille);
  const bool answer_lost = random_.chance(weather.loss_permille);
  const bool doubled = random_.chance(weather.duplicate_permille);
  const bool kept = random_.chance(kept_permille);
  const bool refused = random_.chance(refused_permille);
  const Duration there = random_.between(weather.delay_min, weather.delay_max);
  const Duration back = random_.between(weather.delay_min, weather.delay_max);
  const bool stalled = random_.chance(stalled_permille);
  const Duration quick = random_.between(commit_min, stalled ? stalled_max : commit_max);
  const Duration slow = random_.between(slow_ * 3 / 4, slow_ * 5 / 4);
  Course course;
  if (!lost) course.there = there;
  course.commit = std::max(quick, slow);
  const Duration later = random_.between(Duration(0), course.commit + weather.delay_max);
  course.second_is_told = random_.chance(500);
  if (doubled) course.again = later;
  if (!answer_lost) course.back = back;
  const Duration wait = random_.between(Duration(0), wait_max);
  if (kept) course.wait = wait;
  const Duration refusal = random_.between(Duration(0), refusal_max);
  if (refused) course.refusal = refusal;
  return course;
}

void Etcd::begin_restore() {
  restoring_ = true;
}

void Etcd::end_restore() {
  if (!restoring_) return;
  restoring_ = false;
  id_ = random_.next();
  content_ = backups_[random_.next() % backups_.size()];
}

}  // namespace hapx::appliance::sim
