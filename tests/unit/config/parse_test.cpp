// SPDX-License-Identifier: Apache-2.0
#include "config/parse.hpp"

#include <gtest/gtest.h>

#include "config/validate.hpp"
#include "config/write.hpp"

namespace hapx {
namespace {

using namespace std::chrono_literals;

constexpr const char* minimal = R"(apiVersion: hapx.dev/v1alpha1
kind: Cluster
metadata: {name: kube-demo}
spec:
  nodes:
    - {name: hapx-node01, address: 192.168.4.11}
    - {name: hapx-node02, address: 192.168.4.12}
    - {name: hapx-node03, address: 192.168.4.13, role: witness}
  services:
    - name: kube-apiserver
      vips: [{address: 192.168.4.20/27, interface: enp0s3.41}]
      port: 6443
      apiServers: [kube-mast01:6443, kube-mast02:6443, kube-mast03:6443]
)";

constexpr const char* complete = R"(# everything that can be said
apiVersion: hapx.dev/v1alpha1
kind: Cluster
metadata:
  name: shop
spec:
  nodes:
    - {name: a, address: 10.0.0.1, role: full, votes: 2}
    - {name: b, address: 10.0.0.2, votes: 0}
    - {name: w, address: 10.0.0.3, role: witness, votes: 1}
  timing: {profile: cloud}
  keyFile: /run/keys/shop key
  port: 7000
  noQuorumPolicy: stop
  scheduling: {resourceStickiness: INFINITY, migrationThreshold: 0, failureTimeout: 1h30m}
  metrics: {listen: 0.0.0.0:9500, certFile: /m.crt, keyFile: /m.key, clientCAFile: /ca.crt,
            credentialsFile: /users}
  api:
    listen: 0.0.0.0:9406
    certFile: /a.crt
    keyFile: /a.key
    clientCAFile: /ops.crt
    operators: [alice, "bob b"]
  hooks:
    - {name: team, events: [takeover, quorum], command: [/usr/bin/tell, "the team", ""]}
    - name: pager
      events: [member]
      url: https://pager.example.org/hapx?key=1
      caFile: /ca.crt
      tokenFile: /token
      timeout: 1m
    - {name: chat, events: [life], urlFile: /chat.url}
  services:
    - name: api
      vips:
        - {address: 10.0.0.20/24, interface: eth0}
        - {address: 10.0.1.20/32, interface: vlan.41}
      port: 443
      apiServers:
        - 10.0.0.31
        - kube-mast02
        - Kube-Mast03.example.org:8443
      location: {a: 50, b: -INFINITY}
      onFail: {vip: block, haproxy: standby}
      healthCheck: {mode: tls, caFile: /etc/kubernetes/pki/ca.crt, interval: 1s, fall: 3, rise: 1}
      haproxy:
        timeouts: {connect: 1s, client: 2h, server: 3h, tunnel: 24h, clientFin: 10s}
        maxConnections: 500
        stats: {credentialsFile: /etc/hapx/stats.credentials}
        extraConfig:
          global:
            - tune.bufsize 32768
          frontend: ["tcp-request connection reject if { src 10.9.0.0/16 }", option tcplog]
    - name: web
      vips: [{address: 10.0.0.21/24, interface: eth0}]
      apiServers: ["10.0.0.32:80"]
      location: {a: +INFINITY, b: -5}
      healthCheck: {mode: tcp}
)";

/// Addresses stand there unquoted, as one writes them.
constexpr const char* dual_stack = R"(apiVersion: hapx.dev/v1alpha1
kind: Cluster
metadata: {name: kube-demo}
spec:
  nodes:
    - {name: node1, address: 2001:db8:4::11}
    - {name: node2, address: 2001:db8:4::12}
  services:
    - name: kube-apiserver
      vips:
        - {address: 192.168.4.20/27, interface: eth0}
        - {address: 2001:DB8:4:0::20/64, interface: eth0}
      apiServers: [2001:db8:4::31, "[2001:db8:4::32]:6443", 192.168.4.33:6443]
)";

