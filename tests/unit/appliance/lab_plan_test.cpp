// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "appliance/lab/plan.hpp"
#include "config/parse.hpp"

namespace hapx::appliance::lab {
namespace {

Plan planned(Wishes wishes) {
  auto plan = make_plan(wishes);
  EXPECT_TRUE(plan) << plan.error().sentence;
  return plan ? *plan : Plan{};
}

std::string refusal_of(Wishes wishes) {
  const auto plan = make_plan(wishes);
  return plan ? "" : plan.error().sentence;
}

TEST(Plan, IsAConfigurationThatHapxAccepts) {
  for (const Wishes& wishes : {Wishes{}, Wishes{.name = "two", .nodes = 2},
                               Wishes{.name = "w", .nodes = 3, .witness = true},
                               Wishes{.name = "quick", .nodes = 3, .profile = "fast"},
                               Wishes{.name = "six", .witness = true, .family = Family::ipv6},
                               Wishes{.name = "ways", .links = 3},
                               Wishes{.name = "ways6", .family = Family::ipv6, .links = 2}}) {
    const Plan plan = planned(wishes);
    const auto config = parse_config(render_config(plan), "hapx.yaml");
    ASSERT_TRUE(config) << config.error().sentence;
    EXPECT_EQ(config->nodes.size(), wishes.nodes);
    EXPECT_EQ(config->nodes.back().role, wishes.witness ? Role::witness : Role::full);
    EXPECT_EQ(config->timing, plan.timing);
    EXPECT_EQ(config->key_file, plan.key_file);
    ASSERT_EQ(config->services.size(), 1U);
    EXPECT_EQ(config->services.front().name, plan.service);
    EXPECT_EQ(config->services.front().vips.front().address, plan.vip);
    EXPECT_EQ(config->services.front().api_servers.size(), plan.apiservers.size());
    for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
      EXPECT_EQ(config->nodes[i].address, plan.nodes[i].address);
      std::vector<IpAddress> links;
      for (const LinkPlan& link : plan.nodes[i].links) links.push_back(link.address.address);
      EXPECT_EQ(config->nodes[i].links, links);
      EXPECT_EQ(links.size(), wishes.links);
    }
  }
}

TEST(Plan, HasTheDefaultTimingUnlessToldOtherwise) {
  EXPECT_EQ(planned({}).timing, Timing{});
  EXPECT_EQ(planned({.profile = "fast"}).timing.lease, std::chrono::milliseconds(120));
}

TEST(Plan, TwoLabsShareNothingOutsideTheirNamespaces) {
  const Plan one = planned({.name = "one"});
  const Plan two = planned({.name = "two"});
  std::set<std::string> names;
  for (const Plan& plan : {one, two}) {
    for (const std::string& netns : namespaces_of(plan)) EXPECT_TRUE(names.insert(netns).second);
    EXPECT_TRUE(names.insert(plan.run_root).second);
    EXPECT_TRUE(names.insert(plan.state_root).second);
    for (const NodePlan& node : plan.nodes) {
      EXPECT_TRUE(names.insert(node.run_folder).second);
      EXPECT_TRUE(names.insert(node.state_folder).second);
    }
  }
}

TEST(Plan, AnIpv6LabHasTheSameNumbers) {
  const Plan plan = planned({.family = Family::ipv6});
  EXPECT_EQ(to_string(plan.vip), "2001:db8:4::20/64");
  EXPECT_EQ(to_string(plan.nodes[0].address), "2001:db8:4::11");
  EXPECT_EQ(to_string(plan.nodes[2].address), "2001:db8:4::13");
  EXPECT_EQ(to_string(plan.apiservers[0].address), "2001:db8:4::31");
  EXPECT_EQ(to_string(plan.client_address), "2001:db8:4::100");
  EXPECT_EQ(to_string(plan.watcher_address), "2001:db8:4::101");
  EXPECT_EQ(to_string(planned({}).vip), "192.168.4.20/24");
  EXPECT_EQ(to_string(planned({}).client_address), "192.168.4.100");
}

TEST(Plan, MachinesOfAnIpv6LabDetectNoDuplicates) {
  const Plan plan = planned({.family = Family::ipv6});
  EXPECT_EQ(machine_batch(apiservers_machine(plan)),
            "link set lo up\n"
            "addr add 2001:db8:4::31/64 dev eth0 nodad\n"
            "addr add 2001:db8:4::32/64 dev eth0 nodad\n"
            "addr add 2001:db8:4::33/64 dev eth0 nodad\n"
            "link set eth0 up\n");
  const auto settings = machine_settings(plan);
  for (const char* whose : {"all", "default"}) {
    const Setting wanted{std::string("net/ipv6/conf/") + whose + "/accept_dad", "0"};
    EXPECT_EQ(std::ranges::count(settings, wanted), 1) << whose;
  }
  EXPECT_TRUE(machine_settings(planned({})).empty());
  EXPECT_EQ(machine_batch(client_machine(planned({}))),
            "link set lo up\naddr add 192.168.4.100/24 brd + dev eth0\nlink set eth0 up\n");
}

TEST(Plan, AddressesAndHardwareAddressesAreAllDifferent) {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    const Plan plan = planned({.family = family, .links = 3});
    std::set<IpAddress> addresses{plan.vip.address, plan.client_address, plan.watcher_address};
    std::set<MacAddress> macs;
    for (const NodePlan& node : plan.nodes) {
      EXPECT_TRUE(addresses.insert(node.address).second);
      for (const LinkPlan& link : node.links) {
        EXPECT_TRUE(addresses.insert(link.address.address).second);
      }
      EXPECT_TRUE(macs.insert(node.mac).second);
      EXPECT_EQ(node.mac.bytes[0] & 3, 2) << "unicast and locally administered";
    }
    for (const ApiserverPlan& server : plan.apiservers) {
      EXPECT_TRUE(addresses.insert(server.address).second);
    }
  }
}

