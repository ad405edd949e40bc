// SPDX-License-Identifier: Apache-2.0
// Two versions of hapx in one cluster, as they are between the first node's upgrade and the last's:
// whoever coordinates, whoever holds and whoever is asked, it is one cluster.
#include "two_versions.hpp"

namespace hapx::appliance::lab {
namespace {

constexpr Version earlier = Version::earlier;
constexpr Version today = Version::today;

class OneCluster : public TwoVersions, public testing::WithParamInterface<Versions> {
 protected:
  /// With node1 as the coordinator. Of the nodes that are there it is the first to try; so any
  /// other that has become it goes for a moment.
  void begin() {
    ASSERT_NO_FATAL_FAILURE(TwoVersions::begin(GetParam()));
    ASSERT_TRUE(comes("node1 coordinates", [&] {
      const auto now = status(1).coordinator;
      for (const unsigned number : {2U, 3U}) {
        if (now != node(number).name) continue;
        EXPECT_TRUE(lab_->power_off(node(number)));
        comes("another coordinator", [&] { return status(1).coordinator != now; });
        power_on(number);
      }
      return now == node(1).name;
    }));
    ASSERT_TRUE(comes_to_be_well());
  }
};

std::string name_of_case(const testing::TestParamInfo<Versions>& info) {
  std::string name;
  for (const Version version : info.param) name += version == earlier ? "Earlier" : "Today";
  return name;
}

TEST_P(OneCluster, ObeysTheOrdersOfEitherVersion) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const Audience audience = this->audience();
  for (const unsigned by : all) {
    const unsigned of = one_unlike(by);
    const std::string name = node(of).name.text();
    ASSERT_NO_FATAL_FAILURE(bring_to(of, by));
    order(by, {"standby", name, "--wait"});
    for (const unsigned each : all) {
      comes(node(each).name.text() + " knows that " + name + " is in standby", [&] {
        const Status seen = status(each);
        return is_in_state(each, of, MemberState::standby) && seen.services[0].holder &&
               *seen.services[0].holder != node(of).name && served(seen.services[0]) &&
               seen.degraded.size() == 1 && says(seen, name + " is in standby");
      });
    }
    order(of, {"online", name, "--wait"});
    ASSERT_TRUE(comes_to_be_well());

    order(by, {"ban", service(), name, "--wait"});
    EXPECT_NE(hapx(of, {"move", service(), name}).code, 0) << "it is banned";
    order(of, {"clear", service()});
    order(of, {"maintenance", "on"});
    for (const unsigned each : all) {
      comes(node(each).name.text() + " knows of the maintenance",
            [&] { return is_in_state(each, each, MemberState::maintenance); });
    }
    order(by, {"maintenance", "off"});
    order(by, {"cleanup", service()});
    ASSERT_TRUE(comes_to_be_well());
  }
  expect_served("orders under " + name_of(version(1)) + " coordinator", audience);
  expect_no_drift_was_told();
}

/// As between the package's unpacking and hapxd's replacement, or when that was refused.
TEST_P(OneCluster, AnswersTheCommandOfTheOtherVersion) {
  ASSERT_NO_FATAL_FAILURE(begin());
  for (const unsigned number : all) {
    const auto ask = [&](const std::vector<std::string>& words) {
      return hapx_of(version(number) == earlier ? today : earlier, number, words);
    };
    const std::vector<std::vector<std::string>> questions{{"status"},
                                                          {"why"},
                                                          {"events"},
                                                          {"failcount"},
                                                          {"get", "links"},
                                                          {"get", "orders"},
                                                          {"get", "members"},
                                                          {"config", "diff", plan().config_file},
                                                          {"get", "services", "-o", "wide"},
                                                          {"describe", "node", "node2"},
                                                          {"describe", "service", service()}};
    for (const auto& words : questions) {
      const Outcome outcome = ask(words);
      EXPECT_EQ(outcome.code, 0) << words.front() << " at " << node(number).name.text() << ": "
                                 << outcome.errors;
      EXPECT_NE(outcome.output, "") << words.front();
    }
    if (version(number) != earlier) continue;
    const Outcome refused = ask({"reload"});
    EXPECT_EQ(refused.code, 1);
    EXPECT_NE(refused.errors.find("of another version"), std::string::npos) << refused.errors;
  }
}

TEST_P(OneCluster, IsServedByEitherVersionWhenAHolderOfTheOtherLosesItsPower) {
  ASSERT_NO_FATAL_FAILURE(begin());
  // The coordinator goes with the holder, and without it.
  for (const unsigned holder : all) {
    const unsigned heir = one_unlike(holder);
    const unsigned other = third(holder, heir);
    ASSERT_NO_FATAL_FAILURE(bring_to(holder, heir));
    order(heir, {"ban", service(), node(other).name.text(), "--wait"});
    ASSERT_EQ(settled(), holder);
    const Audience audience = this->audience();
    ASSERT_TRUE(lab_->power_off(node(holder)));
    ASSERT_TRUE(comes_to_serve(heir));
    expect_served(name_of(version(heir)) + " hapxd follows one that lost its power", audience);
    order(heir, {"clear", service()});
    ASSERT_NO_FATAL_FAILURE(power_on(holder));
    ASSERT_TRUE(comes_to_be_well());
    EXPECT_TRUE(serves(status(heir))) << "it stays where it is";
  }
  expect_no_drift_was_told();
}

/// What lies on the disks was written by the other version.
TEST_P(OneCluster, KeepsStandingOrdersWhenAllLoseTheirPowerAndComeBackAsTheOther) {
  ASSERT_NO_FATAL_FAILURE(begin());
  order(1, {"standby", node(2).name.text(), "--wait"});
  order(3, {"ban", service(), node(3).name.text(), "--wait"});
  ASSERT_TRUE(comes_to_serve(1));
  for (int round = 0; round < 2; ++round) {
    for (const unsigned number : all) ASSERT_TRUE(lab_->power_off(node(number)));
    for (const unsigned number : all) {
      ASSERT_NO_FATAL_FAILURE(install(number, version(number) == earlier ? today : earlier));
      ASSERT_NO_FATAL_FAILURE(power_on(number));
    }
    for (const unsigned number : all) {
      comes(node(number).name.text() + " knows both orders", [&] {
        const Status seen = status(number);
        return seen.orders.size() == 2 && seen.orders_state == OrdersState::read &&
               is_in_state(number, 2, MemberState::standby);
      });
    }
    ASSERT_TRUE(comes_to_serve(1));
  }
  order(2, {"online", node(2).name.text(), "--wait"});
  order(1, {"clear", service()});
  ASSERT_TRUE(comes_to_be_well());
}

INSTANTIATE_TEST_SUITE_P(Versions, OneCluster,
                         testing::Values(Versions{earlier, earlier, today},
                                         Versions{today, earlier, earlier},
                                         Versions{today, earlier, today}),
                         name_of_case);

}  // namespace
}  // namespace hapx::appliance::lab
