// SPDX-License-Identifier: Apache-2.0
// The machine by hand: each test tells it what happened and looks at what it asks for.
#include "lb-supervisor/supervisor.hpp"

#include <utility>

#include <gtest/gtest.h>

namespace hapx::lb_supervisor {
namespace {

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

// ---- the ordinary life

TEST_F(Supervising, checks_then_starts_then_warms_then_is_warm) {
  take(supervisor_.start(first_text, now_));
  EXPECT_EQ(state(), HaproxyState::unreachable);
  EXPECT_TRUE(actions_.empty());

  tell(KeeperConnected{});
  EXPECT_EQ(state(), HaproxyState::checking);
  const auto check = asked<CheckHaproxyConfig>();
  ASSERT_TRUE(check);
  EXPECT_EQ(check->config, "first\n");
  EXPECT_EQ(check->sockets, first_text.sockets);

  tell(HaproxyConfigAccepted{check->generation});
  const auto start = asked<StartHaproxy>();
  ASSERT_TRUE(start);
  EXPECT_GT(start->generation, check->generation);
  EXPECT_EQ(start->config, "first\n");
  EXPECT_EQ(start->sockets, first_text.sockets);

  tell(HaproxyStarted{start->generation, 4711});
  EXPECT_EQ(state(), HaproxyState::warming);
  EXPECT_FALSE(supervisor_.fitness().fit);
  answers_ = false;
  pass(milliseconds(5));
  EXPECT_EQ(asked<ProbeHaproxy>()->generation, start->generation);
  EXPECT_TRUE(news().empty());

  tell(HaproxyProbed{start->generation});
  EXPECT_TRUE(supervisor_.warm());
  EXPECT_TRUE(supervisor_.fitness().fit);
  EXPECT_EQ(supervisor_.status().pid, 4711);
  EXPECT_EQ(news(), std::vector<News>{HaproxyReady{}});
  EXPECT_TRUE(asked<AskBackends>());
}

TEST_F(Supervising, wants_nothing_by_itself) {
  tell(KeeperConnected{});
  tell(KeeperLost{"gone"});
  tell(HaproxyExited{1, "x"});
  tell(HaproxyProbed{1});
  tell(BackendsReported{});
  pass(seconds(100));
  EXPECT_TRUE(actions_.empty());
  EXPECT_TRUE(news_.empty());
  EXPECT_EQ(state(), HaproxyState::stopped);
  EXPECT_EQ(supervisor_.next_deadline(), std::nullopt);
}

TEST_F(Supervising, probes_and_asks_as_often_as_said_and_no_more) {
  bring_to_warm();
  tell(BackendsReported{{{api, {{"a:1", true, "L7OK"}}}}});
  pass(seconds(10));
  int probes = 0;
  int questions = 0;
  for (const auto& action : actions_) {
    if (std::holds_alternative<ProbeHaproxy>(action)) ++probes;
    if (std::holds_alternative<AskBackends>(action)) ++questions;
  }
  EXPECT_EQ(probes, 200);
  EXPECT_NEAR(questions, 20, 2);
}

TEST_F(Supervising, is_harmless_to_step_early) {
  bring_to_warm();
  tell_time();
  tell_time();
  EXPECT_TRUE(actions_.empty());
}

TEST_F(Supervising, leaves_alone_what_is_wanted_already) {
  bring_to_warm();
  take(supervisor_.start(first_text, now_));
  EXPECT_TRUE(actions_.empty());
  EXPECT_TRUE(supervisor_.warm());
}

// ---- serving

TEST_F(Supervising, serves_at_once_when_warm_and_tells_it_once) {
  bring_to_warm();
  take(supervisor_.serve(api));
  EXPECT_EQ(news(), std::vector<News>{HaproxyServing{api}});
  EXPECT_TRUE(supervisor_.serves(api));
  take(supervisor_.serve(api));
  EXPECT_TRUE(news().empty());
  supervisor_.rest(api);
  EXPECT_FALSE(supervisor_.serves(api));
  EXPECT_TRUE(supervisor_.warm());
  EXPECT_TRUE(actions_.empty());
}

TEST_F(Supervising, serves_once_it_is_warm) {
  bring_to_warming();
  take(supervisor_.serve(api));
  EXPECT_TRUE(news().empty());
  tell(HaproxyProbed{generation()});
  EXPECT_EQ(news(), (std::vector<News>{HaproxyReady{}, HaproxyServing{api}}));
}

TEST_F(Supervising, names_what_it_served_when_it_fails_and_serves_it_again) {
  bring_to_warm();
  take(supervisor_.serve(api));
  news();
  tell(HaproxyExited{generation(), "killed by signal 9"});
  EXPECT_EQ(news(), std::vector<News>({HaproxyFailed{"killed by signal 9", {api}}}));
  EXPECT_FALSE(supervisor_.serves(api));
  bring_back();
  EXPECT_EQ(news(), (std::vector<News>{HaproxyReady{}, HaproxyServing{api}}));
}

// ---- death

TEST_F(Supervising, restarts_at_once_without_checking_again) {
  bring_to_warm();
  const auto before = generation();
  tell(HaproxyExited{before, "killed by signal 9"});
  const auto start = asked<StartHaproxy>();
  ASSERT_TRUE(start);
  EXPECT_GT(start->generation, before);
  EXPECT_EQ(start->config, "first\n");
  EXPECT_EQ(news(), std::vector<News>({HaproxyFailed{"killed by signal 9", {}}}));
  EXPECT_EQ(supervisor_.status().failures, 1U);
}

TEST_F(Supervising, restarts_at_once_each_time_it_lived_a_while) {
  bring_to_warm();
  for (int i = 0; i < 10; ++i) {
    pass(seconds(2));
    actions_.clear();
    tell(HaproxyExited{generation(), "killed by signal 9"});
    ASSERT_TRUE(asked<StartHaproxy>()) << i;
    bring_back();
  }
}

TEST_F(Supervising, pauses_longer_and_longer_in_a_crash_loop_but_never_gives_up) {
  bring_to_warm();
  std::vector<Duration> pauses;
  for (int i = 0; i < 9; ++i) {
    const auto died = now_;
    tell(HaproxyExited{generation(), "exited with status 1"});
    while (state() == HaproxyState::pausing) pass(milliseconds(100));
    pauses.push_back(now_ - died);
    bring_back();
  }
  const std::vector<Duration> expected{milliseconds(0),    milliseconds(100),  milliseconds(200),
                                       milliseconds(400),  milliseconds(800),  milliseconds(1600),
                                       milliseconds(3200), milliseconds(5000), milliseconds(5000)};
  EXPECT_EQ(pauses, expected);
}

TEST_F(Supervising, tells_a_loop_before_warmth_once) {
  bring_to_warming();
  news();
  for (int i = 0; i < 5; ++i) {
    tell(HaproxyExited{generation(), "exited with status 1"});
    pass(seconds(6));
    if (state() == HaproxyState::starting) tell(HaproxyStarted{generation(), 100});
  }
  EXPECT_EQ(news(), std::vector<News>{HaproxyNotReady{"exited with status 1"}});
  EXPECT_EQ(supervisor_.status().failures, 0U);
}

TEST_F(Supervising, ignores_the_exit_and_the_answers_of_earlier_lives) {
  bring_to_warm();
  const auto first = generation();
  tell(HaproxyExited{first, "killed by signal 9"});
  tell(HaproxyStarted{generation(), 101});
  actions_.clear();
  news();
  tell(HaproxyExited{first, "killed by signal 9"});
  tell(HaproxyProbed{first});
  tell(HaproxyProbeFailed{first, "no answer"});
  tell(HaproxyStarted{first, 100});
  tell(HaproxyStartFailed{first, "late"});
  tell(HaproxyConfigRefused{first, "late"});
  tell(HaproxyConfigAccepted{first});
  EXPECT_EQ(state(), HaproxyState::warming);
  EXPECT_TRUE(actions_.empty());
  EXPECT_TRUE(news_.empty());
}

TEST_F(Supervising, tries_again_when_it_cannot_be_started) {
  bring_to_warm();
  tell(HaproxyExited{generation(), "killed by signal 9"});
  news();
  tell(HaproxyStartFailed{generation(), "Address already in use"});
  EXPECT_EQ(news(), std::vector<News>{HaproxyNotReady{"Address already in use"}});
  EXPECT_EQ(state(), HaproxyState::pausing);
  EXPECT_EQ(supervisor_.fitness(), (Fitness{false, "Address already in use"}));
  actions_.clear();
  pass(milliseconds(100));
  EXPECT_TRUE(asked<StartHaproxy>());
}

// ---- freezing

TEST_F(Supervising, kills_a_frozen_one_and_starts_the_next_when_it_is_gone) {
  bring_to_warm();
  answers_ = false;
  pass(milliseconds(100));
  ASSERT_TRUE(asked<ProbeHaproxy>());
  tell(HaproxyProbeFailed{generation(), "no answer in 150ms"});
  EXPECT_TRUE(supervisor_.warm());
  EXPECT_TRUE(news().empty());
  pass(milliseconds(10));
  ASSERT_TRUE(asked<ProbeHaproxy>());
  tell(HaproxyProbeFailed{generation(), "no answer in 150ms"});
  EXPECT_EQ(state(), HaproxyState::ending);
  EXPECT_FALSE(supervisor_.fitness().fit);
  EXPECT_EQ(news(), std::vector<News>({HaproxyFailed{
                        "frozen: 2 probes in a row failed: no answer in 150ms", {}}}));
  EXPECT_EQ(asked<KillHaproxy>()->generation, generation());

  tell(HaproxyExited{generation(), "killed by signal 9"});
  EXPECT_TRUE(asked<StartHaproxy>());
  EXPECT_TRUE(news().empty());  // one failure, told once
  EXPECT_EQ(supervisor_.status().failures, 1U);
}

TEST_F(Supervising, forgives_a_probe_that_failed_alone) {
  bring_to_warm();
  for (int i = 0; i < 10; ++i) {
    tell(HaproxyProbeFailed{generation(), "no answer"});
    tell(HaproxyProbed{generation()});
  }
  EXPECT_TRUE(supervisor_.warm());
  EXPECT_TRUE(news().empty());
}

TEST_F(Supervising, takes_a_probe_that_is_never_answered_as_failed) {
  bring_to_warm();
  answers_ = false;
  pass(seconds(3));
  EXPECT_EQ(state(), HaproxyState::ending);
}

TEST_F(Supervising, kills_again_when_no_exit_is_told) {
  bring_to_warm();
  tell(HaproxyProbeFailed{generation(), "x"});
  tell(HaproxyProbeFailed{generation(), "x"});
  ASSERT_TRUE(asked<KillHaproxy>());
  pass(seconds(5));
  EXPECT_TRUE(asked<KillHaproxy>());
  EXPECT_EQ(state(), HaproxyState::ending);
}

TEST_F(Supervising, gives_a_slow_start_time_but_not_for_ever) {
  bring_to_warming();
  news();
  answers_ = false;
  for (int i = 0; i < 299; ++i) {
    pass(milliseconds(100));
    tell(HaproxyProbeFailed{generation(), "Connection refused"});
  }
  EXPECT_EQ(state(), HaproxyState::warming);
  actions_.clear();
  pass(milliseconds(200));
  EXPECT_EQ(state(), HaproxyState::ending);
  EXPECT_TRUE(asked<KillHaproxy>());
  EXPECT_EQ(news(), std::vector<News>{HaproxyNotReady{"it runs, but did not begin to answer"}});
}

// ---- refusals

TEST_F(Supervising, tells_a_refusal_once_and_checks_again_later) {
  tell(KeeperConnected{});
  take(supervisor_.start(first_text, now_));
  int checks = 0;
  for (int i = 0; i < 120; ++i) {
    if (asked<CheckHaproxyConfig>()) {
      ++checks;
      tell(HaproxyConfigRefused{generation(), "there is no program haproxy in PATH"});
    }
    pass(seconds(1));
  }
  EXPECT_EQ(checks, 8);  // at 0, 1, 3, 7, 15, 30 s later each, and so on
  EXPECT_EQ(news(), std::vector<News>{HaproxyNotReady{"there is no program haproxy in PATH"}});
  EXPECT_EQ(supervisor_.fitness().reason, "there is no program haproxy in PATH");
  pass(seconds(30));
  tell(HaproxyConfigAccepted{generation()});
  EXPECT_EQ(state(), HaproxyState::starting);
}

TEST_F(Supervising, takes_a_check_without_an_answer_as_a_refusal) {
  tell(KeeperConnected{});
  take(supervisor_.start(first_text, now_));
  pass(seconds(40));
  EXPECT_EQ(news(), std::vector<News>{HaproxyNotReady{"`haproxy -c` did not answer"}});
  EXPECT_EQ(state(), HaproxyState::pausing);
}

TEST_F(Supervising, asks_again_when_a_start_is_not_answered) {
  tell(KeeperConnected{});
  take(supervisor_.start(first_text, now_));
  tell(HaproxyConfigAccepted{generation()});
  const auto start = asked<StartHaproxy>();
  pass(seconds(5));
  const auto again = asked<StartHaproxy>();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->generation, start->generation);
}

// ---- the keeper goes and comes

TEST_F(Supervising, adopts_a_running_haproxy_with_the_same_text) {
  take(supervisor_.start(first_text, now_));
  tell(KeeperConnected{KeeperConnected::Running{41, 4711, "first\n"}});
  EXPECT_EQ(asked<ProbeHaproxy>()->generation, 41U);
  tell(HaproxyProbed{41});
  EXPECT_TRUE(supervisor_.warm());
  EXPECT_EQ(supervisor_.status().pid, 4711);
  EXPECT_EQ(supervisor_.status().starts, 0U);
  tell(HaproxyExited{41, "killed by signal 9"});
  EXPECT_EQ(asked<StartHaproxy>()->generation, 42U);  // never a generation twice
}

TEST_F(Supervising, kills_a_haproxy_that_it_would_adopt_but_that_is_frozen) {
  take(supervisor_.start(first_text, now_));
  tell(KeeperConnected{KeeperConnected::Running{41, 4711, "first\n"}});
  answers_ = false;
  actions_.clear();
  pass(milliseconds(1000));
  EXPECT_TRUE(asked<KillHaproxy>());
}

TEST_F(Supervising, replaces_a_haproxy_with_another_text_once_ours_is_accepted) {
  take(supervisor_.start(first_text, now_));
  tell(KeeperConnected{KeeperConnected::Running{41, 4711, "other\n"}});
  EXPECT_EQ(asked<CheckHaproxyConfig>()->generation, 42U);
  tell(HaproxyConfigAccepted{42});
  EXPECT_EQ(asked<KillHaproxy>()->generation, 41U);
  tell(HaproxyExited{41, "killed by signal 9"});
  EXPECT_EQ(asked<StartHaproxy>()->generation, 43U);
  EXPECT_TRUE(news().empty());  // that was an order, not a failure
}

TEST_F(Supervising, leaves_a_haproxy_with_another_text_while_ours_is_refused) {
  take(supervisor_.start(first_text, now_));
  tell(KeeperConnected{KeeperConnected::Running{41, 4711, "other\n"}});
  tell(HaproxyConfigRefused{42, "unknown keyword"});
  actions_.clear();
  EXPECT_EQ(state(), HaproxyState::pausing);
  tell(HaproxyExited{41, "killed by signal 9"});
  EXPECT_FALSE(asked<KillHaproxy>());
  EXPECT_EQ(state(), HaproxyState::pausing);
}

TEST_F(Supervising, ends_a_haproxy_that_nobody_wants) {
  tell(KeeperConnected{KeeperConnected::Running{41, 4711, "other\n"}});
  EXPECT_EQ(asked<KillHaproxy>()->generation, 41U);
  tell(HaproxyExited{41, "killed by signal 9"});
  EXPECT_EQ(state(), HaproxyState::stopped);
}

TEST_F(Supervising, stays_warm_while_only_the_connection_is_lost) {
  bring_to_warm();
  const auto running = generation();
  tell(KeeperLost{"connection reset"});
  EXPECT_EQ(asked<ProbeHaproxy>()->generation, running);
  tell(HaproxyProbed{running});
  pass(seconds(1));
  EXPECT_TRUE(supervisor_.warm());
  actions_.clear();
  tell(KeeperConnected{KeeperConnected::Running{running, 100, "first\n"}});
  EXPECT_TRUE(supervisor_.warm());
  EXPECT_TRUE(actions_.empty());
  EXPECT_TRUE(news().empty());
}

TEST_F(Supervising, fails_by_one_probe_when_the_keeper_is_lost) {
  bring_to_warm();
  tell(KeeperLost{"connection reset"});
  actions_.clear();
  tell(HaproxyProbeFailed{generation(), "Connection refused"});
  EXPECT_EQ(state(), HaproxyState::unreachable);
  EXPECT_EQ(news(), std::vector<News>({HaproxyFailed{
                        "it went with its keeper (connection reset; Connection refused)", {}}}));
  EXPECT_TRUE(actions_.empty());
  tell(KeeperConnected{});
  EXPECT_TRUE(asked<StartHaproxy>());
  EXPECT_TRUE(news().empty());
}

TEST_F(Supervising, fails_when_the_keeper_returns_without_it) {
  bring_to_warm();
  tell(KeeperLost{"connection reset"});
  actions_.clear();
  tell(KeeperConnected{});
  EXPECT_TRUE(asked<StartHaproxy>());
  EXPECT_EQ(news(), std::vector<News>({HaproxyFailed{"it went with its keeper", {}}}));
}

TEST_F(Supervising, begins_anew_when_the_keeper_is_lost_on_the_way) {
  tell(KeeperConnected{});
  take(supervisor_.start(first_text, now_));
  tell(KeeperLost{"gone"});  // while checking
  EXPECT_EQ(state(), HaproxyState::unreachable);
  EXPECT_EQ(supervisor_.next_deadline(), std::nullopt);
  tell(KeeperConnected{});
  EXPECT_EQ(state(), HaproxyState::checking);
  tell(HaproxyConfigAccepted{generation()});
  tell(KeeperLost{"gone"});  // while starting
  tell(KeeperConnected{});
  EXPECT_EQ(state(), HaproxyState::starting);
  tell(HaproxyStarted{generation(), 1});
  tell(KeeperLost{"gone"});  // while warming
  EXPECT_EQ(state(), HaproxyState::unreachable);
  actions_.clear();
  tell(KeeperConnected{});
  EXPECT_TRUE(asked<StartHaproxy>());
}

TEST_F(Supervising, finds_the_start_that_it_missed_the_answer_of) {
  tell(KeeperConnected{});
  take(supervisor_.start(first_text, now_));
  tell(HaproxyConfigAccepted{generation()});
  const auto started = generation();
  tell(KeeperLost{"gone"});
  tell(KeeperConnected{KeeperConnected::Running{started, 77, "first\n"}});
  EXPECT_EQ(state(), HaproxyState::warming);
  tell(HaproxyProbed{started});
  EXPECT_TRUE(supervisor_.warm());
}

// ---- wishes that change on the way

TEST_F(Supervising, replaces_a_warm_one_when_another_text_is_wanted) {
  bring_to_warm();
  const auto old = generation();
  take(supervisor_.start(second_text, now_));
  EXPECT_EQ(asked<CheckHaproxyConfig>()->config, "second\n");
  tell(HaproxyConfigAccepted{old + 1});
  EXPECT_EQ(asked<KillHaproxy>()->generation, old);
  tell(HaproxyExited{old, "killed by signal 9"});
  EXPECT_EQ(asked<StartHaproxy>()->config, "second\n");
  bring_back();
  EXPECT_EQ(news(), std::vector<News>{HaproxyReady{}});
}

TEST_F(Supervising, checks_the_new_text_when_it_changes_during_a_start) {
  tell(KeeperConnected{});
  take(supervisor_.start(first_text, now_));
  tell(HaproxyConfigAccepted{generation()});
  const auto old = generation();
  take(supervisor_.start(second_text, now_));
  actions_.clear();
  tell(HaproxyStarted{old, 1});
  EXPECT_EQ(asked<CheckHaproxyConfig>()->config, "second\n");
  tell(HaproxyConfigAccepted{old + 1});
  EXPECT_EQ(asked<KillHaproxy>()->generation, old);
}

TEST_F(Supervising, stops_from_every_state) {
  bring_to_warm();
  take(supervisor_.stop(now_));
  EXPECT_TRUE(asked<KillHaproxy>());
  tell(HaproxyExited{generation(), "killed by signal 9"});
  EXPECT_EQ(state(), HaproxyState::stopped);
  EXPECT_TRUE(news().empty());

  take(supervisor_.start(first_text, now_));  // checking
  take(supervisor_.stop(now_));
  EXPECT_EQ(state(), HaproxyState::stopped);

  take(supervisor_.start(first_text, now_));
  tell(HaproxyConfigAccepted{generation()});  // starting
  take(supervisor_.stop(now_));
  actions_.clear();
  tell(HaproxyStarted{generation(), 1});
  EXPECT_TRUE(asked<KillHaproxy>());
  tell(HaproxyExited{generation(), "killed by signal 9"});
  EXPECT_EQ(state(), HaproxyState::stopped);
}

TEST_F(Supervising, stops_though_the_keeper_does_not_answer) {
  tell(KeeperConnected{});
  take(supervisor_.start(first_text, now_));
  tell(HaproxyConfigAccepted{generation()});
  take(supervisor_.stop(now_));
  actions_.clear();
  pass(seconds(5));
  EXPECT_TRUE(asked<KillHaproxy>());
  EXPECT_EQ(state(), HaproxyState::stopped);
}

// ---- kube-apiservers

TEST_F(Supervising, tells_changes_of_health_and_settles_numbers) {
  bring_to_warm();
  tell(BackendsReported{{{api, {{"a:1", true, "INI"}, {"b:1", true, "L7OK"}}}}});
  EXPECT_EQ(supervisor_.healthy_api_servers(api), std::nullopt);
  tell(BackendsReported{{{api, {{"a:1", true, "L7OK"}, {"b:1", true, "L7OK"}}}}});
  EXPECT_EQ(supervisor_.healthy_api_servers(api), 2U);
  news();
  const BackendsReported one_down{{{api, {{"a:1", false, "L4CON"}, {"b:1", true, "L7OK"}}}}};
  tell(one_down);
  EXPECT_EQ(news(), std::vector<News>{BackendsChanged{}});
  tell(one_down);
  EXPECT_TRUE(news().empty());
  EXPECT_EQ(supervisor_.healthy_api_servers(api), 2U);
  pass(seconds(5));
  EXPECT_EQ(news(), std::vector<News>{BackendsChanged{}});
  EXPECT_EQ(supervisor_.healthy_api_servers(api), 1U);
  EXPECT_EQ(supervisor_.status().backends, one_down.backends);
}

TEST_F(Supervising, asks_often_until_every_server_was_checked_once) {
  bring_to_warm();
  tell(BackendsReported{{{api, {{"a:1", true, "INI"}}}}});
  pass(milliseconds(200));
  tell(BackendsReported{{{api, {{"a:1", true, "L7OK"}}}}});
  pass(seconds(2));
  int questions = 0;
  for (const auto& action : actions_)
    questions += std::holds_alternative<AskBackends>(action) ? 1 : 0;
  EXPECT_NEAR(questions, 4 + 4, 1);
}

TEST_F(Supervising, starts_again_for_host_names_that_had_no_address_while_nothing_is_up) {
  bring_to_warm();
  const BackendsReported nothing_up{
      {{api, {{"a:1", false, "unresolved"}, {"b:1", false, "L4CON"}}}}};
  std::vector<Duration> waits;
  for (int i = 0; i < 3; ++i) {
    const auto began = now_;
    tell(nothing_up);
    for (int steps = 0; steps < 1000 && supervisor_.warm(); ++steps) {
      pass(milliseconds(500));
      tell(nothing_up);
    }
    waits.push_back(now_ - began);
    EXPECT_TRUE(asked<KillHaproxy>());
    tell(HaproxyExited{generation(), "killed by signal 9"});
    bring_back();
  }
  EXPECT_EQ(waits, (std::vector<Duration>{seconds(10), seconds(20), seconds(40)}));
  EXPECT_EQ(supervisor_.status().failures, 0U);
}

TEST_F(Supervising, disturbs_nobody_for_a_host_name_while_a_server_is_up) {
  bring_to_warm();
  for (int i = 0; i < 1000; ++i) {
    tell(BackendsReported{{{api, {{"a:1", false, "unresolved"}, {"b:1", true, "L7OK"}}}}});
    tell(BackendsReported{{{api, {{"a:1", false, "L4CON"}, {"b:1", false, "L4CON"}}}}});
    pass(milliseconds(500));
  }
  EXPECT_FALSE(asked<KillHaproxy>());
  EXPECT_TRUE(supervisor_.warm());
}

TEST_F(Supervising, keeps_settled_numbers_through_a_restart) {
  bring_to_warm();
  tell(BackendsReported{{{api, {{"a:1", true, "L7OK"}}}}});
  tell(HaproxyExited{generation(), "killed by signal 9"});
  bring_back();
  tell(BackendsReported{{{api, {{"a:1", true, "INI"}}}}});
  EXPECT_EQ(supervisor_.healthy_api_servers(api), 1U);
}

}  // namespace
}  // namespace hapx::lb_supervisor
