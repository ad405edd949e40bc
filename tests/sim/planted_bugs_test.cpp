// SPDX-License-Identifier: Apache-2.0
// A bug is planted in a whole world, outside of the code that ships, and the checker that stands
// for its sentence trips.
#include "story.hpp"

namespace hapx::appliance::sim {
namespace {

class PlantedBugs : public testing::Test {
 protected:
  void begin(const WorldOptions& options) {
    world_.emplace(options);
    world_->start_all();
    const Duration bound = 3s + timing_.lease;
    ASSERT_TRUE(world_->run_until([&] { return world_->all_served(); }, bound)) << world_->trace();
    world_->run_for(2s);
    ASSERT_TRUE(world_->violations().empty()) << world_->trace();
  }

  [[nodiscard]] bool tripped(const std::string& checker) const {
    for (const Violation& violation : world_->violations()) {
      if (violation.checker == checker) return true;
    }
    return false;
  }

  [[nodiscard]] WorldOptions with_machines(MachineOptions machine) const {
    WorldOptions options;
    options.config = cluster(3);
    options.config.timing = timing_;
    for (const NodeName& node : {n1, n2, n3}) {
      machine.name = node;
      options.machines.push_back(machine);
    }
    return options;
  }

  /// A lease that is longer than a boot: a reboot in a second forgets what still binds it.
  void have_a_long_lease() { timing_ = {500ms, 4s}; }

  /// The holder is cut off from the others, which reboot at once.
  void cut_the_holder_off_and_reboot_the_others() {
    const NodeName holder = world_->serving(service).value();
    world_->cut_off(holder);
    for (const NodeName& node : {n1, n2, n3}) {
      if (node == holder) continue;
      world_->power_off(node);
      world_->power_on(node, 1s);
    }
    world_->run_for(10s);
  }

  Timing timing_;
  std::optional<World> world_;
};

TEST_F(PlantedBugs, AFenceThatIgnoresItsDeadlineIsTwoKernelsWhenADaemonFreezes) {
  MachineOptions machine;
  machine.kernel.interfaces = {{heartbeats, true, true}, {wire, true, true}};
  machine.kernel.fence_works = false;
  begin(with_machines(machine));
  world_->freeze_with_keeper(world_->serving(service).value());
  world_->run_for(2s);
  EXPECT_TRUE(tripped("OneKernelAnswers")) << world_->trace();
}

TEST_F(PlantedBugs, AVoterThatForgetsAtARebootPromisesTwice) {
  MachineOptions machine;
  machine.disk_works = false;
  have_a_long_lease();
  begin(with_machines(machine));
  cut_the_holder_off_and_reboot_the_others();
  EXPECT_TRUE(tripped("VotersKeepPromises")) << world_->trace();
}

TEST_F(PlantedBugs, TheSameRebootWithAMarkerOnDiskIsSafe) {
  have_a_long_lease();
  begin(with_machines({}));
  cut_the_holder_off_and_reboot_the_others();
  for (const Violation& violation : world_->violations()) {
    ADD_FAILURE() << violation.checker << ": " << violation.sentence;
  }
  EXPECT_TRUE(world_->all_served());
}

/// Each of two that don't hear each other writes over what the other one has been promised.
TEST_F(PlantedBugs, AnEtcdThatComparesNothingPromisesTwice) {
  WorldOptions options;
  options.config = cluster(2);
  options.config.arbiter = an_etcd();
  options.etcd_compares = false;
  begin(options);
  world_->cut(n1, n2);
  world_->run_for(5s);
  EXPECT_TRUE(tripped("VotersKeepPromises")) << world_->trace();
}

TEST_F(PlantedBugs, AnAddressThatGoesForWantOfAnEtcdThatNobodyNeedsMovesIdly) {
  WorldOptions options;
  options.config = cluster(2);
  options.config.arbiter = an_etcd();
  begin(options);
  world_->run_for(Patience().settled + 1s);
  world_->end_arbiter();
  world_->secretly([&] {
    world_->power_off(n1);
    world_->power_off(n2);
  });
  world_->run_for(1s);
  EXPECT_TRUE(tripped("NothingMovesIdly")) << world_->trace();
}

/// All lose their power, and the disks never had what they said they had: nobody knows that n1 is
/// in standby, and it is the first by name.
TEST_F(PlantedBugs, DisksThatLieLoseAnAcknowledgedOrder) {
  MachineOptions machine;
  machine.record_disk_works = false;
  begin(with_machines(machine));
  world_->order(n2, membership::Subject::standby(n1));
  world_->run_for(3s);
  ASSERT_TRUE(world_->violations().empty()) << world_->trace();
  for (const NodeName& node : {n1, n2, n3}) world_->power_off(node);
  for (const NodeName& node : {n1, n2, n3}) world_->power_on(node, 1s);
  world_->run_for(10s);
  EXPECT_TRUE(tripped("OrdersOutlive")) << world_->trace();
  EXPECT_TRUE(tripped("StandbyHoldsNothing")) << world_->trace();
}

TEST_F(PlantedBugs, AServiceThatNobodyCanTakeIsNotServedInTime) {
  begin(with_machines({}));
  // HAProxy dies at every node behind the world's back: it still takes the nodes for fit.
  const Duration patience = Patience().served;
  for (Duration passed{0}; passed < patience + 3s; passed += 10ms) {
    world_->secretly([&] {
      for (const NodeName& node : {n1, n2, n3}) world_->kill_haproxy(node);
    });
    world_->run_for(10ms);
  }
  EXPECT_TRUE(tripped("ServedInTime")) << world_->trace();
}

TEST_F(PlantedBugs, AnAddressThatMovesByItselfMovesIdly) {
  begin(with_machines({}));
  world_->run_for(Patience().settled + 1s);
  ASSERT_TRUE(world_->violations().empty()) << world_->trace();
  world_->secretly([&] { world_->delete_vip(world_->serving(service).value(), vip); });
  world_->run_for(1s);
  EXPECT_TRUE(tripped("NothingMovesIdly")) << world_->trace();
}

TEST_F(PlantedBugs, AnAddressThatIsSentToAndFroFlaps) {
  begin(with_machines({}));
  for (unsigned i = 0; i <= MovesPerFault::moves_at_once; ++i) {
    ASSERT_FALSE(tripped("MovesPerFault")) << world_->trace();
    const NodeName to = world_->serving(service) == n1 ? n2 : n1;
    world_->secretly([&] { world_->move(to, service, to); });
    ASSERT_TRUE(world_->run_until([&] { return world_->serving(service) == to; }, 1s));
    world_->run_for(1s);
  }
  EXPECT_TRUE(tripped("MovesPerFault")) << world_->trace();
}

}  // namespace
}  // namespace hapx::appliance::sim