TEST(Plan, EachFurtherNetworkHasItsOwnBridgeAndCards) {
  const Plan plan = planned({.links = 2});
  const std::string bridges = bridge_batch(plan);
  for (const char* bridge : {"wire", "wire2", "wire3"}) {
    const std::string line = "link set " + std::string(bridge) + " up\n";
    EXPECT_NE(bridges.find(line), std::string::npos) << bridges;
  }
  EXPECT_EQ(bridge_batch(planned({})).find("wire2"), std::string::npos);
  EXPECT_EQ(ports_of(plan.nodes[1]), (std::vector<std::string>{"node2", "node2-2", "node2-3"}));
  const auto cards = links_of(plan.nodes[1]);
  ASSERT_EQ(cards.size(), 2U);
  EXPECT_EQ(cable_batch(cards[1]), "link add node2-3 type veth peer name eth2 netns " +
                                       plan.nodes[1].netns +
                                       "\nlink set node2-3 master wire3 up\n");
  EXPECT_EQ(machine_batch(cards[1]),
            "link set lo up\naddr add 10.0.2.12/24 brd + dev eth2\nlink set eth2 up\n");
  const Plan six = planned({.family = Family::ipv6, .links = 1});
  EXPECT_EQ(to_string(six.nodes[2].links[0].address), "2001:db8:4:1::13/64");
}

TEST(Plan, SocketPathsFitIntoTheKernelsLimit) {
  const Plan plan = planned({.name = std::string(24, 'x')});
  for (const NodePlan& node : plan.nodes) {
    EXPECT_LT((node.run_folder + "/a-socket-of-haproxy.sock").size(), 108U);
    EXPECT_LE(node.bridge_port.size(), 15U);
  }
}

TEST(Plan, MachinesAreFoundByNameAndByHardwareAddress) {
  const Plan plan = planned({});
  EXPECT_EQ(netns_of(plan, "node2"), plan.nodes[1].netns);
  EXPECT_EQ(netns_of(plan, "client"), plan.client_netns);
  EXPECT_EQ(netns_of(plan, "apiservers"), plan.apiserver_netns);
  EXPECT_EQ(netns_of(plan, "wire"), plan.wire_netns);
  EXPECT_EQ(netns_of(plan, "node4"), std::nullopt);
  EXPECT_EQ(node_of(plan, plan.nodes[2].mac), &plan.nodes[2]);
  EXPECT_EQ(node_of(plan, MacAddress{}), nullptr);
  EXPECT_EQ(node_of(plan, ""), nullptr);
}

