// SPDX-License-Identifier: Apache-2.0
#include "config/validate_arbiter.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "config/validate_address.hpp"
#include "config/wording.hpp"

namespace hapx {
namespace {

constexpr const char* arbiter_path = "spec.arbiter";
constexpr const char* endpoints_path = "spec.arbiter.etcd.endpoints";

/// Why these nodes have no use for a third vote; nothing if they have.
std::optional<std::string> pair_problem(const ClusterConfig& config) {
  const auto& nodes = config.nodes;
  if (config.no_quorum_policy == NoQuorumPolicy::ignore) {
    return "with an arbiter there are three votes, and `noQuorumPolicy: ignore` is for two without "
           "one; remove that and spec.tieBreaker, or the arbiter";
  }
  if (nodes.size() != 2) {
    return "an arbiter has the third vote beside two nodes, and there " +
           std::string(nodes.size() == 1 ? "is 1 node"
                                         : "are " + std::to_string(nodes.size()) + " nodes") +
           (nodes.size() < 2 ? "; remove it, or add a node"
                             : ", which need nobody else; remove it, or a node");
  }
  const bool one_each =
      std::ranges::all_of(nodes, [](const NodeConfig& node) { return node.votes == 1; });
  if (!one_each) {
    return "an arbiter has the third vote beside two nodes with one vote each; leave `votes` out";
  }
  return std::nullopt;
}

std::optional<std::string> endpoint_problem(const Endpoint& endpoint, const ClusterConfig& config) {
  if (endpoint.port == 0) return "port 0 means \"any port\"; etcd's is 2379";
  if (auto problem = address_problem(endpoint.address)) return problem;
  for (const auto& service : config.services) {
    for (const auto& vip : service.vips) {
      if (vip.address.address != endpoint.address) continue;
      return to_string(endpoint.address) + " is a VIP of service " + shown(service.name.text()) +
             ", which is nowhere when the vote is needed; name the members of etcd themselves";
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<Finding> validate_arbiter(const ClusterConfig& config) {
  std::vector<Finding> findings;
  if (!config.arbiter) return findings;
  if (auto problem = pair_problem(config)) findings.push_back({arbiter_path, {}, *problem});
  const auto& endpoints = config.arbiter->etcd.endpoints;
  if (endpoints.empty()) {
    findings.push_back({endpoints_path, {}, "there is no endpoint; name the members of etcd"});
  }
  if (endpoints.size() > etcd_endpoints_max) {
    findings.push_back({endpoints_path,
                        {},
                        "there are " + std::to_string(endpoints.size()) +
                            " endpoints; an etcd has at most 9 members; remove some"});
  }
  std::set<Endpoint> seen;
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    const auto path = std::string(endpoints_path) + '[' + std::to_string(i) + ']';
    if (!seen.insert(endpoints[i]).second) {
      findings.push_back({path, {}, to_string(endpoints[i]) + " is there twice; remove one"});
    } else if (auto problem = endpoint_problem(endpoints[i], config)) {
      findings.push_back({path, {}, *std::move(problem)});
    }
  }
  return findings;
}

}  // namespace hapx
