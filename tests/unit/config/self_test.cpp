// SPDX-License-Identifier: Apache-2.0
#include "config/self.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace hapx {
namespace {

ClusterConfig three_nodes() {
  ClusterConfig config;
  config.nodes = {{NodeName("node1"), ipv4(10, 0, 0, 1)},
                  {NodeName("node2"), ipv4(10, 0, 0, 2)},
                  {NodeName("node3"), ipv4(10, 0, 0, 3)}};
  return config;
}

std::string found(std::optional<NodeName> asked, std::string_view host_name,
                  std::vector<IpAddress> local) {
  local.push_back(ipv4(127, 0, 0, 1));
  const auto self = find_self(three_nodes(), asked, host_name, local);
  return self ? self->text() : self.error().sentence;
}

TEST(FindSelf, IsToldByName) {
  EXPECT_EQ(found(NodeName("node2"), "node1", {ipv4(10, 0, 0, 1)}), "node2");
  EXPECT_EQ(found(NodeName("node9"), "node1", {}),
            "there is no node `node9`; did you mean `node1`?");
  EXPECT_EQ(found(NodeName("berlin"), "node1", {}),
            "there is no node `berlin`; the nodes of the configuration are node1, node2 and node3");
}

TEST(FindSelf, GoesByTheHostName) {
  EXPECT_EQ(found({}, "node2", {}), "node2");
  EXPECT_EQ(found({}, "node2.example.org", {}), "node2");
  EXPECT_EQ(found({}, "NODE2", {}), "node2");
  EXPECT_EQ(found({}, "node2", {ipv4(10, 0, 0, 2)}), "node2");
}

TEST(FindSelf, GoesByAnAddress) {
  EXPECT_EQ(found({}, "localhost", {ipv4(10, 0, 0, 3)}), "node3");
  EXPECT_EQ(found({}, "", {ipv4(10, 0, 0, 3)}), "node3");
}

TEST(FindSelf, PrefersTheNameAmongSeveralOwnAddresses) {
  EXPECT_EQ(found({}, "node2", {ipv4(10, 0, 0, 1), ipv4(10, 0, 0, 2)}), "node2");
}

TEST(FindSelf, RefusesANameThatItsAddressesContradict) {
  EXPECT_EQ(found({}, "node2", {ipv4(10, 0, 0, 1)}),
            "this host is called `node2` but has the address of `node1` (10.0.0.1); correct one of "
            "them, or say who it is with --node");
}

TEST(FindSelf, RefusesWhatIsAmbiguous) {
  EXPECT_EQ(found({}, "localhost", {ipv4(10, 0, 0, 1), ipv4(10, 0, 0, 2)}),
            "this host has the addresses of both `node1` and `node2`; say who it is with --node");
}

TEST(FindSelf, RefusesAStranger) {
  EXPECT_EQ(found({}, "node4", {ipv4(10, 0, 0, 4)}),
            "this host (`node4`) is no node of the configuration: neither its name nor one of its "
            "addresses stands there; the nodes of the configuration are node1, node2 and node3; "
            "correct the file, or say who it is with --node");
}

}  // namespace
}  // namespace hapx
