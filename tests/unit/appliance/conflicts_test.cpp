// SPDX-License-Identifier: Apache-2.0
// Hosts that claim our addresses, as every window shows them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/status.hpp"

namespace hapx::appliance {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

Status contested() {
  Status status;
  status.cluster = ClusterName("kube-demo");
  status.node = NodeName("node1");
  ServiceStatus service;
  service.name = ServiceName("api");
  VipStatus vip;
  vip.address = "10.0.0.20";
  vip.claims = 12;
  vip.rivals = {{"52:54:00:00:00:07",
                 "announcement",
                 11,
                 milliseconds(65'000),
                 milliseconds(2'000),
                 {{milliseconds(2'500), "ff ff 0a"}, {milliseconds(2'000), "ff ff 0b"}}},
                {"08:00:27:00:00:08", "probe", 1, milliseconds(1), milliseconds(1), {}}};
  service.vips = {vip};
  status.services = {service};
  return status;
}

TEST(Conflicts, StandInTheStatusAndAreReadBack) {
  const auto read = status_from_json(to_json(contested()));
  ASSERT_TRUE(read) << read.error().sentence;
  EXPECT_EQ(read->services.at(0).vips, contested().services[0].vips);
}

TEST(Conflicts, OnTheirOwnAreAListWithWhereAndWhose) {
  EXPECT_EQ(conflicts_to_json(contested()),
            R"([{"mac":"52:54:00:00:00:07","kind":"announcement","claims":11,"firstAgoMs":65000,)"
            R"("lastAgoMs":2000,"frames":[{"agoMs":2500,"bytes":"ff ff 0a"},)"
            R"({"agoMs":2000,"bytes":"ff ff 0b"}],"service":"api","address":"10.0.0.20",)"
            R"("node":"node1"},{"mac":"08:00:27:00:00:08","kind":"probe","claims":1,)"
            R"("firstAgoMs":1,"lastAgoMs":1,"frames":[],"service":"api","address":"10.0.0.20",)"
            R"("node":"node1"}])");
  EXPECT_EQ(conflicts_to_json(Status()), "[]");
}

TEST(Conflicts, AreATableWithTheVendor) {
  const auto vendor = [](const std::string& mac) {
    return mac.starts_with("52") ? std::string("QEMU") : std::string();
  };
  const std::string text = conflicts_to_text(contested(), {}, vendor);
  EXPECT_THAT(text, HasSubstr("52:54:00:00:00:07  QEMU    announcement  11"));
  EXPECT_THAT(text, HasSubstr("08:00:27:00:00:08  -       probe         1"));
}

TEST(Conflicts, OfAHostileAnswerAreReadWithoutHarm) {
  for (const char* rivals :
       {"7", "[7]", "[{}]", R"([{"mac":7,"frames":{}}])",
        R"([{"mac":"x","claims":-3,"lastAgoMs":1e30,"frames":[{"agoMs":[]}]}])"}) {
    const auto read = status_from_json(
        std::string(R"({"cluster":"c","node":"n","services":[{"name":"a","vips":[{"rivals":)") +
        rivals + "}]}]}");
    ASSERT_TRUE(read) << rivals;
    EXPECT_LE(read->services.at(0).vips.at(0).rivals.size(), 1U);
  }
}

}  // namespace
}  // namespace hapx::appliance
