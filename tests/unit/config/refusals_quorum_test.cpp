// SPDX-License-Identifier: Apache-2.0
#include "config/write.hpp"
#include "refusals.hpp"

namespace hapx::refusals {
namespace {

constexpr const char* ignore = "  noQuorumPolicy: ignore\n";
constexpr const char* gateway = "  tieBreaker: {address: 10.0.0.1, interface: eth0}\n";

/// Two nodes, which may be changed, and these lines at the end.
std::string file_of(const std::string& nodes, const std::string& lines) {
  return std::string("    - {name: node1, address: 10.0.0.11}\n") + nodes + "  services:\n" +
         the_service + lines;
}

Case pair(const std::string& name, const std::string& lines, std::vector<std::string> sentences,
          const std::string& second = "    - {name: node2, address: 10.0.0.12}\n") {
  return {name, std::string(the_nodes) + "  services:\n" + the_service + last_line,
          file_of(second, lines), std::move(sentences)};
}

std::string tie_breaker(const std::string& map) {
  return std::string(ignore) + "  tieBreaker: " + map + "\n";
}

std::vector<Case> cases() {
  return {
      pair(
          "WithoutTieBreaker", ignore,
          {"f:14:19: `ignore` needs a tie-breaker, or each of two nodes that are cut off from each "
           "other would take every address; add spec.tieBreaker with the `address` of the gateway "
           "and the `interface` by which it is asked"}),
      pair(
          "TieBreakerThatNobodyAsks", gateway,
          {"f:14:15: nobody asks it: a tie-breaker is for two nodes with `noQuorumPolicy: ignore`; "
           "write that, or remove it"}),
      pair("ThreeNodes", std::string(ignore) + gateway,
           {"f:15:19: `ignore` is for two nodes with one vote each, and there are 3 nodes: with a "
            "third vote nobody needs evidence; use `stop`, or remove a node"},
           "    - {name: node2, address: 10.0.0.12}\n    - {name: node3, address: 10.0.0.13}\n"),
      pair(
          "OneNode", std::string(ignore) + gateway,
          {"f:13:19: `ignore` is for two nodes, and there is one; it needs nobody else's vote: use "
           "`stop`"},
          ""),
      pair("UnequalVotes", std::string(ignore) + gateway,
           {"f:14:19: `ignore` is for two nodes with one vote each: evidence stands in for the one "
            "that is gone; leave `votes` out"},
           "    - {name: node2, address: 10.0.0.12, votes: 2}\n"),
      pair("ANodeAsTieBreaker", tie_breaker("{address: 10.0.0.12, interface: eth0}"),
           {"f:15:25: 10.0.0.12 is an address of node `node2`, which is gone with it; name a host "
            "that shares no failure with either node, like the gateway"}),
      pair("AVipAsTieBreaker", tie_breaker("{address: 10.0.0.20, interface: eth0}"),
           {"f:15:25: 10.0.0.20 is a VIP of service `api`; name a host that shares no failure with "
            "either node, like the gateway"}),
      pair("ThisMachineAsTieBreaker", tie_breaker("{address: 127.0.0.1, interface: eth0}"),
           {"f:15:25: 127.0.0.1 is this machine itself; name a host that shares no failure with "
            "either node, like the gateway"}),
      pair("NoAddress", tie_breaker("{address: gateway, interface: eth0}"),
           {"f:15:25: `gateway` is no IP address; write the one of the gateway, like 192.168.4.1"}),
      pair("WithoutInterface", tie_breaker("{address: 10.0.0.1}"),
           {"f:15:15: `interface` is missing in spec.tieBreaker; add it"}),
      pair("NoInterface", tie_breaker("{address: 10.0.0.1, interface: eth0:1}"),
           {"f:15:46: no interface can be called `eth0:1`: it contains `:`; `ip link` lists the "
            "names there are"}),
  };
}

class BadQuorum : public testing::TestWithParam<Case> {};

TEST_P(BadQuorum, IsRefused) {
  expect_refused(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Each, BadQuorum, testing::ValuesIn(cases()),
                         [](const auto& each) { return each.param.name; });

/// Of either family; a router's link-local address, too, for the interface is named beside it.
TEST(TwoNodes, MayNameTheirGateway) {
  for (const std::string address : {"10.0.0.1", "'2001:db8::1'", "'fe80::1'"}) {
    auto text = good_file();
    const std::string good = std::string(the_nodes) + "  services:\n" + the_service + last_line;
    text.replace(text.find(good), good.size(),
                 file_of("    - {name: node2, address: 10.0.0.12}\n",
                         tie_breaker("{address: " + address + ", interface: eth0}")));
    const auto checked = check_config(text, "f");
    ASSERT_TRUE(checked.config) << checked.refusals.front().sentence;
    EXPECT_EQ(checked.config->tie_breaker->interface, InterfaceName("eth0"));
    EXPECT_EQ(check_config(write_config(*checked.config), "w").config, checked.config);
  }
}

/// There is no segment that could be asked who has its address.
TEST(TwoNodes, HaveNoRoutedService) {
  auto text = good_file();
  const std::string good = std::string(the_nodes) + "  services:\n" + the_service + last_line;
  std::string pair = file_of("    - {name: node2, address: 10.0.0.12}\n",
                             tie_breaker("{address: 10.0.0.1, interface: eth0}"));
  const std::string vips = "vips: [{address: 10.0.0.20/24, interface: eth0}]";
  pair.replace(pair.find(vips), vips.size(), "vips: [{address: 10.9.0.1/32}]\n      announce: bgp");
  text.replace(text.find(good), good.size(), pair);
  const auto checked = check_config(text, "f");
  ASSERT_EQ(checked.refusals.size(), 1U);
  EXPECT_EQ(
      checked.refusals.front().sentence,
      "f:15:19: `ignore` asks the segment who has an address, and service `api` has "
      "`announce: bgp` and no segment; use `stop`, and a third vote: a node with `role: witness`, "
      "or spec.arbiter");
}

}  // namespace
}  // namespace hapx::refusals
