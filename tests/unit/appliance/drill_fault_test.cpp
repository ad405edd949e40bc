// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/drill/fault.hpp"
#include "appliance/drill/fault_list.hpp"

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

TEST(Fault, EveryOneIsExplained) {
  const std::string text = faults_as_text();
  for (const FaultWords& words : faults) {
    for (const std::string_view part : {words.sentence, words.undoing, words.effect, words.loss}) {
      EXPECT_FALSE(part.empty()) << words.name;
      EXPECT_NE(text.find(part), std::string::npos) << words.name;
    }
    EXPECT_EQ(&words_of(words.fault), &words);
  }
  boost::system::error_code error;
  const auto list = boost::json::parse(faults_as_json(), error);
  ASSERT_FALSE(error);
  ASSERT_EQ(list.as_array().size(), fault_count);
  const auto& first = list.as_array().front();
  EXPECT_EQ(first.at("name").as_string(), "power-loss");
  EXPECT_EQ(first.at("strikes").as_string(), "the holder");
  EXPECT_EQ(first.at("places").at("cluster").as_string(), "destructive");
}

TEST(Fault, WhatIsNotDoneYetDoesNotLookDone) {
  EXPECT_THAT(refused_in_lab(Fault::clock_jump), testing::HasSubstr("virtual machines"));
  EXPECT_EQ(refused_in_lab(Fault::power_loss), "");
  const std::string text = faults_as_text();
  const std::size_t at = text.find("\nclock-jump\n");
  ASSERT_NE(at, std::string::npos);
  EXPECT_NE(text.find("nowhere yet; to come: virtual machines\n", at), std::string::npos);
  const auto list = boost::json::parse(faults_as_json());
  for (const auto& one : list.as_array()) {
    const bool is_done = !one.at("today").as_array().empty();
    EXPECT_EQ(is_done, one.at("name").as_string() != "clock-jump");
  }
}

TEST(Fault, PowerIsNeverTakenFromARealMachineUnasked) {
  for (const Fault fault : {Fault::power_loss, Fault::peer_loss, Fault::coordinator_kill}) {
    EXPECT_EQ(words_of(fault).places.on_cluster, Consent::destructive) << name_of(fault);
  }
  EXPECT_EQ(words_of(Fault::cold_start).places.on_cluster, Consent::never);
  EXPECT_EQ(words_of(Fault::clock_jump).places.on_cluster, Consent::never);
}

TEST(Fault, OnlyWhatFailsOnANodeThatGoesOnIsCountedThere) {
  EXPECT_TRUE(is_counted(Fault::haproxy_kill));
  EXPECT_TRUE(is_counted(Fault::vip_delete));
  EXPECT_FALSE(is_counted(Fault::power_loss));
  EXPECT_FALSE(is_counted(Fault::hand_over));
}

TEST(Fault, OnlyWhatSilencesTheHolderHasToWaitForItsLease) {
  const Timing lan;
  EXPECT_EQ(shortest_of(Fault::power_loss, lan, 1), lan.lease);
  EXPECT_EQ(shortest_of(Fault::link_down, lan, 0), lan.lease);
  EXPECT_EQ(shortest_of(Fault::link_down, lan, 1), std::nullopt);
  EXPECT_EQ(shortest_of(Fault::hand_over, lan, 0), std::nullopt);
  for (const FaultWords& words : faults) {
    const auto shortest = shortest_of(words.fault, lan, 0);
    const auto promised = promise_of(words.fault, lan, 0).outage_max;
    EXPECT_GE(promised.value_or(lan.lease), shortest.value_or(Duration::zero())) << words.name;
  }
}

}  // namespace
}  // namespace hapx::appliance::drill
