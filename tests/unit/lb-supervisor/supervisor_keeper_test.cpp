// SPDX-License-Identifier: Apache-2.0
// HAProxy's life when its keeper goes and comes, wishes change on the way, and servers come and go.
#include "supervising.hpp"

namespace hapx::lb_supervisor {
namespace {

// ---- the keeper goes and comes

TEST_F(Supervising, adopts_a_running_haproxy_with_the_same_text) {
  take(supervisor_.start(first_text, now_));
  tell(KeeperConnected{KeeperConnected::Running{41, 4711, "first\n"}});
  EXPECT_EQ(asked<ProbeHaproxy>()->generation, 41U);
  tell(HaproxyProbed{41});
  EXPECT_TRUE(supervisor_.warm());
  EXPECT_EQ(supervisor_.status().pid, 4711);
  EXPECT_EQ(supervisor_.status().starts, 0U);
  EXPECT_EQ(supervisor_.status().restarts, 0U);
  tell(HaproxyExited{41, "killed by signal 9"});
  EXPECT_EQ(asked<StartHaproxy>()->generation, 42U);  // never a generation twice
  EXPECT_EQ(supervisor_.status().restarts, 1U);
}

TEST_F(Supervising, kills_a_haproxy_that_it_would_adopt_but_that_is_frozen) {
  take(supervisor_.start(first_text, now_));
  tell(KeeperConnected{KeeperConnected::Running{41, 4711, "first\n"}});
  answers_ = false;
  actions_.clear();
  pass(milliseconds(1000));
  EXPECT_TRUE(asked<KillHaproxy>());
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

TEST_F(Supervising, a_server_that_is_being_checked_has_shown_what_it_had_shown_before) {
  bring_to_warm();
  const ServerHealth ready{"a:1", true, "L7OK", "readyz"};
  const ServerHealth asked{"a:1", true, "L7OK", "http", false, {}, true};
  tell(BackendsReported{{{api, {ready}}}});
  news();
  tell(BackendsReported{{{api, {asked}}}});
  EXPECT_TRUE(news().empty());
  EXPECT_EQ(supervisor_.status().backends.at(0).servers.at(0), ready);
  tell(BackendsReported{{{api, {{"a:1", true, "L7OK", "http"}}}}});
  EXPECT_EQ(supervisor_.status().backends.at(0).servers.at(0).level, "http") << "told by an answer";
}

TEST_F(Supervising, a_server_that_is_being_checked_when_it_is_first_seen_has_shown_the_least) {
  bring_to_warm();
  tell(BackendsReported{{{api, {{"a:1", true, "L7OK", "http", false, {}, true}}}}});
  EXPECT_EQ(supervisor_.status().backends.at(0).servers.at(0),
            (ServerHealth{"a:1", true, "L7OK", "http"}));
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
