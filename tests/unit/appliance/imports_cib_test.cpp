// SPDX-License-Identifier: Apache-2.0
// What a CIB says, in either of its spellings.
#include "appliance/imports/cib_xml.hpp"
#include "appliance/imports/crm_text.hpp"
#include "imports_bench.hpp"

namespace hapx::appliance::imports {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* crm = R"(node 1: node1
node 2: node2 attributes standby=on
primitive ip1 ocf:heartbeat:IPaddr2 \
    params ip="10.0.0.9" nic=eth0:1 cidr_netmask=255.255.255.224 arp_count=5 odd=1 \
    meta migration-threshold=2 failure-timeout=5min target-role=Started \
    op monitor interval=20 on-fail=standby op start timeout=60 interval=0
primitive ip2 IPaddr2 params ip=2001:db8::9/64 cidr_netmask=64 nic=eth0
primitive ip3 IPaddr2 params ip=10.0.0.8 cidr_netmask=24 nic=eth0
primitive web systemd:nginx
primitive lb ocf:heartbeat:haproxy params conffile=/etc/x op monitor interval=5 on-fail=fence
primitive gw ocf:pacemaker:ping params host_list="10.0.0.254 10.0.0.253"
primitive shoot stonith:external/ipmi params hostname=node1
group both ip1 ip2 meta resource-stickiness=50
clone lbs lb meta interleave=true
clone gws gw
colocation with-lb inf: ip1 lbs
colocation other inf: ip3 lbs
colocation apart -inf: ip3 ip1
order first Mandatory: both lbs
location l1 both 100: node1
location l2 ip1 rule $id=r 200: #uname eq node2
location l3 ip1 rule 200: date lt 2030-01-01
location cli-ban-ip1 ip1 role=Started -inf: node1
location l4 { ip3 web } 10: node2
location l5 web inf: node1
property cib-bootstrap-options: \
    stonith-enabled=false no-quorum-policy=stop cluster-name=demo odd-property=1
rsc_defaults resource-stickiness=200
op_defaults timeout=60s
tag t ip1
nonsense here
)";

TEST(Crm, AddressesAreInTheirGroups) {
  const Source source = read_well(crm);
  EXPECT_EQ(source.kind, "a CIB, as crm's text");
  ASSERT_EQ(source.groups.size(), 2U) << "being with a clone brings nobody together";
  const auto& both = source.groups[0];
  ASSERT_EQ(both.vips.size(), 2U);
  EXPECT_EQ(both.vips[0].address + "/" + both.vips[0].prefix + " " + both.vips[0].interface,
            "10.0.0.9/27 eth0");
  EXPECT_EQ(both.vips[0].place.line, 4U);
  EXPECT_EQ(both.vips[1].address + "/" + both.vips[1].prefix, "2001:db8::9/64");
  EXPECT_EQ(source.groups[1].vips[0].address, "10.0.0.8");
}

TEST(Crm, NodesArePreferredByScoreOrRule) {
  const Source source = read_well(crm);
  const auto& preferences = source.groups[0].preferences;
  ASSERT_EQ(preferences.size(), 2U);
  EXPECT_EQ(preferences[0].node, "node1");
  EXPECT_EQ(preferences[0].score, Score(100));
  EXPECT_EQ(preferences[1].node, "node2");
  EXPECT_EQ(preferences[1].score, Score(200));
  ASSERT_EQ(source.groups[1].preferences.size(), 1U);
  EXPECT_EQ(source.groups[1].preferences[0].node, "node2");
  EXPECT_THAT(why_left_out(source.remarks, "location l3"), HasSubstr("no rules"));
  EXPECT_THAT(why_left_out(source.remarks, "location cli-ban-ip1"), HasSubstr("an order has left"));
  EXPECT_THAT(why_left_out(source.remarks, "location l5"), HasSubstr("no address"));
}