TEST(ParseConfig, AServiceMayHaveAddressesOfBothFamilies) {
  const auto parsed = parse_config(dual_stack, "hapx.yaml");
  ASSERT_TRUE(parsed) << parsed.error().sentence;
  EXPECT_EQ(to_string(parsed->nodes[0].address), "2001:db8:4::11");
  const auto& service = parsed->services[0];
  ASSERT_EQ(service.vips.size(), 2U);
  EXPECT_EQ(to_string(service.vips[0].address), "192.168.4.20/27");
  EXPECT_EQ(to_string(service.vips[1].address), "2001:db8:4::20/64");  // RFC 5952
  EXPECT_EQ(service.api_servers[0], (ApiServer{"2001:db8:4::31", 6443}));
  EXPECT_EQ(service.api_servers[1], (ApiServer{"2001:db8:4::32", 6443}));
  // What is written back is read again.
  EXPECT_EQ(parse_config(write_config(*parsed), "again").value(), *parsed);
}

TEST(ParseConfig, NodesMayHearEachOtherByMoreThanOneWay) {
  std::string text = minimal;
  for (const char* last : {"11", "12", "13"}) {
    const std::string address = std::string("address: 192.168.4.") + last;
    text.insert(text.find(address) + address.size(),
                std::string(", links: [10.0.0.") + last + ", 2001:db8:9::" + last + "]");
  }
  const auto parsed = parse_config(text, "hapx.yaml");
  ASSERT_TRUE(parsed) << parsed.error().sentence;
  EXPECT_EQ(parsed->nodes[1].links,
            (std::vector{ipv4(10, 0, 0, 12), parse_ip("2001:db8:9::12").value()}));
  EXPECT_EQ(parsed->nodes[1].ways().front(), parsed->nodes[1].address);
  EXPECT_EQ(parse_config(write_config(*parsed), "again").value(), *parsed);
}

TEST(ParseConfig, FillsInTheDefaultsOfAMinimalFile) {
  const auto parsed = parse_config(minimal, "hapx.yaml");
  ASSERT_TRUE(parsed) << parsed.error().sentence;
  ClusterConfig expected;
  expected.name = ClusterName("kube-demo");
  expected.nodes = {{NodeName("hapx-node01"), ipv4(192, 168, 4, 11), Role::full, 1},
                    {NodeName("hapx-node02"), ipv4(192, 168, 4, 12), Role::full, 1},
                    {NodeName("hapx-node03"), ipv4(192, 168, 4, 13), Role::witness, 1}};
  ServiceConfig service;
  service.name = ServiceName("kube-apiserver");
  service.vips = {{{ipv4(192, 168, 4, 20), 27}, InterfaceName("enp0s3.41")}};
  service.api_servers = {{"kube-mast01", 6443}, {"kube-mast02", 6443}, {"kube-mast03", 6443}};
  expected.services = {service};
  EXPECT_EQ(*parsed, expected);
  EXPECT_EQ(parsed->timing, (Timing{50ms, 300ms}));
  EXPECT_EQ(parsed->key_file, "/etc/hapx/cluster.key");
  EXPECT_EQ(parsed->port, 7405);
  EXPECT_EQ(parsed->no_quorum_policy, NoQuorumPolicy::stop);
  EXPECT_EQ(parsed->scheduling, (Scheduling{Score(100), Score(3), 10min}));
  EXPECT_EQ(parsed->metrics.listen, (Endpoint{ipv4(127, 0, 0, 1), 9405}));
  EXPECT_EQ(parsed->services[0].health_check.mode, HealthCheckMode::readyz);
  EXPECT_EQ(parsed->services[0].health_check.interval, 500ms);
}

