// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/haproxy_config.hpp"

#include <algorithm>
#include <limits>

#include "lb-supervisor/proxy_name.hpp"

namespace hapx::lb_supervisor {
namespace {

using std::chrono::milliseconds;

/// Connections that no frontend of a service may take: the probe and the runtime socket always
/// find room, also when the services are full.
constexpr std::uint64_t connections_reserved = 100;
/// Descriptors of HAProxy itself: pollers, threads' pipes, listeners, health checks.
constexpr std::uint64_t descriptors_reserved = 400;
constexpr std::uint64_t connections_max = 1'000'000;

/// HAProxy's timers end at 2^31 - 1 ms, 24.8 days; 0 ("never", to us) is written as that.
std::string timer(Duration duration) {
  constexpr std::int64_t longest = std::numeric_limits<std::int32_t>::max();
  const auto count = std::chrono::ceil<milliseconds>(duration).count();
  return std::to_string(count <= 0 ? longest : std::min<std::int64_t>(count, longest)) + "ms";
}

/// Connections that the stats page of a service may have.
constexpr std::uint64_t stats_connections_max = 20;

class Text {
 public:
  void section(const std::string& line) { text_ += "\n" + line + "\n"; }
  void line(const std::string& words) { text_ += "    " + words + "\n"; }
  void comment(const std::string& sentence) { text_ += "# " + sentence + "\n"; }
  /// Lines of the operator, in their own words.
  void append(const std::vector<ConfigLine>& lines, const ServiceConfig& service,
              const char* section) {
    for (const auto& each : lines) {
      line(each.text);
      const auto number = static_cast<std::size_t>(std::count(text_.begin(), text_.end(), '\n'));
      origins_.push_back(
          {number, each.line, "service " + service.name.text() + ", extraConfig." + section});
    }
  }
  [[nodiscard]] std::string take() { return std::move(text_); }
  [[nodiscard]] std::vector<LineOrigin> take_origins() { return std::move(origins_); }

