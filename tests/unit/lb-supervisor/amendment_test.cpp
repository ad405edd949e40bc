// SPDX-License-Identifier: Apache-2.0
// Which texts can a HAProxy that runs be brought to, and what has to be said to it for that?
#include "lb-supervisor/amendment.hpp"

#include <gtest/gtest.h>

#include "apiservers.hpp"
#include "lb-supervisor/haproxy_config.hpp"

namespace hapx::lb_supervisor {
namespace {

using Kind = ServerChange::Kind;

const ServiceName api("kube-apiserver");

std::optional<TextWithServers> parts_of(const ClusterConfig& config) {
  return take_apart(render(config, haproxy_paths("/run/hapx")).text);
}
TextWithServers with(const std::vector<std::string>& hosts) {
  return parts_of(cluster_of(hosts)).value();
}

ServerHealth up(const std::string& host) {
  return {host + ":6443", true, "L7OK", "readyz", false, 3};
}
ServerHealth set_aside(const std::string& host, std::uint64_t connections) {
  return {host + ":6443", false, "L7OK", "readyz", true, connections};
}

TEST(TakingApart, knows_the_servers_of_a_rendered_text) {
  const auto parts = with({"192.168.4.11", "fd00::12", "kube-mast03"});
  ASSERT_EQ(parts.backends.size(), 1U);
  EXPECT_EQ(parts.backends[0].name, "kube-apiserver");
  ASSERT_EQ(parts.backends[0].servers.size(), 3U);
  EXPECT_EQ(parts.backends[0].servers[1].name, "fd00::12:6443");
  EXPECT_EQ(parts.backends[0].servers[1].address, "ipv6@fd00::12:6443");
  EXPECT_EQ(parts.backends[0].options.find("init-addr"), std::string::npos)
      << "`add server` looks nothing up";
  EXPECT_NE(parts.backends[0].options.find("check inter "), std::string::npos);
  EXPECT_NE(parts.backends[0].options.find("slowstart 10s"), std::string::npos);
  EXPECT_EQ(parts.rest.find("\n    server "), std::string::npos);
  EXPECT_NE(parts.rest.find("default-server"), std::string::npos);
}

TEST(TakingApart, says_a_path_without_its_quotes) {
  auto config = cluster_of({"192.168.4.11"});
  config.services[0].health_check.ca_file = "/etc/kubernetes/pki/ca.crt";
  EXPECT_TRUE(parts_of(config)->backends[0].options.ends_with(
      "verify required ca-file /etc/kubernetes/pki/ca.crt"));
  for (const char* path : {"/etc/my ca.crt", "/etc/\"ca\".crt", "/etc/ca;del.crt", "/etc/$CA"}) {
    config.services[0].health_check.ca_file = path;
    EXPECT_FALSE(parts_of(config)) << path;
  }
}

TEST(TakingApart, refuses_what_it_does_not_understand) {
  auto config = cluster_of({"192.168.4.11"});
  for (const char* line : {"server backup 10.0.0.1:6443 backup", "default-server weight 10",
                           "server \"x\" 10.0.0.1:6443"}) {
    config.services[0].haproxy.extra = {};
    config.services[0].haproxy.extra.backend = {{line, 1}};
    EXPECT_FALSE(parts_of(config)) << line;
  }
  config.services[0].haproxy.extra = {};
  config.services[0].haproxy.extra.defaults = {{"default-server weight 10", 1}};
  EXPECT_FALSE(parts_of(config));
  EXPECT_FALSE(take_apart("backend x\n    server a ipv4@1.2.3.4:1\n")) << "no options are known";
  EXPECT_FALSE(take_apart("    server a ipv4@1.2.3.4:1\n"));
  EXPECT_FALSE(take_apart("    default-server check\n"));
  EXPECT_FALSE(take_apart("backend a;quit\n")) << "it would be said to HAProxy";
  EXPECT_TRUE(take_apart("")->backends.empty());
}

TEST(Becoming, takes_other_servers_and_nothing_else) {
  const auto two = with({"192.168.4.11", "192.168.4.12"});
  EXPECT_TRUE(can_become(two, two));
  EXPECT_TRUE(can_become(two, with({"192.168.4.12", "192.168.4.13", "fd00::1"})));
  EXPECT_FALSE(can_become(two, with({"192.168.4.11", "kube-mast02"}))) << "nobody looks it up";
  EXPECT_TRUE(can_become(with({"192.168.4.11", "kube-mast02"}), with({"kube-mast02"})));
  auto slower = cluster_of({"192.168.4.11"});
  slower.services[0].health_check.interval = std::chrono::seconds(7);
  EXPECT_FALSE(can_become(two, *parts_of(slower)));
  auto more = cluster_of({"192.168.4.11", "192.168.4.12"});
  more.services.push_back(more.services[0]);
  more.services[1].name = ServiceName("other");
  EXPECT_FALSE(can_become(two, *parts_of(more)));
}

TEST(Changes, are_what_haproxy_does_not_have) {
  const auto wanted = with({"192.168.4.11", "192.168.4.12"});
  const std::vector<BackendHealth> told{{api, {up("192.168.4.11"), up("192.168.4.13")}}};
  const auto changes = changes_towards(wanted, told);
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].kind, Kind::add);
  EXPECT_EQ(changes[0].backend, "kube-apiserver");
  EXPECT_EQ(changes[0].server, "192.168.4.12:6443");
  EXPECT_TRUE(changes[0].options.starts_with("ipv4@192.168.4.12:6443 check inter "));
  EXPECT_EQ(changes[1], (ServerChange{Kind::drain, "kube-apiserver", "192.168.4.13:6443"}));
}

