// SPDX-License-Identifier: Apache-2.0
#include "config/schema_table.hpp"

#include <array>
#include <cstddef>

#include "config/assert.hpp"
#include "config/cluster_config.hpp"
#include "config/schema.hpp"
#include "config/validate.hpp"
#include "config/validate_api.hpp"
#include "config/validate_arbiter.hpp"
#include "config/validate_haproxy.hpp"
#include "config/validate_hooks.hpp"
#include "config/write.hpp"

namespace hapx::schema {
namespace {

template <class List>
constexpr auto texts(const List& list) {
  std::array<std::string_view, std::tuple_size_v<List>> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = list[i].text;
  return out;
}

constexpr auto role_words = texts(roles);
constexpr auto mode_words = texts(health_check_modes);
constexpr auto on_conflict_words = texts(on_conflicts);
constexpr auto announce_words = texts(announcings);
constexpr auto on_fail_words = texts(on_fails);
constexpr auto profile_words = texts(profiles);
constexpr auto event_words = texts(event_kinds);
/// Of the policies, those that a file may name; the others exist in scenarios.
constexpr std::array policy_words{word_of(no_quorum_policies, NoQuorumPolicy::stop)};
constexpr std::array version_words{api_version};
constexpr std::array kind_words{kind};

/// Each key has its entry, in the same order, and no entry is left over.
template <class Fields, class Keys>
constexpr bool tells(const Fields& fields, const Keys& keys) {
  if (fields.size() != keys.size()) return false;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (fields[i].key != keys[i] || fields[i].meaning.empty()) return false;
  }
  return true;
}

constexpr Field one(std::string_view key, Shape shape, std::string_view meaning,
                    Need need = Need::optional) {
  return {key, shape, meaning, need};
}
constexpr Field number(std::string_view key, std::uint64_t least, std::uint64_t most,
                       std::string_view meaning) {
  return {key, Shape::number, meaning, Need::optional, Count::one, least, most};
}
constexpr Field word(std::string_view key, std::span<const std::string_view> words,
                     std::string_view meaning, Need need = Need::optional) {
  return {key, Shape::word, meaning, need, Count::one, 0, 0, words};
}
constexpr Field map(std::string_view key, const Map& inner, std::string_view meaning,
                    Need need = Need::optional) {
  return {key, Shape::map, meaning, need, Count::one, 0, 0, {}, &inner};
}
constexpr Field list(std::string_view key, Shape shape, std::uint64_t most, const Map* inner,
                     std::string_view meaning) {
  return {key, shape, meaning, Need::required, Count::list, 1, most, {}, inner};
}

constexpr Field words_of(std::string_view key, std::span<const std::string_view> words,
                         std::string_view meaning) {
  return {key, Shape::word, meaning, Need::required, Count::list, 1, words.size(), words};
}

/// None is as good.
constexpr Field some(std::string_view key, Shape shape, std::uint64_t most,
                     std::string_view meaning, const Map* inner = nullptr) {
  return {key, shape, meaning, Need::optional, Count::list, 0, most, {}, inner};
}

/// Each an item of its own.
constexpr Field lines(std::string_view key, std::string_view meaning) {
  return {key, Shape::line, meaning, Need::optional, Count::list, 0, extra_lines_max};
}

constexpr std::array node_fields{
    one("name", Shape::label, "its host name, by which a machine finds itself in the file",
        Need::required),
    one("address", Shape::address, "where its heartbeats come from and go to", Need::required),
    word("role", role_words, "a witness votes, and runs neither the address nor HAProxy"),
    number("votes", 0, votes_max, "its say in a majority; a witness has at least one"),
    some("links", Shape::address, links_max,
         "further addresses of it, each in another network and in the same order on every node; "
         "heartbeats take all ways at once")};
static_assert(tells(node_fields, node_keys));
constexpr Map node_map{node_fields};

constexpr std::array timing_fields{
    word("profile", profile_words,
         "sets heartbeat and lease at once, and excludes them: fast is 20ms and 120ms, lan 50ms "
         "and 300ms, cloud 200ms and 2s"),
    one("heartbeat", Shape::duration,
        "the beat at which nodes tell that they live and renew what they hold; at least 5ms"),
    one("lease", Shape::duration,
        "how long a majority promises an address to its holder, so also how long a failover takes; "
        "at most 5s, and its right (81.5 % of it) is at least four heartbeats")};
static_assert(tells(timing_fields, timing_keys));
constexpr Map timing_map{timing_fields};

constexpr std::array scheduling_fields{
    one("resourceStickiness", Shape::score, "how much a service wants to stay where it runs"),
    one("migrationThreshold", Shape::score,
        "after so many failures on a node a service goes elsewhere; 0 is never"),
    one("failureTimeout", Shape::duration,
        "after so long without another one a failure is forgotten; 0 is never")};
static_assert(tells(scheduling_fields, scheduling_keys));
constexpr Map scheduling_map{scheduling_fields};

constexpr std::array tie_breaker_fields{
    one("address", Shape::address,
        "of a host of the VIPs' network that shares no failure with either node: the gateway",
        Need::required),
    one("interface", Shape::interface, "by which it is asked, the same on each node",
        Need::required)};
static_assert(tells(tie_breaker_fields, tie_breaker_keys));
constexpr Map tie_breaker_map{tie_breaker_fields};

constexpr std::array etcd_fields{
    list("endpoints", Shape::etcd_endpoint, etcd_endpoints_max, nullptr,
         "its members, each for itself and never through a VIP, like https://192.168.4.31:2379"),
    one("caFile", Shape::path, "by which their certificates are judged", Need::required),
    one("certFile", Shape::path, "the client's certificate that they are shown", Need::required),
    one("keyFile", Shape::path, "its key, a file that nobody else can read", Need::required)};
static_assert(tells(etcd_fields, etcd_keys));
constexpr Map etcd_map{etcd_fields};

constexpr std::array arbiter_fields{
    map("etcd", etcd_map, "an etcd cluster: the control plane's own will do", Need::required)};
static_assert(tells(arbiter_fields, arbiter_keys));
constexpr Map arbiter_map{arbiter_fields};

constexpr std::array metrics_fields{
    one("listen", Shape::listen, "where Prometheus finds them, and people the page; or `off`"),
    one("certFile", Shape::path, "by which it is HTTPS: the certificate that is shown there"),
    one("keyFile", Shape::path, "its key, a file that nobody else can read"),
    one("clientCAFile", Shape::path, "only who shows a certificate of this CA may look"),
    one("credentialsFile", Shape::path,
        "lines of name:password: only who names one of them may look")};
static_assert(tells(metrics_fields, metrics_keys));
constexpr Map metrics_map{metrics_fields};

constexpr std::array api_fields{
    one("listen", Shape::listen, "where other hosts find it, over HTTPS", Need::required),
    one("certFile", Shape::path, "the certificate that is shown there", Need::required),
    one("keyFile", Shape::path, "its key, a file that nobody else can read", Need::required),
    one("clientCAFile", Shape::path, "who shows a certificate of this CA may look", Need::required),
    some("operators", Shape::common_name, operators_max,
         "the common names of the certificates with which orders may be given, too")};
static_assert(tells(api_fields, api_keys));
constexpr Map api_map{api_fields};

constexpr std::array hook_fields{
    one("name", Shape::label, "by which the log and `hapx hooks try` call it", Need::required),
    words_of("events", event_words, "the kinds of events that it is told of (docs/events.md)"),
    Field{"command", Shape::argument,
          "a program, by its absolute path, and its arguments: run once for each event, which it "
          "reads as JSON; this, url or urlFile",
          Need::depends, Count::list, 1, hook_words_max},
    one("url", Shape::url, "where each event is posted to as JSON", Need::depends),
    one("urlFile", Shape::path,
        "likewise, where the URL is a secret: a file with it, that not everybody can read",
        Need::depends),
    one("caFile", Shape::path,
        "by which the certificate of the URL is judged; else by the system's"),
    one("tokenFile", Shape::path,
        "what the URL is shown as `Authorization: Bearer`, a file that not everybody can read"),
    one("timeout", Shape::duration, "for one run, or one answer; 100ms to 5m")};
static_assert(tells(hook_fields, hook_keys));
constexpr Map hook_map{hook_fields};

constexpr std::array vip_fields{
    one("address", Shape::prefix, "the address with its network's prefix, as it is to be added",
        Need::required),
    one("interface", Shape::interface,
        "the interface that it is added to, the same on each node; required, but with `announce: "
        "bgp`, where it is lo",
        Need::depends),
    word("onConflict", on_conflict_words,
         "when another host claims the address while it is held: announce it again, or give it up "
         "until nobody else has it")};
static_assert(tells(vip_fields, vip_keys));
constexpr Map vip_map{vip_fields};

constexpr std::array on_fail_fields{
    word("vip", on_fail_words, "when the address was found missing"),
    word("haproxy", on_fail_words, "when HAProxy did not answer its probe")};
static_assert(tells(on_fail_fields, on_fail_keys));
constexpr Map on_fail_map{on_fail_fields};

constexpr std::array health_check_fields{
    word("mode", mode_words,
         "readyz asks for /readyz over TLS, tls shakes hands, tcp connects and no more"),
    one("caFile", Shape::path,
        "by which the kube-apiservers' certificates are judged; without it they are not"),
    one("interval", Shape::duration, "between two checks of one server; 50ms to 1m"),
    number("fall", 1, check_count_max, "so many failures in a row, and the server is out"),
    number("rise", 1, check_count_max, "so many successes in a row, and it is back")};
static_assert(tells(health_check_fields, health_check_keys));
constexpr Map health_check_map{health_check_fields};

constexpr std::array timeouts_fields{
    one("connect", Shape::duration, "to a kube-apiserver, until it accepts"),
    one("client", Shape::duration, "silence of a client, until both sides have spoken"),
    one("server", Shape::duration, "silence of a kube-apiserver, until both sides have spoken"),
    one("tunnel", Shape::duration,
        "silence of both afterwards; watches and `kubectl exec` are silent for long"),
    one("clientFin", Shape::duration, "of a client that has said that it is done")};
static_assert(tells(timeouts_fields, timeouts_keys));
constexpr Map timeouts_map{timeouts_fields};

constexpr std::array stats_fields{
    number("port", 1, 65535, "the TCP port of the page, at the service's addresses"),
    one("credentialsFile", Shape::path, "lines of name:password, or name:hash as crypt(5) has them",
        Need::required)};
static_assert(tells(stats_fields, stats_keys));
constexpr Map stats_map{stats_fields};

constexpr std::array extra_config_fields{
    lines("global", "of the section global, for all services"),
    lines("defaults", "of the section defaults, for all services"),
    lines("frontend", "of this service's frontend"), lines("backend", "of this service's backend")};
static_assert(tells(extra_config_fields, extra_config_keys));
constexpr Map extra_config_map{extra_config_fields};

constexpr std::array haproxy_fields{
    map("timeouts", timeouts_map, "10ms to 24 days each"),
    number("maxConnections", 1, max_connections_max, "how many clients at once"),
    map("stats", stats_map, "HAProxy's own page of its state, and its metrics; without it none"),
    map("extraConfig", extra_config_map, "lines to append to HAProxy's config, if it takes them")};
static_assert(tells(haproxy_fields, haproxy_keys));
constexpr Map haproxy_map{haproxy_fields};

constexpr std::array service_fields{
    one("name", Shape::label, "by which it is called in orders and answers", Need::required),
    list("vips", Shape::map, vips_max, &vip_map,
         "its virtual addresses, which are always on one node together"),
    word("announce", announce_words,
         "who is told where its addresses are: the hosts of their segment, as is the default, or "
         "with bgp routers, by BIRD; then their prefix is /32 or /128"),
    number("port", 1, 65535, "the TCP port at which clients find it"),
    list("apiServers", Shape::api_server, api_servers_max, nullptr,
         "the kube-apiservers behind it; without a port it is 6443"),
    one("location", Shape::scores, "how much it wants each node; -INFINITY is never there"),
    map("onFail", on_fail_map, "what a failure does"),
    map("healthCheck", health_check_map, "how HAProxy finds out which kube-apiservers are well"),
    map("haproxy", haproxy_map, "what HAProxy grants its clients")};
static_assert(tells(service_fields, service_keys));
constexpr Map service_map{service_fields};

constexpr std::array spec_fields{
    list("nodes", Shape::map, nodes_max, &node_map, "the machines, a witness included"),
    list("services", Shape::map, vips_max, &service_map, "what they serve, as it is placed"),
    map("timing", timing_map, "how fast, and how patient"),
    one("keyFile", Shape::path,
        "the secret that all nodes share, a file of root's with mode 0400 (`hapx keygen`)"),
    number("port", 1, 65535, "the UDP port of the heartbeats"),
    word("noQuorumPolicy", policy_words,
         "without a majority: everything is given up, or (of two nodes) one goes on by evidence"),
    map("tieBreaker", tie_breaker_map, "who is asked which of two nodes is cut off"),
    map("arbiter", arbiter_map, "who has the third vote beside two nodes"),
    map("scheduling", scheduling_map, "when services change their place"),
    map("metrics", metrics_map, "what Prometheus can read"),
    some("hooks", Shape::map, hooks_max,
         "who is told of events, by hapx-hooks.service of every node", &hook_map),
    map("api", api_map, "what other hosts may ask; without it, none")};
static_assert(tells(spec_fields, spec_keys));
constexpr Map spec_map{spec_fields};

constexpr std::array metadata_fields{
    one("name", Shape::label, "what the cluster is called", Need::required)};
static_assert(tells(metadata_fields, metadata_keys));
constexpr Map metadata_map{metadata_fields};

constexpr std::array document_fields{
    word("apiVersion", version_words, "the version of this format", Need::required),
    word("kind", kind_words, "what the file describes", Need::required),
    map("metadata", metadata_map, "of the cluster as a whole", Need::required),
    map("spec", spec_map, "what is wanted", Need::required)};
static_assert(tells(document_fields, document_keys));
constexpr Map document_map{document_fields};

}  // namespace

const Map& document() {
  return document_map;
}

YamlNode smallest_file() {
  ClusterConfig config;
  config.name = ClusterName("kube-demo");
  config.nodes = {{NodeName("node1"), ipv4(192, 168, 4, 11), Role::full, 1}};
  ServiceConfig service;
  service.name = ServiceName("kube-apiserver");
  service.vips = {{{ipv4(192, 168, 4, 20), 27}, InterfaceName("eth0")}};
  service.api_servers = {{"kube-mast01", 6443}};
  config.services = {service};
  auto tree = parse_yaml(write_config(config), "the smallest file");
  HAPX_ASSERT(tree.has_value());  // what write_config promises
  return *std::move(tree);
}

const YamlNode* value_at(const YamlNode* parent, const Field& field) {
  const YamlNode* value = parent == nullptr ? nullptr : parent->find(field.key);
  if (value == nullptr || field.count == Count::one) return value;
  return value->items.empty() ? nullptr : &value->items.front();
}

bool has_default(const Field& field, const YamlNode* value) {
  return field.need == Need::optional && field.count == Count::one && value != nullptr &&
         value->kind == YamlNode::Kind::scalar;
}

}  // namespace hapx::schema
