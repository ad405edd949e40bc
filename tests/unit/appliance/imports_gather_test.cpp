// SPDX-License-Identifier: Apache-2.0
// What follows from several files and an operator's options, and what is said to be missing.
#include "appliance/document.hpp"
#include "imports_bench.hpp"

namespace hapx::appliance::imports {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* two_nodes = R"(totem {
  cluster_name: demo
}
nodelist {
  node {
    ring0_addr: 10.0.0.1
    ring1_addr: 10.1.0.1
    nodeid: 1
  }
  node {
    ring0_addr: 10.0.0.2
    ring1_addr: 10.1.0.2
    nodeid: 2
  }
}
quorum {
  two_node: 1
}
)";

constexpr const char* their_cib =
    "node 1: Node1.example.com\nnode 2: node2\n"
    "primitive ip IPaddr2 params ip=10.0.0.9 cidr_netmask=24 nic=eth0\n"
    "primitive gw ping params host_list=10.0.0.254\n"
    "location l ip 50: node1\n";

constexpr const char* their_haproxy =
    "listen kube\n  bind :6443\n  server a 10.0.0.31 check\n  server b 10.0.0.31:6443 check\n";

Imported all_of(const std::vector<std::string>& texts, const Wishes& wishes = {}) {
  std::vector<Source> sources;
  for (const std::string& text : texts) {
    sources.push_back(read_well(text, "f" + std::to_string(sources.size() + 1)));
  }
  return import_all(sources, wishes);
}

TEST(Gather, FilesThatKnowHalvesOfANodeAreJoined) {
  const Imported imported = all_of({two_nodes, their_cib, their_haproxy});
  ASSERT_TRUE(imported.config) << imported.refusals.front();
  const ClusterConfig& config = *imported.config;
  ASSERT_EQ(config.nodes.size(), 2U);
  EXPECT_EQ(config.nodes[0].name, NodeName("node1"));
  EXPECT_EQ(config.nodes[0].address, ipv4(10, 0, 0, 1));
  EXPECT_THAT(config.nodes[0].links, ElementsAre(ipv4(10, 1, 0, 1)));
  EXPECT_EQ(config.nodes[1].name, NodeName("node2"));
  EXPECT_EQ(config.services[0].location.at(NodeName("node1")), Score(50));
  EXPECT_EQ(config.no_quorum_policy, NoQuorumPolicy::ignore);
  EXPECT_EQ(config.tie_breaker->address, ipv4(10, 0, 0, 254)) << "whom the ping resource asked";
  EXPECT_EQ(config.tie_breaker->interface, InterfaceName("eth0"));
  EXPECT_EQ(config.services[0].api_servers.size(), 1U) << "the same one twice";
  EXPECT_THAT(became(imported.remarks, "Node1.example.com 10.0.0.1 10.1.0.1"),
              HasSubstr("spec.nodes[0], as `node1`"));
}

TEST(Gather, WhatIsMissingIsSaidWithItsOption) {
  const auto refusals = all_of({"primitive ip IPaddr2 params ip=10.0.0.9\n"}).refusals;
  EXPECT_THAT(
      refusals,
      ElementsAre(HasSubstr("give each with --node NAME=ADDRESS"),
                  HasSubstr("with --vip 10.0.0.9/PREFIX"), HasSubstr("with --interface NAME"),
                  HasSubstr("with --apiserver HOST[:PORT]"), HasSubstr("with --cluster NAME")));
  EXPECT_THAT(refusals[1], HasSubstr("(f1:1)"));
  EXPECT_THAT(all_of({their_haproxy}).refusals, Contains(HasSubstr("--vip ADDRESS/PREFIX")));
  EXPECT_THAT(all_of({"node a\nprimitive ip IPaddr2 params ip=10.0.0.9\n"}).refusals,
              Contains(HasSubstr("node `a` (f1:1) has no address in what was read; give it with "
                                 "--node a=ADDRESS")));
  EXPECT_THAT(all_of({"vrrp_instance V {\n  unicast_src_ip 10.0.0.1\n}\n"}).refusals,
              Contains(HasSubstr("the node at 10.0.0.1 (f1:2) has no name in what was read; give "
                                 "it with --node NAME=10.0.0.1")));
}