TEST(Changes, end_when_all_is_done) {
  const auto wanted = with({"192.168.4.11", "192.168.4.12"});
  ServerHealth down = up("192.168.4.12");
  down.up = false;
  EXPECT_TRUE(changes_towards(wanted, {{api, {up("192.168.4.11"), down}}}).empty())
      << "one that is not well is there all the same";
}

TEST(Changes, let_others_serve_until_one_that_is_wanted_can) {
  const auto wanted = with({"192.168.4.12"});
  ServerHealth here = up("192.168.4.12");
  here.up = false;
  EXPECT_TRUE(changes_towards(wanted, {{api, {up("192.168.4.11"), here}}}).empty());
  EXPECT_EQ(changes_towards(wanted, {{api, {up("192.168.4.11")}}}).size(), 1U) << "it is added";
  here.up = true;
  const auto changes = changes_towards(wanted, {{api, {up("192.168.4.11"), here}}});
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].kind, Kind::drain);
}

TEST(Changes, remove_what_has_surely_no_connection) {
  const auto wanted = with({"192.168.4.11"});
  const auto others = [&](ServerHealth other) {
    return changes_towards(wanted, {{api, {up("192.168.4.11"), std::move(other)}}});
  };
  EXPECT_TRUE(others(set_aside("192.168.4.13", 1)).empty());
  ServerHealth unknown = set_aside("192.168.4.13", 0);
  unknown.connections.reset();
  EXPECT_TRUE(others(unknown).empty());
  const auto gone = others(set_aside("192.168.4.13", 0));
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_EQ(gone[0].kind, Kind::remove);
}

TEST(Changes, bring_back_what_was_set_aside) {
  const auto changes =
      changes_towards(with({"192.168.4.11"}), {{api, {set_aside("192.168.4.11", 5)}}});
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0], (ServerChange{Kind::ready, "kube-apiserver", "192.168.4.11:6443"}));
}

TEST(Changes, are_few_enough_for_one_line) {
  std::vector<std::string> hosts;
  for (int i = 0; i < 200; ++i) hosts.push_back("10.0.0." + std::to_string(i));
  const auto changes = changes_towards(with(hosts), {});
  EXPECT_EQ(changes.size(), changes_max);
  EXPECT_LT(to_commands(changes).size(), 16384U / 2);
}

TEST(Changes, are_said_in_haproxys_words) {
  EXPECT_EQ(to_commands({{Kind::add, "b", "s:1", "ipv4@10.0.0.1:1 check"},
                         {Kind::ready, "b", "t:1"},
                         {Kind::drain, "b", "u:1"},
                         {Kind::remove, "b", "v:1"}}),
            "add server b/s:1 ipv4@10.0.0.1:1 check weight 0;enable health b/s:1;"
            "set server b/s:1 state ready;set server b/s:1 health down;set server b/s:1 weight 1;"
            "enable health b/t:1;set server b/t:1 state ready;"
            "set server b/u:1 state drain;"
            "set server b/v:1 state maint;del server b/v:1\n");
}

TEST(OnlyWanted, leaves_out_those_that_drain) {
  const auto told = only_wanted(
      with({"192.168.4.11"}),
      {{api, {up("192.168.4.11"), set_aside("x", 4)}}, {ServiceName("another"), {up("y")}}});
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].servers, std::vector<ServerHealth>{up("192.168.4.11")});
  EXPECT_EQ(told[1].servers.size(), 1U) << "of that one nothing is known";
}

}  // namespace
}  // namespace hapx::lb_supervisor
