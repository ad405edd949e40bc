// SPDX-License-Identifier: Apache-2.0
// What corosync.conf and keepalived.conf say, and how any of the texts is recognised.
#include "appliance/imports/corosync_conf.hpp"
#include "appliance/imports/keepalived_conf.hpp"
#include "imports_bench.hpp"

namespace hapx::appliance::imports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(ImportSource, IsKnownByWhatIsInIt) {
  EXPECT_EQ(recognise("# a comment\ntotem {\n}\n"), SourceKind::corosync);
  EXPECT_EQ(recognise("nodelist{\n"), SourceKind::corosync);
  EXPECT_EQ(recognise("<?xml version=\"1.0\"?>\n<cib/>"), SourceKind::cib_xml);
  EXPECT_EQ(recognise("property stonith-enabled=no\n"), SourceKind::crm);
  EXPECT_EQ(recognise("sudo crm configure primitive IP IPaddr2\n"), SourceKind::crm);
  EXPECT_EQ(recognise("! a comment\nglobal_defs {\n}\n"), SourceKind::keepalived);
  EXPECT_EQ(recognise("vrrp_instance VI_1 {\n"), SourceKind::keepalived);
  EXPECT_EQ(recognise("global\n  daemon\n"), SourceKind::haproxy);
  EXPECT_EQ(recognise("listen kube *:6443\n"), SourceKind::haproxy);
}

TEST(ImportSource, IsRefusedIfItIsOfNobody) {
  for (const auto* text : {"", "hello\n", "apiVersion: hapx.dev/v1alpha1\nkind: Cluster\n",
                           "# only a comment\n", "server {\n  listen 80;\n}\n"}) {
    const auto read = read_source(text, "f");
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_THAT(read.error().sentence, StartsWith("f:1:1: this is none of corosync.conf")) << text;
  }
  EXPECT_THAT(read_source("global\n\x01\n", "f").error().sentence,
              StartsWith("f:2:1: a control character"));
  EXPECT_THAT(read_source("global\n  \xff\n", "f").error().sentence,
              StartsWith("f:2:3: this is not UTF-8"));
  EXPECT_THAT(read_source(std::string(2'000'000, 'x'), "f").error().sentence,
              HasSubstr("larger than 1 MiB"));
  EXPECT_THAT(read_source("<html><body/></html>", "f").error().sentence,
              StartsWith("f:1:2: this XML is no CIB"));
}

constexpr const char* corosync = R"(totem {
  version: 2
  cluster_name: kube-demo
  token: 3000
  surprise: yes
}
nodelist {
  node {
    ring0_addr: 10.0.0.1
    ring1_addr: 10.1.0.1
    name: node1
    nodeid: 1
  }
  node {
    ring0_addr: 10.0.0.2
    ring1_addr: 10.1.0.2
    name: node2
    nodeid: 2
    quorum_votes: 2
  }
  node {
    ring0_addr: node3
    nodeid: 3
  }
}
quorum {
  provider: corosync_votequorum
  two_node: 1
}
logging { to_syslog: yes }
odd { }
)";

TEST(Corosync, NodesHaveNamesWaysAndVotes) {
  const Source source = read_well(corosync);
  EXPECT_EQ(source.kind, "corosync.conf");
  ASSERT_EQ(source.clusters.size(), 1U);
  EXPECT_EQ(source.clusters[0].value, "kube-demo");
  EXPECT_EQ(source.clusters[0].place, (Place{"f", 3}));
  ASSERT_EQ(source.nodes.size(), 3U);
  EXPECT_EQ(source.nodes[0].name, "node1");
  EXPECT_THAT(source.nodes[0].addresses, ElementsAre("10.0.0.1", "10.1.0.1"));
  EXPECT_EQ(source.nodes[0].place.line, 8U);
  EXPECT_EQ(source.nodes[1].votes, 2U);
  EXPECT_EQ(source.nodes[2].name, "node3") << "a host name is looked up, and names the node";
  EXPECT_TRUE(source.nodes[2].addresses.empty());
  ASSERT_EQ(source.policies.size(), 1U);
  EXPECT_EQ(source.policies[0].value, NoQuorumPolicy::ignore);
}

