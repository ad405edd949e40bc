// SPDX-License-Identifier: Apache-2.0
#include "config/validate.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "config/address_kind.hpp"
#include "config/validate_address.hpp"
#include "config/validate_api.hpp"
#include "config/validate_arbiter.hpp"
#include "config/validate_haproxy.hpp"
#include "config/validate_hooks.hpp"
#include "config/validate_links.hpp"
#include "config/validate_metrics.hpp"
#include "config/validate_quorum.hpp"
#include "config/validate_routed.hpp"
#include "config/wording.hpp"

namespace hapx {
namespace {

std::string at(const std::string& path, std::size_t index) {
  return path + '[' + std::to_string(index) + ']';
}

bool is_lower_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/// RFC 1123: up to 63 letters, digits and hyphens, none of these last at either end; lower case,
/// as Kubernetes wants its names.
bool is_label(std::string_view text) {
  if (text.empty() || text.size() > label_bytes_max) return false;
  if (text.front() == '-' || text.back() == '-') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_lower_alphanumeric(c) || c == '-'; });
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (auto& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '_') c = '-';
  }
  return out;
}

/// The label that was perhaps meant by `text`: lower case, hyphens, no domain.
std::optional<std::string> nearest_label(std::string_view text) {
  auto label = lowered(text.substr(0, text.find('.')));
  return is_label(label) ? std::optional(std::move(label)) : std::nullopt;
}

/// A host name as a resolver takes it: labels with dots between them, either case, not all digits.
bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > host_name_bytes_max) return false;
  std::string_view label;
  do {
    const auto dot = text.find('.');
    label = text.substr(0, dot);
    if (label.find('_') != std::string_view::npos || !is_label(lowered(label))) return false;
    text.remove_prefix(dot == std::string_view::npos ? text.size() : dot + 1);
    if (dot != std::string_view::npos && text.empty()) return false;
  } while (!text.empty());
  // RFC 1123 section 2.1: the last label of a name is never a number, that of an address is.
  return !std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string in_heartbeats(Duration right, Duration heartbeat) {
  const auto tenths = right.count() * 10 / heartbeat.count();
  return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10);
}

/// The shortest lease in whole milliseconds whose right is four heartbeats.
Duration lease_for(Duration heartbeat) {
  const auto right = heartbeat * heartbeats_per_right_min + egress_guard;
  auto lease =
      std::chrono::floor<std::chrono::milliseconds>(right * 1000 / (1000 - drift_permille));
  while (right_of(lease) < heartbeat * heartbeats_per_right_min)
    lease += std::chrono::milliseconds(1);
  return lease;
}

class Validator {
 public:
  explicit Validator(const ClusterConfig& config) : config_(config) {}

  std::vector<Finding> run() {
    check_label(config_.name.text(), "cluster", "metadata.name");
    check_nodes();
    check_votes();
    check_services();
    check_timing();
    check_path(config_.key_file, "keyFile", "spec.keyFile");
    if (config_.arbiter) {
      const auto& etcd = config_.arbiter->etcd;
      check_path(etcd.ca_file, "caFile", "spec.arbiter.etcd.caFile");
      check_path(etcd.cert_file, "certFile", "spec.arbiter.etcd.certFile");
      check_path(etcd.key_file, "keyFile", "spec.arbiter.etcd.keyFile");
    }
    for (const auto& [path, key] :
         {std::pair(&config_.metrics.cert_file, "certFile"),
          std::pair(&config_.metrics.key_file, "keyFile"),
          std::pair(&config_.metrics.client_ca_file, "clientCAFile"),
          std::pair(&config_.metrics.credentials_file, "credentialsFile")}) {
      if (!path->empty()) check_path(*path, key, std::string("spec.metrics.") + key);
    }
    if (config_.api) {
      check_path(config_.api->cert_file, "certFile", "spec.api.certFile");
      check_path(config_.api->key_file, "keyFile", "spec.api.keyFile");
      check_path(config_.api->client_ca_file, "clientCAFile", "spec.api.clientCAFile");
    }
    for (std::size_t i = 0; i < config_.hooks.size(); ++i) {
      check_hook(config_.hooks[i], at("spec.hooks", i));
    }
    check_port(config_.port, "spec.port");
    check_scheduling();
    for (auto& finding : validate_quorum(config_)) findings_.push_back(std::move(finding));
    for (auto& finding : validate_arbiter(config_)) findings_.push_back(std::move(finding));
    for (auto& finding : validate_haproxy(config_)) findings_.push_back(std::move(finding));
    for (auto& finding : validate_metrics(config_)) findings_.push_back(std::move(finding));
    for (auto& finding : validate_hooks(config_)) findings_.push_back(std::move(finding));
    for (auto& finding : validate_api(config_)) findings_.push_back(std::move(finding));
    return std::move(findings_);
  }

