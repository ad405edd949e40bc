// SPDX-License-Identifier: Apache-2.0
// Machines, links and networks fail: another node takes over, within a lease and a little.
#include "story.hpp"

namespace hapx::appliance::sim {
namespace {

class Takeover : public Story {};

TEST_F(Takeover, ThreeNodesStartedAtOnceServeWithinOneAndAHalfSeconds) {
  begin(cluster(3));
  EXPECT_EQ(world_->answering(vip).size(), 1U);
}

TEST_F(Takeover, NodesStartedOneAfterTheOtherServeWhenAMajorityIsThere) {
  WorldOptions options;
  options.config = cluster(3);
  world_.emplace(options);
  world_->power_on(n3);
  world_->run_for(2s);
  EXPECT_FALSE(holder()) << "one of three is no majority";
  world_->power_on(n2);
  EXPECT_TRUE(world_->run_until([&] { return world_->all_served(); }, 1500ms));
  world_->run_for(1s);
  world_->mark();
  world_->power_on(n1);
  world_->run_for(5s);
  EXPECT_EQ(outage(), 0ms) << "who comes late moves nothing";
}

TEST_F(Takeover, NothingMovesForAMinuteInAHealthyCluster) {
  begin(cluster(3));
  const auto before = holder();
  world_->run_for(60s);
  EXPECT_EQ(holder(), before);
  EXPECT_EQ(outage(), 0ms);
}

TEST_F(Takeover, PowerLossOfTheHolder) {
  begin(cluster(3));
  place_on(other_than(coordinator()));
  const NodeName lost = holder().value();
  world_->power_off(lost);
  expect_outage_at_most(lease() + detection);
  EXPECT_NE(holder(), lost);
}

TEST_F(Takeover, PowerLossOfTheCoordinatorDoesNotTouchTheHolder) {
  begin(cluster(3));
  place_on(other_than(coordinator()));
  const auto before = holder();
  world_->power_off(coordinator());
  expect_outage_at_most(0ms);
  EXPECT_EQ(holder(), before);
}

TEST_F(Takeover, PowerLossOfHolderAndCoordinatorInOne) {
  begin(cluster(3));
  place_on(coordinator());
  world_->power_off(holder().value());
  expect_outage_at_most(lease() + detection);
}

/// Nothing is asked here: the checker of service says how long it may take.
TEST_F(Takeover, WhicheverNodeHoldsAndIsLostTheServiceIsServedInTime) {
  for (const NodeName& node : {n1, n2, n3}) {
    begin(cluster(3));
    place_on(node);
    world_->power_off(node);
    world_->run_for(Patience().served + 2s);
    ASSERT_TRUE(world_->violations().empty());
  }
}

TEST_F(Takeover, PowerLossWithTheFastProfile) {
  ClusterConfig config = cluster(3);
  config.timing = {20ms, 120ms};
  begin(config);
  world_->power_off(holder().value());
  expect_outage_at_most(lease() + detection);
}

TEST_F(Takeover, PowerLossWithTheCloudProfile) {
  ClusterConfig config = cluster(3);
  config.timing = {200ms, 2s};
  begin(config);
  world_->power_off(holder().value());
  expect_outage_at_most(lease() + 200ms, 8s);
}

TEST_F(Takeover, PowerLossOfEachNodeInTurnAndBackAgain) {
  begin(cluster(3));
  for (const NodeName& node : {n1, n2, n3, n1, n2, n3}) {
    world_->power_off(node);
    expect_outage_at_most(lease() + detection);
    world_->power_on(node);
    world_->run_for(6s);
    settle();
    EXPECT_EQ(world_->answering(vip).size(), 1U);
  }
}

TEST_F(Takeover, ClocksTenPercentApartAreStillSafe) {
  for (const auto& [first, second, third] :
       {std::tuple(900U, 1100U, 1100U), std::tuple(1100U, 900U, 900U),
        std::tuple(1100U, 900U, 1000U), std::tuple(900U, 1100U, 1000U)}) {
    WorldOptions options;
    options.config = cluster(3);
    const unsigned rates[] = {first, second, third};
    for (unsigned i = 0; i < 3; ++i) {
      MachineOptions machine;
      machine.name = options.config.nodes[i].name;
      machine.clock_first = Instant(std::chrono::hours(i * 100));
      machine.clock_rate_permille = rates[i];
      options.machines.push_back(machine);
    }
    begin(options);
    const Duration slowest = lease() * 10 / 9;
    world_->power_off(holder().value());
    expect_outage_at_most(slowest + detection * 10 / 9);
    ASSERT_TRUE(world_->violations().empty());
  }
}

TEST_F(Takeover, LinkDownOfTheHolder) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->link_down(before, wire);
  expect_outage_at_most(lease() + detection);
  EXPECT_NE(holder(), before);
  world_->mark();
  world_->link_up(before, wire);
  expect_outage_at_most(0ms);
  EXPECT_EQ(world_->answering(vip).size(), 1U);
}

TEST_F(Takeover, LinkDownThatAlsoCarriesTheHeartbeats) {
  ClusterConfig config = cluster(3);
  config.services[0].vips[0].interface = heartbeats;
  begin(config);
  const NodeName before = holder().value();
  world_->link_down(before, heartbeats);
  expect_outage_at_most(lease() + detection);
  EXPECT_NE(holder(), before);
  world_->link_up(before, heartbeats);
  settle();
  EXPECT_EQ(world_->answering(vip).size(), 1U);
}

TEST_F(Takeover, HolderCutOffFromItsPeersButNotFromClientsAndHealed) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->cut_off(before);
  expect_outage_at_most(lease() + detection);
  EXPECT_NE(holder(), before);
  EXPECT_FALSE(world_->kernel(before).holds(vip)) << "what has no quorum is released";
  const auto after = holder();
  world_->mark();
  world_->heal_all();
  expect_outage_at_most(0ms, 5s);
  EXPECT_EQ(holder(), after) << "healing moves nothing back";
}

