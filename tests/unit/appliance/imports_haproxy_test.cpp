// SPDX-License-Identifier: Apache-2.0
// What a haproxy.cfg says: who is behind which port, and what hapx may take along.
#include "appliance/imports/haproxy_cfg.hpp"
#include "appliance/imports/haproxy_section.hpp"
#include "imports_bench.hpp"

namespace hapx::appliance::imports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr const char* haproxy = R"(global
  maxconn 5000
  tune.bufsize 32768
  chroot /x
defaults
  mode tcp
  timeout client 20s
  timeout tunnel 2h
  timeout connect 4000
  option tcplog
frontend kube
  bind 10.0.0.9:6443,10.0.0.8:6443 transparent
  bind unix@/run/x
  acl inside src 10.0.0.0/8
  use_backend other if inside
  odd word
  default_backend masters
backend masters
  stick-table type ip size 1m
  default-server inter 1s fall 3 ca-file /etc/ca.crt
  server m1 m1.example.com:6443 check weight 10 resolvers dns
  server m2 [2001:db8::2]:6443 check inter 2s
  server m3 10.0.0.33 check
  server m4 10.0.0.34:6443 disabled
  server m5 ${M5}:6443
frontend web
  mode http
  bind :80
  default_backend sites
backend sites
  mode http
  server s1 10.0.0.41:8080
listen stats
  mode http
  bind :9000
  stats enable
  stats auth admin:hunter2
)";

TEST(Haproxy, TheFrontendOfKubeApiserversIsFound) {
  const Source source = read_well(haproxy);
  ASSERT_THAT(source.frontends, SizeIs(1));
  const SourceFrontend& kube = source.frontends[0];
  EXPECT_EQ(kube.name, "kube");
  EXPECT_EQ(kube.port.value, 6443);
  EXPECT_THAT(kube.addresses, ElementsAre("10.0.0.9", "10.0.0.8"));
  ASSERT_THAT(kube.servers, SizeIs(3));
  EXPECT_EQ(kube.servers[0].value, (ApiServer{"m1.example.com", 6443}));
  EXPECT_EQ(kube.servers[1].value, (ApiServer{"2001:db8::2", 6443}));
  EXPECT_EQ(kube.servers[2].value, (ApiServer{"10.0.0.33", 0})) << "the frontend's port";
  ASSERT_THAT(source.stats, SizeIs(1));
  EXPECT_EQ(source.stats[0].value, 9000);
}

TEST(Haproxy, TimesChecksAndLimitsAreTaken) {
  const Source source = read_well(haproxy);
  const SourceFrontend& kube = source.frontends[0];
  EXPECT_FALSE(kube.client) << "watches would be cut";
  EXPECT_THAT(why_left_out(kube.remarks, "timeout client 20s"), HasSubstr("silent for longer"));
  EXPECT_EQ(kube.tunnel->value, std::chrono::hours(2));
  EXPECT_EQ(kube.connect->value, std::chrono::seconds(4));
  EXPECT_EQ(kube.check_interval->value, std::chrono::seconds(1));
  EXPECT_THAT(why_left_out(kube.remarks, "inter 2s"), StartsWith("22: hapx has one for all"));
  EXPECT_EQ(kube.fall->value, 3U);
  EXPECT_EQ(kube.ca_file->value, "/etc/ca.crt");
  EXPECT_EQ(kube.max_connections->value, 5000U);
  ASSERT_THAT(kube.extra_frontend, SizeIs(1));
  EXPECT_EQ(kube.extra_frontend[0].value, "acl inside src 10.0.0.0/8");
  ASSERT_THAT(kube.extra_backend, SizeIs(1));
  ASSERT_THAT(source.extra_global, SizeIs(1));
  EXPECT_EQ(source.extra_global[0].value, "tune.bufsize 32768");
}

TEST(Haproxy, NothingIsDroppedWithoutAWord) {
  const Source source = read_well(haproxy);
  const auto& of_kube = source.frontends[0].remarks;
  EXPECT_THAT(why_left_out(of_kube, "option tcplog"), HasSubstr("extraConfig"));
  EXPECT_THAT(why_left_out(of_kube, "transparent"), HasSubstr("listening sockets"));
  EXPECT_THAT(why_left_out(of_kube, "bind unix@/run/x"), HasSubstr("address with a port"));
  EXPECT_THAT(why_left_out(of_kube, "use_backend other if inside"), HasSubstr("one set"));
  EXPECT_EQ(why_left_out(of_kube, "odd word"), "16: `hapx import` does not know this word");
  EXPECT_THAT(why_left_out(of_kube, "weight 10"), HasSubstr("alike"));
  EXPECT_THAT(why_left_out(of_kube, "server m4 10.0.0.34:6443 disabled"), HasSubstr("disabled"));
  EXPECT_THAT(why_left_out(of_kube, "server m5 ${M5}:6443"), HasSubstr("no host or address"));
  EXPECT_THAT(why_left_out(source.remarks, "chroot /x"), StartsWith("4: hapx starts HAProxy"));
  EXPECT_THAT(why_left_out(source.remarks, "frontend web"), HasSubstr("serves nothing else"));
  EXPECT_THAT(why_left_out(source.remarks, "backend sites"), HasSubstr("serves nothing else"));
  EXPECT_THAT(why_left_out(source.remarks, "stats auth"), HasSubstr("/etc/hapx/stats.credentials"));
  for (const auto* remarks : {&of_kube, &source.remarks}) {
    for (const Remark& remark : *remarks) {
      EXPECT_THAT(remark.words + remark.reason, Not(HasSubstr("hunter2")));
    }
  }
  cut_anywhere(haproxy);
}

