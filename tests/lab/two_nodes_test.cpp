// SPDX-License-Identifier: Apache-2.0
// Two nodes without a third vote, real ones: one goes on by evidence when the other one is gone.
// The client stands in for the gateway. Times are printed and recorded, never judged.
#include <csignal>

#include "pair.hpp"

namespace hapx::appliance::lab {
namespace {

class TwoNodes : public Pair, public testing::WithParamInterface<Family> {
 protected:
  TwoNodes() : Pair("two nodes") {}

  void SetUp() override {
    Ground::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (!kernel_has(GetParam())) GTEST_SKIP() << "this kernel has no IPv6";
    ASSERT_NO_FATAL_FAILURE(build(Wishes{.nodes = 2, .family = GetParam()}));
    const std::string gateway = to_string(plan().client_address);
    const std::string config =
        config_with("two.yaml", "  services:\n",
                    "  noQuorumPolicy: ignore\n  tieBreaker: {address: \"" + gateway +
                        "\", interface: " + std::string(inner_interface) + "}\n  services:\n");
    ASSERT_NO_FATAL_FAILURE(begin(config));
  }

  [[nodiscard]] bool comes_alone(unsigned number) const {
    return comes(node(number).name.text() + " goes on alone", [&] {
      const Status now = status(number);
      return now.two_nodes && now.two_nodes->alone;
    });
  }

  [[nodiscard]] bool comes_to_vote_both(unsigned number) const {
    return comes("both vote", [&] {
      const Status now = status(number);
      return now.two_nodes && !now.two_nodes->alone && now.two_nodes->other == "heard";
    });
  }
};

TEST_P(TwoNodes, PowerLossOfTheHolderAndItsReturn) {
  begin_to_look();
  if (HasFatalFailure()) return;
  ASSERT_TRUE(lab_->power_off(node(holder_)));
  ASSERT_TRUE(comes_to_serve(standby_));
  tell_outage("power loss of the holder");
  EXPECT_TRUE(comes_alone(standby_));
  struck_ = boot_now();
  ASSERT_TRUE(lab_->power_on(node(holder_)));
  start(holder_, {.config_file = file("two.yaml")});
  EXPECT_TRUE(comes_to_vote_both(standby_));
  EXPECT_TRUE(serves(status(standby_)));
  EXPECT_EQ(tell_outage("its return").failed, 0U);
}

TEST_P(TwoNodes, PowerLossOfTheStandbyIsNoticedByNobody) {
  begin_to_look();
  if (HasFatalFailure()) return;
  ASSERT_TRUE(lab_->power_off(node(standby_)));
  EXPECT_TRUE(comes_alone(holder_));
  static_cast<void>(pause(std::chrono::seconds(2)));
  EXPECT_TRUE(serves(status(holder_)));
  EXPECT_EQ(tell_outage("power loss of the standby").failed, 0U);
}

TEST_P(TwoNodes, TheHolderAndItsKeeperAreKilled) {
  begin_to_look();
  if (HasFatalFailure()) return;
  kill_with_keeper(holder_);
  ASSERT_TRUE(comes_to_serve(standby_));
  tell_outage("SIGKILL of hapxd and its keeper");
}

TEST_P(TwoNodes, TheHolderAndItsKeeperAreFrozenAndComeBack) {
  begin_to_look();
  if (HasFatalFailure()) return;
  signal_all(holder_, {"hapx-keeper", "hapxd"}, SIGSTOP);
  ASSERT_TRUE(comes_to_serve(standby_));
  tell_outage("SIGSTOP of hapxd and its keeper");
  signal_all(holder_, {"hapxd", "hapx-keeper"}, SIGCONT);
  EXPECT_TRUE(comes_to_vote_both(standby_));
  tell_outage("and SIGCONT");
}

TEST_P(TwoNodes, CutHeartbeatsMoveNothingAndHeal) {
  begin_to_look();
  if (HasFatalFailure()) return;
  lose(holder_, "udp dport 7405");
  EXPECT_TRUE(comes_alone(holder_));
  EXPECT_TRUE(comes_to_say(standby_, "offline"));
  static_cast<void>(pause(std::chrono::seconds(3)));
  EXPECT_TRUE(serves(status(holder_)));
  find();
  EXPECT_TRUE(comes_to_vote_both(holder_));
  EXPECT_TRUE(serves(status(holder_)));
  EXPECT_EQ(tell_outage("heartbeats cut and healed").failed, 0U);
}

/// Its switch forgot it, and its card sees nothing of that.
TEST_P(TwoNodes, TheIsolatedHolderGivesUpAndTheOtherTakesOver) {
  begin_to_look();
  if (HasFatalFailure()) return;
  lose(holder_);
  ASSERT_TRUE(comes_to_serve(standby_));
  EXPECT_TRUE(comes_to_say(holder_, "the tie-breaker doesn't answer: we may be the one cut off"));
  EXPECT_FALSE(serves(status(holder_)));
  tell_outage("the holder isolated");
  struck_ = boot_now();
  find();
  EXPECT_TRUE(comes_to_vote_both(standby_));
  EXPECT_TRUE(serves(status(standby_)));
  tell_outage("and healed");
}

TEST_P(TwoNodes, WithoutTieBreakerTheOneThatIsLeftGivesUp) {
  do_in(plan().wire_netns, {"ip", "link", "set", "client", "down"});
  EXPECT_TRUE(comes_to_say(
      holder_, "the tie-breaker " + to_string(plan().client_address) + " doesn't answer"));
  EXPECT_TRUE(serves(status(holder_))) << "as long as both vote nobody needs it";
  ASSERT_TRUE(lab_->power_off(node(standby_)));
  EXPECT_TRUE(comes("it gives up", [&] { return !serves(status(holder_)); }));
  do_in(plan().wire_netns, {"ip", "link", "set", "client", "up"});
  EXPECT_TRUE(comes_to_serve(holder_));
}

TEST_P(TwoNodes, AfterAColdStartItWaitsUntilItIsToldNotTo) {
  ASSERT_TRUE(lab_->power_off(node(standby_)));
  ASSERT_TRUE(lab_->power_off(node(holder_)));
  ASSERT_TRUE(lab_->power_on(node(holder_)));
  start(holder_, {.config_file = file("two.yaml")});
  EXPECT_TRUE(
      comes_to_say(holder_, "the other node has not been heard since this machine started"));
  EXPECT_FALSE(serves(status(holder_)));
  const auto told = lab_->ask(node(holder_), {"go-alone"});
  ASSERT_TRUE(told);
  EXPECT_EQ(told->output, "waiting for " + node(standby_).name.text() + " no more\n")
      << told->errors;
  EXPECT_TRUE(comes_to_serve(holder_));
}

INSTANTIATE_TEST_SUITE_P(Lab, TwoNodes, testing::Values(Family::ipv4, Family::ipv6),
                         [](const auto& each) {
                           return each.param == Family::ipv4 ? "IPv4" : "IPv6";
                         });

}  // namespace
}  // namespace hapx::appliance::lab