TEST(Gather, OptionsGiveWhatIsMissing) {
  const Imported imported = all_of({"primitive ip IPaddr2 params ip=10.0.0.9\n"}, plenty());
  ASSERT_TRUE(imported.config) << imported.refusals.front();
  EXPECT_EQ(imported.config->nodes.size(), 3U);
  EXPECT_EQ(imported.config->nodes[2].role, Role::witness);
  EXPECT_EQ(to_string(imported.config->services[0].vips[0].address), "10.0.0.9/24");
  EXPECT_EQ(imported.config->services[0].api_servers[0], (ApiServer{"10.0.0.31", 6443}));
}

TEST(Gather, WrongOptionsAreRefused) {
  Wishes wishes = plenty();
  wishes.nodes = {"node1"};
  wishes.vips = {"10.0.0.9"};
  wishes.api_servers = {"a:b"};
  wishes.cluster = "No Name";
  const auto refusals = all_of({their_cib}, wishes).refusals;
  EXPECT_THAT(refusals, Contains(HasSubstr("`node1` is no node")));
  EXPECT_THAT(refusals, Contains(HasSubstr("`10.0.0.9` is no address with its network's prefix")));
  EXPECT_THAT(refusals, Contains(HasSubstr("`a:b` is no kube-apiserver")));
  wishes = plenty();
  wishes.cluster = "No Name";
  EXPECT_THAT(all_of({their_cib}, wishes).refusals,
              ElementsAre(HasSubstr("`No Name` can't be the name of a cluster")))
      << "what the file would be refused for";
}

TEST(Gather, OneOfTwoAsksBeforeItGoesOnAlone) {
  Wishes wishes = plenty();
  wishes.witnesses.clear();
  const auto refusals = all_of({"totem {\n}\nquorum {\n  two_node: 1\n}\n"}, wishes).refusals;
  EXPECT_THAT(refusals, ElementsAre(HasSubstr("(`two_node 1`, f1:4)")));
  EXPECT_THAT(refusals[0], HasSubstr("--tie-breaker ADDRESS, mostly the gateway, or --witness"));
  wishes.tie_breaker = "nobody";
  EXPECT_THAT(all_of({their_cib}, wishes).refusals, Contains(HasSubstr("`nobody` is no address")));
  wishes.tie_breaker = "10.0.0.254";
  const Imported asked = all_of({their_cib}, wishes);
  ASSERT_TRUE(asked.config) << asked.refusals.front();
  EXPECT_EQ(asked.config->no_quorum_policy, NoQuorumPolicy::ignore) << "who names one wants it";
  wishes.tie_breaker.clear();
  const Imported plain = all_of({their_cib}, wishes);
  ASSERT_TRUE(plain.config);
  EXPECT_EQ(plain.config->no_quorum_policy, NoQuorumPolicy::stop) << "as Pacemaker's default";
  const Imported three = all_of({"totem {\n}\nquorum {\n  two_node: 1\n}\n"}, plenty());
  ASSERT_TRUE(three.config) << three.refusals.front();
  EXPECT_EQ(three.config->no_quorum_policy, NoQuorumPolicy::stop);
  EXPECT_THAT(why_left_out(three.remarks, "two_node 1"), HasSubstr("here the votes decide"));
}

std::string of_node(int number, int priority, const std::string& more = "") {
  const auto address = [](int n) { return "10.0.0." + std::to_string(n); };
  return "vrrp_instance V {\n  interface eth0\n  priority " + std::to_string(priority) + "\n" +
         more + "  unicast_src_ip " + address(number) + "\n  unicast_peer {\n    " +
         address(3 - number) + "\n  }\n  virtual_ipaddress {\n    10.0.0.9/24\n  }\n}\n";
}

TEST(Gather, PrioritiesAreScoresWhereAllNodesSayTheirs) {
  const NodeName first("node1");
  const Imported both = all_of({of_node(1, 101), of_node(2, 100)}, plenty());
  ASSERT_TRUE(both.config) << both.refusals.front();
  EXPECT_EQ(both.config->services[0].vips.size(), 1U);
  EXPECT_EQ(both.config->services[0].location, (std::map{std::pair{first, Score(200)}}));
  const Imported staying = all_of({of_node(1, 101, "  nopreempt\n"), of_node(2, 100)}, plenty());
  EXPECT_EQ(staying.config->services[0].location, (std::map{std::pair{first, Score(50)}}));
  const Imported alone = all_of({of_node(1, 101)}, plenty());
  EXPECT_TRUE(alone.config->services[0].location.empty());
  EXPECT_THAT(why_left_out(alone.remarks, "priority 101"), HasSubstr("the files of all nodes"));
  const Imported alike = all_of({of_node(1, 100), of_node(2, 100)}, plenty());
  EXPECT_TRUE(alike.config->services[0].location.empty());
}