TEST(ParseConfig, ReadsEveryKey) {
  const auto parsed = parse_config(complete, "hapx.yaml");
  ASSERT_TRUE(parsed) << parsed.error().sentence;
  EXPECT_EQ(parsed->name.text(), "shop");
  EXPECT_EQ(parsed->nodes[0].votes, 2U);
  EXPECT_EQ(parsed->nodes[1].votes, 0U);
  EXPECT_EQ(parsed->nodes[2].role, Role::witness);
  EXPECT_EQ(parsed->timing, (Timing{200ms, 2s}));
  EXPECT_EQ(parsed->key_file, "/run/keys/shop key");
  EXPECT_EQ(parsed->port, 7000);
  EXPECT_EQ(parsed->scheduling, (Scheduling{Score::infinity(), Score(0), 90min}));
  EXPECT_EQ(parsed->metrics, (MetricsConfig{Endpoint{ipv4(0, 0, 0, 0), 9500}, "/m.crt", "/m.key",
                                            "/ca.crt", "/users"}));
  EXPECT_EQ(
      parsed->api,
      (ApiConfig{
          Endpoint{ipv4(0, 0, 0, 0), 9406}, "/a.crt", "/a.key", "/ops.crt", {"alice", "bob b"}}));
  const HookConfig team{"team",
                        {EventKind::takeover, EventKind::quorum},
                        {"/usr/bin/tell", "the team", ""},
                        "",
                        "",
                        "",
                        "",
                        10s};
  const HookConfig pager{
      "pager", {EventKind::member}, {},       "https://pager.example.org/hapx?key=1",
      "",      "/ca.crt",           "/token", 1min};
  const HookConfig chat{"chat", {EventKind::life}, {}, "", "/chat.url", "", "", 10s};
  EXPECT_EQ(parsed->hooks, (std::vector{team, pager, chat}));
  const auto& api = parsed->services[0];
  EXPECT_EQ(api.vips[1], (VipConfig{{ipv4(10, 0, 1, 20), 32}, InterfaceName("vlan.41")}));
  EXPECT_EQ(api.port, 443);
  EXPECT_EQ(api.api_servers[0], (ApiServer{"10.0.0.31", 6443}));
  EXPECT_EQ(api.api_servers[1], (ApiServer{"kube-mast02", 6443}));
  EXPECT_EQ(api.api_servers[2], (ApiServer{"Kube-Mast03.example.org", 8443}));
  EXPECT_EQ(api.location.at(NodeName("a")), Score(50));
  EXPECT_EQ(api.location.at(NodeName("b")), Score::minus_infinity());
  EXPECT_EQ(api.on_fail, (OnFailConfig{OnFail::block, OnFail::standby}));
  EXPECT_EQ(api.health_check,
            (HealthCheck{HealthCheckMode::tls, "/etc/kubernetes/pki/ca.crt", 1s, 3, 1}));
  EXPECT_EQ(
      api.haproxy,
      (HaproxyConfig{{1s, 2h, 3h, 24h, 10s},
                     500,
                     StatsConfig{32700, "/etc/hapx/stats.credentials"},
                     {{{"tune.bufsize 32768"}},
                      {},
                      {{"tcp-request connection reject if { src 10.9.0.0/16 }"}, {"option tcplog"}},
                      {}}}));
  const auto& extra = api.haproxy.extra;
  EXPECT_EQ(extra.frontend.at(1).line, extra.global.at(0).line + 1) << "it says where it stood";
  EXPECT_EQ(parsed->services[1].location.at(NodeName("a")), Score::infinity());
  EXPECT_EQ(parsed->services[1].location.at(NodeName("b")), Score(-5));
}

