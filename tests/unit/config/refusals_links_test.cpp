// SPDX-License-Identifier: Apache-2.0
// Refusals of further ways for heartbeats.
#include "refusals.hpp"

namespace hapx::refusals {
namespace {

/// The three nodes with these links.
std::string nodes(const std::string& first, const std::string& second, const std::string& third) {
  return "    - {name: node1, address: 10.0.0.1, links: " + first +
         "}\n    - {name: node2, address: 10.0.0.2, links: " + second +
         "}\n    - {name: node3, address: 10.0.0.3, role: witness, links: " + third + "}\n";
}

std::vector<Case> cases() {
  return {
      {"LinkWithAPrefix",
       the_nodes,
       nodes("[10.9.0.1/24]", "[10.9.0.2]", "[10.9.0.3]"),
       {"f:6:48: a node's address has no prefix; write 10.9.0.1 instead of `10.9.0.1/24`"}},
      {"NodesWithUnequallyManyLinks",
       the_nodes,
       nodes("[10.9.0.1]", "[10.9.0.2]", "[10.9.0.3, 10.8.0.3]"),
       {"f:8:62: node `node1` has 1 links and this one 2; the n-th of one node hears the n-th of "
        "the others, so give all nodes as many"}},
      {"LinkOfTheOtherFamily",
       the_nodes,
       nodes("[10.9.0.1]", "[\"2001:db8::2\"]", "[10.9.0.3]"),
       {"f:7:47: 2001:db8::2 is to hear 10.9.0.1 of node `node1`, which is of the other family"}},
      {"LinkThatIsAnothersAddress",
       the_nodes,
       nodes("[10.9.0.1]", "[10.0.0.1]", "[10.9.0.3]"),
       {"f:7:47: 10.0.0.1 is already an address of node `node1`; each way of each node has its "
        "own"}},
      {"LinkThatIsTheNodesOwnAddress",
       the_nodes,
       nodes("[10.0.0.1]", "[10.9.0.2]", "[10.9.0.3]"),
       {"f:6:47: 10.0.0.1 is already an address of node `node1`; each way of each node has its "
        "own"}},
      {"LinkOnLoopback",
       the_nodes,
       nodes("[127.0.0.2]", "[10.9.0.2]", "[10.9.0.3]"),
       {"f:6:47: 127.0.0.2 is a loopback address, at which no other node can reach this one; use "
        "its address in a network of the nodes"}},
      {"VipThatIsALink",
       the_nodes,
       nodes("[10.0.0.20]", "[10.9.0.2]", "[10.9.0.3]"),
       {"f:11:24: the VIP 10.0.0.20 is the address of node `node1`; a VIP moves between nodes, so "
        "choose an address of no machine"}},
  };
}

class RefusedLinks : public testing::TestWithParam<Case> {};

TEST_P(RefusedLinks, WithPlaceAndAdvice) {
  expect_refused(GetParam());
}

INSTANTIATE_TEST_SUITE_P(All, RefusedLinks, testing::ValuesIn(cases()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace hapx::refusals