TEST(Gather, WhatIsSaidTwiceCountsOnce) {
  Wishes wishes = plenty();
  wishes.api_servers.clear();
  const Imported imported =
      all_of({"primitive a IPaddr2 params ip=10.0.0.9 cidr_netmask=24 nic=eth0 meta "
              "migration-threshold=2\nprimitive b haproxy meta migration-threshold=5\n"
              "rsc_defaults resource-stickiness=INFINITY\n",
              "primitive a IPaddr2 params ip=10.0.0.9 cidr_netmask=25 nic=eth1\n", their_haproxy,
              "listen kube2\n  bind :7443\n  server a 10.0.0.41:6443\n"},
             wishes);
  ASSERT_TRUE(imported.config) << imported.refusals.front();
  EXPECT_EQ(imported.config->scheduling.migration_threshold, Score(2));
  EXPECT_EQ(imported.config->scheduling.resource_stickiness, Score::infinity());
  EXPECT_THAT(why_left_out(imported.remarks, "migration-threshold=5"),
              HasSubstr("hapx has one for all, and that of f1:1 was taken"));
  EXPECT_THAT(why_left_out(imported.remarks, "10.0.0.9/25 dev eth1"),
              HasSubstr("the same on all nodes"));
  EXPECT_THAT(why_left_out(imported.remarks, "kube2"), HasSubstr("another frontend was taken"));
}

TEST(Gather, EachGroupHasTheFrontendAtItsAddress) {
  Wishes wishes = plenty();
  wishes.api_servers.clear();
  const Imported imported =
      all_of({"primitive a IPaddr2 params ip=10.0.0.9 cidr_netmask=24 nic=eth0\n"
              "primitive b IPaddr2 params ip=10.0.0.8 cidr_netmask=24 nic=eth0\n",
              "listen one\n  bind 10.0.0.8:6443\n  server a 10.0.0.31:6443\n"
              "listen two\n  bind 10.0.0.9:6443\n  server b 10.0.0.32:6443\n"},
             wishes);
  ASSERT_TRUE(imported.config) << imported.refusals.front();
  ASSERT_EQ(imported.config->services.size(), 2U);
  EXPECT_EQ(imported.config->services[0].api_servers[0].host, "10.0.0.32");
  EXPECT_EQ(imported.config->services[1].api_servers[0].host, "10.0.0.31");
  EXPECT_EQ(imported.config->services[1].name, ServiceName("kube-apiserver-2"));
}

TEST(Gather, WhatCheckWouldRefuseIsRefused) {
  Wishes wishes = plenty();
  wishes.nodes = {"node1=10.0.0.9", "node2=10.0.0.2"};
  const auto refusals = all_of({their_cib}, wishes).refusals;
  ASSERT_FALSE(refusals.empty());
  EXPECT_THAT(refusals[0], testing::StartsWith("the VIP 10.0.0.9 is the address of node `node1`"));
  wishes = plenty();
  wishes.nodes.push_back("node4=10.0.0.4");
  EXPECT_THAT(all_of({their_haproxy}, wishes).refusals,
              ElementsAre(HasSubstr("there are 4 nodes")));
}

TEST(Gather, TheDocumentHasAllOfIt) {
  const std::vector<Source> sources{read_well(their_cib)};
  const Imported imported = import_all(sources, plenty());
  const auto tree = tree_from_json(to_json(imported, sources, ""));
  ASSERT_TRUE(tree.has_value());
  EXPECT_EQ(tree->find("sources")->items[0].find("kind")->scalar, "a CIB, as crm's text");
  EXPECT_EQ(tree->find("config")->find("metadata")->find("name")->scalar, "demo");
  EXPECT_EQ(tree->find("file")->kind, YamlNode::Kind::null);
  const YamlNode& left_out = *tree->find("leftOut");
  ASSERT_FALSE(left_out.items.empty());
  EXPECT_EQ(left_out.items[0].find("words")->scalar, "primitive gw ping");
  EXPECT_EQ(left_out.items[0].find("line")->scalar, "4");
  EXPECT_NE(tree->find("taken")->items[0].find("became"), nullptr);
  const auto written = tree_from_json(to_json(imported, sources, "hapx.yaml"));
  EXPECT_EQ(written->find("file")->scalar, "hapx.yaml");
}

}  // namespace
}  // namespace hapx::appliance::imports
