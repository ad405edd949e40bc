// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "appliance/lab/observation.hpp"

namespace hapx::appliance::lab {
namespace {

constexpr std::string_view well = R"({
  "cluster": "lab", "node": "node1", "quorate": true, "coordinator": "node2", "degraded": [],
  "members": [{"name": "node1", "state": "online", "votes": 1},
              {"name": "node2", "state": "online", "votes": 1, "colour": "red"}],
  "services": [{"name": "kube-apiserver", "holder": "node1", "vip": "started",
                "haproxy": "started", "leaseRemainingMs": 271, "fence": "bpf"}]})";

Observation seen(std::string_view text) {
  const auto observation = parse_observation(text);
  EXPECT_TRUE(observation);
  return observation ? *observation : Observation{};
}

TEST(Observation, ReadsAStatus) {
  const Observation observation = seen(well);
  EXPECT_EQ(observation.node, "node1");
  EXPECT_TRUE(observation.quorate);
  EXPECT_EQ(observation.coordinator, "node2");
  ASSERT_EQ(observation.members.size(), 2U);
  EXPECT_EQ(observation.members[1].name, "node2");
  ASSERT_EQ(observation.services.size(), 1U);
  EXPECT_EQ(observation.services[0].holder, "node1");
  EXPECT_EQ(observation.services[0].fence, "bpf");
  EXPECT_EQ(missing_in(observation, 2), "");
}

TEST(Observation, SaysWhatIsMissing) {
  EXPECT_NE(missing_in(seen(well), 3).find("2 of 3"), std::string::npos);
  Observation one = seen(well);
  one.quorate = false;
  EXPECT_NE(missing_in(one, 2).find("quorum"), std::string::npos);
  one = seen(well);
  one.coordinator.reset();
  EXPECT_NE(missing_in(one, 2).find("coordinator"), std::string::npos);
  one = seen(well);
  one.services[0].holder.reset();
  EXPECT_NE(missing_in(one, 2).find("holder"), std::string::npos);
  one = seen(well);
  one.services[0].haproxy = "stopped";
  EXPECT_NE(missing_in(one, 2).find("haproxy stopped"), std::string::npos);
  one = seen(well);
  one.services.clear();
  EXPECT_NE(missing_in(one, 2), "");
  one = seen(well);
  one.members[1].state = "standby";
  EXPECT_NE(missing_in(one, 2), "");
}

TEST(Observation, IsTotal) {
  for (const std::string_view text :
       {"", "{", "[]", "null", "hapx: hapxd does not answer\n", "{\"a\":1}x"}) {
    EXPECT_FALSE(parse_observation(text)) << text;
  }
  // Whatever is of another kind than it should be counts as not said.
  const Observation odd = seen(
      R"({"node": 7, "quorate": "yes", "coordinator": null, "members": {}, "services": [1, {}],
          "degraded": [{"reason": "x"}]})");
  EXPECT_EQ(odd.node, "");
  EXPECT_FALSE(odd.quorate);
  EXPECT_EQ(odd.coordinator, std::nullopt);
  EXPECT_EQ(odd.services.size(), 1U);
  EXPECT_EQ(odd.degraded.size(), 1U);
}

}  // namespace
}  // namespace hapx::appliance::lab
