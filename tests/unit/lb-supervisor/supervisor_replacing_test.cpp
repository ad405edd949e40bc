// SPDX-License-Identifier: Apache-2.0
// Another HAProxy takes over from one that serves, or doesn't.
#include "supervising.hpp"

namespace hapx::lb_supervisor {
namespace {

class Replacing : public Supervising {
 protected:
  /// A warm one that serves, and another text that is wanted.
  void want_another() {
    bring_to_warm();
    take(supervisor_.serve(api));
    news();
    old_ = generation();
    take(supervisor_.start(second_text, now_));
  }
  /// As far as a HAProxy that runs beside the old one.
  void begin_beside() {
    want_another();
    next_ = old_ + 1;
    tell(HaproxyConfigAccepted{next_});
    tell(HaproxyStarted{next_, 200});
    actions_.clear();
  }
  /// A warm one of an earlier hapxd, with another text.
  void adopt_another() {
    take(supervisor_.start(second_text, now_));
    tell(KeeperConnected{KeeperConnected::Running{41, 4711, "first\n", first_text.sockets}});
    tell(HaproxyProbed{41});
    ASSERT_TRUE(supervisor_.warm());
    old_ = 41;
  }

  std::uint64_t old_ = 0;
  std::uint64_t next_ = 0;
};

TEST_F(Replacing, begins_beside_and_retires_the_old_one_when_the_new_one_answers) {
  want_another();
  const auto check = asked<CheckHaproxyConfig>();
  ASSERT_TRUE(check);
  EXPECT_EQ(check->config, "second\n");
  tell(HaproxyConfigAccepted{check->generation});
  const auto start = asked<StartHaproxy>();
  ASSERT_TRUE(start);
  EXPECT_EQ(start->config, "second\n");
  tell(HaproxyStarted{start->generation, 200});
  EXPECT_TRUE(supervisor_.serves(api));
  EXPECT_EQ(supervisor_.status().pid, 100);
  EXPECT_TRUE(actions_.empty());

  tell(HaproxyProbed{start->generation});
  const auto retire = asked<RetireHaproxy>();
  ASSERT_TRUE(retire);
  EXPECT_EQ(retire->generation, old_);
  EXPECT_EQ(retire->patience, hard_stop_after);
  EXPECT_EQ(news(), std::vector<News>{HaproxyReplaced{}});
  EXPECT_TRUE(supervisor_.serves(api));
  EXPECT_EQ(supervisor_.status().pid, 200);
  EXPECT_EQ(supervisor_.status().draining, 1U);
  EXPECT_EQ(supervisor_.status().replacements, 1U);
  EXPECT_EQ(supervisor_.status().restarts, 0U);

  tell(HaproxyExited{old_, "exited with status 0"});
  EXPECT_EQ(supervisor_.status().draining, 0U);
  EXPECT_TRUE(news().empty());
  EXPECT_TRUE(supervisor_.serves(api));
}

TEST_F(Replacing, asks_the_new_one_for_its_servers) {
  begin_beside();
  tell(HaproxyProbed{next_});
  EXPECT_EQ(asked<AskBackends>()->generation, next_);
}

TEST_F(Replacing, watches_both_until_the_new_one_answers) {
  begin_beside();
  answers_ = false;
  bool probed_old = false;
  bool probed_new = false;
  pass(milliseconds(250));
  for (const auto& action : actions_) {
    if (const auto* probe = std::get_if<ProbeHaproxy>(&action)) {
      (probe->generation == old_ ? probed_old : probed_new) = true;
    }
  }
  EXPECT_TRUE(probed_old);
  EXPECT_TRUE(probed_new);
}

TEST_F(Replacing, keeps_the_old_one_while_the_text_is_refused_and_tells_it_once) {
  want_another();
  for (int i = 0; i < 5; ++i) {
    const auto check = asked<CheckHaproxyConfig>();
    ASSERT_TRUE(check) << i;
    tell(HaproxyConfigRefused{check->generation, "line 7: unknown keyword"});
    EXPECT_FALSE(asked<KillHaproxy>());
    pass(seconds(30));
  }
  EXPECT_EQ(news(), std::vector<News>{HaproxyNotReplaced{"line 7: unknown keyword"}});
  EXPECT_TRUE(supervisor_.serves(api));
  EXPECT_TRUE(supervisor_.fitness().fit);
  EXPECT_EQ(supervisor_.status().not_replaced, "line 7: unknown keyword");
}

TEST_F(Replacing, kills_a_new_one_that_never_answers_and_tries_again) {
  begin_beside();
  answers_ = false;
  for (int i = 0; i < 400 && news_.empty(); ++i) {
    pass(milliseconds(100));
    tell(HaproxyProbed{old_});
  }
  EXPECT_EQ(news(), std::vector<News>{HaproxyNotReplaced{"it runs, but did not begin to answer"}});
  std::vector<std::uint64_t> killed;
  for (const auto& action : std::exchange(actions_, {})) {
    if (const auto* kill = std::get_if<KillHaproxy>(&action)) killed.push_back(kill->generation);
  }
  EXPECT_EQ(killed, std::vector<std::uint64_t>{next_});
  tell(HaproxyExited{next_, "killed by signal 9"});
  EXPECT_TRUE(supervisor_.serves(api));
  answers_ = true;
  pass(seconds(2));
  EXPECT_GT(asked<StartHaproxy>()->generation, next_) << "the text was accepted before";
}

TEST_F(Replacing, keeps_the_old_one_when_the_new_one_dies_or_cannot_be_started) {
  begin_beside();
  tell(HaproxyExited{next_, "exited with status 1: no socket"});
  EXPECT_EQ(news(), std::vector<News>{HaproxyNotReplaced{"exited with status 1: no socket"}});
  pass(seconds(2));
  const auto again = asked<StartHaproxy>();
  ASSERT_TRUE(again);
  tell(HaproxyStartFailed{again->generation, "the port is taken"});
  EXPECT_EQ(news(), std::vector<News>{HaproxyNotReplaced{"the port is taken"}});
  EXPECT_TRUE(supervisor_.serves(api));
}

/// `haproxy -c` binds nothing, so a line may be refused only now.
TEST_F(Replacing, names_the_line_that_the_new_one_blames_when_it_dies) {
  bring_to_warm();
  RenderedHaproxy text{"frontend\n    bind 10.0.0.9:1\n", {}};
  text.origins = {{2, 17, "service kube-apiserver, extraConfig.frontend"}};
  take(supervisor_.start(text, now_));
  const auto next = generation() + 1;
  tell(HaproxyConfigAccepted{next});
  tell(HaproxyStarted{next, 200});
  news();
  const std::string how = "exited with status 1: Binding [haproxy.cfg:2]: cannot bind socket";
  tell(HaproxyExited{next, how});
  EXPECT_EQ(news(), std::vector<News>{HaproxyNotReplaced{
                        "hapx.yaml, line 17, service kube-apiserver, extraConfig.frontend, "
                        "`bind 10.0.0.9:1`: " +
                        how}});
}

TEST_F(Replacing, takes_a_check_or_a_start_without_an_answer_as_failed) {
  want_another();
  actions_.clear();
  pass(seconds(42));
  EXPECT_EQ(news(), std::vector<News>{HaproxyNotReplaced{"`haproxy -c` did not answer"}});
  tell(HaproxyConfigAccepted{asked<CheckHaproxyConfig>()->generation});
  pass(seconds(30));
  EXPECT_EQ(news(), std::vector<News>{HaproxyNotReplaced{"its keeper did not start it"}});
  EXPECT_TRUE(supervisor_.serves(api));
}

TEST_F(Replacing, starts_the_old_text_again_when_the_old_one_dies_on_the_way) {
  begin_beside();
  tell(HaproxyExited{old_, "killed by signal 9"});
  EXPECT_EQ(news(), std::vector<News>({HaproxyFailed{"killed by signal 9", {api}}}));
  const auto actions = std::exchange(actions_, {});
  ASSERT_EQ(actions.size(), 2U);
  EXPECT_EQ(std::get<KillHaproxy>(actions[0]).generation, next_);
  const auto start = std::get<StartHaproxy>(actions[1]);
  EXPECT_EQ(start.config, "first\n") << "HAProxy has shown that it takes that one";
  tell(HaproxyStarted{start.generation, 300});
  tell(HaproxyProbed{start.generation});
  EXPECT_TRUE(supervisor_.serves(api));
  EXPECT_EQ(asked<StartHaproxy>()->config, "second\n") << "and another attempt begins";
}

TEST_F(Replacing, gives_a_text_up_that_does_not_get_warm_again) {
  begin_beside();
  tell(HaproxyExited{old_, "killed by signal 9"});
  actions_.clear();
  tell(HaproxyStartFailed{generation(), "no such file"});
  pass(seconds(1));
  EXPECT_EQ(asked<CheckHaproxyConfig>()->config, "second\n");
}

TEST_F(Replacing, ends_an_attempt_when_the_old_one_freezes) {
  begin_beside();
  tell(HaproxyProbeFailed{old_, "no answer"});
  tell(HaproxyProbeFailed{old_, "no answer"});
  std::vector<std::uint64_t> killed;
  for (const auto& action : actions_) {
    if (const auto* kill = std::get_if<KillHaproxy>(&action)) killed.push_back(kill->generation);
  }
  EXPECT_EQ(killed, (std::vector<std::uint64_t>{next_, old_}));
}

TEST_F(Replacing, begins_anew_for_a_third_text) {
  begin_beside();
  take(supervisor_.start({"third\n", {}}, now_));
  const auto actions = std::exchange(actions_, {});
  ASSERT_EQ(actions.size(), 2U);
  EXPECT_EQ(std::get<KillHaproxy>(actions[0]).generation, next_);
  EXPECT_EQ(std::get<CheckHaproxyConfig>(actions[1]).config, "third\n");
}

TEST_F(Replacing, forgets_the_attempt_when_the_old_text_is_wanted_again) {
  begin_beside();
  take(supervisor_.start(first_text, now_));
  EXPECT_EQ(asked<KillHaproxy>()->generation, next_);
  pass(seconds(60));
  EXPECT_FALSE(asked<StartHaproxy>());
  EXPECT_TRUE(supervisor_.serves(api));
}

TEST_F(Replacing, ends_both_when_nothing_is_wanted) {
  begin_beside();
  take(supervisor_.stop(now_));
  const auto actions = std::exchange(actions_, {});
  ASSERT_EQ(actions.size(), 2U);
  EXPECT_EQ(std::get<KillHaproxy>(actions[0]).generation, next_);
  EXPECT_EQ(std::get<KillHaproxy>(actions[1]).generation, old_);
}

// ---- a text that isn't wanted yet

TEST_F(Replacing, asks_haproxy_about_a_text_and_changes_nothing) {
  bring_to_warm();
  take(supervisor_.examine(second_text, now_));
  const auto check = asked<CheckHaproxyConfig>();
  ASSERT_TRUE(check);
  EXPECT_EQ(check->config, "second\n");
  EXPECT_TRUE(news().empty());
  tell(HaproxyConfigRefused{check->generation, "parsing [/run/haproxy-check.cfg:1] : no"});
  EXPECT_EQ(news(), std::vector<News>{HaproxyExamined{
                        "its line `second`: parsing [/run/haproxy-check.cfg:1] : no"}});
  take(supervisor_.examine(second_text, now_));
  tell(HaproxyConfigAccepted{asked<CheckHaproxyConfig>()->generation});
  EXPECT_EQ(news(), std::vector<News>{HaproxyExamined{}});
  EXPECT_TRUE(supervisor_.warm());
  EXPECT_FALSE(asked<StartHaproxy>());
}

TEST_F(Replacing, does_not_wait_for_an_answer_that_cannot_come) {
  take(supervisor_.examine(second_text, now_));
  EXPECT_EQ(news(), std::vector<News>{HaproxyExamined{}}) << "no keeper";
  bring_to_warm();
  take(supervisor_.examine(second_text, now_));
  take(supervisor_.examine(second_text, now_));
  EXPECT_EQ(news(), std::vector<News>{HaproxyExamined{}}) << "one is under way";
  actions_.clear();
  pass(seconds(40));
  EXPECT_EQ(news(), std::vector<News>{HaproxyExamined{}}) << "the keeper said nothing";
  take(supervisor_.examine(second_text, now_));
  tell(KeeperLost{"gone"});
  EXPECT_EQ(news(), std::vector<News>{HaproxyExamined{}});
}

// ---- after a restart of hapxd

TEST_F(Replacing, adopts_one_with_another_text_and_serves_with_it_before_it_replaces_it) {
  take(supervisor_.serve(api));
  adopt_another();
  EXPECT_EQ(news(), (std::vector<News>{HaproxyReady{}, HaproxyServing{api}}));
  EXPECT_EQ(asked<CheckHaproxyConfig>()->config, "second\n");
  tell(HaproxyConfigAccepted{42});
  tell(HaproxyStarted{42, 4712});
  tell(HaproxyProbed{42});
  EXPECT_EQ(news(), std::vector<News>{HaproxyReplaced{}});
  EXPECT_EQ(asked<RetireHaproxy>()->generation, 41U);
}

TEST_F(Replacing, starts_an_adopted_text_again_with_its_own_sockets) {
  adopt_another();
  tell(HaproxyConfigRefused{42, "unknown keyword"});
  actions_.clear();
  tell(HaproxyExited{41, "killed by signal 9"});
  const auto start = asked<StartHaproxy>();
  ASSERT_TRUE(start);
  EXPECT_EQ(start->config, "first\n");
  EXPECT_EQ(start->sockets, first_text.sockets);
}

TEST_F(Replacing, starts_what_is_wanted_when_one_with_another_text_does_not_answer) {
  take(supervisor_.start(second_text, now_));
  tell(KeeperConnected{KeeperConnected::Running{41, 4711, "first\n", first_text.sockets}});
  answers_ = false;
  actions_.clear();
  pass(milliseconds(1000));
  EXPECT_EQ(asked<KillHaproxy>()->generation, 41U);
  tell(HaproxyExited{41, "killed by signal 9"});
  EXPECT_EQ(asked<CheckHaproxyConfig>()->config, "second\n");
}

TEST_F(Replacing, begins_the_attempt_again_when_the_keeper_returns) {
  begin_beside();
  tell(KeeperLost{"connection reset"});
  tell(HaproxyProbed{old_});
  actions_.clear();
  tell(KeeperConnected{KeeperConnected::Running{old_, 100, "first\n", first_text.sockets}});
  EXPECT_TRUE(supervisor_.warm());
  EXPECT_EQ(asked<StartHaproxy>()->config, "second\n");
}

TEST_F(Replacing, knows_those_that_drain_and_names_no_generation_twice) {
  take(supervisor_.start(first_text, now_));
  tell(KeeperConnected{{}, {7, 9}});
  EXPECT_EQ(supervisor_.status().draining, 2U);
  EXPECT_EQ(asked<CheckHaproxyConfig>()->generation, 10U);
  tell(HaproxyExited{7, "exited with status 0"});
  EXPECT_EQ(supervisor_.status().draining, 1U);
  tell(KeeperLost{"gone"});
  EXPECT_EQ(supervisor_.status().draining, 0U);
}

}  // namespace
}  // namespace hapx::lb_supervisor
