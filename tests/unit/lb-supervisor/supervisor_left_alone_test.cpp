// SPDX-License-Identifier: Apache-2.0
// HAProxy in maintenance: what fails is told, and nothing is done about it until hands are on
// again.
#include "supervising.hpp"

namespace hapx::lb_supervisor {
namespace {

const std::string why = "the cluster is in maintenance";

class LeftAlone : public Supervising {
 protected:
  void leave_alone() { take(supervisor_.leave_alone(why, now_)); }
  void look_after() { take(supervisor_.leave_alone("", now_)); }
  /// Nothing was asked for that changes what runs.
  void expect_hands_off() {
    for (const auto& action : std::exchange(actions_, {})) {
      EXPECT_TRUE(std::holds_alternative<ProbeHaproxy>(action) ||
                  std::holds_alternative<AskBackends>(action))
          << "action " << action.index();
    }
  }
  template <class Wanted>
  int told() {
    int count = 0;
    for (const auto& each : news()) count += std::holds_alternative<Wanted>(each) ? 1 : 0;
    return count;
  }
};

TEST_F(LeftAlone, one_that_dies_is_counted_and_stays_away) {
  bring_to_warm();
  take(supervisor_.serve(api));
  news();
  leave_alone();
  tell(HaproxyExited{generation(), "killed by signal 9"});
  pass(seconds(100));
  expect_hands_off();
  EXPECT_EQ(told<HaproxyFailed>(), 1);
  EXPECT_FALSE(supervisor_.serves(api));
  EXPECT_FALSE(supervisor_.fitness().fit);
  EXPECT_EQ(supervisor_.fitness().reason, "it is not started: " + why);

  look_after();
  EXPECT_TRUE(asked<StartHaproxy>());
  bring_back();
  EXPECT_TRUE(supervisor_.serves(api));
}

TEST_F(LeftAlone, one_that_runs_goes_on) {
  bring_to_warm();
  leave_alone();
  pass(seconds(100));
  expect_hands_off();
  look_after();
  pass(seconds(1));
  expect_hands_off();
  EXPECT_TRUE(news().empty());
  EXPECT_TRUE(supervisor_.warm());
}

TEST_F(LeftAlone, one_that_freezes_is_counted_once_and_not_killed) {
  bring_to_warm();
  take(supervisor_.serve(api));
  news();
  leave_alone();
  answers_ = false;
  pass(seconds(100));
  expect_hands_off();
  EXPECT_EQ(told<HaproxyFailed>(), 1);
  EXPECT_FALSE(supervisor_.warm());

  answers_ = true;  // whoever froze it has thought better of it
  pass(seconds(1));
  EXPECT_EQ(told<HaproxyServing>(), 1);
  EXPECT_TRUE(supervisor_.serves(api));
  expect_hands_off();
}

TEST_F(LeftAlone, one_that_is_frozen_still_when_it_ends_is_killed) {
  bring_to_warm();
  leave_alone();
  answers_ = false;
  pass(seconds(10));
  expect_hands_off();
  look_after();
  pass(seconds(2));
  EXPECT_TRUE(asked<KillHaproxy>());
}

TEST_F(LeftAlone, a_changed_text_waits_for_its_end) {
  bring_to_warm();
  leave_alone();
  take(supervisor_.start(second_text, now_));
  pass(seconds(100));
  expect_hands_off();
  EXPECT_EQ(supervisor_.status().not_replaced, why);
  EXPECT_TRUE(supervisor_.warm());

  look_after();
  EXPECT_EQ(supervisor_.status().not_replaced, "");
  const auto check = asked<CheckHaproxyConfig>();
  ASSERT_TRUE(check);
  EXPECT_EQ(check->config, second_text.text);
}

TEST_F(LeftAlone, one_that_had_begun_beside_it_is_ended) {
  bring_to_warm();
  take(supervisor_.start(second_text, now_));
  const auto check = asked<CheckHaproxyConfig>();
  ASSERT_TRUE(check);
  tell(HaproxyConfigAccepted{check->generation});
  const auto start = asked<StartHaproxy>();
  ASSERT_TRUE(start);
  tell(HaproxyStarted{start->generation, 200});
  actions_.clear();
  leave_alone();
  EXPECT_EQ(asked<KillHaproxy>()->generation, start->generation) << "the next one, not ours";
  EXPECT_EQ(supervisor_.status().not_replaced, why);
  EXPECT_TRUE(supervisor_.warm());
  look_after();
  EXPECT_EQ(asked<StartHaproxy>()->config, second_text.text) << "HAProxy has accepted it";
}

TEST_F(LeftAlone, none_is_started_where_none_runs) {
  leave_alone();
  tell(KeeperConnected{});
  take(supervisor_.start(first_text, now_));
  pass(seconds(100));
  expect_hands_off();
  look_after();
  EXPECT_TRUE(asked<CheckHaproxyConfig>());
}

TEST_F(LeftAlone, one_that_was_found_is_adopted_whatever_its_text) {
  leave_alone();
  take(supervisor_.start(second_text, now_));
  tell(KeeperConnected{KeeperConnected::Running{7, 4711, first_text.text, first_text.sockets}, {}});
  tell(HaproxyProbed{7});
  pass(seconds(1));
  expect_hands_off();
  EXPECT_TRUE(supervisor_.warm());
  EXPECT_EQ(supervisor_.status().pid, 4711);
  EXPECT_EQ(supervisor_.status().not_replaced, why);
}

TEST_F(LeftAlone, a_changed_text_does_not_end_one_that_does_not_answer) {
  leave_alone();
  take(supervisor_.start(first_text, now_));
  answers_ = false;
  tell(KeeperConnected{KeeperConnected::Running{7, 4711, first_text.text, first_text.sockets}, {}});
  take(supervisor_.start(second_text, now_));
  pass(seconds(100));
  expect_hands_off();
  EXPECT_EQ(supervisor_.status().pid, 4711);
}

TEST_F(LeftAlone, one_that_was_being_started_is_not_ended) {
  tell(KeeperConnected{});
  take(supervisor_.start(first_text, now_));
  tell(HaproxyConfigAccepted{generation()});
  leave_alone();
  actions_.clear();
  tell(HaproxyStarted{generation(), 100});
  pass(seconds(1));
  expect_hands_off();
  EXPECT_TRUE(supervisor_.warm());
}

TEST_F(LeftAlone, a_crash_loop_ends_with_it) {
  bring_to_warm();
  tell(HaproxyExited{generation(), "crashed"});
  while (state() != HaproxyState::pausing) {
    tell(HaproxyStarted{generation(), 100});
    tell(HaproxyExited{generation(), "crashed"});
  }
  actions_.clear();
  leave_alone();
  pass(seconds(100));
  expect_hands_off();
  EXPECT_EQ(state(), HaproxyState::pausing);
}

}  // namespace
}  // namespace hapx::lb_supervisor
