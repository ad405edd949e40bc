// SPDX-License-Identifier: Apache-2.0
// HAProxy's life as its supervisor leads it: starting, serving, dying, freezing, being refused.
#include "supervising.hpp"

namespace hapx::lb_supervisor {
namespace {

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
  EXPECT_EQ(probes, 50);
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

TEST_F(Supervising, names_the_line_that_haproxy_blames_when_it_dies_before_it_is_warm) {
  bring_to_warming();
  tell(HaproxyExited{generation(), "exited with status 1: Binding [haproxy.cfg:1]: no"});
  EXPECT_EQ(news(), std::vector<News>{HaproxyNotReady{
                        "its line `first`: exited with status 1: Binding [haproxy.cfg:1]: no"}});
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
  pass(milliseconds(200));
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
      const std::string refusal = "there is no program haproxy in PATH";
      EXPECT_EQ(supervisor_.status().retries, checks > 0);
      EXPECT_EQ(supervisor_.fitness().reason,
                checks++ == 0 ? "its config is being checked" : refusal);
      tell(HaproxyConfigRefused{generation(), refusal});
    }
    pass(seconds(1));
  }
  EXPECT_EQ(checks, 26);  // at 0, 1, 3, 7 s, and each 5 s later
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

}  // namespace
}  // namespace hapx::lb_supervisor
