// SPDX-License-Identifier: Apache-2.0
#include "config/fingerprint.hpp"

#include <functional>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hapx {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ServiceConfig service(const char* name, const char* host) {
  ServiceConfig out;
  out.name = ServiceName(name);
  out.vips = {{{ipv4(192, 168, 4, 20), 24}, InterfaceName("eth0")}};
  out.api_servers = {{host, 6443}};
  return out;
}

ClusterConfig sample() {
  ClusterConfig config;
  config.name = ClusterName("kube-demo");
  config.nodes = {{NodeName("node1"), ipv4(192, 168, 4, 11), Role::full, 1},
                  {NodeName("node2"), ipv4(192, 168, 4, 12), Role::full, 1}};
  config.services = {service("kube", "kube1"), service("web", "web1")};
  return config;
}

std::vector<std::string> differing(const ClusterConfig& here, const ClusterConfig& there) {
  return compare(parts_of(here), parts_of(there));
}

TEST(ConfigFingerprint, OfTheSameIsTheSame) {
  EXPECT_EQ(parts_of(sample()), parts_of(sample()));
  EXPECT_EQ(fingerprint_of(parts_of(sample())), fingerprint_of(parts_of(sample())));
  EXPECT_THAT(differing(sample(), sample()), IsEmpty());
}

/// Rolling upgrades: other nodes may have computed theirs with an earlier or a later hapx.
TEST(ConfigFingerprint, IsTheSameInEveryVersion) {
  EXPECT_EQ(fingerprint_of(parts_of(sample())), 8457361193986216821U);
}

TEST(ConfigFingerprint, LeavesOutWhatIsDefault) {
  std::vector<std::string> names;
  for (const ConfigPart& part : parts_of(sample())) names.push_back(part.name);
  EXPECT_THAT(names, ElementsAre("service kube", "service web", "spec.nodes",
                                 "spec.services (their order)"));
}

TEST(ConfigFingerprint, SaysWhichPartDiffers) {
  struct Case {
    std::vector<std::string> differs;
    std::function<void(ClusterConfig&)> change;
  };
  const std::vector<Case> cases{
      {{"spec.timing"}, [](auto& config) { config.timing.lease = std::chrono::seconds(1); }},
      {{"spec.port"}, [](auto& config) { config.port = 7406; }},
      {{"spec.keyFile"}, [](auto& config) { config.key_file = "/etc/other.key"; }},
      {{"spec.nodes"}, [](auto& config) { config.nodes[1].votes = 0; }},
      {{"spec.metrics"}, [](auto& config) { config.metrics.listen.reset(); }},
      {{"spec.hooks"}, [](auto& config) { config.hooks.emplace_back(); }},
      {{"spec.api"}, [](auto& config) { config.api.emplace(); }},
      {{"spec.scheduling"},
       [](auto& config) { config.scheduling.failure_timeout = std::chrono::seconds(9); }},
      {{"spec.noQuorumPolicy"},
       [](auto& config) { config.no_quorum_policy = NoQuorumPolicy::freeze; }},
      {{"spec.tieBreaker"},
       [](auto& config) {
         config.tie_breaker = {ipv4(192, 168, 4, 1), InterfaceName("eth0")};
       }},
      {{"spec.arbiter"}, [](auto& config) { config.arbiter.emplace(); }},
      {{"service web"}, [](auto& config) { config.services[1].api_servers[0].port = 6444; }},
      {{"service kube", "service web"},
       [](auto& config) {
         config.services[0].port = 7443;
         config.services[1].haproxy.max_connections = 7;
       }},
      {{"service api (only there)"},
       [](auto& config) { config.services.push_back(service("api", "api1")); }},
      {{"service web (only here)"}, [](auto& config) { config.services.pop_back(); }},
      {{"spec.services (their order)"},
       [](auto& config) { std::swap(config.services[0], config.services[1]); }},
  };
  std::set<std::uint64_t> seen{fingerprint_of(parts_of(sample()))};
  for (const Case& each : cases) {
    ClusterConfig there = sample();
    each.change(there);
    EXPECT_EQ(differing(sample(), there), each.differs);
    EXPECT_TRUE(seen.insert(fingerprint_of(parts_of(there))).second) << each.differs[0];
  }
}

}  // namespace
}  // namespace hapx
