// SPDX-License-Identifier: Apache-2.0
#include "config/validate_listen.hpp"

#include <optional>

#include "config/address_kind.hpp"
#include "config/wording.hpp"

namespace hapx {
namespace {

/// The same port of whatever address a node has.
Endpoint anywhere(const Endpoint& listen) {
  IpAddress any;
  any.family = listen.address.family;
  return {any, listen.port};
}

/// Why no machine has this address to listen at; nothing if one may.
std::optional<std::string> listening_problem(const IpAddress& address) {
  if (is_unspecified(address)) return std::nullopt;
  const auto text = to_string(address);
  const auto first = address.bytes[0];
  if (address.family == Family::ipv6) {
    if (first == 0xff) return text + " is a multicast address; use [::1] or [::]";
    if (is_link_local(address)) {
      return text +
             " is a link-local address, which is not told apart without an interface; use "
             "[::1] or [::]";
    }
    return std::nullopt;
  }
  if (first == 0 || first >= 224) {
    return text + " is an address that no machine has; use 127.0.0.1 or 0.0.0.0";
  }
  return std::nullopt;
}

/// Why an address of the cluster can't be it; nothing if it isn't one. That a node or a VIP may not
/// have a loopback address is said elsewhere.
std::optional<std::string> ownership_problem(const Endpoint& listen, const ListenWords& words,
                                             const ClusterConfig& config) {
  if (is_loopback(listen.address)) return std::nullopt;
  const std::string everywhere = to_string(anywhere(listen));
  for (const auto& service : config.services) {
    for (const auto& vip : service.vips) {
      if (vip.address.address != listen.address) continue;
      const std::string text = to_string(listen.address);
      if (service.port == listen.port) {
        return to_string(listen) + " is where service " + shown(service.name.text()) +
               " is served; choose another address and port, like " + words.example;
      }
      return text + " is a VIP of service " + shown(service.name.text()) +
             ", which is on one node at a time, and every node has " + words.what +
             "; use 127.0.0.1, or " + everywhere + " for all addresses of each node";
    }
    if (is_unspecified(listen.address) && service.port == listen.port) {
      return to_string(listen) + " takes port " + std::to_string(listen.port) +
             " of every address, the VIPs of service " + shown(service.name.text()) +
             " included; choose another port";
    }
  }
  if (config.nodes.size() < 2) return std::nullopt;
  for (const auto& node : config.nodes) {
    if (node.address != listen.address) continue;
    return to_string(listen.address) + " is the address of node " + shown(node.name.text()) +
           " alone, and this file is the same on every node; use " + everywhere +
           " for all addresses of each node";
  }
  return std::nullopt;
}

}  // namespace

std::vector<Finding> validate_listen(const Endpoint& listen, const ListenWords& words,
                                     const ClusterConfig& config) {
  std::vector<Finding> findings;
  const auto find = [&](std::string sentence) {
    findings.push_back({words.path, {}, std::move(sentence)});
  };
  if (listen.port == 0) find("port 0 means \"any port\"; choose one from 1 to 65535");
  if (auto problem = listening_problem(listen.address)) {
    find(*std::move(problem));
  } else if (auto owned = ownership_problem(listen, words, config)) {
    find(*std::move(owned));
  }
  return findings;
}

}  // namespace hapx