 private:
  std::vector<LineOrigin> origins_;
  std::string text_;
};

/// A path that ends with the generation; the keeper's variable tells it.
std::string own_socket(const std::string& path) {
  auto word = quoted("unix@" + path + ".");
  word.insert(word.size() - 1, std::string("${") + generation_variable + "}");
  return word;
}

/// Connections that each service may have, in the config's order: as written, or less where the
/// descriptors (two for each connection) don't suffice for all.
std::vector<std::uint64_t> connection_limits(const ClusterConfig& config,
                                             const HaproxyPaths& paths) {
  std::vector<std::uint64_t> limits;
  std::uint64_t sum = 0;
  for (const auto& service : config.services) {
    limits.push_back(
        std::clamp<std::uint64_t>(service.haproxy.max_connections, 1, connections_max));
    sum += limits.back();
  }
  if (paths.descriptor_limit == 0 || sum == 0) return limits;
  const auto room = paths.descriptor_limit / 2;
  const auto reserved = connections_reserved + descriptors_reserved / 2;
  const auto available = room > reserved ? room - reserved : limits.size();
  if (sum > available) {
    for (auto& limit : limits) limit = std::max<std::uint64_t>(1, limit * available / sum);
  }
  return limits;
}

void render_global(Text& text, const HaproxyPaths& paths, std::uint64_t connections) {
  text.section("global");
  text.line("maxconn " + std::to_string(connections + connections_reserved));
  text.line("no strict-limits");
  // HAProxy's own HTTP client, which nothing here uses, would else read all of the system's
  // certificate authorities at each start: 45 ms of a processor instead of 11.
  text.line("httpclient.ssl.verify none");
  text.line("hard-stop-after " + timer(hard_stop_after));
  text.line("stats socket " + own_socket(paths.runtime_socket) + " mode 660 level admin");
  text.line("stats timeout 10s");
}

void render_defaults(Text& text) {
  text.section("defaults");
  text.line("mode tcp");
  text.line("balance leastconn");
  text.line("retries 3");
  text.line("option redispatch 1");
  // A client or server that vanished without a word is noticed within two minutes, though a
  // silent watch may last an hour.
  text.line("option clitcpka");
  text.line("option srvtcpka");
  text.line("clitcpka-idle 60s");
  text.line("clitcpka-intvl 10s");
  text.line("clitcpka-cnt 6");
  text.line("srvtcpka-idle 60s");
  text.line("srvtcpka-intvl 10s");
  text.line("srvtcpka-cnt 6");
}

void render_listeners(Text& text, const ServiceConfig& service, std::uint16_t port,
                      std::vector<ListenSocket>& sockets) {
  for (const auto& vip : service.vips) {
    auto variable = "HAPX_LISTEN_" + std::to_string(sockets.size());
    text.line("# " + to_string(Endpoint{vip.address.address, port}));
    text.line("bind \"fd@${" + variable + "}\"");
    sockets.push_back({std::move(variable), {vip.address.address, port}});
  }
}

/// A page of HAProxy's state, and its metrics where it was built with them (`haproxy -vv`).
void render_stats(Text& text, const ServiceConfig& service, const StatsConfig& stats,
                  const HaproxyPaths& paths, std::vector<ListenSocket>& sockets) {
  const auto users = paths.stats_users.find(stats.credentials_file);
  if (users == paths.stats_users.end()) return;
  // "_stats" is no service's proxy name, for the reason that "_probe" is none.
  const auto name = "_stats-" + to_proxy_name(service.name.text());
  text.section("userlist " + name);
  for (const auto& user : users->second) {
    text.line("user " + quoted(user.name) + (user.hashed ? " password " : " insecure-password ") +
              quoted(user.secret));
  }
  text.section("frontend " + name);
  text.line("mode http");
  render_listeners(text, service, stats.port, sockets);
  text.line("maxconn " + std::to_string(stats_connections_max));
  text.line("timeout client 30s");
  text.line("timeout http-request 5s");
  text.line("http-request auth realm hapx unless { http_auth(" + name + ") }");
  text.line(".if feature(PROMEX)");
  text.line("http-request use-service prometheus-exporter if { path /metrics }");
  text.line(".endif");
  text.line("stats enable");
  text.line("stats uri /");
  text.line("stats refresh 5s");
  text.line("stats hide-version");
}

void render_probe(Text& text, const HaproxyPaths& paths) {
  // "_probe" is no service's proxy name: '_' is followed by two upper-case digits in those.
  text.section("frontend _probe");
  text.line("mode http");
  text.line("bind " + own_socket(paths.probe_socket) + " mode 660");
  text.line("timeout client 1s");
  text.line("timeout http-request 1s");
  text.line(std::string("monitor-uri ") + probe_target);
}

/// Addresses are marked as such; a name keeps to the bytes that a host name can have, so that it is
/// looked up and never read as a path, a descriptor or a variable.
std::string server_address(const ApiServer& server) {
  const auto port = ":" + std::to_string(server.port);
  if (const auto address = parse_ip(server.host)) {
    return (address->family == Family::ipv4 ? "ipv4@" : "ipv6@") + to_string(*address) + port;
  }
  auto host = server.host;
  std::replace(host.begin(), host.end(), ':', '?');
  return to_proxy_name(host) + port;
}

void render_checks(Text& text, const ServiceConfig& service) {
  const auto& check = service.health_check;
  const bool over_tls = check.mode != HealthCheckMode::tcp;
  if (check.mode == HealthCheckMode::readyz) {
    text.line("option httpchk GET /readyz");
    // 401 and 403: it lives, and answers no stranger. Any other answer: not ready (starting, or
    // about to end), but able to answer; so it gets no new connections and goes on with those it
    // has.
    text.line("http-check expect status 200,401,403 error-status L7OKC");
  }
  text.line("timeout check " + timer(check.interval));
  // A server in doubt is asked more often. Three connections in a row that fail are such a doubt,
  // and then one failed check is enough. Never are they enough alone: a kube-apiserver that is only
  // overloaded must not lose all its watches.
  const auto fast =
      std::max(check.interval / 5, std::min<Duration>(check.interval, milliseconds(20)));
  std::string line = "default-server check inter " + timer(check.interval) + " fastinter " +
                     timer(fast) + " downinter " + timer(check.interval) + " fall " +
                     std::to_string(std::max(1U, check.fall)) + " rise " +
                     std::to_string(std::max(1U, check.rise)) +
                     " observe layer4 error-limit 3 on-error sudden-death"
                     " on-marked-down shutdown-sessions slowstart 10s"
                     " init-addr last,libc,none";
  if (over_tls) {
    line += " check-ssl";
    line += check.ca_file ? " verify required ca-file " + quoted(*check.ca_file) : " verify none";
  }
  text.line(line);
}

void render_frontend(Text& text, const ServiceConfig& service, std::uint64_t connections,
                     std::vector<ListenSocket>& sockets) {
  const auto name = to_proxy_name(service.name.text());
  const auto& timeouts = service.haproxy.timeouts;
  text.section("frontend " + name);
  render_listeners(text, service, service.port, sockets);
  text.line("maxconn " + std::to_string(connections));
  text.line("timeout client " + timer(timeouts.client));
  text.line("timeout client-fin " + timer(timeouts.client_fin));
  // With nobody to answer, a client is told at once (by a reset) instead of being kept. One that is
  // told to drain takes its backend for stopped, and counts none, but serves whom it has accepted.
  text.line("tcp-request connection reject if !{ stopping } { nbsrv(" + name + ") lt 1 }");
  text.line("default_backend " + name);
  text.append(service.haproxy.extra.frontend, service, "frontend");
}

void render_backend(Text& text, const ServiceConfig& service) {
  const auto& timeouts = service.haproxy.timeouts;
  text.section("backend " + to_proxy_name(service.name.text()));
  text.line("timeout connect " + timer(timeouts.connect));
  text.line("timeout server " + timer(timeouts.server));
  text.line("timeout server-fin " + timer(timeouts.client_fin));
  text.line("timeout tunnel " + timer(timeouts.tunnel));
  render_checks(text, service);
  text.append(service.haproxy.extra.backend, service, "backend");
  for (const auto& server : service.api_servers) {
    text.line("server " + to_proxy_name(server.host) + ":" + std::to_string(server.port) + " " +
              server_address(server));
  }
}

}  // namespace

HaproxyPaths haproxy_paths(const std::string& run_dir) {
  return {run_dir + "/" + runtime_socket_name, run_dir + "/" + probe_socket_name, 0};
}

std::string for_generation(const std::string& path, std::uint64_t generation) {
  return path + "." + std::to_string(generation);
}

RenderedHaproxy render(const ClusterConfig& config, const HaproxyPaths& paths) {
  RenderedHaproxy rendered;
  const auto limits = connection_limits(config, paths);
  std::uint64_t connections = 0;
  for (const auto limit : limits) connections += limit;
  for (const auto& service : config.services) {
    if (service.haproxy.stats) connections += stats_connections_max;
  }

  Text text;
  text.comment("Written by hapxd from its own configuration; changes are overwritten.");
  render_global(text, paths, connections);
  for (const auto& service : config.services) {
    text.append(service.haproxy.extra.global, service, "global");
  }
  render_defaults(text);
  for (const auto& service : config.services) {
    text.append(service.haproxy.extra.defaults, service, "defaults");
  }
  render_probe(text, paths);
  for (std::size_t i = 0; i < config.services.size(); ++i) {
    render_frontend(text, config.services[i], limits[i], rendered.sockets);
    render_backend(text, config.services[i]);
    if (const auto& stats = config.services[i].haproxy.stats) {
      render_stats(text, config.services[i], *stats, paths, rendered.sockets);
    }
  }
  rendered.origins = text.take_origins();
  rendered.text = text.take();
  return rendered;
}

bool runs_haproxy(const ClusterConfig& config, const NodeName& self) {
  const auto node = std::find_if(config.nodes.begin(), config.nodes.end(),
                                 [&](const NodeConfig& each) { return each.name == self; });
  return node != config.nodes.end() && node->role == Role::full && !config.services.empty();
}

}  // namespace hapx::lb_supervisor
