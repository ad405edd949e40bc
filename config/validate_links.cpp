// SPDX-License-Identifier: Apache-2.0
#include "config/validate_links.hpp"

#include <algorithm>

#include "config/address_kind.hpp"
#include "config/validate.hpp"
#include "config/validate_address.hpp"
#include "config/wording.hpp"

namespace hapx {
namespace {

/// The node that has that address before this one and this way of its own, if any has.
const NodeConfig* owner_before(const ClusterConfig& config, std::size_t node, std::size_t way) {
  const IpAddress address = config.nodes[node].ways()[way];
  for (std::size_t i = 0; i <= node; ++i) {
    const auto ways = config.nodes[i].ways();
    const auto end = i == node ? ways.begin() + static_cast<std::ptrdiff_t>(way) : ways.end();
    if (std::find(ways.begin(), end, address) != end) return &config.nodes[i];
  }
  return nullptr;
}

}  // namespace

std::optional<std::string> links_problem(const ClusterConfig& config, std::size_t node) {
  const NodeConfig& first = config.nodes.front();
  const NodeConfig& here = config.nodes[node];
  if (here.links.size() > links_max) {
    return "there are " + std::to_string(here.links.size()) + " links; a node has at most " +
           std::to_string(links_max) + " besides its address";
  }
  if (here.links.size() != first.links.size()) {
    return "node " + shown(first.name.text()) + " has " + std::to_string(first.links.size()) +
           " links and this one " + std::to_string(here.links.size()) +
           "; the n-th of one node hears the n-th of the others, so give all nodes as many";
  }
  for (std::size_t way = 1; way <= here.links.size(); ++way) {
    const IpAddress& link = here.links[way - 1];
    if (const auto problem = address_problem(link)) return problem;
    if (is_loopback(link)) {
      return to_string(link) +
             " is a loopback address, at which no other node can reach this one; use its address "
             "in a network of the nodes";
    }
    if (link.family != first.links[way - 1].family) {
      return to_string(link) + " is to hear " + to_string(first.links[way - 1]) + " of node " +
             shown(first.name.text()) + ", which is of the other family";
    }
    if (const NodeConfig* other = owner_before(config, node, way)) {
      return to_string(link) + " is already an address of node " + shown(other->name.text()) +
             "; each way of each node has its own";
    }
  }
  return std::nullopt;
}

}  // namespace hapx
