// SPDX-License-Identifier: Apache-2.0
#include "config/change.hpp"

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
  ServiceConfig kube;
  kube.name = ServiceName("kube");
  ServiceConfig web;
  web.name = ServiceName("web");
  config.services = {kube, web};
  return config;
}

TEST(ConfigChange, TheSameIsNoChange) {
  const ConfigChange change = compare(sample(), sample());
  EXPECT_THAT(change.differences, IsEmpty());
  EXPECT_THAT(change.fixed, IsEmpty());
}

TEST(ConfigChange, ServicesAreToldByName) {
  ClusterConfig after = sample();
  after.services[0].port = 7443;
  after.services[1].name = ServiceName("api");
  EXPECT_THAT(compare(sample(), after).differences,
              ElementsAre("service kube", "service api (new)", "service web (gone)"));
  EXPECT_THAT(compare(sample(), after).fixed, IsEmpty());

  after = sample();
  std::swap(after.services[0], after.services[1]);
  EXPECT_THAT(compare(sample(), after).differences, ElementsAre("spec.services (their order)"));
}

/// Each key alone: no difference is overlooked, and none is told under another key.
TEST(ConfigChange, EachKeyIsSeen) {
  using Edit = std::function<void(ClusterConfig&)>;
  const std::vector<std::pair<std::string, Edit>> live{
      {"spec.timing", [](auto& c) { c.timing.lease *= 2; }},
      {"spec.nodes", [](auto& c) { c.nodes[1].votes = 2; }},
      {"spec.nodes", [](auto& c) { c.nodes.pop_back(); }},
      {"spec.noQuorumPolicy", [](auto& c) { c.no_quorum_policy = NoQuorumPolicy::freeze; }},
      {"spec.tieBreaker",
       [](auto& c) {
         c.tie_breaker = {ipv4(192, 168, 4, 1), InterfaceName("eth0")};
       }},
      {"spec.arbiter", [](auto& c) { c.arbiter.emplace(); }},
      {"spec.scheduling", [](auto& c) { c.scheduling.failure_timeout *= 2; }},
      {"spec.metrics", [](auto& c) { c.metrics.listen.reset(); }},
      {"spec.hooks", [](auto& c) { c.hooks.emplace_back(); }},
      {"spec.api", [](auto& c) { c.api.emplace(); }}};
  const std::vector<std::pair<std::string, Edit>> fixed{
      {"metadata.name", [](auto& c) { c.name = ClusterName("other"); }},
      {"spec.keyFile", [](auto& c) { c.key_file = "/elsewhere"; }},
      {"spec.port", [](auto& c) { c.port = 7406; }}};
  const auto changed = [](const Edit& edit) {
    ClusterConfig after = sample();
    edit(after);
    return compare(sample(), after);
  };
  for (const auto& [key, edit] : live) {
    EXPECT_THAT(changed(edit).differences, ElementsAre(key));
    EXPECT_THAT(changed(edit).fixed, IsEmpty()) << key;
  }
  for (const auto& [key, edit] : fixed) {
    EXPECT_THAT(changed(edit).differences, ElementsAre(key));
    EXPECT_THAT(changed(edit).fixed, ElementsAre(key));
  }
}

/// Who votes can be agreed on while hapxd runs; where a node is found can't.
TEST(ConfigChange, ThePlaceOfANodeIsFixed) {
  ClusterConfig after = sample();
  after.nodes[1].address = ipv4(192, 168, 4, 99);
  EXPECT_THAT(compare(sample(), after).differences,
              ElementsAre("spec.nodes", "spec.nodes[node2].address"));
  EXPECT_THAT(compare(sample(), after).fixed, ElementsAre("spec.nodes[node2].address"));
  after = sample();
  after.nodes[1].role = Role::witness;
  EXPECT_THAT(compare(sample(), after).fixed, ElementsAre("spec.nodes[node2].role"));
}

}  // namespace
}  // namespace hapx