TEST(Crm, WhatIsSaidOfAllIsOneThing) {
  const Source source = read_well(crm);
  EXPECT_EQ(source.clusters[0].value, "demo");
  ASSERT_EQ(source.nodes.size(), 2U);
  EXPECT_EQ(source.nodes[0].name, "node1");
  EXPECT_EQ(source.nodes[0].id, "1");
  EXPECT_EQ(source.policies[0].value, NoQuorumPolicy::stop);
  ASSERT_EQ(source.stickiness.size(), 2U);
  EXPECT_EQ(source.stickiness[0].value, Score(200));
  EXPECT_EQ(source.migration_threshold[0].value, Score(2));
  EXPECT_EQ(source.failure_timeout[0].value, std::chrono::minutes(5));
  EXPECT_EQ(source.vip_on_fail[0].value, OnFail::standby);
  EXPECT_THAT(source.haproxy_on_fail, IsEmpty());
  ASSERT_EQ(source.outsiders.size(), 2U);
  EXPECT_EQ(source.outsiders[1].value, "10.0.0.253");
}

TEST(Crm, NothingIsDroppedWithoutAWord) {
  const auto remarks = read_well(crm).remarks;
  EXPECT_EQ(why_left_out(remarks, "primitive shoot stonith:external/ipmi"),
            "12: not needed: the kernel holds the lease");
  EXPECT_EQ(why_left_out(remarks, "stonith-enabled=false"),
            "27: not needed: the kernel holds the lease");
  EXPECT_EQ(why_left_out(remarks, "clone lbs"), "14: HAProxy runs warm on each node, under hapx");
  EXPECT_THAT(why_left_out(remarks, "colocation with-lb"), StartsWith("16: always so"));
  EXPECT_THAT(why_left_out(remarks, "colocation apart"), StartsWith("18: services are on one"));
  EXPECT_THAT(why_left_out(remarks, "order first Mandatory: both lbs"),
              StartsWith("19: always so"));
  EXPECT_THAT(why_left_out(remarks, "op monitor interval=20"), HasSubstr("the kernel tells"));
  EXPECT_THAT(why_left_out(remarks, "op start timeout=60 interval=0"), HasSubstr("is hapx's to"));
  EXPECT_THAT(why_left_out(remarks, "on-fail=fence"), HasSubstr("hapx shoots no node"));
  EXPECT_THAT(why_left_out(remarks, "standby=on"), HasSubstr("`hapx standby NODE`"));
  EXPECT_THAT(why_left_out(remarks, "primitive web systemd:nginx"), HasSubstr("no other resource"));
  EXPECT_EQ(why_left_out(remarks, "odd=1"), "4: `hapx import` does not know this word");
  EXPECT_THAT(why_left_out(remarks, "odd-property=1"), HasSubstr("does not know"));
  EXPECT_EQ(why_left_out(remarks, "nonsense here"), "31: `hapx import` does not know this word");
  EXPECT_THAT(why_left_out(remarks, "op_defaults timeout=60s"), HasSubstr("hapx's to say"));
  cut_anywhere(crm);
}