TEST_F(Takeover, OthersCutOffFromEachOtherDoNotDisturbTheHolder) {
  begin(cluster(3));
  const NodeName before = holder().value();
  std::vector<NodeName> others;
  for (const NodeName& node : {n1, n2, n3}) {
    if (node != before) others.push_back(node);
  }
  world_->cut(others[0], others[1]);
  expect_outage_at_most(0ms, 5s);
  world_->heal_all();
  expect_outage_at_most(0ms, 5s);
  EXPECT_EQ(holder(), before);
}

TEST_F(Takeover, HolderThatIsNotHeardIsReplaced) {
  begin(cluster(3));
  const NodeName before = holder().value();
  for (const NodeName& node : {n1, n2, n3}) {
    if (node != before) world_->cut_one_way(before, node);
  }
  expect_outage_at_most(lease() + detection);
  EXPECT_NE(holder(), before);
  world_->heal_all();
  settle();
  EXPECT_EQ(world_->answering(vip).size(), 1U);
}

TEST_F(Takeover, HolderThatHearsNobodyIsReplaced) {
  begin(cluster(3));
  const NodeName before = holder().value();
  for (const NodeName& node : {n1, n2, n3}) {
    if (node != before) world_->cut_one_way(node, before);
  }
  expect_outage_at_most(lease() + detection);
  EXPECT_NE(holder(), before);
  world_->heal_all();
  settle();
  EXPECT_EQ(world_->answering(vip).size(), 1U);
}

TEST_F(Takeover, AOneWayCutBetweenHolderAndCoordinatorCostsAtMostAHandover) {
  begin(cluster(3));
  place_on(other_than(coordinator()));
  const NodeName before = holder().value();
  world_->cut_one_way(before, coordinator());
  expect_outage_at_most(lease() + detection, 5s);
  world_->heal_all();
  settle();
  place_on(other_than(coordinator()));
  world_->cut_one_way(coordinator(), holder().value());
  expect_outage_at_most(lease() + detection, 5s);
  world_->heal_all();
  settle();
  expect_outage_at_most(0ms, 5s);
}

TEST_F(Takeover, AOneWayCutBetweenTheHolderAndAThirdNodeMovesNothing) {
  begin(cluster(3));
  place_on(coordinator());
  const NodeName before = holder().value();
  world_->cut_one_way(before, other_than(before));
  expect_outage_at_most(0ms, 5s);
  world_->heal_all();
  world_->cut_one_way(other_than(before), before);
  expect_outage_at_most(0ms, 5s);
  world_->heal_all();
  expect_outage_at_most(0ms, 5s);
  EXPECT_EQ(holder(), before);
}

TEST_F(Takeover, EveryFifthDatagramIsLostAndItServesOn) {
  begin(cluster(3));
  world_->set_weather({200, 50, 50us, 5ms});
  world_->run_for(60s);
  EXPECT_TRUE(holder());
  EXPECT_LE(outage(), 2 * lease());
  world_->power_off(holder().value());
  EXPECT_TRUE(world_->run_until([&] { return holder().has_value(); }, 2s));
}

