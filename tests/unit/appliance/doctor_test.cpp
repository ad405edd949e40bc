// SPDX-License-Identifier: Apache-2.0
// A machine on which all is well, and then one thing after another that isn't.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/doctor/judge.hpp"
#include "appliance/doctor/texts.hpp"
#include "appliance/document.hpp"

namespace hapx::appliance::doctor {
namespace {

using testing::HasSubstr;

const IpAddress vip = ipv4(10, 0, 0, 9);

Facts healthy() {
  Facts facts;
  facts.config_file = "/etc/hapx/hapx.yaml";
  ClusterConfig config;
  config.name = ClusterName("kube-demo");
  config.nodes = {{NodeName("node1"), ipv4(10, 0, 0, 1), Role::full, 1},
                  {NodeName("node2"), ipv4(10, 0, 0, 2), Role::full, 1},
                  {NodeName("node3"), ipv4(10, 0, 0, 3), Role::witness, 1}};
  ServiceConfig service;
  service.name = ServiceName("api");
  service.vips = {{{vip, 24}, InterfaceName("eth0")}};
  service.api_servers = {{"master1", 6443}, {"master2", 6443}};
  config.services = {service};
  facts.config = config;
  facts.self = NodeName("node1");
  facts.is_root = true;
  facts.key_seen = true;
  facts.version = "0.1.0";
  facts.kernel_release = "6.1.0";
  facts.bounding_set = ~0ULL;
  facts.fence = {Attempt::Outcome::worked};
  facts.freebind = {Attempt::Outcome::worked};
  InterfaceHere interface { InterfaceName("eth0"), true, true, true };
  interface.addresses = {{{ipv4(10, 0, 0, 1), 24}, false}};
  facts.interfaces = {interface};
  facts.default_interface = InterfaceName("eth0");
  facts.clock_synchronised = true;
  facts.haproxy_version = "2.6.12-1";
  facts.api_servers = {{"master1:6443", "", true, {vip}, 1000},
                       {"master2:6443", "", true, {vip}, 1000}};
  facts.running = Running{"0.1.0"};
  return facts;
}

/// What isn't ok, as "warn about: sentence".
std::vector<std::string> complaints(const Facts& facts) {
  std::vector<std::string> out;
  for (const auto& finding : judge(facts)) {
    if (finding.verdict == Verdict::ok) {
      EXPECT_EQ(finding.advice, "") << finding.sentence;
      continue;
    }
    EXPECT_NE(finding.advice, "") << finding.sentence;
    out.push_back((finding.verdict == Verdict::fail ? "fail " : "warn ") + finding.about + ": " +
                  finding.sentence);
  }
  return out;
}

struct Case {
  const char* name;
  void (*harm)(Facts&);
  const char* complaint;
};

EtcdMemberHere member(std::uint8_t last, Duration commit = std::chrono::milliseconds(4)) {
  return {{ipv4(10, 0, 0, last), 2379}, "", 7, commit};
}

const Case cases[] = {
    {"EtcdMemberAway",
     [](Facts& f) {
       f.etcd = {member(31), member(32)};
       f.etcd[0].trouble = "connection refused";
     },
     "warn etcd: https://10.0.0.31:2379 does not answer: connection refused"},
    {"AnotherEtcd",
     [](Facts& f) {
       f.etcd = {member(31), member(32)};
       f.etcd[1].store = 8;
     },
     "fail etcd: https://10.0.0.32:2379 is a member of another etcd than https://10.0.0.31:2379"},
    {"SlowEtcd",
     [](Facts& f) {
       f.etcd = {member(31), member(32, std::chrono::microseconds(40'500))};
     },
     "warn etcd: etcd commits within 41ms, seen by 2 members, and the lease of 300ms is less than "
     "ten times that"},
    {"NoFile",
     [](Facts& f) {
       f.config.reset();
       f.config_refusals = {"cannot open it", "x"};
     },
     "fail file: cannot open it (and 1 more)"},
    {"OpenFile", [](Facts& f) { f.config_writable_by_others = true; }, "warn file: "},
    {"Nobody",
     [](Facts& f) {
       f.self.reset();
       f.self_refusal = "no node";
     },
     "fail node: no node"},
    {"BadKey", [](Facts& f) { f.key_refusal = "open to group"; }, "fail key: open to group"},
    {"UnseenKey", [](Facts& f) { f.key_seen = false; }, "warn key: not looked at"},
    {"WithheldRights", [](Facts& f) { f.bounding_set &= ~(1ULL << 39); }, "fail rights: "},
    {"NoBpf",
     [](Facts& f) {
       f.fence = {Attempt::Outcome::failed, "not permitted"};
     },
     "fail fence: the kernel refuses hapx's BPF filter: not permitted; with a lease below 1.5s"},
    {"NoBpfLongLease",
     [](Facts& f) {
       f.fence = {Attempt::Outcome::failed, "not permitted"};
       f.config->timing.lease = std::chrono::seconds(2);
     },
     "warn fence: "},
    {"BpfNotTried",
     [](Facts& f) {
       f.fence = {Attempt::Outcome::not_made, "no rights"};
     },
     "warn fence: not tried"},
    {"NoFreebind",
     [](Facts& f) {
       f.freebind = {Attempt::Outcome::failed, "no"};
     },
     "fail listening: "},
    {"NoInterface", [](Facts& f) { f.interfaces[0].present = false; },
     "fail interface: there is no interface eth0"},
    {"Loopback", [](Facts& f) { f.interfaces[0].ethernet = false; },
     "fail interface: eth0 is no Ethernet"},
    {"BridgePort", [](Facts& f) { f.interfaces[0].port = true; }, "fail interface: eth0 is a port"},
    {"NoCarrier", [](Facts& f) { f.interfaces[0].carrier = false; },
     "fail interface: eth0 is down"},
    {"NoIpv6",
     [](Facts& f) {
       f.config->services[0].vips[0].address = *parse_cidr("2001:db8:4::20/64");
       f.interfaces[0].addresses = {{*parse_cidr("2001:db8:4::1/64"), false}};
       f.interfaces[0].ipv6 = false;
       for (auto& server : f.api_servers) server.certified = {*parse_ip("2001:db8:4::20")};
     },
     "fail sysctl: IPv6 is off on eth0: the kernel refuses 2001:db8:4::20/64"},
    {"OtherIpv6Network",
     [](Facts& f) {
       f.config->services[0].vips[0].address = *parse_cidr("2001:db8:4::20/64");
       f.interfaces[0].addresses = {{*parse_cidr("2001:db8:5::1/64"), false}};
       for (auto& server : f.api_servers) server.certified = {*parse_ip("2001:db8:4::20")};
     },
     "warn vip: 2001:db8:4::20/64 is of no network that eth0 is in"},
    {"OtherNetwork",
     [](Facts& f) {
       f.interfaces[0].addresses = {{{ipv4(10, 0, 1, 1), 24}, false}};
     },
     "warn vip: 10.0.0.9/24 is of no network"},
    {"OtherPrefix", [](Facts& f) { f.interfaces[0].addresses[0].address.prefix = 16; },
     "warn vip: 10.0.0.9/24 has another prefix than eth0 (10.0.0.1/16)"},
    {"ForeignVip",
     [](Facts& f) {
       f.interfaces[0].addresses.push_back({{vip, 24}, false});
     },
     "fail vip: 10.0.0.9/24 is on eth0 already"},
    {"ArpIgnore", [](Facts& f) { f.interfaces[0].arp_ignore = 8; }, "fail sysctl: arp_ignore=8"},
    {"ArpIgnoreNarrow",
     [](Facts& f) {
       f.interfaces[0].arp_ignore = 2;
       f.config->services[0].vips[0].address.prefix = 32;
       f.interfaces[0].addresses.clear();
     },
     "fail sysctl: arp_ignore=2"},
    {"StrictReversePath",
     [](Facts& f) {
       f.interfaces[0].rp_filter = 1;
       f.default_interface = InterfaceName("eth1");
     },
     "warn sysctl: rp_filter=1"},
    {"Networkd", [](Facts& f) { f.interfaces[0].networkd_configures = true; },
     "warn network: systemd-networkd configures eth0"},
    {"NetworkManager", [](Facts& f) { f.interfaces[0].network_manager_has = true; },
     "warn network: NetworkManager manages eth0"},
    {"PortTaken",
     [](Facts& f) {
       f.sockets = {{false, {{}, 6443}, "kube-apiserver"}};
     },
     "fail port: TCP 10.0.0.9:6443 (api) is taken: `kube-apiserver`"},
    {"HeartbeatPortTaken",
     [](Facts& f) {
       f.sockets = {{true, {ipv4(10, 0, 0, 1), 7405}, "corosync"}};
     },
     "fail port: UDP 10.0.0.1:7405 (heartbeats) is taken"},
    {"MetricsPortTaken",
     [](Facts& f) {
       f.sockets = {{false, {{}, 9405}, "haproxy"}};
     },
     "fail port: TCP 127.0.0.1:9405 (metrics) is taken"},
    {"Keepalived", [](Facts& f) { f.other_managers = {"keepalived"}; },
     "warn managers: keepalived"},
    {"Clock", [](Facts& f) { f.clock_synchronised = false; }, "warn clock: "},
    {"NoHaproxy", [](Facts& f) { f.haproxy_version.clear(); }, "fail haproxy: there is no HAProxy"},
    {"OldHaproxy", [](Facts& f) { f.haproxy_version = "2.2.9"; }, "fail haproxy: HAProxy 2.2.9"},
    {"OneApiServerAway",
     [](Facts& f) {
       f.api_servers[0] = {"master1:6443", "refused"};
     },
     "warn apiserver: master1:6443 can't be reached: refused"},
    {"NoTls",
     [](Facts& f) {
       f.api_servers[0] = {"master1:6443", "handshake"};
     },
     "warn apiserver: "},
    {"CertificateWithoutVip", [](Facts& f) { f.api_servers[0].certified.clear(); },
     "warn apiserver: the certificate of master1:6443 does not name 10.0.0.9"},
    {"CertificateEnds", [](Facts& f) { f.api_servers[1].certificate_hours_left = 49; },
     "warn apiserver: the certificate of master2:6443 is over in 2 days"},
    {"CertificateOver", [](Facts& f) { f.api_servers[1].certificate_hours_left = -1; },
     "fail apiserver: the certificate of master2:6443 is over"},
    {"OtherVersion", [](Facts& f) { f.running->version = "0.0.9"; }, "warn hapxd: "},
    {"Unheard", [](Facts& f) { f.running->unheard = {NodeName("node2")}; },
     "warn nodes: hapxd here does not hear node2"}};

TEST(Doctor, NeedsAMemberOfEtcdThatAnswers) {
  Facts facts = healthy();
  facts.etcd = {member(31)};
  EXPECT_EQ(complaints(facts), std::vector<std::string>{});
  facts.etcd[0].trouble = "no answer";
  const auto told = complaints(facts);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_THAT(told[1], HasSubstr("fail etcd: no member of etcd answers, so neither node goes on"));
}

class DoctorCase : public testing::TestWithParam<Case> {};

/// One thing is wrong: exactly one complaint, and the verdict is as bad as it.
TEST_P(DoctorCase, OneHarmIsOneComplaint) {
  Facts facts = healthy();
  GetParam().harm(facts);
  const auto told = complaints(facts);
  ASSERT_EQ(told.size(), 1U) << testing::PrintToString(told);
  EXPECT_THAT(told[0], HasSubstr(GetParam().complaint));
  EXPECT_EQ(verdict_on(judge(facts)), told[0].starts_with("fail") ? Verdict::fail : Verdict::warn);
}

INSTANTIATE_TEST_SUITE_P(All, DoctorCase, testing::ValuesIn(cases),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(Doctor, AHealthyMachineHasNoComplaint) {
  EXPECT_EQ(complaints(healthy()), std::vector<std::string>());
  EXPECT_EQ(verdict_on(judge(healthy())), Verdict::ok);
}

TEST(Doctor, ANodeThatServesHasItsPortsAndAddressesItself) {
  Facts facts = healthy();
  facts.interfaces[0].addresses.push_back({{vip, 24}, true});
  facts.sockets = {{false, {vip, 6443}, "haproxy"},
                   {false, {vip, 6443}, "haproxy-keeper"},
                   {true, {ipv4(10, 0, 0, 1), 7405}, "hapxd"},
                   {false, {ipv4(127, 0, 0, 1), 9405}, ""}};
  EXPECT_EQ(complaints(facts), std::vector<std::string>());
}

TEST(Doctor, AnInterfaceWithoutAnAddressOfItsOwnIsWell) {
  Facts facts = healthy();
  facts.interfaces[0].addresses.clear();
  EXPECT_EQ(complaints(facts), std::vector<std::string>());
}

TEST(Doctor, AWitnessNeedsNeitherInterfaceNorHaproxyNorApiServers) {
  Facts facts = healthy();
  facts.self = NodeName("node3");
  facts.interfaces[0].present = false;
  facts.haproxy_version.clear();
  facts.fence = {Attempt::Outcome::failed, "x"};
  facts.api_servers = {{"master1:6443", "refused"}};
  EXPECT_EQ(complaints(facts), std::vector<std::string>());
}

TEST(Doctor, ApiServersThatAreAllAwayAreAFailure) {
  Facts facts = healthy();
  for (auto& server : facts.api_servers) server = {server.name, "refused"};
  EXPECT_EQ(verdict_on(judge(facts)), Verdict::fail);
}

TEST(Doctor, FindingsAreToldAsTextAndAsADocument) {
  const Findings findings{{Verdict::ok, "kernel", "Linux", ""},
                          {Verdict::fail, "key", "bad \x1b key", "mend it"}};
  EXPECT_EQ(to_text(findings, Style{}),
            "ok    kernel      Linux\n"
            "fail  key         bad ? key\n"
            "                  -> mend it\n"
            "\n"
            "1 failure, 0 warnings, 1 ok\n");
  EXPECT_EQ(to_json(findings),
            R"({"verdict":"fail","findings":[{"verdict":"ok","about":"kernel","sentence":"Linux",)"
            R"("advice":""},{"verdict":"fail","about":"key","sentence":"bad ? key",)"
            R"("advice":"mend it"}]})");
}

TEST(DoctorTexts, BoundSocketsAreThoseThatWait) {
  const std::string tcp =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
      "inode\n"
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
      "4711 1 0000000000000000 100 0 0 10 0\n"
      "   1: 0100007F:1F91 0100007F:0001 01 00000000:00000000 00:00000000 00000000     0        0 "
      "4712 1 0000000000000000 100 0 0 10 0\n"
      "nonsense\n";
  const auto lines = bound_sockets_in(tcp, Protocol::tcp);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(to_string(lines[0].at), "127.0.0.1:8080");
  EXPECT_EQ(lines[0].inode, 4711U);
  EXPECT_TRUE(bound_sockets_in(tcp, Protocol::udp).empty());
  const auto six = bound_sockets_in(
      " 0: 00000000000000000000000001000000:192B 0:0 0A 0:0 0:0 0 0 0 9 1\n", Protocol::tcp);
  ASSERT_EQ(six.size(), 1U);
  EXPECT_EQ(to_string(six[0].at), "[::1]:6443");
}

TEST(DoctorTexts, OtherTextsAreRead) {
  EXPECT_EQ(default_interface_in("Iface Destination Gateway Flags RefCnt Use Metric Mask\n"
                                 "eth1 0000A8C0 00000000 0001 0 0 0 00FFFFFF 0\n"
                                 "eth0 00000000 0100A8C0 0003 0 0 0 00000000 0\n"),
            InterfaceName("eth0"));
  EXPECT_EQ(default_interface_in(""), InterfaceName());
  EXPECT_EQ(bounding_set_in("CapEff:\t0\nCapBnd:\t000001ffffffffff\n"), 0x1ffffffffffU);
  EXPECT_EQ(bounding_set_in("x"), std::nullopt);
  EXPECT_EQ(haproxy_version_in("HAProxy version 2.6.12-1 2023/12/16\nStatus\n"), "2.6.12-1");
  EXPECT_EQ(haproxy_version_in("HA-Proxy version 2.2.9\n"), "2.2.9");
  EXPECT_EQ(haproxy_version_in("nginx"), "");
  EXPECT_TRUE(is_at_least("2.6.12", 2, 6));
  EXPECT_TRUE(is_at_least("3.0-dev1", 2, 6));
  EXPECT_TRUE(is_at_least("2.10", 2, 6));
  EXPECT_FALSE(is_at_least("2.5.14", 2, 6));
  EXPECT_FALSE(is_at_least("two", 2, 6));
  EXPECT_EQ(value_in("A=1\n[x]\nB=2\nA=3\n", "A"), "3");
  EXPECT_EQ(value_in("AB=1\n", "A"), std::nullopt);
}

}  // namespace
}  // namespace hapx::appliance::doctor
