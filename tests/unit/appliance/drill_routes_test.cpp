// SPDX-License-Identifier: Apache-2.0
// What a machine has to be given back after its card was down: the routes of its operator, and the
// unit that its hapxd belongs to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/drill/routes.hpp"
#include "appliance/drill/unit_name.hpp"

namespace hapx::appliance::drill {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Routes, OnlyWhatNobodyElseGivesBackLasts) {
  EXPECT_THAT(lasting_routes("default via 192.168.4.1 dev eth0 proto static metric 100 \n"
                             "10.0.0.0/8 via 192.168.4.3 dev eth0 linkdown \n"
                             "192.168.4.0/24 dev eth0 proto kernel scope link src 192.168.4.11 \n"
                             "local 192.168.4.11 dev eth0 table local proto kernel scope host\n"
                             "broadcast 192.168.4.255 dev eth0 table local proto kernel\n"),
              ElementsAre("default via 192.168.4.1 dev eth0 proto static metric 100",
                          "10.0.0.0/8 via 192.168.4.3 dev eth0"));
  EXPECT_THAT(lasting_routes("default via fe80::1 dev eth0 proto ra metric 1024 expires 17sec\n"
                             "2001:db8:9::/48 via fe80::1 dev eth0 expires 1790sec pref medium\n"
                             "anycast fe80:: dev eth0 table local proto kernel metric 0\n"
                             "multicast ff00::/8 dev eth0 table local proto kernel metric 256\n"),
              ElementsAre("2001:db8:9::/48 via fe80::1 dev eth0 pref medium"));
}

/// As `ip -o` prints it, on one line.
TEST(Routes, OneOfSeveralWaysIsOneRoute) {
  EXPECT_THAT(
      lasting_routes("default proto static \\\tnexthop via 192.168.4.1 dev eth0 weight 1 dead "
                     "\\\tnexthop via 10.9.0.1 dev eth1 weight 1\n"),
      ElementsAre("default proto static nexthop via 192.168.4.1 dev eth0 weight 1 nexthop via "
                  "10.9.0.1 dev eth1 weight 1"));
}

TEST(Routes, NothingIsNoRoute) {
  EXPECT_THAT(lasting_routes(""), IsEmpty());
  EXPECT_THAT(lasting_routes("\n \n"), IsEmpty());
  EXPECT_THAT(lasting_routes("default via 192.168.4.1 proto"), ElementsAre("default via "
                                                                           "192.168.4.1 proto"));
}

TEST(Routes, WhatIsThereIsNotLost) {
  EXPECT_THAT(lost_routes({"a", "b", "c"}, {"c", "a", "d"}), ElementsAre("b"));
}

TEST(UnitName, IsTheLastPartOfTheGroupsPath) {
  EXPECT_EQ(unit_in("0::/system.slice/hapxd.service\n"), "hapxd.service");
  EXPECT_EQ(unit_in("4:memory:/user.slice\n1:name=systemd:/system.slice/hapxd.service\n0::/\n"),
            "hapxd.service");
  EXPECT_EQ(unit_in("0::/user.slice/user-0.slice/session-3.scope\n"), "");
  EXPECT_EQ(unit_in("0::/\n"), "");
  EXPECT_EQ(unit_in(""), "");
}

}  // namespace
}  // namespace hapx::appliance::drill
