// SPDX-License-Identifier: Apache-2.0
#include "config/validate_quorum.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "config/address_kind.hpp"
#include "config/validate_address.hpp"
#include "config/wording.hpp"

namespace hapx {
namespace {

constexpr const char* policy_path = "spec.noQuorumPolicy";
constexpr const char* tie_breaker_path = "spec.tieBreaker";

/// Why evidence can't stand in for a vote of these nodes; nothing if it can.
std::optional<std::string> pair_problem(const std::vector<NodeConfig>& nodes) {
  const bool one_each =
      std::ranges::all_of(nodes, [](const NodeConfig& node) { return node.votes == 1; });
  if (nodes.size() == 2 && one_each) return std::nullopt;
  if (nodes.size() < 2) {
    return "`ignore` is for two nodes, and there is one; it needs nobody else's vote: use `stop`";
  }
  if (nodes.size() == 2) {
    return "`ignore` is for two nodes with one vote each: evidence stands in for the one that is "
           "gone; leave `votes` out";
  }
  return "`ignore` is for two nodes with one vote each, and there are " +
         std::to_string(nodes.size()) +
         " nodes: with a third vote nobody needs evidence; use `stop`, or remove a node";
}

std::optional<std::string> address_of_ours(const IpAddress& address, const ClusterConfig& config) {
  for (const auto& node : config.nodes) {
    const auto ways = node.ways();
    if (std::ranges::find(ways, address) != ways.end()) {
      return to_string(address) + " is an address of node " + shown(node.name.text()) +
             ", which is gone with it; name a host that shares no failure with either node, like "
             "the gateway";
    }
  }
  for (const auto& service : config.services) {
    for (const auto& vip : service.vips) {
      if (vip.address.address != address) continue;
      return to_string(address) + " is a VIP of service " + shown(service.name.text()) +
             "; name a host that shares no failure with either node, like the gateway";
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<Finding> validate_quorum(const ClusterConfig& config) {
  std::vector<Finding> findings;
  const auto find = [&](const char* path, std::string sentence) {
    findings.push_back({path, {}, std::move(sentence)});
  };
  const auto& tie_breaker = config.tie_breaker;
  if (config.no_quorum_policy == NoQuorumPolicy::freeze) {
    find(policy_path,
         "`freeze` exists in scenarios only: without quorum a lease can't be renewed, so nothing "
         "can stay where it is; use `stop`");
  }
  if (config.no_quorum_policy != NoQuorumPolicy::ignore) {
    if (tie_breaker) {
      find(tie_breaker_path,
           "nobody asks it: a tie-breaker is for two nodes with `noQuorumPolicy: ignore`; write "
           "that, or remove it");
    }
    return findings;
  }
  if (auto problem = pair_problem(config.nodes)) find(policy_path, *std::move(problem));
  if (!tie_breaker) {
    find(policy_path,
         "`ignore` needs a tie-breaker, or each of two nodes that are cut off from each other "
         "would take every address; add spec.tieBreaker with the `address` of the gateway and the "
         "`interface` by which it is asked");
    return findings;
  }
  for (const auto& service : config.services) {
    const bool is_routed = std::ranges::any_of(service.vips, &VipConfig::is_routed);
    if (!is_routed) continue;
    find(policy_path, "`ignore` asks the segment who has an address, and service " +
                          shown(service.name.text()) +
                          " has `announce: bgp` and no segment; use `stop`, and a third vote: "
                          "a node with `role: witness`, or spec.arbiter");
  }
  const std::string address_path = std::string(tie_breaker_path) + ".address";
  // A router's link-local address will do: the interface is named beside it.
  const bool is_plain = !is_link_local(tie_breaker->address);
  if (auto problem = address_problem(tie_breaker->address); problem && is_plain) {
    findings.push_back({address_path, {}, *std::move(problem)});
  } else if (is_loopback(tie_breaker->address)) {
    findings.push_back(
        {address_path,
         {},
         to_string(tie_breaker->address) +
             " is this machine itself; name a host that shares no failure with either "
             "node, like the gateway"});
  } else if (auto ours = address_of_ours(tie_breaker->address, config)) {
    findings.push_back({address_path, {}, *std::move(ours)});
  }
  if (auto problem = interface_problem(tie_breaker->interface.text())) {
    findings.push_back({std::string(tie_breaker_path) + ".interface", {}, *std::move(problem)});
  }
  return findings;
}

}  // namespace hapx