 private:
  void find(std::string path, std::string sentence, std::string or_else = {}) {
    findings_.push_back({std::move(path), std::move(or_else), std::move(sentence)});
  }

  void check_label(std::string_view name, const char* what, const std::string& path) {
    if (is_label(name)) return;
    auto sentence = shown(name) + " can't be the name of a " + what +
                    ": a name has 1 to 63 lower-case letters, digits and hyphens and begins and "
                    "ends with a letter or digit";
    if (const auto label = nearest_label(name)) sentence += "; did you mean " + shown(*label) + '?';
    find(path, std::move(sentence));
  }

  void check_path(std::string_view file, const char* what, const std::string& path) {
    if (!file.starts_with('/')) {
      find(path, std::string(what) + " must be an absolute path, not " + shown(file) +
                     "; begin it with /");
      return;
    }
    const bool control = std::any_of(file.begin(), file.end(), [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
    if (control) find(path, std::string(what) + " contains a control character; remove it");
    if (file.size() > path_bytes_max) {
      find(path,
           std::string(what) + " is longer than 4095 bytes, which no path can be; shorten it");
    }
  }

  void check_port(std::uint16_t port, const std::string& path) {
    if (port == 0) find(path, "port 0 means \"any port\"; choose one from 1 to 65535");
  }

  template <class T>
  void check_range(const T& value, const T& least, const T& most, const std::string& path) {
    using hapx::to_string;
    using std::to_string;
    if (value >= least && value <= most) return;
    const auto name = path.substr(path.rfind('.') + 1);
    find(path, name + " must be from " + to_string(least) + " to " + to_string(most) + ", not " +
                   to_string(value));
  }

  void check_nodes();
  void check_votes();
  void check_timing();
  void check_scheduling();
  void check_services();
  void check_service(const ServiceConfig& service, const std::string& path);
  void check_vip(const VipConfig& vip, const ServiceConfig& service, const std::string& path);
  void check_api_servers(const ServiceConfig& service, const std::string& path);
  void check_location(const ServiceConfig& service, const std::string& path);
  void check_health_check(const HealthCheck& check, const std::string& path);
  void check_haproxy(const HaproxyConfig& haproxy, const std::string& path);
  void check_hook(const HookConfig& hook, const std::string& path);

  const ClusterConfig& config_;
  std::vector<Finding> findings_;
  std::map<IpAddress, ServiceName> vips_;  ///< whose address it is, of those seen so far
};

void Validator::check_nodes() {
  const std::string list = "spec.nodes";
  const auto& nodes = config_.nodes;
  if (nodes.empty()) find(list, "there is no node; write 1 to 3 of them");
  if (nodes.size() > nodes_max) {
    find(list, "there are " + std::to_string(nodes.size()) +
                   " nodes; a cluster has 1 to 3, a witness included; remove some");
  }
  std::set<NodeName> names;
  std::map<IpAddress, NodeName> addresses;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto& node = nodes[i];
    const auto path = at(list, i);
    check_label(node.name.text(), "node", path + ".name");
    if (!names.insert(node.name).second) {
      find(path + ".name", "there are two nodes " + shown(node.name.text()) + "; rename one");
    }
    if (const auto problem = address_problem(node.address)) {
      find(path + ".address", *problem);
    } else if (is_loopback(node.address) && nodes.size() > 1) {
      find(path + ".address", to_string(node.address) +
                                  " is a loopback address, at which no other node can reach this "
                                  "one; use its address in the nodes' network");
    }
    if (node.address.family != nodes[0].address.family) {
      find(path + ".address", "node " + shown(nodes[0].name.text()) + " has an " +
                                  (node.address.family == Family::ipv6 ? "IPv4" : "IPv6") +
                                  " address, and the nodes hear each other by one family; write "
                                  "addresses of the same one");
    }
    const auto [other, is_new] = addresses.emplace(node.address, node.name);
    if (!is_new) {
      find(path + ".address", to_string(node.address) + " is already the address of node " +
                                  shown(other->second.text()) + "; each node has its own");
    }
    if (const auto problem = links_problem(config_, i)) find(path + ".links", *problem);
    check_range(node.votes, 0U, votes_max, path + ".votes");
    if (node.role == Role::witness && node.votes == 0) {
      find(path + ".votes",
           "a witness is there to vote, and with 0 votes it does nothing; give it "
           "a vote or remove it");
    }
  }
  const bool any_full = std::any_of(nodes.begin(), nodes.end(),
                                    [](const auto& node) { return node.role == Role::full; });
  if (!nodes.empty() && !any_full) {
    find(list,
         "every node is a witness, so none may hold an address; give at least one the role "
         "full");
  }
}

void Validator::check_votes() {
  if (config_.nodes.empty()) return;
  const bool any = std::any_of(config_.nodes.begin(), config_.nodes.end(),
                               [](const auto& node) { return node.votes > 0; });
  if (any) return;
  find("spec.nodes",
       "the nodes have 0 votes together, and more than half of 0 votes can never be "
       "won; give at least one node a vote");
}

void Validator::check_timing() {
  const auto heartbeat = config_.timing.heartbeat;
  const auto lease = config_.timing.lease;
  const std::string heartbeat_path = "spec.timing.heartbeat";
  const std::string lease_path = "spec.timing.lease";
  if (heartbeat < heartbeat_min) {
    find(heartbeat_path, "a heartbeat of " + to_string(heartbeat) +
                             " is too short to be kept by a busy machine; the least is 5ms");
  }
  if (lease > lease_max) {
    find(lease_path, "a lease of " + to_string(lease) +
                         " is too long: a voter that has lost its memory abstains for 5s, and no "
                         "promise may outlive that; the most is 5s");
  }
  if (heartbeat < heartbeat_min || lease > lease_max) return;
  const auto right = right_of(lease);
  // Not heartbeat * 4, which a heartbeat of years would overflow.
  if (right.count() / heartbeats_per_right_min >= heartbeat.count()) return;
  std::string advice;
  if (heartbeat <= lease_max && lease_for(heartbeat) <= lease_max) {
    advice = "make the lease " + to_string(lease_for(heartbeat)) + " or longer";
  }
  const auto longest =
      std::chrono::floor<std::chrono::milliseconds>(right / heartbeats_per_right_min);
  if (longest >= heartbeat_min) {
    advice += std::string(advice.empty() ? "make" : ", or") + " the heartbeat " +
              to_string(Duration(longest)) + " or shorter";
  }
  if (advice.empty()) advice = "use the profile lan";
  const auto shown_right = right < Duration::zero() ? Duration::zero() : right;
  find(lease_path,
       "a lease of " + to_string(lease) + " gives a right of " + to_string(lease) +
           " * 0.815 - 0.5ms = " + to_string(shown_right) + ", which is " +
           in_heartbeats(shown_right, heartbeat) + " heartbeats of " + to_string(heartbeat) +
           "; a right of less than 4 would be lost with a few datagrams; " + advice,
       heartbeat_path);
}

void Validator::check_scheduling() {
  const auto& scheduling = config_.scheduling;
  check_range(scheduling.resource_stickiness, Score(0), Score::infinity(),
              "spec.scheduling.resourceStickiness");
  check_range(scheduling.migration_threshold, Score(0), Score::infinity(),
              "spec.scheduling.migrationThreshold");
  if (scheduling.failure_timeout < Duration::zero()) {
    find("spec.scheduling.failureTimeout", "failureTimeout must not be negative");
  }
}

void Validator::check_services() {
  const std::string list = "spec.services";
  if (config_.services.empty()) {
    find(list, "there is no service, so there is nothing to serve; write at least one");
  }
  std::set<ServiceName> names;
  std::size_t vips = 0;
  for (std::size_t i = 0; i < config_.services.size(); ++i) {
    const auto& service = config_.services[i];
    const auto path = at(list, i);
    check_label(service.name.text(), "service", path + ".name");
    if (!names.insert(service.name).second) {
      find(path + ".name", "there are two services " + shown(service.name.text()) + "; rename one");
    }
    vips += service.vips.size();
    check_service(service, path);
  }
  if (vips > vips_max) {
    find(list, "the services have " + std::to_string(vips) + " VIPs together; the most is " +
                   std::to_string(vips_max) + "; remove some");
  }
}

void Validator::check_service(const ServiceConfig& service, const std::string& path) {
  if (service.vips.empty()) {
    find(path + ".vips", "service " + shown(service.name.text()) +
                             " has no VIP, so no client could reach it; write at least one");
  }
  for (std::size_t i = 0; i < service.vips.size(); ++i) {
    check_vip(service.vips[i], service, at(path + ".vips", i));
  }
  check_port(service.port, path + ".port");
  check_api_servers(service, path + ".apiServers");
  check_location(service, path + ".location");
  check_health_check(service.health_check, path + ".healthCheck");
  check_haproxy(service.haproxy, path + ".haproxy");
}

void Validator::check_vip(const VipConfig& vip, const ServiceConfig& service,
                          const std::string& path) {
  const auto& address = vip.address.address;
  const auto text = to_string(address);
  if (const auto problem = vip_problem(vip.address)) find(path + ".address", *problem);
  if (const auto problem = interface_problem(vip.interface.text())) {
    find(path + ".interface", *problem);
  }
  for (auto& [key, sentence] : routed_problems(vip)) find(path + key, std::move(sentence), path);
  for (const auto& node : config_.nodes) {
    const auto ways = node.ways();
    if (std::find(ways.begin(), ways.end(), address) == ways.end()) continue;
    find(path + ".address", "the VIP " + text + " is the address of node " +
                                shown(node.name.text()) +
                                "; a VIP moves between nodes, so choose an address of no machine");
  }
  const auto [other, is_new] = vips_.emplace(address, service.name);
  if (is_new) return;
  find(path + ".address", other->second == service.name
                              ? "the VIP " + text + " stands twice in this service; remove one"
                              : "the VIP " + text + " already belongs to service " +
                                    shown(other->second.text()) +
                                    "; an address belongs to one service, since it moves with it");
}

void Validator::check_api_servers(const ServiceConfig& service, const std::string& path) {
  const auto& servers = service.api_servers;
  if (servers.empty()) {
    find(path,
         "service " + shown(service.name.text()) +
             " has no apiServers, so there is nothing to send clients to; write at least one");
  }
  if (servers.size() > api_servers_max) {
    find(path, "there are " + std::to_string(servers.size()) + " apiServers; the most is " +
                   std::to_string(api_servers_max) + "; remove some");
  }
  std::set<std::pair<std::string, std::uint16_t>> seen;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    const auto& server = servers[i];
    const auto here = at(path, i);
    const auto address = parse_ip(server.host);
    check_port(server.port, here);
    if (!seen.emplace(lowered(server.host), server.port).second) {
      find(here, "the apiserver " + shown(server.host + ':' + std::to_string(server.port)) +
                     " stands twice; remove one");
    }
    if (!address) {
      if (is_host_name(server.host)) continue;
      find(here, shown(server.host) +
                     " is neither an IP address nor a host name; write it like "
                     "kube-mast01:6443 or 192.168.4.31:6443");
      continue;
    }
    if (const auto problem = address_problem(*address)) find(here, *problem);
    for (const auto& other : config_.services) {
      for (const auto& vip : other.vips) {
        if (vip.address.address != *address) continue;
        find(here, "the apiserver's address " + server.host + " is a VIP of service " +
                       shown(other.name.text()) +
                       ", which would send its clients in a circle; write the address of the "
                       "machine that runs kube-apiserver");
      }
    }
  }
}

