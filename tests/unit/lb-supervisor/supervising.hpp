// SPDX-License-Identifier: Apache-2.0
// A supervisor on the workbench: a keeper and a probe that answer as they are told, and a clock
// that passes when it is asked to.
#pragma once

#include <utility>

#include <gtest/gtest.h>

#include "lb-supervisor/supervisor.hpp"

namespace hapx::lb_supervisor {

using std::chrono::milliseconds;
using std::chrono::seconds;

const ServiceName api("kube-apiserver");
const RenderedHaproxy first_text{"first\n", {{"HAPX_LISTEN_0", {}}}};
const RenderedHaproxy second_text{"second\n", {}};

class Supervising : public testing::Test {
 protected:
  void take(Outcome outcome) {
    for (auto& action : outcome.actions) actions_.push_back(std::move(action));
    for (auto& each : outcome.news) news_.push_back(std::move(each));
  }

  template <class Event>
  void tell(const Event& event) {
    take(supervisor_.step(event, now_));
  }

  /// The one action of this kind since the last look, and no other of it.
  template <class Wanted>
  std::optional<Wanted> asked() {
    std::optional<Wanted> found;
    int count = 0;
    for (const auto& action : std::exchange(actions_, {})) {
      if (const auto* wanted = std::get_if<Wanted>(&action)) {
        found = *wanted;
        ++count;
      }
    }
    EXPECT_LE(count, 1);
    return found;
  }

  std::vector<News> news() { return std::exchange(news_, {}); }

  /// Lets time pass from deadline to deadline. While `answers_`, HAProxy answers its probes.
  void pass(Duration duration) {
    const auto end = now_ + duration;
    for (int steps = 0; steps < 100'000; ++steps) {
      const auto next = supervisor_.next_deadline();
      if (!next || *next > end) break;
      now_ = std::max(now_, *next);
      const auto before = actions_.size();
      tell_time();
      for (std::size_t i = before; i < actions_.size() && answers_; ++i) {
        if (const auto* probe = std::get_if<ProbeHaproxy>(&actions_[i])) {
          tell(HaproxyProbed{probe->generation});
        }
      }
    }
    now_ = end;
  }
  void tell_time() { take(supervisor_.step(now_)); }

  HaproxyState state() const { return supervisor_.status().state; }
  std::uint64_t generation() const { return supervisor_.status().generation; }

  /// Wanted, connected, accepted, started; not warm yet.
  void bring_to_warming() {
    tell(KeeperConnected{});
    take(supervisor_.start(first_text, now_));
    tell(HaproxyConfigAccepted{generation()});
    tell(HaproxyStarted{generation(), 100});
    ASSERT_EQ(state(), HaproxyState::warming);
    actions_.clear();
  }
  void bring_to_warm() {
    bring_to_warming();
    tell(HaproxyProbed{generation()});
    ASSERT_EQ(state(), HaproxyState::warm);
    actions_.clear();
    news_.clear();
  }
  /// From a StartHaproxy that was asked for to warm again.
  void bring_back() {
    ASSERT_EQ(state(), HaproxyState::starting);
    tell(HaproxyStarted{generation(), 101});
    tell(HaproxyProbed{generation()});
    actions_.clear();
  }

  Supervisor supervisor_;
  Instant now_{seconds(1000)};
  std::vector<Action> actions_;
  std::vector<News> news_;
  bool answers_ = true;
};

}  // namespace hapx::lb_supervisor
