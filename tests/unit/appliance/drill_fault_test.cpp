// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <gtest/gtest.h>

#include "appliance/drill/fault.hpp"

namespace hapx::appliance::drill {
namespace {

TEST(Fault, EveryOneIsFoundByItsOwnName) {
  std::set<std::string_view> names;
  for (const FaultWords& words : faults) {
    EXPECT_EQ(fault_of(words.name), words.fault);
    EXPECT_EQ(name_of(words.fault), words.name);
    EXPECT_FALSE(sentence_of(words.fault).empty());
    EXPECT_TRUE(names.insert(words.name).second);
  }
  EXPECT_EQ(fault_of("earthquake"), std::nullopt);
  EXPECT_EQ(fault_of(""), std::nullopt);
}

TEST(Fault, PromisesFollowTheLease) {
  using std::chrono::milliseconds;
  const Timing lan;
  const Timing fast{milliseconds(20), milliseconds(120)};
  EXPECT_EQ(promise_of(Fault::power_loss, lan, 0).outage_max, milliseconds(350));
  EXPECT_EQ(promise_of(Fault::power_loss, fast, 0).outage_max, milliseconds(170));
  EXPECT_EQ(promise_of(Fault::partition, lan, 0).outage_max, milliseconds(350));
  EXPECT_EQ(promise_of(Fault::daemon_freeze_with_keeper, lan, 0).outage_max, milliseconds(400));
  EXPECT_EQ(promise_of(Fault::daemon_kill, lan, 0).failed_max, 0U);
  EXPECT_EQ(promise_of(Fault::haproxy_kill, lan, 0).latency_max, milliseconds(100));
}

TEST(Fault, AHolderThatCanStillSayThatItsCableIsGoneCostsNoLease) {
  const Timing slow{std::chrono::milliseconds(200), std::chrono::seconds(2)};
  EXPECT_EQ(promise_of(Fault::link_down, slow, 0).outage_max, std::chrono::milliseconds(2050));
  EXPECT_EQ(promise_of(Fault::link_down, slow, 1).outage_max, std::chrono::milliseconds(50));
  EXPECT_EQ(promise_of(Fault::partition, slow, 1).outage_max, std::chrono::milliseconds(2050))
      << "it takes all ways";
}

TEST(Fault, OnlyWhatLastsLongerThanItsLeaseMovesTheAddress) {
  const Timing lan;
  for (const FaultWords& words : faults) {
    if (!is_moving(words.fault) || words.fault == Fault::hand_over) continue;
    EXPECT_GT(length_of(words.fault), lan.lease) << words.name;
  }
}

}  // namespace
}  // namespace hapx::appliance::drill
