// SPDX-License-Identifier: Apache-2.0
// Clients that only listen hear that their server has gone, and are told where to go.
#include <algorithm>

#include "story.hpp"

namespace hapx::appliance::sim {
namespace {

class Clients : public Story {
 protected:
  /// Until all idle clients are connected to whoever serves.
  [[nodiscard]] bool all_woken_within(Duration bound) {
    return world_->run_until([&] { return holder() && world_->asleep(vip) == 0; }, bound);
  }

  /// A sentence of that node's journal.
  [[nodiscard]] bool says(const NodeName& node, const std::string& sentence) {
    const auto request = world_->request(node, "GET", "/v1/events", "");
    world_->run_for(1ms);
    const Respond* answer = world_->answer(request);
    return answer != nullptr && answer->body.find(sentence) != std::string::npos;
  }
};

TEST_F(Clients, ALossOfPowerWakesThemAsSoonAsTheAddressIsAnnounced) {
  begin(cluster(3));
  ASSERT_EQ(world_->asleep(vip), 0U);
  const NodeName lost = holder().value();
  world_->power_off(lost);
  ASSERT_TRUE(world_->run_until([&] { return holder() && holder() != lost; }, 1s));
  EXPECT_TRUE(all_woken_within(2ms));
  world_->run_for(100ms);
  EXPECT_TRUE(says(*holder(), "all 3 clients of the holder before have woken"));
}

TEST_F(Clients, AMoveWakesThemToo) {
  begin(cluster(3));
  const NodeName there = other_than(holder().value());
  world_->move(there, service, there);
  ASSERT_TRUE(world_->run_until([&] { return holder() == there; }, 1s));
  EXPECT_TRUE(all_woken_within(2ms));
}

TEST_F(Clients, AFrozenMachinesClientsAreWokenByTheNextHolder) {
  begin(cluster(3));
  const NodeName lost = holder().value();
  world_->pause_machine(lost);
  ASSERT_TRUE(world_->run_until([&] { return holder() && holder() != lost; }, 1s));
  EXPECT_TRUE(all_woken_within(2ms));
  world_->unpause_machine(lost);
  settle();
}

TEST_F(Clients, OfLossOneInThreeAllWakeInTheEnd) {
  WorldOptions options;
  options.config = cluster(3);
  options.seed = 7;
  begin(options);
  const NodeName lost = holder().value();
  world_->power_off(lost);
  ASSERT_TRUE(world_->run_until([&] { return holder() && holder() != lost; }, 1s));
  world_->set_weather({.loss_permille = 333});
  EXPECT_TRUE(all_woken_within(2s));
}

/// What the holder couldn't list nobody can wake, and the node says so.
TEST_F(Clients, AHolderThatCannotListThemSaysSoOnce) {
  begin(cluster(3));
  const NodeName here = holder().value();
  world_->fail_next(here, Door::list_clients, 3);
  world_->run_for(2s);
  EXPECT_TRUE(says(here, "can't see who is connected to 192.168.4.20"));
  world_->run_for(5s);
  const NodeName lost = holder().value();
  world_->power_off(lost);
  ASSERT_TRUE(world_->run_until([&] { return holder() && holder() != lost; }, 1s));
  EXPECT_TRUE(all_woken_within(2ms)) << "the last list counts";
}

TEST_F(Clients, ATickleThatFailsIsTriedAgain) {
  for (const unsigned failures : {1U, 2U, 3U}) {
    begin(cluster(3));
    const NodeName lost = holder().value();
    for (const NodeName& node : {n1, n2, n3}) world_->fail_next(node, Door::tickle, failures);
    world_->power_off(lost);
    ASSERT_TRUE(world_->run_until([&] { return holder() && holder() != lost; }, 1s));
    EXPECT_TRUE(all_woken_within(500ms)) << failures;
    EXPECT_TRUE(says(*holder(), "can't wake clients of the holder before of 192.168.4.20"));
  }
}

/// Their connections are whole: hapxd is not what they are connected to.
TEST_F(Clients, ARestartOfHapxdWakesNobody) {
  begin(cluster(3));
  const NodeName here = holder().value();
  world_->kill(here);
  world_->run_for(3s);
  EXPECT_EQ(holder(), here);
  EXPECT_EQ(world_->asleep(vip), 0U);
  EXPECT_FALSE(says(here, "waking "));
}

/// All announcements of the first second are lost: neighbours look for the address elsewhere.
TEST_F(Clients, WhoLooksElsewhereIsToldAlone) {
  begin(cluster(3));
  const NodeName lost = holder().value();
  for (const NodeName& node : {n1, n2, n3}) world_->fail_next(node, Door::announce, 4);
  world_->power_off(lost);
  ASSERT_TRUE(world_->run_until([&] { return world_->answering(vip).size() == 1; }, 1s));
  const NodeName next = world_->answering(vip).front();
  EXPECT_TRUE(world_->run_until([&] { return holder() == next; }, 1100ms)) << "told after a second";
  EXPECT_TRUE(all_woken_within(2ms));
}

TEST_F(Clients, WhoDoesNotAnswerIsGivenUpAndCounted) {
  begin(cluster(3));
  const NodeName lost = holder().value();
  for (const NodeName& node : {n1, n2, n3}) world_->fail_next(node, Door::tickle, 6);
  world_->power_off(lost);
  ASSERT_TRUE(world_->run_until([&] { return holder() && holder() != lost; }, 1s));
  world_->run_for(4s);
  const VipStatus shown = world_->status(*holder()).services[0].vips[0];
  EXPECT_EQ(shown.clients_woken, 0U);
  EXPECT_EQ(shown.clients_silent, 3U);
  EXPECT_TRUE(says(*holder(), "3 of 3 clients of the holder before did not answer"));
}

}  // namespace
}  // namespace hapx::appliance::sim