TEST_F(Takeover, DatagramsThatAreDoubledAndOvertakenHarmNothing) {
  begin(cluster(3));
  world_->set_weather({0, 500, 50us, 20ms});
  const auto before = holder();
  expect_outage_at_most(0ms, 20s);
  EXPECT_EQ(holder(), before);
}

TEST_F(Takeover, LossOfQuorumReleasesAndItsReturnServesAgain) {
  begin(cluster(3));
  const NodeName before = holder().value();
  for (const NodeName& node : {n1, n2, n3}) {
    if (node != before) world_->power_off(node);
  }
  world_->run_for(lease());
  EXPECT_TRUE(world_->answering(vip).empty());
  world_->run_for(5s);
  EXPECT_FALSE(world_->kernel(before).holds(vip));
  EXPECT_FALSE(world_->status(before).quorate);
  world_->power_on(other_than(before), 6s);
  EXPECT_TRUE(world_->run_until([&] { return world_->all_served(); }, 7500ms));
}

TEST_F(Takeover, AllNodesLosePowerAndComeBackAtOnce) {
  begin(cluster(3));
  for (const NodeName& node : {n1, n2, n3}) world_->power_off(node);
  world_->run_for(1s);
  for (const NodeName& node : {n1, n2, n3}) world_->power_on(node, 6s);
  EXPECT_TRUE(world_->run_until([&] { return world_->all_served(); }, 7500ms));
}

TEST_F(Takeover, ARebootedVoterAbstainsUntilItsOldPromisesHaveEnded) {
  begin(cluster(3));
  const NodeName before = holder().value();
  std::vector<NodeName> others;
  for (const NodeName& node : {n1, n2, n3}) {
    if (node != before) others.push_back(node);
  }
  // One that is back a second after its boot can't vote; with the holder gone that is no majority,
  // until five seconds of uptime.
  world_->power_off(others[0]);
  world_->power_on(others[0], 1s);
  world_->run_for(1100ms);
  world_->power_off(before);
  world_->run_for(3500ms);  // now it has been up for 4.6 s
  EXPECT_FALSE(holder()) << "one vote and an abstention are no majority";
  EXPECT_TRUE(world_->run_until([&] { return world_->all_served(); }, 1s));
}

TEST_F(Takeover, TwoNodesAndAWitness) {
  begin(cluster(3, Role::witness));
  const NodeName before = holder().value();
  world_->power_off(before);
  expect_outage_at_most(lease() + detection);
  EXPECT_EQ(holder(), other_than(before));
}

TEST_F(Takeover, AWitnessNeverHolds) {
  begin(cluster(3, Role::witness));
  world_->power_off(n1);
  world_->run_for(2s);
  world_->power_off(n2);
  world_->run_for(5s);
  EXPECT_TRUE(world_->answering(vip).empty());
  EXPECT_TRUE(world_->kernel(n3).addresses().empty());
}

TEST_F(Takeover, AWitnessThatLosesPowerIsNotMissed) {
  begin(cluster(3, Role::witness));
  const auto before = holder();
  world_->power_off(n3);
  expect_outage_at_most(0ms, 5s);
  EXPECT_EQ(holder(), before);
}

/// The one way from the only node that can hold is cut, and who coordinates is at its end: it takes
/// that node for dead, and leaves the coordination to one that hears all.
TEST_F(Takeover, ACoordinatorThatDoesNotHearTheOnlyFitNodeLeavesThePlanToWhoDoes) {
  begin(cluster(3, Role::witness));
  const NodeName planner = coordinator() == n3 ? n1 : coordinator();
  const NodeName fit = other_than(planner);
  place_on(fit);
  world_->remove_interface(planner, wire);
  for (const NodeName& other : {fit, n3}) {  // so that it coordinates
    if (coordinator() != planner) world_->kill_with_keeper(other);
    world_->run_for(2s);
    world_->start(other);
    world_->run_for(2s);
  }
  ASSERT_EQ(coordinator(), planner);
  ASSERT_EQ(holder(), fit);
  world_->mark();
  world_->cut_one_way(fit, planner);
  expect_outage_at_most(2 * lease() + detection);
  EXPECT_EQ(holder(), fit);
  EXPECT_NE(world_->status(n3).coordinator, planner);
}