TEST(Haproxy, NoRemarkRepeatsAPassword) {
  const Source source = read_well(
      "defaults\n  stats auth a:hunter2\nlisten kube\n  bind :6443\n  stats auth b:hunter2\n"
      "  server a 10.0.0.1:6443\n");
  ASSERT_THAT(source.frontends, SizeIs(1));
  EXPECT_THAT(why_left_out(source.frontends[0].remarks, "stats auth"), StartsWith("2: "));
  for (const Remark& remark : source.frontends[0].remarks) {
    EXPECT_THAT(remark.words, Not(HasSubstr("hunter2")));
  }
}

TEST(Haproxy, WithoutThePortTheNameOrTheOnlyOneDecides) {
  EXPECT_THAT(read_well("listen k8s-api\n  bind :8443\n  server a 10.0.0.1:8443\n"
                        "listen db\n  bind :3306\n  server b 10.0.0.2:3306\n")
                  .frontends,
              SizeIs(1));
  const Source only = read_well("listen api\n  bind :8443\n  server a 10.0.0.1:8443\n");
  ASSERT_THAT(only.frontends, SizeIs(1));
  EXPECT_EQ(only.frontends[0].name, "api");
  const Source two = read_well(
      "listen a\n  bind :1\n  server a 10.0.0.1:1\nlisten b\n  bind :2\n  server b 10.0.0.2:2\n");
  EXPECT_THAT(two.frontends, SizeIs(0));
  EXPECT_THAT(why_left_out(two.remarks, "listen a"), HasSubstr("--apiserver HOST[:PORT]"));
  EXPECT_THAT(
      read_well("listen old 10.0.0.9:6443\n  server a 10.0.0.1:6443\n").frontends[0].port.value,
      testing::Eq(6443));
}

TEST(Haproxy, AddressesAreOfManyForms) {
  const auto one = [](std::string_view word) {
    const auto all = addresses_of(word);
    return all.empty() ? "none" : all[0].host + " " + std::to_string(all[0].port);
  };
  EXPECT_EQ(one("*:6443"), " 6443");
  EXPECT_EQ(one(":6443"), " 6443");
  EXPECT_EQ(one("0.0.0.0:6443"), " 6443");
  EXPECT_EQ(one("[::]:6443"), " 6443");
  EXPECT_EQ(one(":::6443"), " 6443");
  EXPECT_EQ(one("ipv4@10.0.0.9:6443"), "10.0.0.9 6443");
  EXPECT_EQ(one("host-1.example.com"), "host-1.example.com 0");
  EXPECT_EQ(one("10.0.0.9:6443-6445"), "none");
  EXPECT_EQ(one("/run/haproxy.sock"), "none");
  EXPECT_EQ(one("fd@3"), "none");
  EXPECT_EQ(one("${HOST}:1"), "none");
  EXPECT_EQ(one("10.0.0.9:70000"), "none");
  EXPECT_THAT(addresses_of(std::string(10'000, ',')), SizeIs(testing::Le(64)));
}

TEST(Haproxy, TooMuchIsRefused) {
  EXPECT_THAT(parse_haproxy("  mode tcp\n", "f").error().sentence,
              StartsWith("f:1:1: `mode` stands before any section"));
  std::string many = "defaults\n";
  for (int i = 0; i < 9'000; ++i) many += "option x\n";
  for (int i = 0; i < 9'000; ++i) many += "listen l" + std::to_string(i) + "\n";
  EXPECT_THAT(parse_haproxy(many, "f").error().sentence, HasSubstr("more frontends and backends"));
  std::string lines = "global\n";
  for (int i = 0; i < 30'000; ++i) lines += "x\n";
  EXPECT_THAT(parse_haproxy(lines, "f").error().sentence, HasSubstr("more lines"));
}

}  // namespace
}  // namespace hapx::appliance::imports
