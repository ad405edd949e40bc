// SPDX-License-Identifier: Apache-2.0
// Addresses that are announced to routers: what is read, and what is refused.
#include "config/difference.hpp"
#include "config/write.hpp"
#include "refusals.hpp"

namespace hapx::refusals {
namespace {

constexpr const char* the_vips = "      vips: [{address: 10.0.0.20/24, interface: eth0}]\n";

std::string routed(const std::string& vips) {
  return "      vips: [" + vips + "]\n      announce: bgp\n";
}

std::vector<Case> cases() {
  return {
      {"RoutedVipOfANetwork",
       the_vips,
       routed("{address: 10.9.0.1/24}, {address: \"fd00:9::1/64\"}"),
       {"f:11:24: with `announce: bgp` 10.9.0.1/24 is a host of its own, for which routers are "
        "told "
        "a way; write 10.9.0.1/32",
        "f:11:48: with `announce: bgp` fd00:9::1/64 is a host of its own, for which routers are "
        "told a way; write fd00:9::1/128"}},
      {"RoutedVipWithoutAPrefix",
       the_vips,
       routed("{address: 10.9.0.1}"),
       {"f:11:24: the VIP `10.9.0.1` has no prefix; write /32 behind it"}},
      {"RoutedVipOnAnInterface",
       the_vips,
       routed("{address: 10.9.0.1/32, interface: eth0}"),
       {"f:11:48: with `announce: bgp` an address is added to lo and not to `eth0`, which has a "
        "segment of its own; remove the key"}},
      {"RoutedVipWithRivals",
       the_vips,
       routed("{address: 10.9.0.1/32, onConflict: yield}"),
       {"f:11:49: with `announce: bgp` there is no segment on which another host could be heard; "
        "remove the key"}},
      {"UnknownWayToAnnounce",
       the_vips,
       "      vips: [{address: 10.0.0.20/24, interface: eth0}]\n      announce: ospf\n",
       {"f:12:17: unknown announce `ospf`; it must be segment or bgp"}},
      {"SegmentWithoutAnInterface",
       the_vips,
       "      vips: [{address: 10.0.0.20/24}]\n      announce: segment\n",
       {"f:11:14: `interface` is missing in spec.services[0].vips[0]; add it"}},
  };
}

class RefusedRoutes : public testing::TestWithParam<Case> {};

TEST_P(RefusedRoutes, WithPlaceAndAdvice) {
  expect_refused(GetParam());
}

INSTANTIATE_TEST_SUITE_P(All, RefusedRoutes, testing::ValuesIn(cases()),
                         [](const auto& each) { return each.param.name; });

ClusterConfig with(const std::string& vips) {
  auto text = good_file();
  text.replace(text.find(the_vips), std::string(the_vips).size(), vips);
  return parse_config(text, "f").value();
}

TEST(RoutedVips, AreOnLoopback) {
  const auto config = with(routed("{address: 10.9.0.1/32}, {address: \"fd00:9::1/128\"}"));
  const auto& vips = config.services[0].vips;
  ASSERT_EQ(vips.size(), 2U);
  for (const VipConfig& vip : vips) {
    EXPECT_TRUE(vip.is_routed());
    EXPECT_EQ(vip.interface.text(), "lo");
  }
  EXPECT_EQ(with(routed("{address: 10.9.0.1/32, interface: lo}")),
            with(routed("{address: 10.9.0.1/32}")));
}

TEST(RoutedVips, AreWrittenAndReadBack) {
  const auto config = with(routed("{address: 10.9.0.1/32}"));
  const std::string written = write_config(config);
  EXPECT_NE(written.find("      vips:\n        - address: 10.9.0.1/32\n      announce: bgp\n"),
            std::string::npos)
      << written;
  EXPECT_EQ(parse_config(written, "written").value(), config);
}

TEST(RoutedVips, AreADifference) {
  const auto routed_one = with(routed("{address: 10.9.0.1/32}"));
  const auto other = with("      vips: [{address: 10.9.0.1/32, interface: lo}]\n");
  std::vector<std::string> paths;
  for (const auto& each : differences(other, routed_one)) paths.push_back(each.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"spec.services[api].vips[10.9.0.1/32].interface",
                                             "spec.services[api].announce"}));
}

TEST(RoutedVips, AreNotTheDefault) {
  EXPECT_EQ(with("      vips: [{address: 10.9.0.1/32, interface: lo}]\n      announce: segment\n"),
            with("      vips: [{address: 10.9.0.1/32, interface: lo}]\n"));
}

}  // namespace
}  // namespace hapx::refusals