void Validator::check_location(const ServiceConfig& service, const std::string& path) {
  std::vector<std::string_view> names;
  for (const auto& node : config_.nodes) names.emplace_back(node.name.text());
  if (names.empty()) return;
  for (const auto& [name, score] : service.location) {
    const auto here = path + '.' + name.text();
    const auto node = std::find_if(config_.nodes.begin(), config_.nodes.end(),
                                   [&, &wanted = name](const auto& n) { return n.name == wanted; });
    if (node == config_.nodes.end()) {
      find(here, "there is no node " + shown(name.text()) +
                     suggestion(name.text(), names, "the nodes are " + listed(names, "and")));
    } else if (node->role == Role::witness) {
      find(here, "node " + shown(name.text()) +
                     " is a witness, which never runs a service; remove this preference");
    }
  }
}

void Validator::check_health_check(const HealthCheck& check, const std::string& path) {
  check_range(check.interval, check_interval_min, check_interval_max, path + ".interval");
  check_range(check.fall, 1U, check_count_max, path + ".fall");
  check_range(check.rise, 1U, check_count_max, path + ".rise");
  if (!check.ca_file) return;
  check_path(*check.ca_file, "caFile", path + ".caFile");
  if (check.mode == HealthCheckMode::tcp) {
    find(path + ".caFile",
         "the mode tcp looks at no certificate, so caFile would do nothing; remove it, or use the "
         "mode readyz or tls");
  }
}