TEST(Plan, TheWireIsTheLastNamespace) {
  const Plan plan = planned({});
  EXPECT_EQ(namespaces_of(plan).back(), plan.wire_netns);
  EXPECT_EQ(namespaces_of(plan).size(), 6U);
}

TEST(Plan, RefusesWhatNoLabCanBe) {
  EXPECT_NE(refusal_of({.name = ""}), "");
  EXPECT_NE(refusal_of({.name = "a/b"}), "");
  EXPECT_NE(refusal_of({.name = "../etc"}), "");
  EXPECT_NE(refusal_of({.name = "1st"}), "");
  EXPECT_NE(refusal_of({.name = std::string(25, 'x')}), "");
  EXPECT_NE(refusal_of({.nodes = 0}), "");
  EXPECT_NE(refusal_of({.nodes = 4}), "");
  EXPECT_NE(refusal_of({.nodes = 2, .witness = true}), "");
  EXPECT_NE(refusal_of({.links = 4}).find("0 to 3"), std::string::npos);
  EXPECT_NE(refusal_of({.profile = "slow"}).find("fast, lan or cloud"), std::string::npos);
}

TEST(Plan, WishesComeBackFromTheirText) {
  const Wishes wishes{.name = "other",
                      .nodes = 3,
                      .witness = true,
                      .profile = "fast",
                      .family = Family::ipv6,
                      .links = 2};
  const auto read = parse_wishes(render_wishes(wishes));
  ASSERT_TRUE(read) << read.error().sentence;
  EXPECT_EQ(*read, wishes);
  const auto of_an_earlier_hapx = parse_wishes("name=old\nnodes=2\nwitness=no\nprofile=lan\n");
  ASSERT_TRUE(of_an_earlier_hapx) << of_an_earlier_hapx.error().sentence;
  EXPECT_EQ(*of_an_earlier_hapx, (Wishes{.name = "old", .nodes = 2}));
  EXPECT_FALSE(parse_wishes("ip-version=5\n"));
  EXPECT_FALSE(parse_wishes("nodes=many\n"));
  EXPECT_FALSE(parse_wishes("links=some\n"));
  EXPECT_FALSE(parse_wishes("links=4\n"));
  EXPECT_FALSE(parse_wishes("colour=red\n"));
  EXPECT_FALSE(parse_wishes("nodes"));
  EXPECT_FALSE(parse_wishes("nodes=9\n"));
}

TEST(Plan, RefusalsOfATextAreOneBoundedLine) {
  const std::string longest(1000, 'x');
  for (const std::string& text : {"a\x1b[2J\r=1\n" + longest, longest + "=1\n", "name=" + longest,
                                  "profile=\xff" + longest}) {
    const auto read = parse_wishes(text);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().sentence.find_first_of("\x1b\r\xff"), std::string::npos);
    EXPECT_LT(read.error().sentence.size(), 200U) << read.error().sentence;
  }
}

TEST(Plan, APartitionCutsHeartbeatsOfOneNodeInBothDirections) {
  const Plan plan = planned({});
  const std::string rules = partition_rules(plan.nodes[1]);
  EXPECT_NE(rules.find("iifname \"node2\" udp dport 7405 drop"), std::string::npos) << rules;
  EXPECT_NE(rules.find("oifname \"node2\" udp dport 7405 drop"), std::string::npos) << rules;
  EXPECT_EQ(rules.find("node1"), std::string::npos) << rules;
  const std::string by_all_ways = partition_rules(planned({.links = 1}).nodes[1]);
  EXPECT_NE(by_all_ways.find("iifname \"node2-2\" udp dport 7405 drop"), std::string::npos);
  EXPECT_NE(by_all_ways.find("oifname \"node2-2\" udp dport 7405 drop"), std::string::npos);
}

TEST(Plan, APartitionOfOneWayCutsWhatTheNodeSays) {
  const std::string rules = partition_rules(planned({.links = 1}).nodes[1], Cut::outward);
  EXPECT_NE(rules.find("iifname \"node2\" udp dport 7405 drop"), std::string::npos) << rules;
  EXPECT_NE(rules.find("iifname \"node2-2\" udp dport 7405 drop"), std::string::npos) << rules;
  EXPECT_EQ(rules.find("oifname"), std::string::npos) << rules;
}

}  // namespace
}  // namespace hapx::appliance::lab