TEST(ParseConfig, KnowsTheProfiles) {
  const std::pair<const char*, Timing> cases[] = {
      {"{profile: fast}", {20ms, 120ms}}, {"{profile: lan}", {50ms, 300ms}},
      {"{profile: cloud}", {200ms, 2s}},  {"{heartbeat: 5ms, lease: 25.2ms}", {5ms, 25200us}},
      {"{lease: 5s}", {50ms, 5s}},        {"{heartbeat: 61ms}", {61ms, 300ms}}};
  for (const auto& [text, timing] : cases) {
    const auto parsed = parse_config(std::string(minimal) + "  timing: " + text + '\n', "f");
    ASSERT_TRUE(parsed) << parsed.error().sentence;
    EXPECT_EQ(parsed->timing, timing);
  }
}

TEST(ParseConfig, KnowsWhereMetricsMayBeRead) {
  const std::pair<const char*, std::optional<Endpoint>> cases[] = {
      {"{}", Endpoint{ipv4(127, 0, 0, 1), 9405}},
      {"{listen: 127.0.0.1:1}", Endpoint{ipv4(127, 0, 0, 1), 1}},
      {"{listen: 0.0.0.0:65535}", Endpoint{ipv4(0, 0, 0, 0), 65535}},
      {"{listen: \"[::1]:9405\"}", Endpoint{*parse_ip("::1"), 9405}},
      {"{listen: '[::]:9405'}", Endpoint{*parse_ip("::"), 9405}},
      // UDP and TCP ports are different things, and HAProxy listens at the VIP alone.
      {"{listen: 127.0.0.1:7405}", Endpoint{ipv4(127, 0, 0, 1), 7405}},
      {"{listen: 127.0.0.1:6443}", Endpoint{ipv4(127, 0, 0, 1), 6443}},
      {"{listen: off}", std::nullopt},
      {"{listen: \"off\"}", std::nullopt}};
  for (const auto& [text, listen] : cases) {
    const auto parsed = parse_config(std::string(minimal) + "  metrics: " + text + '\n', "f");
    ASSERT_TRUE(parsed) << parsed.error().sentence;
    EXPECT_EQ(parsed->metrics.listen, listen) << text;
    const auto again = parse_config(write_config(*parsed), "f");
    ASSERT_TRUE(again) << again.error().sentence;
    EXPECT_EQ(*again, *parsed) << write_config(*parsed);
  }
}

TEST(ParseConfig, TakesJsonAndWindowsLineEnds) {
  std::string windows = minimal;
  for (std::size_t at = 0; (at = windows.find('\n', at)) != std::string::npos; at += 2) {
    windows.insert(at, 1, '\r');
  }
  EXPECT_EQ(*parse_config(windows, "f"), *parse_config(minimal, "f"));
  const auto json = parse_config(
      R"({"apiVersion": "hapx.dev/v1alpha1", "kind": "Cluster", "metadata": {"name": "one"},
          "spec": {"nodes": [{"name": "n", "address": "127.0.0.1"}],
                   "services": [{"name": "s", "vips": [{"address": "10.0.0.2/32",
                                 "interface": "lo"}], "apiServers": ["a:1"]}]}})",
      "f");
  ASSERT_TRUE(json) << json.error().sentence;
  EXPECT_EQ(json->nodes.size(), 1U);
}

TEST(WriteConfig, IsReadBackToAnEqualValue) {
  for (const auto* text : {minimal, complete}) {
    const auto config = parse_config(text, "f");
    ASSERT_TRUE(config);
    const auto written = write_config(*config);
    const auto again = parse_config(written, "written");
    ASSERT_TRUE(again) << again.error().sentence << '\n' << written;
    EXPECT_EQ(*again, *config) << written;
    EXPECT_EQ(write_config(*again), written);
  }
}

