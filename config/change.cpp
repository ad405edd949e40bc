// SPDX-License-Identifier: Apache-2.0
#include "config/change.hpp"

#include <algorithm>
#include <utility>

namespace hapx {
namespace {

const ServiceConfig* find(const ClusterConfig& config, const ServiceName& name) {
  const auto found = std::ranges::find(config.services, name, &ServiceConfig::name);
  return found == config.services.end() ? nullptr : &*found;
}

void compare_services(const ClusterConfig& before, const ClusterConfig& after,
                      std::vector<std::string>& differences) {
  for (const auto& service : after.services) {
    const auto* earlier = find(before, service.name);
    if (earlier == nullptr) {
      differences.push_back("service " + service.name.text() + " (new)");
    } else if (*earlier != service) {
      differences.push_back("service " + service.name.text());
    }
  }
  for (const auto& service : before.services) {
    if (find(after, service.name) == nullptr) {
      differences.push_back("service " + service.name.text() + " (gone)");
    }
  }
  // The order in which services are placed is all that is left.
  if (differences.empty() && before.services != after.services) {
    differences.emplace_back("spec.services (their order)");
  }
}

}  // namespace

ConfigChange compare(const ClusterConfig& before, const ClusterConfig& after) {
  ConfigChange change;
  compare_services(before, after, change.differences);
  const auto differs = [&](const char* key, bool is_so) {
    if (is_so) change.differences.emplace_back(key);
  };
  differs("spec.nodes", before.nodes != after.nodes);
  differs("spec.timing", before.timing != after.timing);
  differs("spec.noQuorumPolicy", before.no_quorum_policy != after.no_quorum_policy);
  differs("spec.tieBreaker", before.tie_breaker != after.tie_breaker);
  differs("spec.arbiter", before.arbiter != after.arbiter);
  differs("spec.scheduling", before.scheduling != after.scheduling);
  differs("spec.metrics", before.metrics != after.metrics);
  differs("spec.hooks", before.hooks != after.hooks);
  differs("spec.api", before.api != after.api);
  const auto is_fixed = [&](std::string key, bool is_so) {
    if (is_so) change.fixed.push_back(std::move(key));
  };
  is_fixed("metadata.name", before.name != after.name);
  for (const auto& node : after.nodes) {
    const auto earlier = std::ranges::find(before.nodes, node.name, &NodeConfig::name);
    if (earlier == before.nodes.end()) continue;
    const std::string path = "spec.nodes[" + node.name.text() + "]";
    is_fixed(path + ".address", earlier->address != node.address);
    is_fixed(path + ".role", earlier->role != node.role);
  }
  is_fixed("spec.keyFile", before.key_file != after.key_file);
  is_fixed("spec.port", before.port != after.port);
  change.differences.insert(change.differences.end(), change.fixed.begin(), change.fixed.end());
  return change;
}

}  // namespace hapx
