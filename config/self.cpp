// SPDX-License-Identifier: Apache-2.0
#include "config/self.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "config/wording.hpp"

namespace hapx {
namespace {

bool same_host(std::string_view a, std::string_view b) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

Error refused(std::string sentence) {
  return {ErrorKind::refused, std::move(sentence)};
}

std::vector<std::string_view> node_names(const ClusterConfig& config) {
  std::vector<std::string_view> out;
  for (const auto& node : config.nodes) out.emplace_back(node.name.text());
  return out;
}

std::string known_nodes(const ClusterConfig& config) {
  return "the nodes of the configuration are " + listed(node_names(config), "and");
}

}  // namespace

Result<NodeName> find_self(const ClusterConfig& config, const std::optional<NodeName>& asked,
                           std::string_view host_name, std::span<const IpAddress> local) {
  if (asked) {
    for (const auto& node : config.nodes) {
      if (node.name == *asked) return node.name;
    }
    return refused("there is no node " + shown(asked->text()) +
                   suggestion(asked->text(), node_names(config), known_nodes(config)));
  }
  const auto is_here = [&](const NodeConfig& node) {
    return std::find(local.begin(), local.end(), node.address) != local.end();
  };
  const auto short_name = host_name.substr(0, host_name.find('.'));
  const NodeConfig* by_name = nullptr;
  std::vector<const NodeConfig*> by_address;
  for (const auto& node : config.nodes) {
    const bool named = same_host(node.name.text(), host_name) ||
                       (!short_name.empty() && same_host(node.name.text(), short_name));
    if (named) by_name = &node;
    if (is_here(node)) by_address.push_back(&node);
  }
  if (by_name != nullptr && (is_here(*by_name) || by_address.empty())) return by_name->name;
  if (by_name != nullptr) {
    return refused("this host is called " + shown(host_name) + " but has the address of " +
                   shown(by_address[0]->name.text()) + " (" + to_string(by_address[0]->address) +
                   "); correct one of them, or say who it is with --node");
  }
  if (by_address.size() == 1) return by_address[0]->name;
  if (by_address.size() > 1) {
    return refused("this host has the addresses of both " + shown(by_address[0]->name.text()) +
                   " and " + shown(by_address[1]->name.text()) + "; say who it is with --node");
  }
  return refused("this host (" + shown(host_name) +
                 ") is no node of the configuration: neither its name nor one of its addresses "
                 "stands there; " +
                 known_nodes(config) + "; correct the file, or say who it is with --node");
}

}  // namespace hapx
