// SPDX-License-Identifier: Apache-2.0
// Failures bar a node, and are forgotten on order.
#include <gmock/gmock.h>

#include "story.hpp"

namespace hapx::appliance::sim {
namespace {

using testing::HasSubstr;

class Cleanup : public Story {
 protected:
  /// HAProxy dies there so often that the service goes.
  void wear_out(const NodeName& node) {
    for (int i = 0; i < 3; ++i) {
      world_->kill_haproxy(node);
      world_->run_for(300ms);
    }
    settle();
    ASSERT_TRUE(holder());
    ASSERT_NE(holder(), node);
  }
  /// As `by` sees it.
  [[nodiscard]] ServiceOnNode place(const NodeName& by, const NodeName& of) const {
    const Status status = world_->status(by);
    for (const ServiceOnNode& one : status.services.at(0).nodes) {
      if (one.node == of) return one;
    }
    return {};
  }
  std::uint64_t clean_up(const NodeName& at, const std::string& body = "") {
    return world_->request(at, "POST", "/v1/services/" + service.text() + "/cleanup", body);
  }
  void expect_answer(std::uint64_t id, unsigned status, const std::string& words) {
    ASSERT_NE(world_->answer(id), nullptr) << "every request gets an answer";
    EXPECT_EQ(world_->answer(id)->status, status) << world_->answer(id)->body;
    EXPECT_THAT(world_->answer(id)->body, HasSubstr(words));
  }
};

TEST_F(Cleanup, ForgetsOnAllNodesWhereverItIsAsked) {
  for (const NodeName& at : {n1, n2, n3}) {
    begin(cluster(3));
    const NodeName worn = holder().value();
    wear_out(worn);
    for (const NodeName& by : {n1, n2, n3}) {
      EXPECT_EQ(place(by, worn).haproxy_failures, 3U) << by.text();
      EXPECT_NE(place(by, worn).excluded, "") << by.text();
    }
    const auto now_on = holder();
    const std::uint64_t id = clean_up(at);
    expect_outage_at_most(0ms);
    expect_answer(id, 200, "are forgotten on n1, n2, n3");
    for (const NodeName& by : {n1, n2, n3}) {
      EXPECT_EQ(place(by, worn).haproxy_failures, 0U) << by.text();
      EXPECT_EQ(place(by, worn).excluded, "") << by.text();
    }
    EXPECT_EQ(holder(), now_on) << "nothing moves because of it";
    place_on(worn);
    EXPECT_EQ(holder(), worn);
  }
}

TEST_F(Cleanup, OfOneNodeLeavesTheOthersTheirFailures) {
  begin(cluster(3));
  const NodeName worn = holder().value();
  wear_out(worn);
  const NodeName next = holder().value();
  world_->kill_haproxy(next);
  settle();
  ASSERT_EQ(place(n1, next).haproxy_failures, 1U);
  const std::uint64_t id = clean_up(next, R"({"node": ")" + worn.text() + R"("})");
  settle();
  expect_answer(id, 200, "are forgotten on " + worn.text() + "\"");
  EXPECT_EQ(place(n1, worn).haproxy_failures, 0U);
  EXPECT_EQ(place(n1, next).haproxy_failures, 1U);
}

TEST_F(Cleanup, LetsHaproxyServeAgainThatWasBlocked) {
  ClusterConfig config = cluster(3);
  config.services[0].on_fail.haproxy = OnFail::block;
  begin(config);
  const NodeName before = holder().value();
  world_->kill_haproxy(before);
  settle();
  EXPECT_EQ(world_->status(before).services[0].haproxy, ResourceStatus::failed);
  EXPECT_FALSE(served(world_->status(before).services[0])) << "blocked: it waits for an operator";
  const std::uint64_t id = clean_up(other_than(before));
  settle();
  expect_answer(id, 200, before.text());
  EXPECT_EQ(holder(), before);
  EXPECT_TRUE(served(world_->status(n1).services[0]));
}

TEST_F(Cleanup, EndsTheStandbyThatAFailurePutsANodeIn) {
  ClusterConfig config = cluster(3);
  config.services[0].on_fail.haproxy = OnFail::standby;
  begin(config);
  const NodeName before = holder().value();
  world_->kill_haproxy(before);
  settle();
  ASSERT_NE(holder(), before);
  ASSERT_NE(place(n1, before).excluded, "");
  clean_up(n1);
  settle();
  EXPECT_EQ(place(n1, before).excluded, "");
  place_on(before);
  EXPECT_EQ(holder(), before);
}

TEST_F(Cleanup, ANodeWithoutPowerIsNamed) {
  begin(cluster(3));
  place_on(n1);
  world_->power_off(n3);
  settle();
  std::uint64_t id = clean_up(n2);
  settle();
  expect_answer(id, 200, "are forgotten on n1, n2; offline, and not asked: n3");
  id = clean_up(n2, R"({"node": "n3"})");
  settle();
  expect_answer(id, 409, "no failures of kube-apiserver could be forgotten");
}

TEST_F(Cleanup, ANodeThatDoesNotAnswerMakesItUnknown) {
  begin(cluster(3));
  place_on(n1);
  world_->cut(n2, n3);
  const std::uint64_t id = clean_up(n2);
  world_->run_for(4s);
  expect_answer(id, 504, "n3: unknown: n3 did not answer within 3 s");
  EXPECT_THAT(world_->answer(id)->body, HasSubstr("are forgotten on n1, n2"));
}

TEST_F(Cleanup, NeedsNoQuorum) {
  begin(cluster(3));
  const NodeName worn = holder().value();
  wear_out(worn);
  for (const NodeName& node : {n1, n2, n3}) {
    if (node != worn) world_->power_off(node);
  }
  world_->run_for(2s);
  ASSERT_FALSE(world_->status(worn).quorate);
  const std::uint64_t id = clean_up(worn);
  settle();
  expect_answer(id, 200, "are forgotten on " + worn.text() + "; offline, and not asked: ");
  EXPECT_EQ(place(worn, worn).haproxy_failures, 0U);
}

TEST_F(Cleanup, AWitnessAsksTheOthersAndForgetsNothing) {
  begin(cluster(3, Role::witness));
  const std::uint64_t id = clean_up(n3);
  settle();
  expect_answer(id, 200, "are forgotten on n1, n2\"");
}

TEST_F(Cleanup, InBadWeatherIsAskedUntilItIsAnswered) {
  WorldOptions options;
  options.config = cluster(3);
  begin(options);
  const NodeName worn = holder().value();
  wear_out(worn);
  Weather weather;
  weather.loss_permille = 300;
  world_->set_weather(weather);
  const std::uint64_t id = clean_up(other_than(worn));
  world_->run_for(3s);
  world_->set_weather({});
  settle();
  expect_answer(id, 200, "are forgotten on n1, n2, n3");
  EXPECT_EQ(place(n1, worn).haproxy_failures, 0U);
}

}  // namespace
}  // namespace hapx::appliance::sim