/// Its peers notice it one after the other; nobody hears more than the others for that.
TEST_F(Takeover, TheDeathOfANodeDoesNotUnseatTheCoordinator) {
  for (unsigned i = 0; i < 20; ++i) {
    begin(cluster(3));
    const NodeName planner = coordinator();
    world_->run_for(i * Duration(3ms));
    world_->power_off(other_than(planner));
    for (int wait = 0; wait < 100; ++wait) {
      world_->run_for(20ms);
      ASSERT_EQ(coordinator(), planner);
    }
  }
}

/// They hear each other again one after the other, and who coordinates may not have heard yet who
/// holds: it waits, and the service stays where it first came to.
TEST_F(Takeover, NodesThatHearEachOtherAgainDoNotSendTheServiceAbout) {
  begin(cluster(3));
  for (unsigned i = 0; i < 40; ++i) {
    for (const NodeName& node : {n1, n2, n3}) world_->cut_off(node);
    world_->run_for(1s + i * Duration(7ms));
    EXPECT_TRUE(world_->answering(vip).empty());
    world_->heal_all();
    std::vector<NodeName> places;
    const auto look = [&] {
      const auto answering = world_->answering(vip);
      if (answering.size() == 1 && (places.empty() || places.back() != answering.front())) {
        places.push_back(answering.front());
      }
      return false;
    };
    EXPECT_FALSE(world_->run_until(look, 2s));
    EXPECT_EQ(places.size(), 1U) << "the " << i << "th time";
    EXPECT_TRUE(holder().has_value());
  }
}

TEST_F(Takeover, OneNodeAloneServes) {
  begin(cluster(1));
  EXPECT_EQ(holder(), n1);
}

TEST_F(Takeover, TwoNodesWithoutAThirdVoteStopWhenOneDies) {
  begin(cluster(2));
  world_->power_off(holder().value());
  world_->run_for(5s);
  EXPECT_TRUE(world_->answering(vip).empty());
}

TEST_F(Takeover, APausedMachineIsReplacedAndGivesWayWhenItGoesOn) {
  begin(cluster(3));
  const NodeName before = holder().value();
  world_->pause_machine(before);
  expect_outage_at_most(lease() + detection);
  EXPECT_NE(holder(), before);
  const auto after = holder();
  world_->unpause_machine(before);
  world_->run_for(lease());
  EXPECT_EQ(world_->answering(vip), std::vector<NodeName>{after.value()});
  world_->run_for(1s);
  EXPECT_EQ(holder(), after) << "and clients find the rightful one";
}

/// It announces as it awakes if that was due soon when it fell asleep, for its lease has not ended
/// by its own clock.
TEST_F(Takeover, APausedMachineThatAnnouncesAsItAwakesMisleadsClientsForAMoment) {
  bool misled = false;
  for (Duration into_a_gap{0}; into_a_gap < 1s; into_a_gap += 20ms) {
    begin(cluster(3));
    world_->set_weather({.delay_min = 10ms, .delay_max = 20ms});
    const NodeName before = holder().value();
    world_->kill_haproxy(before);  // announced anew, and then once a second
    world_->run_for(2s + into_a_gap);
    world_->pause_machine(before);
    world_->run_for(15s);  // those of the next holder come rarely now
    const auto after = holder();
    ASSERT_TRUE(after);
    ASSERT_NE(after, before);
    world_->mark();
    world_->unpause_machine(before);
    misled |= world_->run_until([&] { return world_->serving(vip) == before; }, lease());
    expect_outage_at_most(lease());
    EXPECT_EQ(holder(), after);
  }
  EXPECT_TRUE(misled) << "nobody was, so nothing was tried";
}

/// Clients have learnt that n1 has the address, and n1 is gone: who goes on holding must say so.
TEST_F(Takeover, APausedHolderThatGoesOnAnnouncesItselfAgain) {
  begin(cluster(3));
  world_->run_for(15s);  // the announcements of the beginning are over
  const NodeName first = holder().value();
  world_->pause_machine(first);
  ASSERT_TRUE(world_->run_until([&] { return holder().has_value(); }, 2s));
  world_->run_for(500ms);
  world_->power_off(holder().value());
  world_->run_for(2s);
  world_->mark();
  world_->unpause_machine(first);
  expect_outage_at_most(1s);
  EXPECT_EQ(holder(), first);
}

}  // namespace
}  // namespace hapx::appliance::sim
