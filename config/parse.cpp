// SPDX-License-Identifier: Apache-2.0
#include "config/parse.hpp"

#include <optional>
#include <string>
#include <utility>

#include "config/etcd_endpoint.hpp"
#include "config/reading.hpp"
#include "config/schema.hpp"
#include "config/validate.hpp"
#include "config/wording.hpp"
#include "config/yaml.hpp"

namespace hapx {
namespace {

/// Nothing, and a refusal: it can't be read.
std::optional<IpAddress> read_address(Reading& reading, const YamlNode& yaml) {
  if (const auto parsed = parse_ip(yaml.scalar)) return *parsed;
  if (const auto cidr = parse_cidr(yaml.scalar)) {
    reading.refuse(yaml.where, "a node's address has no prefix; write " + to_string(cidr->address) +
                                   " instead of " + shown(yaml.scalar));
  } else {
    reading.refuse(yaml.where, parse_ip(yaml.scalar).error().sentence +
                                   "; write the node's address, like 192.168.4.11");
  }
  return std::nullopt;
}

void read_node(Reading& reading, const YamlNode& yaml, const std::string& path, NodeConfig& node) {
  const Section section(reading, yaml, path, schema::node_keys);
  section.require("name");
  section.require("address");
  section.read("name", node.name);
  section.read_word("role", schema::roles, node.role);
  section.read("votes", node.votes);
  const auto* address = section.find_scalar("address", "an IP address");
  if (address != nullptr) node.address = read_address(reading, *address).value_or(node.address);
  for (const auto& [item, item_path] : section.items("links")) {
    if (const auto link = read_address(reading, *item)) node.links.push_back(*link);
  }
}

void read_vip(Reading& reading, const YamlNode& yaml, const std::string& path, VipConfig& vip) {
  const Section section(reading, yaml, path, schema::vip_keys);
  section.require("address");
  if (vip.is_routed()) {
    vip.interface = InterfaceName(std::string(schema::loopback_interface));
  } else {
    section.require("interface");
  }
  section.read("interface", vip.interface);
  section.read_word("onConflict", schema::on_conflicts, vip.on_conflict);
  const auto* address = section.find_scalar("address", "an address with a prefix");
  if (address == nullptr) return;
  if (const auto parsed = parse_cidr(address->scalar)) {
    vip.address = *parsed;
  } else if (const auto bare = parse_ip(address->scalar)) {
    const auto bits = std::to_string(8 * byte_count(bare->family));
    reading.refuse(address->where,
                   "the VIP " + shown(address->scalar) +
                       (vip.is_routed() ? " has no prefix; write /" + bits + " behind it"
                                        : " has no prefix; write its network's behind it, like "
                                          "192.168.4.20/27"));
  } else {
    reading.refuse(address->where, parsed.error().sentence);
  }
}

/// "kube-mast01:6443", "192.168.4.31:6443", "[2001:db8::1]:6443"; without a port it is 6443.
void read_api_server(Reading& reading, const YamlNode& yaml, ApiServer& server) {
  constexpr const char* example = "; write it like kube-mast01:6443";
  if (yaml.kind != YamlNode::Kind::scalar) {
    reading.refuse(yaml.where, std::string("an apiserver must be a host and a port, not ") +
                                   std::string(kind_in_words(yaml)) + example);
    return;
  }
  std::string_view text = yaml.scalar;
  if (parse_ip(text)) {
    server.host = text;
    return;
  }
  const auto colon = text.rfind(':');
  auto host = text.substr(0, colon);
  if (colon != std::string_view::npos) {
    const auto port = whole_number(text.substr(colon + 1), 65535);
    if (!port) {
      reading.refuse(yaml.where, shown(text) + " has no good port behind its last colon" + example);
      return;
    }
    server.port = static_cast<std::uint16_t>(*port);
  }
  const bool brackets = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
  if (brackets) host = host.substr(1, host.size() - 2);
  const auto address = parse_ip(host);
  const bool is_ipv6 = address && address->family == Family::ipv6;
  if (brackets != is_ipv6) {
    reading.refuse(yaml.where, shown(text) + " is no host and port" + example);
    return;
  }
  server.host = host;
}

void read_location(const Section& service, std::map<NodeName, Score>& out) {
  const auto* value = service.find("location");
  if (value == nullptr) return;
  const Section section(service.reading(), *value, service.path_of("location"));
  for (const auto& [key, score] : value->entries) {
    auto& place = out[NodeName(key.text)];
    if (score.kind == YamlNode::Kind::scalar) {
      section.read_score(key.text, score, place);
    } else {
      service.reading().refuse(score.where, shown(key.text) + " must be a score, not " +
                                                std::string(kind_in_words(score)));
    }
    service.reading().remember(section.path_of(key.text), key.where);
  }
}

void read_health_check(const Section& service, HealthCheck& check) {
  const auto* value = service.find("healthCheck");
  if (value == nullptr) return;
  const Section section(service.reading(), *value, service.path_of("healthCheck"),
                        schema::health_check_keys);
  section.read_word("mode", schema::health_check_modes, check.mode);
  section.read("caFile", check.ca_file);
  section.read("interval", check.interval);
  section.read("fall", check.fall);
  section.read("rise", check.rise);
}

void read_stats(const Section& haproxy, std::optional<StatsConfig>& stats) {
  const auto* value = haproxy.find("stats");
  if (value == nullptr) return;
  const Section section(haproxy.reading(), *value, haproxy.path_of("stats"), schema::stats_keys);
  section.require("credentialsFile");
  stats.emplace();
  section.read("port", stats->port);
  section.read("credentialsFile", stats->credentials_file);
}

void read_lines(const Section& section, std::string_view key, std::vector<ConfigLine>& lines) {
  for (const auto& [item, path] : section.items(key)) {
    if (item->kind == YamlNode::Kind::scalar) {
      lines.push_back({item->scalar, item->where.line});
    } else {
      section.reading().refuse(item->where, "a line of HAProxy's config must be a text, not " +
                                                std::string(kind_in_words(*item)) +
                                                "; put it in quotes");
    }
  }
}

void read_extra_config(const Section& haproxy, ExtraConfig& extra) {
  const auto* value = haproxy.find("extraConfig");
  if (value == nullptr) return;
  const Section section(haproxy.reading(), *value, haproxy.path_of("extraConfig"),
                        schema::extra_config_keys);
  read_lines(section, "global", extra.global);
  read_lines(section, "defaults", extra.defaults);
  read_lines(section, "frontend", extra.frontend);
  read_lines(section, "backend", extra.backend);
}

void read_haproxy(const Section& service, HaproxyConfig& haproxy) {
  const auto* value = service.find("haproxy");
  if (value == nullptr) return;
  const Section section(service.reading(), *value, service.path_of("haproxy"),
                        schema::haproxy_keys);
  section.read("maxConnections", haproxy.max_connections);
  read_stats(section, haproxy.stats);
  read_extra_config(section, haproxy.extra);
  const auto* timeouts = section.find("timeouts");
  if (timeouts == nullptr) return;
  const Section inner(service.reading(), *timeouts, section.path_of("timeouts"),
                      schema::timeouts_keys);
  inner.read("connect", haproxy.timeouts.connect);
  inner.read("client", haproxy.timeouts.client);
  inner.read("server", haproxy.timeouts.server);
  inner.read("tunnel", haproxy.timeouts.tunnel);
  inner.read("clientFin", haproxy.timeouts.client_fin);
}

void read_service(Reading& reading, const YamlNode& yaml, const std::string& path,
                  ServiceConfig& service) {
  const Section section(reading, yaml, path, schema::service_keys);
  for (const auto* key : {"name", "vips", "apiServers"}) section.require(key);
  section.read("name", service.name);
  section.read("port", service.port);
  Announcing announce{};
  section.read_word("announce", schema::announcings, announce);
  for (const auto& [item, item_path] : section.items("vips")) {
    auto& vip = service.vips.emplace_back();
    vip.announce = announce;
    read_vip(reading, *item, item_path, vip);
  }
  for (const auto& [item, item_path] : section.items("apiServers")) {
    read_api_server(reading, *item, service.api_servers.emplace_back());
  }
  read_location(section, service.location);
  if (const auto* value = section.find("onFail")) {
    const Section inner(reading, *value, section.path_of("onFail"), schema::on_fail_keys);
    inner.read_word("vip", schema::on_fails, service.on_fail.vip);
    inner.read_word("haproxy", schema::on_fails, service.on_fail.haproxy);
  }
  read_health_check(section, service.health_check);
  read_haproxy(section, service.haproxy);
}

void read_timing(const Section& spec, Timing& timing) {
  const auto* value = spec.find("timing");
  if (value == nullptr) return;
  const Section section(spec.reading(), *value, spec.path_of("timing"), schema::timing_keys);
  section.read_word("profile", schema::profiles, timing);
  section.read("heartbeat", timing.heartbeat);
  section.read("lease", timing.lease);
  const auto* profile = value->find("profile");
  if (profile == nullptr) return;
  for (const auto* key : {"heartbeat", "lease"}) {
    if (const auto* other = value->find(key)) {
      spec.reading().refuse(other->where, shown(key) +
                                              " and a profile exclude each other, since a profile "
                                              "sets heartbeat and lease; remove one of them");
    }
  }
}

/// What was perhaps meant by a text that is no address and port; empty: no idea.
std::string listen_advice(std::string_view text) {
  if (text == "false" || text == "no" || text == "none" || text == "disabled" || text.empty()) {
    return "; to turn it off write `off`";
  }
  if (whole_number(text, 65535)) {
    return "; write the address, too, like 127.0.0.1:" + std::string(text);
  }
  if (text.front() == ':' && whole_number(text.substr(1), 65535)) {
    return "; for all addresses of a node write 0.0.0.0" + std::string(text);
  }
  if (const auto address = parse_ip(text)) {
    return "; write the port, too, like " + to_string(Endpoint{*address, 9405});
  }
  const auto colon = text.rfind(':');
  const auto host = text.substr(0, colon);
  const bool number =
      colon != std::string_view::npos && whole_number(text.substr(colon + 1), 65535);
  if (number && host == "localhost") {
    return "; write 127.0.0.1" + std::string(text.substr(colon));
  }
  return "; write it like 127.0.0.1:9405, or `off`";
}

constexpr const char* listen_example = "an address and a port, like 127.0.0.1:9405";

/// Nothing, and a refusal, if it can't be read; nothing if it isn't there.
std::optional<Endpoint> read_listen(const Section& section, const YamlNode* listen) {
  if (listen == nullptr) return std::nullopt;
  if (const auto endpoint = parse_endpoint(listen->scalar)) return *endpoint;
  section.reading().refuse(listen->where, shown(listen->scalar) + " is no address and port" +
                                              listen_advice(listen->scalar));
  return std::nullopt;
}

void read_metrics(const Section& spec, MetricsConfig& metrics) {
  const auto* value = spec.find("metrics");
  if (value == nullptr) return;
  const Section section(spec.reading(), *value, spec.path_of("metrics"), schema::metrics_keys);
  section.read("certFile", metrics.cert_file);
  section.read("keyFile", metrics.key_file);
  section.read("clientCAFile", metrics.client_ca_file);
  section.read("credentialsFile", metrics.credentials_file);
  const auto* listen = section.find_scalar("listen", listen_example);
  if (listen != nullptr && listen->scalar == schema::listen_off) {
    metrics.listen.reset();
  } else if (const auto endpoint = read_listen(section, listen)) {
    metrics.listen = *endpoint;
  }
}

void read_api(const Section& spec, std::optional<ApiConfig>& api) {
  const auto* value = spec.find("api");
  if (value == nullptr) return;
  const Section section(spec.reading(), *value, spec.path_of("api"), schema::api_keys);
  for (const auto* key : {"listen", "certFile", "keyFile", "clientCAFile"}) section.require(key);
  api.emplace();
  section.read("certFile", api->cert_file);
  section.read("keyFile", api->key_file);
  section.read("clientCAFile", api->client_ca_file);
  for (const auto& [item, path] : section.items("operators")) {
    if (item->kind == YamlNode::Kind::scalar) {
      api->operators.push_back(item->scalar);
    } else {
      spec.reading().refuse(item->where,
                            "an operator must be the common name of a certificate, "
                            "not " +
                                std::string(kind_in_words(*item)));
    }
  }
  const auto* listen = section.find_scalar("listen", listen_example);
  if (listen != nullptr && listen->scalar == schema::listen_off) {
    spec.reading().refuse(listen->where, "without `spec.api` no other host is answered; remove it");
  } else if (const auto endpoint = read_listen(section, listen)) {
    api->listen = *endpoint;
  }
}

std::optional<EventKind> read_event(Reading& reading, const YamlNode& yaml) {
  const auto words = schema::texts_of(event_kinds);
  if (yaml.kind != YamlNode::Kind::scalar) {
    reading.refuse(yaml.where, "an event must be one of " + listed(words, "and") + ", not " +
                                   std::string(kind_in_words(yaml)));
    return std::nullopt;
  }
  const auto kind = schema::value_of(event_kinds, yaml.scalar);
  if (!kind) {
    reading.refuse(yaml.where,
                   "unknown event " + shown(yaml.scalar) +
                       suggestion(yaml.scalar, words, "it must be " + listed(words, "or")));
  }
  return kind;
}

void read_hook(Reading& reading, const YamlNode& yaml, const std::string& path, HookConfig& hook) {
  const Section section(reading, yaml, path, schema::hook_keys);
  section.require("name");
  section.require("events");
  section.read("name", hook.name);
  section.read("url", hook.url);
  section.read("urlFile", hook.url_file);
  section.read("caFile", hook.ca_file);
  section.read("tokenFile", hook.token_file);
  section.read("timeout", hook.timeout);
  for (const auto& [item, item_path] : section.items("events")) {
    if (const auto kind = read_event(reading, *item)) hook.events.push_back(*kind);
  }
  for (const auto& [item, item_path] : section.items("command")) {
    if (item->kind == YamlNode::Kind::scalar) {
      hook.command.push_back(item->scalar);
    } else {
      reading.refuse(item->where, "a word of a command must be a text, not " +
                                      std::string(kind_in_words(*item)));
    }
  }
}

void read_tie_breaker(const Section& spec, std::optional<TieBreakerConfig>& tie_breaker) {
  const auto* value = spec.find("tieBreaker");
  if (value == nullptr) return;
  const Section section(spec.reading(), *value, spec.path_of("tieBreaker"),
                        schema::tie_breaker_keys);
  for (const auto key : schema::tie_breaker_keys) section.require(key);
  tie_breaker.emplace();
  section.read("interface", tie_breaker->interface);
  const auto* address = section.find_scalar("address", "an IP address");
  if (address == nullptr) return;
  if (const auto parsed = parse_ip(address->scalar)) {
    tie_breaker->address = *parsed;
  } else {
    spec.reading().refuse(address->where, shown(address->scalar) +
                                              " is no IP address; write the "
                                              "one of the gateway, like 192.168.4.1");
  }
}

void read_arbiter(const Section& spec, std::optional<ArbiterConfig>& arbiter) {
  const auto* value = spec.find("arbiter");
  if (value == nullptr) return;
  const Section section(spec.reading(), *value, spec.path_of("arbiter"), schema::arbiter_keys);
  section.require("etcd");
  auto& etcd = arbiter.emplace().etcd;
  const auto* inner = section.find("etcd");
  if (inner == nullptr) return;
  const Section keys(spec.reading(), *inner, section.path_of("etcd"), schema::etcd_keys);
  for (const auto key : schema::etcd_keys) keys.require(key);
  keys.read("caFile", etcd.ca_file);
  keys.read("certFile", etcd.cert_file);
  keys.read("keyFile", etcd.key_file);
  for (const auto& [item, path] : keys.items("endpoints")) {
    const bool is_text = item->kind == YamlNode::Kind::scalar;
    const auto endpoint = parse_etcd_endpoint(is_text ? item->scalar : "");
    if (endpoint) {
      etcd.endpoints.push_back(*endpoint);
    } else {
      spec.reading().refuse(item->where, is_text ? endpoint.error().sentence
                                                 : "an endpoint must be a text, not " +
                                                       std::string(kind_in_words(*item)));
    }
  }
}

void read_spec(const Section& document, ClusterConfig& config) {
  const auto* value = document.find("spec");
  if (value == nullptr) return;
  auto& reading = document.reading();
  const Section spec(reading, *value, "spec", schema::spec_keys);
  spec.require("nodes");
  spec.require("services");
  for (const auto& [item, path] : spec.items("nodes")) {
    read_node(reading, *item, path, config.nodes.emplace_back());
  }
  for (const auto& [item, path] : spec.items("services")) {
    read_service(reading, *item, path, config.services.emplace_back());
  }
  read_timing(spec, config.timing);
  spec.read("keyFile", config.key_file);
  spec.read("port", config.port);
  spec.read_word("noQuorumPolicy", schema::no_quorum_policies, config.no_quorum_policy);
  read_tie_breaker(spec, config.tie_breaker);
  read_arbiter(spec, config.arbiter);
  if (const auto* scheduling = spec.find("scheduling")) {
    const Section section(reading, *scheduling, "spec.scheduling", schema::scheduling_keys);
    section.read("resourceStickiness", config.scheduling.resource_stickiness);
    section.read("migrationThreshold", config.scheduling.migration_threshold);
    section.read("failureTimeout", config.scheduling.failure_timeout);
  }
  read_metrics(spec, config.metrics);
  for (const auto& [item, path] : spec.items("hooks")) {
    read_hook(reading, *item, path, config.hooks.emplace_back());
  }
  read_api(spec, config.api);
}

/// apiVersion and kind: one right text each.
void check_constant(const Section& document, std::string_view key, std::string_view wanted) {
  const auto* value = document.find_scalar(key, shown(wanted));
  if (value == nullptr || value->scalar == wanted) return;
  document.reading().refuse(value->where, std::string(key) + " must be " + shown(wanted) +
                                              ", not " + shown(value->scalar));
}

ClusterConfig read_document(Reading& reading, const YamlNode& root) {
  ClusterConfig config;
  const Section document(reading, root, "", schema::document_keys);
  for (const auto key : schema::document_keys) document.require(key);
  check_constant(document, "apiVersion", schema::api_version);
  check_constant(document, "kind", schema::kind);
  if (const auto* value = document.find("metadata")) {
    const Section metadata(reading, *value, "metadata", schema::metadata_keys);
    metadata.require("name");
    metadata.read("name", config.name);
  }
  read_spec(document, config);
  return config;
}

}  // namespace

CheckedConfig check_config(std::string_view text, std::string_view file) {
  const auto root = parse_yaml(text, file);
  if (!root) return {std::nullopt, {root.error()}};
  Reading reading(file);
  auto config = read_document(reading, *root);
  if (!reading.any_refusal()) {
    for (const auto& finding : validate(config)) {
      reading.refuse(reading.locate(finding.path, finding.or_else), finding.sentence);
    }
  }
  if (reading.any_refusal()) return {std::nullopt, reading.take_refusals()};
  return {std::move(config), {}};
}

Result<ClusterConfig> parse_config(std::string_view text, std::string_view file) {
  auto checked = check_config(text, file);
  if (!checked.config) return checked.refusals.front();
  return *std::move(checked.config);
}

}  // namespace hapx