TEST(WriteConfig, SaysEverything) {
  EXPECT_EQ(write_config(*parse_config(minimal, "f")), R"(apiVersion: hapx.dev/v1alpha1
kind: Cluster
metadata:
  name: kube-demo
spec:
  nodes:
    - name: hapx-node01
      address: 192.168.4.11
      role: full
      votes: 1
    - name: hapx-node02
      address: 192.168.4.12
      role: full
      votes: 1
    - name: hapx-node03
      address: 192.168.4.13
      role: witness
      votes: 1
  services:
    - name: kube-apiserver
      vips:
        - address: 192.168.4.20/27
          interface: enp0s3.41
      port: 6443
      apiServers:
        - kube-mast01:6443
        - kube-mast02:6443
        - kube-mast03:6443
      location: {}
      onFail:
        vip: restart
        haproxy: restart
      healthCheck:
        mode: readyz
        interval: 500ms
        fall: 2
        rise: 2
      haproxy:
        timeouts:
          connect: 500ms
          client: 1h
          server: 1h
          tunnel: 1h
          clientFin: 30s
        maxConnections: 10000
  timing:
    heartbeat: 50ms
    lease: 300ms
  keyFile: /etc/hapx/cluster.key
  port: 7405
  noQuorumPolicy: stop
  scheduling:
    resourceStickiness: 100
    migrationThreshold: 3
    failureTimeout: 10m
  metrics:
    listen: 127.0.0.1:9405
)");
}

TEST(Validate, KnowsNoNetworkAddressInPointToPointAndHostPrefixes) {
  auto config = *parse_config(minimal, "f");
  for (const auto* vip : {"192.168.4.20/31", "192.168.4.21/31", "192.168.4.20/32"}) {
    config.services[0].vips[0].address = *parse_cidr(vip);
    EXPECT_TRUE(validate(config).empty()) << vip;
  }
}

TEST(Validate, AdvisesTheShortestLeaseThatItAccepts) {
  auto config = *parse_config(minimal, "f");
  for (int milliseconds = 5; milliseconds < 1000; milliseconds += 7) {
    config.timing = {Duration(milliseconds * 1ms), 20ms};
    const auto findings = validate(config);
    ASSERT_EQ(findings.size(), 1U);
    const auto& sentence = findings[0].sentence;
    const auto start = sentence.find("make the lease ") + 15;
    const auto lease = parse_duration(sentence.substr(start, sentence.find(' ', start) - start));
    ASSERT_TRUE(lease) << sentence;
    config.timing.lease = *lease;
    EXPECT_TRUE(validate(config).empty()) << sentence;
    config.timing.lease = *lease - 1ms;
    EXPECT_FALSE(validate(config).empty()) << sentence;
  }
}

TEST(CheckConfig, TellsAllRefusalsInTheOrderOfTheText) {
  std::string text = minimal;
  text.replace(text.find("role: witness"), 13, "role: witnes");
  text.replace(text.find("port: 6443"), 10, "prot: 6443");
  text += "  timing: {lease: soon}\n";
  const auto checked = check_config(text, "hapx.yaml");
  EXPECT_FALSE(checked.config);
  ASSERT_EQ(checked.refusals.size(), 3U);
  EXPECT_EQ(checked.refusals[0].sentence,
            "hapx.yaml:8:56: unknown role `witnes`; did you mean `witness`?");
  EXPECT_EQ(checked.refusals[1].sentence,
            "hapx.yaml:12:7: unknown key `prot`; did you mean `port`?");
  EXPECT_EQ(checked.refusals[2].sentence,
            "hapx.yaml:14:19: `lease`: `soon` is not a duration: write it like 300ms, 1.5s or "
            "1h30m");
  EXPECT_EQ(parse_config(text, "hapx.yaml").error(), checked.refusals[0]);
}

TEST(CheckConfig, CollectsABoundedNumberOfRefusals) {
  std::string text = minimal;
  for (int i = 0; i < 1000; ++i) text += "  unknown" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(check_config(text, "f").refusals.size(), 50U);
}

TEST(Validate, JudgesAValueWithoutAText) {
  auto config = *parse_config(minimal, "f");
  EXPECT_TRUE(validate(config).empty());
  config.nodes[1].address = config.nodes[0].address;
  const auto findings = validate(config);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].path, "spec.nodes[1].address");
}

}  // namespace
}  // namespace hapx