void Validator::check_haproxy(const HaproxyConfig& haproxy, const std::string& path) {
  const auto& timeouts = haproxy.timeouts;
  check_range(timeouts.connect, timeout_min, timeout_max, path + ".timeouts.connect");
  check_range(timeouts.client, timeout_min, timeout_max, path + ".timeouts.client");
  check_range(timeouts.server, timeout_min, timeout_max, path + ".timeouts.server");
  check_range(timeouts.tunnel, timeout_min, timeout_max, path + ".timeouts.tunnel");
  check_range(timeouts.client_fin, timeout_min, timeout_max, path + ".timeouts.clientFin");
  check_range(haproxy.max_connections, 1U, max_connections_max, path + ".maxConnections");
}

void Validator::check_hook(const HookConfig& hook, const std::string& path) {
  check_label(hook.name, "hook", path + ".name");
  if (!hook.command.empty()) {
    check_path(hook.command.front(), "a hook's program", path + ".command[0]");
  }
  for (const auto& [file, key] :
       {std::pair(&hook.url_file, "urlFile"), std::pair(&hook.ca_file, "caFile"),
        std::pair(&hook.token_file, "tokenFile")}) {
    if (!file->empty()) check_path(*file, key, path + '.' + key);
  }
  check_range(hook.timeout, hook_timeout_min, hook_timeout_max, path + ".timeout");
}

}  // namespace

std::vector<Finding> validate(const ClusterConfig& config) {
  return Validator(config).run();
}

}  // namespace hapx
