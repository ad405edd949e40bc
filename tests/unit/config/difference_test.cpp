// SPDX-License-Identifier: Apache-2.0
#include "config/difference.hpp"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hapx {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ClusterConfig sample() {
  ClusterConfig config;
  config.name = ClusterName("kube-demo");
  config.nodes = {{NodeName("node1"), ipv4(192, 168, 4, 11), Role::full, 1},
                  {NodeName("node2"), ipv4(192, 168, 4, 12), Role::full, 1}};
  ServiceConfig service;
  service.name = ServiceName("kube");
  service.vips = {{{ipv4(192, 168, 4, 20), 27}, InterfaceName("eth0")}};
  service.api_servers = {{"mast01", 6443}, {"mast02", 6443}};
  config.services = {service};
  return config;
}

/// "path: before -> after", with a star where no reload takes it.
std::vector<std::string> told(const ClusterConfig& after) {
  std::vector<std::string> out;
  for (const auto& one : differences(sample(), after)) {
    out.push_back((one.needs_new_start ? "* " : "") + one.path + ": " +
                  (one.before ? one_line(*one.before) : "-") + " -> " +
                  (one.after ? one_line(*one.after) : "-"));
  }
  return out;
}

TEST(ConfigDifference, TheSameIsNone) {
  EXPECT_THAT(told(sample()), IsEmpty());
}

TEST(ConfigDifference, ValuesAreToldBeforeAndAfter) {
  auto after = sample();
  after.timing.lease = std::chrono::seconds(2);
  after.services[0].health_check.ca_file = "/ca.crt";
  EXPECT_THAT(told(after), ElementsAre("spec.services[kube].healthCheck.caFile: - -> /ca.crt",
                                       "spec.timing.lease: 300ms -> 2s"));
}

TEST(ConfigDifference, WhatHasANameIsFoundByIt) {
  auto after = sample();
  after.services[0].api_servers = {{"mast02", 6443}, {"mast03", 7443}};
  EXPECT_THAT(told(after),
              ElementsAre("spec.services[kube].apiServers[mast01:6443]: mast01:6443 -> -",
                          "spec.services[kube].apiServers[mast03:7443]: - -> mast03:7443"));
}

TEST(ConfigDifference, AnotherOrderIsADifference) {
  auto after = sample();
  std::swap(after.nodes[0], after.nodes[1]);
  EXPECT_THAT(told(after),
              ElementsAre("spec.nodes (their order): [node1, node2] -> [node2, node1]"));
}

TEST(ConfigDifference, WhatNoReloadTakesIsMarked) {
  auto after = sample();
  after.nodes[1].votes = 2;
  after.nodes[1].address = ipv4(192, 168, 4, 99);
  after.nodes.push_back({NodeName("node3"), ipv4(192, 168, 4, 13), Role::witness, 1});
  after.port = 7406;
  after.services[0].port = 443;
  EXPECT_THAT(
      told(after),
      ElementsAre("* spec.nodes[node2].address: 192.168.4.12 -> 192.168.4.99",
                  "spec.nodes[node2].votes: 1 -> 2",
                  "spec.nodes[node3]: - -> {name: node3, address: 192.168.4.13, role: witness, "
                  "votes: 1}",
                  "spec.services[kube].port: 6443 -> 443", "* spec.port: 7405 -> 7406"));
}

/// Whatever is edited, something is told.
TEST(ConfigDifference, NothingIsOverlooked) {
  using Edit = std::function<void(ClusterConfig&)>;
  const std::vector<Edit> edits{
      [](auto& c) { c.name = ClusterName("x"); },
      [](auto& c) { c.nodes.pop_back(); },
      [](auto& c) { c.nodes[0].address = ipv4(192, 168, 4, 13); },
      [](auto& c) { c.nodes[0].role = Role::witness; },
      [](auto& c) { c.services[0].name = ServiceName("x"); },
      [](auto& c) { c.services[0].vips[0].address.prefix = 24; },
      [](auto& c) { c.services[0].vips[0].interface = InterfaceName("x"); },
      [](auto& c) { c.services[0].api_servers[1].port = 7; },
      [](auto& c) { std::swap(c.services[0].api_servers[0], c.services[0].api_servers[1]); },
      [](auto& c) { c.services[0].location[NodeName("node1")] = Score(3); },
      [](auto& c) { c.services[0].on_fail.vip = OnFail::block; },
      [](auto& c) { c.services[0].health_check.fall = 3; },
      [](auto& c) { c.services[0].haproxy.timeouts.tunnel *= 2; },
      [](auto& c) { c.timing.heartbeat /= 2; },
      [](auto& c) { c.key_file = "/x"; },
      [](auto& c) { c.port = 7; },
      [](auto& c) { c.no_quorum_policy = NoQuorumPolicy::freeze; },
      [](auto& c) {
        c.tie_breaker = {ipv4(192, 168, 4, 1), InterfaceName("x")};
      },
      [](auto& c) { c.scheduling.resource_stickiness = Score::infinity(); },
      [](auto& c) { c.metrics.listen.reset(); },
      [](auto& c) { c.hooks.emplace_back(); },
      [](auto& c) { c.api.emplace(); }};
  for (std::size_t i = 0; i < edits.size(); ++i) {
    auto after = sample();
    edits[i](after);
    EXPECT_FALSE(told(after).empty()) << "edit " << i;
  }
}

}  // namespace
}  // namespace hapx