TEST(Corosync, NothingIsDroppedWithoutAWord) {
  const auto remarks = read_well(corosync).remarks;
  EXPECT_THAT(why_left_out(remarks, "token 3000"), StartsWith("4: a failover takes one lease"));
  EXPECT_EQ(why_left_out(remarks, "surprise yes"), "5: `hapx import` does not know this word");
  EXPECT_EQ(why_left_out(remarks, "logging"), "30: hapx logs to the journal");
  EXPECT_EQ(why_left_out(remarks, "odd"), "31: `hapx import` does not know this word");
}

TEST(Corosync, BlocksMayBeBroken) {
  const auto refused = [](const std::string& text) {
    const auto source = parse_corosync(text, "f");
    return source ? "" : source.error().sentence;
  };
  EXPECT_THAT(refused("totem {\n"),
              StartsWith("f:1:1: the block that begins here is never closed"));
  EXPECT_THAT(refused("totem {\n}\n}\n"), StartsWith("f:3:1: a block ends here"));
  EXPECT_THAT(refused("{\n}\n"), StartsWith("f:1:1: a block begins here that has no name"));
  std::string bomb;
  for (int i = 0; i < 100'000; ++i) bomb += "a {\n";
  EXPECT_THAT(refused(bomb), StartsWith("f:17:1: blocks are nested deeper"));
  std::string many;
  for (int i = 0; i < 30'000; ++i) many += "a: b\n";
  EXPECT_THAT(refused(many), HasSubstr("more statements than any"));
  cut_anywhere(corosync);
}

constexpr const char* keepalived = R"(! node1
global_defs {
  router_id node1
  notification_email {
    admin@example.com
  }
}
vrrp_instance VI_1
{
  state MASTER
  interface eth0
  virtual_router_id 51
  priority 101 # the first one
  advert_int 1
  authentication {
    auth_type PASS
    auth_pass secret
  }
  unicast_src_ip 10.0.0.1
  unicast_peer {
    10.0.0.2
    not-an-address
  }
  virtual_ipaddress {
    10.0.0.9/24 dev eth1 label eth1:vip
    10.0.0.8
    ${VIP}
  }
  odd_word 1
}
vrrp_instance VI_2 {
  interface eth0
  nopreempt
  virtual_ipaddress { 2001:db8::9/64 }
}
vrrp_sync_group both {
  group {
    VI_1
    VI_2
  }
}
)";

TEST(Keepalived, AddressesHaveTheirInterfaces) {
  const Source source = read_well(keepalived);
  ASSERT_EQ(source.groups.size(), 1U) << "a sync group is on one node together";
  const auto& vips = source.groups[0].vips;
  ASSERT_EQ(vips.size(), 3U);
  EXPECT_EQ(vips[0].address + "/" + vips[0].prefix + " " + vips[0].interface, "10.0.0.9/24 eth1");
  EXPECT_EQ(vips[1].address + "/" + vips[1].prefix + " " + vips[1].interface, "10.0.0.8/32 eth0");
  EXPECT_EQ(vips[2].address + "/" + vips[2].prefix, "2001:db8::9/64");
  EXPECT_EQ(vips[0].place.line, 25U);
}

TEST(Keepalived, NodesAreThoseThatSpeakToEachOther) {
  const Source source = read_well(keepalived);
  ASSERT_EQ(source.nodes.size(), 2U);
  EXPECT_THAT(source.nodes[0].addresses, ElementsAre("10.0.0.1"));
  EXPECT_THAT(source.nodes[1].addresses, ElementsAre("10.0.0.2"));
  ASSERT_EQ(source.groups[0].priorities.size(), 2U);
  const Priority& priority = source.groups[0].priorities[0];
  EXPECT_EQ(priority.value, 101U);
  EXPECT_EQ(priority.address, "10.0.0.1");
  EXPECT_EQ(priority.name, "node1");
  EXPECT_TRUE(priority.returns);
  EXPECT_FALSE(source.groups[0].priorities[1].returns);
}

TEST(Keepalived, NothingIsDroppedWithoutAWord) {
  const auto remarks = read_well(keepalived).remarks;
  EXPECT_EQ(why_left_out(remarks, "virtual_router_id 51"),
            "12: the cluster's name and key tell clusters apart");
  EXPECT_THAT(why_left_out(remarks, "authentication"), HasSubstr("sealed"));
  EXPECT_EQ(why_left_out(remarks, "label eth1:vip"), "25: the address is on the interface itself");
  EXPECT_EQ(why_left_out(remarks, "${VIP}"), "27: it is no IP address");
  EXPECT_EQ(why_left_out(remarks, "not-an-address"), "22: it is no IP address");
  EXPECT_EQ(why_left_out(remarks, "odd_word 1"), "29: `hapx import` does not know this word");
  for (const Remark& remark : remarks) {
    EXPECT_THAT(remark.words + remark.reason, testing::Not(HasSubstr("secret")));
  }
  cut_anywhere(keepalived);
}

TEST(Keepalived, VirtualServersHaveKubeApiservers) {
  const Source source = read_well(
      "virtual_server 10.0.0.9 6443 {\n  lb_algo rr\n  real_server 10.0.0.31 6443 {\n"
      "    TCP_CHECK { connect_timeout 3 }\n  }\n  real_server 10.0.0.32 6443 { }\n}\n"
      "virtual_server 10.0.0.9 80 {\n  real_server 10.0.0.41 8080 { }\n}\n");
  ASSERT_EQ(source.frontends.size(), 1U);
  EXPECT_EQ(source.frontends[0].port.value, 6443);
  EXPECT_THAT(source.frontends[0].addresses, ElementsAre("10.0.0.9"));
  ASSERT_EQ(source.frontends[0].servers.size(), 2U);
  EXPECT_EQ(source.frontends[0].servers[1].value, (ApiServer{"10.0.0.32", 6443}));
  EXPECT_THAT(why_left_out(source.remarks, "virtual_server 10.0.0.9 80"),
              HasSubstr("no kube-apiserver is behind it"));
}

TEST(ImportSource, NamesScoresAndTimesAreRead) {
  EXPECT_EQ(as_label("Hapx_Node01.kube.demo"), "hapx-node01");
  EXPECT_EQ(as_label("-x"), "");
  EXPECT_EQ(as_label(""), "");
  EXPECT_EQ(as_label(std::string(64, 'a')), "");
  EXPECT_EQ(as_score("inf"), Score::infinity());
  EXPECT_EQ(as_score("-INFINITY"), Score::minus_infinity());
  EXPECT_EQ(as_score("+50"), Score(50));
  EXPECT_EQ(as_score("-99999999"), Score::minus_infinity());
  EXPECT_EQ(as_score("mandatory"), std::nullopt);
  EXPECT_EQ(as_score(""), std::nullopt);
  EXPECT_EQ(as_duration("20", std::chrono::seconds(1)), std::chrono::seconds(20));
  EXPECT_EQ(as_duration("20s", std::chrono::milliseconds(1)), std::chrono::seconds(20));
  EXPECT_EQ(as_duration("5min", std::chrono::seconds(1)), std::chrono::minutes(5));
  EXPECT_EQ(as_duration("99999999999999999999", std::chrono::seconds(1)), std::nullopt);
  EXPECT_EQ(as_duration("99999999999d", std::chrono::seconds(1)), std::nullopt);
  EXPECT_EQ(as_duration("PT5M", std::chrono::seconds(1)), std::nullopt);
}

}  // namespace
}  // namespace hapx::appliance::imports
