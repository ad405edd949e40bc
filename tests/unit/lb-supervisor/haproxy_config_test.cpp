// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/haproxy_config.hpp"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace hapx::lb_supervisor {
namespace {

using std::chrono::seconds;

IpAddress address(const char* text) {
  return *parse_ip(text);
}

ServiceConfig service(const char* name, const char* vip) {
  ServiceConfig made;
  made.name = ServiceName(name);
  made.vips = {{*parse_cidr(vip), InterfaceName("eth0")}};
  made.api_servers = {{"kube-mast01", 6443}, {"192.168.4.12", 6443}, {"fd00::13", 6443}};
  return made;
}

ClusterConfig tutorial() {
  ClusterConfig config;
  config.nodes = {{NodeName("node1"), address("192.168.4.11"), Role::full, 1},
                  {NodeName("node2"), address("192.168.4.12"), Role::full, 1},
                  {NodeName("arbiter"), address("192.168.4.13"), Role::witness, 1}};
  config.services = {service("kube-apiserver", "192.168.4.20/27")};
  return config;
}

/// Every kind of check, two VIPs, time-outs and limits of its own.
ClusterConfig everything() {
  auto config = tutorial();
  auto verified = service("verified", "192.168.4.21/27");
  verified.vips.push_back({*parse_cidr("fd00::21/64"), InterfaceName("eth0")});
  verified.health_check.ca_file = "/etc/kubernetes/pki/ca.crt";
  verified.health_check.interval = seconds(2);
  verified.health_check.fall = 3;
  verified.haproxy.timeouts = {seconds(1), seconds(20), seconds(21), seconds(7200), seconds(5)};
  verified.haproxy.max_connections = 50;
  verified.haproxy.stats = StatsConfig{32700, "/etc/hapx/stats.credentials"};
  verified.haproxy.extra = {{{"tune.bufsize 32768", 40}},
                            {{"option tcplog", 41}},
                            {{"tcp-request connection reject if { src 10.9.0.0/16 }", 42}},
                            {{"hash-type consistent", 43}}};
  auto handshake = service("handshake", "192.168.4.22/27");
  handshake.health_check.mode = HealthCheckMode::tls;
  auto bare = service("bare", "192.168.4.23/27");
  bare.health_check.mode = HealthCheckMode::tcp;
  config.services.insert(config.services.end(), {verified, handshake, bare});
  return config;
}

HaproxyPaths paths_with_users() {
  auto paths = haproxy_paths("/run/hapx");
  paths.stats_users["/etc/hapx/stats.credentials"] = {{"admin", "a \"$x", false},
                                                      {"ops", "$6$salt$hash", true}};
  return paths;
}

/// The section that begins with `head`, without it.
std::string section(const std::string& text, const std::string& head) {
  const auto begin = text.find("\n" + head + "\n");
  if (begin == std::string::npos) return "no section " + head;
  const auto body = begin + head.size() + 2;
  return text.substr(body, text.find("\n\n", body) - body);
}

bool has(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

TEST(HaproxyConfig, is_the_golden_text) {
  std::ifstream file(HAPX_SOURCE_DIR "/tests/unit/lb-supervisor/golden/haproxy.cfg");
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(render(everything(), paths_with_users()).text, golden.str());
}

TEST(HaproxyConfig, names_one_socket_for_each_vip) {
  const auto rendered = render(everything(), haproxy_paths("/run/hapx"));
  const std::vector<ListenSocket> expected{
      {"HAPX_LISTEN_0", {address("192.168.4.20"), 6443}},
      {"HAPX_LISTEN_1", {address("192.168.4.21"), 6443}},
      {"HAPX_LISTEN_2", {address("fd00::21"), 6443}},
      {"HAPX_LISTEN_3", {address("192.168.4.22"), 6443}},
      {"HAPX_LISTEN_4", {address("192.168.4.23"), 6443}},
  };
  EXPECT_EQ(rendered.sockets, expected);
  for (const auto& socket : expected) {
    EXPECT_TRUE(has(rendered.text, "bind \"fd@${" + socket.variable + "}\""));
  }
}

TEST(HaproxyConfig, lets_watches_and_kubectl_exec_be_silent_for_an_hour) {
  const auto text = render(tutorial(), haproxy_paths("/run/hapx")).text;
  EXPECT_TRUE(has(section(text, "frontend kube-apiserver"), "timeout client 3600000ms"));
  const auto backend = section(text, "backend kube-apiserver");
  EXPECT_TRUE(has(backend, "timeout server 3600000ms"));
  EXPECT_TRUE(has(backend, "timeout tunnel 3600000ms"));
}

TEST(HaproxyConfig, checks_as_it_is_told) {
  const auto text = render(everything(), haproxy_paths("/run/hapx")).text;
  const auto readyz = section(text, "backend kube-apiserver");
  EXPECT_TRUE(has(readyz, "option httpchk GET /readyz"));
  EXPECT_TRUE(has(readyz, "check-ssl verify none"));
  const auto verified = section(text, "backend verified");
  EXPECT_TRUE(has(verified, "check-ssl verify required ca-file \"/etc/kubernetes/pki/ca.crt\""));
  EXPECT_TRUE(has(verified, "fall 3"));
  const auto tls = section(text, "backend handshake");
  EXPECT_TRUE(has(tls, "check-ssl"));
  EXPECT_FALSE(has(tls, "httpchk"));
  const auto tcp = section(text, "backend bare");
  EXPECT_FALSE(has(tcp, "ssl"));
  EXPECT_FALSE(has(tcp, "httpchk"));
}

TEST(HaproxyConfig, drains_what_is_not_ready_and_cuts_what_is_dead) {
  const auto readyz =
      section(render(tutorial(), haproxy_paths("/run/hapx")).text, "backend kube-apiserver");
  EXPECT_TRUE(has(readyz, "http-check expect status 200,401,403 error-status L7OKC"));
  EXPECT_TRUE(has(readyz, "on-marked-down shutdown-sessions"));
  EXPECT_TRUE(has(readyz, "error-limit 3 on-error sudden-death"));
  EXPECT_TRUE(has(readyz, "timeout connect 500ms"));
}

TEST(HaproxyConfig, resets_clients_while_nobody_could_answer_them) {
  EXPECT_TRUE(
      has(section(render(tutorial(), haproxy_paths("/run/hapx")).text, "frontend kube-apiserver"),
          "tcp-request connection reject if !{ stopping } { nbsrv(kube-apiserver) lt 1 }"));
}

TEST(HaproxyConfig, shows_its_page_to_nobody_unless_told_to_whom) {
  EXPECT_FALSE(has(render(tutorial(), paths_with_users()).text, "stats enable"));
  const auto without = render(everything(), haproxy_paths("/run/hapx"));
  EXPECT_FALSE(has(without.text, "stats enable"));
  EXPECT_EQ(without.sockets.size(), 5U);
  const auto rendered = render(everything(), paths_with_users());
  EXPECT_EQ(rendered.sockets.size(), 7U);
  EXPECT_TRUE(has(section(rendered.text, "frontend _stats-verified"),
                  "http-request auth realm hapx unless { http_auth(_stats-verified) }"));
  EXPECT_TRUE(has(rendered.text, "user \"admin\" insecure-password \"a \\\"\\$x\""));
  EXPECT_TRUE(has(rendered.text, "user \"ops\" password \"\\$6\\$salt\\$hash\""));
}

TEST(HaproxyConfig, appends_the_operators_lines_and_knows_whose_they_are) {
  const auto rendered = render(everything(), haproxy_paths("/run/hapx"));
  std::vector<std::string> lines;
  std::istringstream text(rendered.text);
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  ASSERT_EQ(rendered.origins.size(), 4U);
  const std::pair<const char*, const char*> expected[] = {
      {"    tune.bufsize 32768", "service verified, extraConfig.global"},
      {"    option tcplog", "service verified, extraConfig.defaults"},
      {"    tcp-request connection reject if { src 10.9.0.0/16 }",
       "service verified, extraConfig.frontend"},
      {"    hash-type consistent", "service verified, extraConfig.backend"}};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(lines.at(rendered.origins[i].line - 1), expected[i].first);
    EXPECT_EQ(rendered.origins[i].place, expected[i].second);
    EXPECT_EQ(rendered.origins[i].file_line, 40 + i);
  }
  EXPECT_TRUE(has(section(rendered.text, "frontend verified"), expected[2].first));
}

TEST(HaproxyConfig, differs_when_only_an_address_differs) {
  const auto paths = haproxy_paths("/run/hapx");
  auto moved = tutorial();
  moved.services[0].vips[0].address = *parse_cidr("192.168.4.19/27");
  EXPECT_NE(render(tutorial(), paths).text, render(moved, paths).text);
}

TEST(HaproxyConfig, keeps_room_for_the_probe_when_services_are_full) {
  auto config = tutorial();
  config.services[0].haproxy.max_connections = 50;
  const auto text = render(config, haproxy_paths("/run/hapx")).text;
  EXPECT_TRUE(has(section(text, "frontend kube-apiserver"), "maxconn 50\n"));
  EXPECT_TRUE(has(section(text, "global"), "maxconn 150\n"));
}

TEST(HaproxyConfig, allows_no_more_connections_than_there_are_descriptors) {
  auto paths = haproxy_paths("/run/hapx");
  paths.descriptor_limit = 1024;
  auto config = everything();
  auto text = render(config, paths).text;
  EXPECT_TRUE(has(section(text, "frontend kube-apiserver"), "maxconn 70\n"));
  EXPECT_TRUE(has(section(text, "frontend verified"), "maxconn 1\n"));
  paths.descriptor_limit = 1;  // nonsense, but no reason to fall over
  text = render(config, paths).text;
  EXPECT_TRUE(has(section(text, "frontend kube-apiserver"), "maxconn 1\n"));
  paths.descriptor_limit = 1'000'000;
  EXPECT_EQ(render(config, paths).text, render(config, haproxy_paths("/run/hapx")).text);
}

TEST(HaproxyConfig, writes_never_as_haproxys_longest_time) {
  auto config = tutorial();
  config.services[0].haproxy.timeouts.tunnel = Duration(0);
  config.services[0].haproxy.timeouts.client = std::chrono::hours(24 * 365);
  config.services[0].haproxy.timeouts.connect = std::chrono::nanoseconds(1);
  const auto text = render(config, haproxy_paths("/run/hapx")).text;
  EXPECT_TRUE(has(text, "timeout tunnel 2147483647ms"));
  EXPECT_TRUE(has(text, "timeout client 2147483647ms"));
  EXPECT_TRUE(has(text, "timeout connect 1ms"));
}

TEST(HaproxyConfig, lets_no_name_become_a_directive) {
  auto config = tutorial();
  auto& hostile = config.services[0];
  hostile.name = ServiceName("x\nglobal\n    daemon");
  hostile.api_servers = {
      {"/etc/passwd", 1}, {"fd@3", 2}, {"a b#c", 3}, {"${HOME}", 4}, {"\"quoted'\n", 5}};
  hostile.health_check.ca_file = "/ca\" crt-base \"/\n$x";
  const auto text = render(config, haproxy_paths("/run/hapx")).text;
  EXPECT_FALSE(has(text, "\n    daemon"));
  EXPECT_TRUE(has(text, "frontend x_0Aglobal_0A_20_20_20_20daemon\n"));
  EXPECT_TRUE(has(text, "server _2Fetc_2Fpasswd:1 _2Fetc_2Fpasswd:1\n"));
  EXPECT_TRUE(has(text, "server fd_403:2 fd_403:2\n"));
  EXPECT_TRUE(has(text, "server _24_7BHOME_7D:4 _24_7BHOME_7D:4\n"));
  EXPECT_TRUE(has(text, "ca-file \"/ca\\\" crt-base \\\"/\\x0A\\$x\""));
}

TEST(HaproxyConfig, is_not_for_witnesses_strangers_or_without_services) {
  auto config = tutorial();
  EXPECT_TRUE(runs_haproxy(config, NodeName("node1")));
  EXPECT_FALSE(runs_haproxy(config, NodeName("arbiter")));
  EXPECT_FALSE(runs_haproxy(config, NodeName("stranger")));
  config.services.clear();
  EXPECT_FALSE(runs_haproxy(config, NodeName("node1")));
  EXPECT_TRUE(render(config, haproxy_paths("/run/hapx")).sockets.empty());
}

}  // namespace
}  // namespace hapx::lb_supervisor