TEST(Crm, TooMuchIsRefused) {
  EXPECT_THAT(parse_crm("primitive" + std::string(2000, ' ') + "a", "f")->others[0].text,
              testing::Eq("primitive a"));
  std::string words = "group g";
  for (int i = 0; i < 1000; ++i) words += " a";
  EXPECT_THAT(parse_crm(words, "f").error().sentence, StartsWith("f:1:1: a line has too many"));
  std::string lines;
  for (int i = 0; i < 30'000; ++i) lines += "order o a b\n";
  EXPECT_THAT(parse_crm(lines, "f").error().sentence, HasSubstr("more elements"));
  std::string goes_on;
  for (int i = 0; i < 30'000; ++i) goes_on += "a\\\n";
  EXPECT_FALSE(parse_crm(goes_on, "f").has_value());
}

TEST(Crm, LongChainsEnd) {
  std::string chain;
  for (int i = 0; i < 9'000; ++i) {
    const auto number = std::to_string(i);
    chain += "colocation c" + number + " inf: r" + std::to_string(i + 1) + " r" + number + "\n";
  }
  const Source source = read_well(chain + "primitive r0 IPaddr2 params ip=10.0.0.9\n");
  EXPECT_EQ(source.groups.size(), 1U);
}

constexpr const char* xml = R"(<?xml version="1.0" ?>
<cib epoch="1">
  <configuration>
    <crm_config>
      <cluster_property_set id="s">
        <nvpair id="a" name="no-quorum-policy" value="freeze"/>
        <nvpair id="b" name="cluster-name" value="demo"/>
        <rule id="r"/>
      </cluster_property_set>
    </crm_config>
    <nodes><node id="1" uname="node1"/></nodes>
    <resources>
      <clone id="c">
        <group id="g"><primitive id="p" class="systemd" type="haproxy"/></group>
      </clone>
      <primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr2">
        <instance_attributes id="i">
          <nvpair id="x" name="ip" value="10.0.0.9"/>
          <nvpair id="y" name="cidr_netmask" value="24"/>
        </instance_attributes>
        <operations><op id="o" name="monitor" interval="5s" on-fail="block"/></operations>
        <utilization id="u"/>
      </primitive>
    </resources>
    <constraints>
      <rsc_location id="l1" rsc="ip" node="node1" score="INFINITY"/>
      <rsc_location id="l2" rsc="ip">
        <rule id="l2r" score="-INFINITY">
          <expression id="e" attribute="#uname" operation="eq" value="node2"/>
        </rule>
      </rsc_location>
      <rsc_location id="l3" rsc="ip">
        <rule id="l3r" score="1"><expression id="e1" attribute="x" operation="eq" value="1"/></rule>
      </rsc_location>
      <rsc_colocation id="col" score="INFINITY">
        <resource_set id="rs"><resource_ref id="ip"/><resource_ref id="c"/></resource_set>
      </rsc_colocation>
      <rsc_order id="ord" first="ip" then="c"/>
    </constraints>
    <alerts><alert id="al" path="/x"/></alerts>
  </configuration>
  <status><node_state id="1"/></status>
</cib>
)";

TEST(CibXml, SaysWhatCrmsTextSays) {
  const Source source = read_well(xml);
  EXPECT_EQ(source.kind, "a CIB, as XML");
  EXPECT_EQ(source.clusters[0].value, "demo");
  EXPECT_EQ(source.clusters[0].place.line, 7U);
  ASSERT_EQ(source.groups.size(), 1U);
  EXPECT_EQ(source.groups[0].vips[0].place.line, 18U);
  EXPECT_EQ(source.groups[0].vips[0].prefix, "24");
  EXPECT_EQ(source.vip_on_fail[0].value, OnFail::block);
  const auto& preferences = source.groups[0].preferences;
  ASSERT_EQ(preferences.size(), 2U);
  EXPECT_EQ(preferences[0].score, Score::infinity());
  EXPECT_EQ(preferences[1].node, "node2");
  EXPECT_THAT(why_left_out(source.remarks, "no-quorum-policy=freeze"),
              StartsWith("6: without quorum"));
  EXPECT_THAT(why_left_out(source.remarks, "location l3"), HasSubstr("no rules"));
  EXPECT_THAT(why_left_out(source.remarks, "rule r"), StartsWith("8: "));
  EXPECT_THAT(why_left_out(source.remarks, "rsc_order ord"), HasSubstr("always so"));
  EXPECT_THAT(why_left_out(source.remarks, "alerts"), HasSubstr("spec.hooks"));
  EXPECT_THAT(why_left_out(source.remarks, "status"), HasSubstr("how things are"));
  cut_anywhere(xml);
}

TEST(CibXml, BombsAreRefused) {
  std::string deep = "<cib><configuration>";
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  EXPECT_FALSE(parse_cib(deep, "f").has_value());
  for (int i = 0; i < 100'000; ++i) deep += "</a>";
  deep += "</configuration></cib>";
  EXPECT_THAT(parse_cib(deep, "f").error().sentence, HasSubstr("more elements"));
  std::string clones = "<cib><configuration><resources>";
  for (int i = 0; i < 100; ++i) clones += "<clone id='c'>";
  for (int i = 0; i < 100; ++i) clones += "</clone>";
  clones += "</resources></configuration></cib>";
  EXPECT_TRUE(parse_cib(clones, "f").has_value()) << "what is too deep is one that is unknown";
  EXPECT_TRUE(parse_cib("<!DOCTYPE a [<!ENTITY b \"c\">]><cib>&b;&b;</cib>", "f").has_value());
  EXPECT_THAT(parse_cib("<cib>\n<configuration", "f").error().sentence, StartsWith("f:2:"));
}

}  // namespace
}  // namespace hapx::appliance::imports
