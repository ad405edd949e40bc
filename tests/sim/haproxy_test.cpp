// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/haproxy.hpp"

#include <gtest/gtest.h>

namespace hapx::appliance::sim {
namespace {

using namespace std::chrono_literals;
using namespace lb_supervisor;

std::vector<ServiceConfig> services() {
  ServiceConfig service;
  service.name = ServiceName("kube-apiserver");
  service.api_servers = {{"kube-mast01", 6443}, {"kube-mast02", 6443}};
  return {service};
}

class HaproxyTest : public testing::Test {
 protected:
  Haproxy haproxy_{services(), 1};
  const Moment begin_{};
  const Moment warm_{1s};

  void start(std::uint64_t generation = 1) {
    const Later later = haproxy_.start({generation, "text", {}}, begin_);
    ASSERT_TRUE(std::holds_alternative<HaproxyStarted>(later.event));
  }
};

TEST_F(HaproxyTest, AcceptsOnlyWhenItIsWarm) {
  start();
  EXPECT_FALSE(haproxy_.accepts(begin_));
  EXPECT_TRUE(std::holds_alternative<HaproxyProbeFailed>(haproxy_.probe(1, begin_).event));
  const Moment accepting = haproxy_.next_edge(begin_).value();
  EXPECT_GE(accepting - begin_, 25ms);
  EXPECT_LE(accepting - begin_, 40ms);
  EXPECT_TRUE(haproxy_.accepts(accepting));
  EXPECT_TRUE(std::holds_alternative<HaproxyProbed>(haproxy_.probe(1, accepting).event));
}

TEST_F(HaproxyTest, AFrozenOneFailsItsProbeAndCanBeKilled) {
  start();
  haproxy_.freeze(true);
  EXPECT_FALSE(haproxy_.accepts(warm_));
  const Later probe = haproxy_.probe(1, warm_);
  EXPECT_TRUE(std::holds_alternative<HaproxyProbeFailed>(probe.event));
  EXPECT_GT(probe.after, 100ms);
  EXPECT_TRUE(haproxy_.ask_backends(1, warm_).empty());
  const std::vector<Later> killed = haproxy_.kill(1);
  ASSERT_EQ(killed.size(), 1U);
  EXPECT_EQ(std::get<HaproxyExited>(killed[0].event).generation, 1U);
  EXPECT_FALSE(haproxy_.runs());
}

TEST_F(HaproxyTest, KillsOnlyTheGenerationThatIsMeant) {
  start(2);
  EXPECT_TRUE(haproxy_.kill(1).empty());
  EXPECT_TRUE(haproxy_.runs());
}

TEST_F(HaproxyTest, ASecondOneBeginsBesideAndTakesOver) {
  start(1);
  const Later second = haproxy_.start({2, "text", {}}, warm_);
  EXPECT_TRUE(std::holds_alternative<HaproxyStarted>(second.event));
  EXPECT_TRUE(haproxy_.accepts(warm_));
  EXPECT_TRUE(std::holds_alternative<HaproxyProbed>(haproxy_.probe(1, warm_).event));
  EXPECT_TRUE(std::holds_alternative<HaproxyProbeFailed>(haproxy_.probe(2, warm_).event));
  const std::vector<Later> ends = haproxy_.retire({1, std::chrono::minutes(1)});
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(std::get<HaproxyExited>(ends[0].event).generation, 1U);
  EXPECT_EQ(std::get<KeeperConnected>(haproxy_.connect().event).running->generation, 2U);
}

TEST_F(HaproxyTest, ASuccessorEndsWhenSomebodyElseConnects) {
  start(1);
  (void)haproxy_.start({2, "text", {}}, warm_);
  (void)haproxy_.connect();
  EXPECT_TRUE(haproxy_.retire({1, std::chrono::minutes(1)}).size() == 1U);
  EXPECT_FALSE(haproxy_.runs());
}

TEST_F(HaproxyTest, MissingOrRefusingIsSaid) {
  haproxy_.set_config_refused(true);
  EXPECT_TRUE(std::holds_alternative<HaproxyConfigRefused>(haproxy_.check({1, "", {}}).event));
  haproxy_.set_config_refused(false);
  EXPECT_TRUE(std::holds_alternative<HaproxyConfigAccepted>(haproxy_.check({1, "", {}}).event));
  haproxy_.set_installed(false);
  EXPECT_TRUE(std::holds_alternative<HaproxyConfigRefused>(haproxy_.check({1, "", {}}).event));
  EXPECT_TRUE(
      std::holds_alternative<HaproxyStartFailed>(haproxy_.start({1, "", {}}, begin_).event));
}

TEST_F(HaproxyTest, TellsWhoConnectsWhatRuns) {
  EXPECT_FALSE(std::get<KeeperConnected>(haproxy_.connect().event).running);
  start(5);
  const auto connected = std::get<KeeperConnected>(haproxy_.connect().event);
  ASSERT_TRUE(connected.running);
  EXPECT_EQ(connected.running->generation, 5U);
  EXPECT_EQ(connected.running->config, "text");
}

TEST_F(HaproxyTest, ReportsItsServers) {
  start();
  haproxy_.set_server("kube-mast02", false);
  const std::vector<Later> said = haproxy_.ask_backends(1, warm_);
  ASSERT_EQ(said.size(), 1U);
  const auto report = std::get<BackendsReported>(said[0].event);
  ASSERT_EQ(report.backends.size(), 1U);
  ASSERT_EQ(report.backends[0].servers.size(), 2U);
  EXPECT_TRUE(report.backends[0].servers[0].up);
  EXPECT_FALSE(report.backends[0].servers[1].up);
}

TEST_F(HaproxyTest, DiesWithItsKeeper) {
  start();
  EXPECT_TRUE(std::holds_alternative<KeeperLost>(haproxy_.lose_keeper().event));
  EXPECT_FALSE(haproxy_.runs());
}

}  // namespace
}  // namespace hapx::appliance::sim
