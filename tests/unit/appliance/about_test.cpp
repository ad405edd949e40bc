// SPDX-License-Identifier: Apache-2.0
#include "appliance/about.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hapx::appliance {
namespace {

using testing::ElementsAre;

const NodeName node1("node1");
const NodeName node10("node10");
const ServiceName kube("kube");
const ServiceName web("web");

MemberStatus member(const NodeName& name) {
  MemberStatus out;
  out.name = name;
  return out;
}

ServiceOnNode place(const NodeName& name) {
  ServiceOnNode out;
  out.node = name;
  return out;
}

Status status() {
  Status all;
  all.node = node1;
  all.members = {member(node1), member(node10)};
  for (const ServiceName& name : {kube, web}) {
    ServiceStatus service;
    service.name = name;
    service.nodes = {place(node1), place(node10)};
    all.services.push_back(service);
  }
  all.orders = {{"standby", "node10", "", "me", "", ""},
                {"ban", "node1", "web", "me", "", ""},
                {"maintenance", "", "", "me", "", ""}};
  all.degraded = {"node10 is offline", "web is not served: node1 can't hold it", "no quorum"};
  return all;
}

TEST(About, ANameIsFoundOnlyWhole) {
  for (const char* text : {"node1", "node1 is dead", "moves to node1", "(node1)", "node1: no fence",
                           "it is on node1.", "node10 and node1"}) {
    EXPECT_TRUE(names(text, "node1")) << text;
  }
  for (const char* text : {"", "node10 is dead", "a-node1", "node1-b", "node1.example is dead",
                           "anode1", "www.node1"}) {
    EXPECT_FALSE(names(text, "node1")) << text;
  }
  EXPECT_FALSE(names("anything", ""));
}

TEST(About, ANodeHasItsPlacesItsOrdersAndItsReasons) {
  const Status of_node = about(status(), node1);
  ASSERT_EQ(of_node.members.size(), 1U);
  EXPECT_EQ(of_node.members[0].name, node1);
  ASSERT_EQ(of_node.services.size(), 2U);
  for (const ServiceStatus& service : of_node.services) {
    ASSERT_EQ(service.nodes.size(), 1U);
    EXPECT_EQ(service.nodes[0].node, node1);
  }
  ASSERT_EQ(of_node.orders.size(), 2U);
  EXPECT_EQ(of_node.orders[0].kind, "ban");
  EXPECT_EQ(of_node.orders[1].kind, "maintenance") << "it bears on every node";
  EXPECT_THAT(of_node.degraded, ElementsAre("web is not served: node1 can't hold it"));
}

TEST(About, AServiceKeepsItsPlacesAndWhatBearsOnThem) {
  const Status of_service = about(status(), kube);
  ASSERT_EQ(of_service.services.size(), 1U);
  EXPECT_EQ(of_service.services[0].name, kube);
  EXPECT_EQ(of_service.services[0].nodes.size(), 2U);
  EXPECT_EQ(of_service.members.size(), 2U);
  ASSERT_EQ(of_service.orders.size(), 2U);
  EXPECT_EQ(of_service.orders[0].kind, "standby");
  EXPECT_EQ(of_service.orders[1].kind, "maintenance");
}

TEST(About, TheLinesOfAnotherNodeAreThoseThatNameIt) {
  std::vector<EventLine> lines(3);
  lines[0].sentence = "node10 is dead";
  lines[1].sentence = "web is to be on node1";
  lines[2].sentence = "nobody coordinates";
  lines[2].reason = "node10 has left";
  EXPECT_EQ(about(lines, status(), node1).size(), 3U) << "who tells them: all";
  const auto of_other = about(lines, status(), node10);
  ASSERT_EQ(of_other.size(), 2U);
  EXPECT_EQ(of_other[0].sentence, "node10 is dead");
  EXPECT_EQ(of_other[1].reason, "node10 has left");
}

}  // namespace
}  // namespace hapx::appliance
