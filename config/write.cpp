// SPDX-License-Identifier: Apache-2.0
#include "config/write.hpp"

#include <string_view>
#include <utility>

#include "config/etcd_endpoint.hpp"
#include "config/schema.hpp"
#include "config/tree.hpp"
#include "config/yaml.hpp"

namespace hapx {
namespace {

class Map {
 public:
  Map& add(std::string_view key, YamlNode value) {
    tree::add(node_, key, std::move(value));
    return *this;
  }
  Map& add(std::string_view key, std::string_view text) { return add(key, tree::plain(text)); }

  [[nodiscard]] YamlNode take() { return std::move(node_); }

 private:
  YamlNode node_ = tree::map();
};

YamlNode write_node(const NodeConfig& node) {
  Map map;
  map.add("name", node.name.text())
      .add("address", to_string(node.address))
      .add("role", tree::plain(schema::word_of(schema::roles, node.role)))
      .add("votes", std::to_string(node.votes));
  if (node.links.empty()) return map.take();  // as an earlier version writes it
  auto links = tree::list();
  for (const auto& link : node.links) links.items.push_back(tree::plain(to_string(link)));
  return map.add("links", std::move(links)).take();
}

YamlNode write_health_check(const HealthCheck& check) {
  Map map;
  map.add("mode", tree::plain(schema::word_of(schema::health_check_modes, check.mode)));
  if (check.ca_file) map.add("caFile", *check.ca_file);
  return map.add("interval", to_string(check.interval))
      .add("fall", std::to_string(check.fall))
      .add("rise", std::to_string(check.rise))
      .take();
}

YamlNode write_lines(const std::vector<ConfigLine>& lines) {
  auto items = tree::list();
  for (const auto& line : lines) items.items.push_back(tree::plain(line.text));
  return items;
}

YamlNode write_haproxy(const HaproxyConfig& haproxy) {
  const auto& timeouts = haproxy.timeouts;
  const auto& extra = haproxy.extra;
  Map map;
  map.add("timeouts", Map()
                          .add("connect", to_string(timeouts.connect))
                          .add("client", to_string(timeouts.client))
                          .add("server", to_string(timeouts.server))
                          .add("tunnel", to_string(timeouts.tunnel))
                          .add("clientFin", to_string(timeouts.client_fin))
                          .take())
      .add("maxConnections", std::to_string(haproxy.max_connections));
  if (haproxy.stats) {
    map.add("stats", Map()
                         .add("port", std::to_string(haproxy.stats->port))
                         .add("credentialsFile", haproxy.stats->credentials_file)
                         .take());
  }
  if (extra != ExtraConfig{}) {
    map.add("extraConfig", Map()
                               .add("global", write_lines(extra.global))
                               .add("defaults", write_lines(extra.defaults))
                               .add("frontend", write_lines(extra.frontend))
                               .add("backend", write_lines(extra.backend))
                               .take());
  }
  return map.take();
}

YamlNode write_service(const ServiceConfig& service) {
  auto vips = tree::list();
  for (const auto& vip : service.vips) {
    Map map;
    map.add("address", to_string(vip.address));
    if (!vip.is_routed()) map.add("interface", vip.interface.text());
    // Left out where it is the default: a fingerprint (config/fingerprint) has the whole list, and
    // an earlier version doesn't know the key.
    if (vip.on_conflict != OnConflict{}) {
      map.add("onConflict", schema::word_of(schema::on_conflicts, vip.on_conflict));
    }
    vips.items.push_back(map.take());
  }
  auto api_servers = tree::list();
  for (const auto& server : service.api_servers) {
    api_servers.items.push_back(tree::plain(write_api_server(server)));
  }
  Map location;
  for (const auto& [name, score] : service.location) location.add(name.text(), to_string(score));
  auto on_fail =
      Map()
          .add("vip", tree::plain(schema::word_of(schema::on_fails, service.on_fail.vip)))
          .add("haproxy", tree::plain(schema::word_of(schema::on_fails, service.on_fail.haproxy)))
          .take();
  Map map;
  map.add("name", service.name.text()).add("vips", std::move(vips));
  if (!service.vips.empty() && service.vips.front().is_routed())
    map.add("announce", schema::word_of(schema::announcings, Announcing::bgp));
  return map.add("port", std::to_string(service.port))
      .add("apiServers", std::move(api_servers))
      .add("location", location.take())
      .add("onFail", std::move(on_fail))
      .add("healthCheck", write_health_check(service.health_check))
      .add("haproxy", write_haproxy(service.haproxy))
      .take();
}

YamlNode write_etcd(const EtcdConfig& etcd) {
  auto endpoints = tree::list();
  for (const auto& endpoint : etcd.endpoints)
    endpoints.items.push_back(tree::text(write_etcd_endpoint(endpoint)));
  return Map()
      .add("endpoints", std::move(endpoints))
      .add("caFile", etcd.ca_file)
      .add("certFile", etcd.cert_file)
      .add("keyFile", etcd.key_file)
      .take();
}

YamlNode write_metrics(const MetricsConfig& metrics) {
  Map out;
  out.add("listen", metrics.listen ? to_string(*metrics.listen) : std::string(schema::listen_off));
  const auto add = [&](const char* key, const std::string& file) {
    if (!file.empty()) out.add(key, file);
  };
  add("certFile", metrics.cert_file);
  add("keyFile", metrics.key_file);
  add("clientCAFile", metrics.client_ca_file);
  add("credentialsFile", metrics.credentials_file);
  return out.take();
}

YamlNode write_api(const ApiConfig& api) {
  Map out;
  out.add("listen", to_string(api.listen))
      .add("certFile", api.cert_file)
      .add("keyFile", api.key_file)
      .add("clientCAFile", api.client_ca_file);
  if (api.operators.empty()) return out.take();
  auto operators = tree::list();
  for (const auto& name : api.operators) operators.items.push_back(tree::text(name));
  return out.add("operators", std::move(operators)).take();
}

YamlNode write_hook(const HookConfig& hook) {
  const auto list = [](const auto& items, auto text_of) {
    auto out = tree::list();
    for (const auto& item : items) out.items.push_back(text_of(item));
    return out;
  };
  Map out;
  out.add("name", hook.name).add("events", list(hook.events, [](EventKind kind) {
                                   return tree::plain(to_string(kind));
                                 }));
  if (!hook.command.empty()) out.add("command", list(hook.command, tree::text));
  const auto add = [&](const char* key, const std::string& text) {
    if (!text.empty()) out.add(key, text);
  };
  add("url", hook.url);
  add("urlFile", hook.url_file);
  add("caFile", hook.ca_file);
  add("tokenFile", hook.token_file);
  return out.add("timeout", to_string(hook.timeout)).take();
}

YamlNode write_spec(const ClusterConfig& config) {
  auto nodes = tree::list();
  for (const auto& node : config.nodes) nodes.items.push_back(write_node(node));
  auto services = tree::list();
  for (const auto& service : config.services) services.items.push_back(write_service(service));
  const auto& scheduling = config.scheduling;
  Map spec;
  spec.add("nodes", std::move(nodes))
      .add("services", std::move(services))
      .add("timing", Map()
                         .add("heartbeat", to_string(config.timing.heartbeat))
                         .add("lease", to_string(config.timing.lease))
                         .take())
      .add("keyFile", config.key_file)
      .add("port", std::to_string(config.port))
      .add("noQuorumPolicy",
           tree::plain(schema::word_of(schema::no_quorum_policies, config.no_quorum_policy)));
  if (const auto& tie_breaker = config.tie_breaker) {
    spec.add("tieBreaker", Map()
                               .add("address", to_string(tie_breaker->address))
                               .add("interface", tie_breaker->interface.text())
                               .take());
  }
  if (const auto& arbiter = config.arbiter)
    spec.add("arbiter", Map().add("etcd", write_etcd(arbiter->etcd)).take());
  spec.add("scheduling", Map()
                             .add("resourceStickiness", to_string(scheduling.resource_stickiness))
                             .add("migrationThreshold", to_string(scheduling.migration_threshold))
                             .add("failureTimeout", to_string(scheduling.failure_timeout))
                             .take())
      .add("metrics", write_metrics(config.metrics));
  // Without them, as an earlier version writes it.
  if (!config.hooks.empty()) {
    auto hooks = tree::list();
    for (const auto& hook : config.hooks) hooks.items.push_back(write_hook(hook));
    spec.add("hooks", std::move(hooks));
  }
  if (config.api) spec.add("api", write_api(*config.api));
  return spec.take();
}

}  // namespace

std::string write_api_server(const ApiServer& server) {
  const bool brackets = server.host.find(':') != std::string::npos;
  return (brackets ? '[' + server.host + ']' : server.host) + ':' + std::to_string(server.port);
}

YamlNode canonical_tree(const ClusterConfig& config) {
  return Map()
      .add("apiVersion", tree::plain(schema::api_version))
      .add("kind", tree::plain(schema::kind))
      .add("metadata", Map().add("name", config.name.text()).take())
      .add("spec", write_spec(config))
      .take();
}

std::string write_config(const ClusterConfig& config) {
  return write_yaml(canonical_tree(config));
}

}  // namespace hapx
