// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/haproxy.hpp"

#include <algorithm>
#include <utility>

#include "lb-supervisor/amendment.hpp"
#include "lb-supervisor/proxy_name.hpp"

namespace hapx::appliance::sim {

using namespace std::chrono_literals;
using namespace lb_supervisor;

namespace {
// As measured on two cores: a start until it accepts, a check, the news of a death.
constexpr Duration warm_up_min = 25ms;
constexpr Duration warm_up_max = 40ms;
constexpr Duration check_takes = 22ms;
constexpr Duration death_heard_min = 1700us;
constexpr Duration death_heard_max = 1900us;
constexpr Duration probe_takes = 400us;
constexpr Duration probe_patience = 250ms;  // of a frozen one
constexpr Duration drains_min = 5ms;
constexpr Duration drains_max = 2s;
constexpr const char* not_installed = "haproxy: no such file or directory";
}  // namespace

Haproxy::Haproxy(const std::vector<ServiceConfig>& services, std::uint64_t seed) : random_(seed) {
  for (const ServiceConfig& service : services) {
    Backend backend{service.name, {}};
    for (const ApiServer& server : service.api_servers)
      backend.servers.push_back({server.host + ":" + std::to_string(server.port)});
    backends_.push_back(std::move(backend));
  }
}

std::vector<Haproxy::Backend> Haproxy::backends_of(const std::string& config) const {
  const auto parts = take_apart(config);
  if (!parts || parts->backends.empty()) return backends_;
  std::vector<Backend> backends;
  for (const auto& part : parts->backends) {
    Backend backend{ServiceName(from_proxy_name(part.name)), {}};
    for (const auto& server : part.servers)
      backend.servers.push_back({from_proxy_name(server.name)});
    backends.push_back(std::move(backend));
  }
  return backends;
}

Later Haproxy::connect() {
  successor_.reset();
  KeeperConnected connected;
  if (child_) {
    connected.running = {child_->generation, child_->pid, child_->config, child_->sockets};
  }
  return {random_.between(Duration(200us), Duration(2ms)), connected};
}

Later Haproxy::check(const CheckHaproxyConfig& request) {
  if (!installed_) return {1ms, HaproxyConfigRefused{request.generation, not_installed}};
  if (!config_refused_) return {check_takes, HaproxyConfigAccepted{request.generation}};
  return {check_takes, HaproxyConfigRefused{request.generation, "[ALERT] unknown keyword"}};
}

Later Haproxy::start(const StartHaproxy& request, Moment now) {
  const auto failed = [&](const char* reason) {
    return Later{1ms, HaproxyStartFailed{request.generation, reason}};
  };
  if (!installed_) return failed(not_installed);
  const Moment accepting = now + random_.between(warm_up_min, warm_up_max);
  auto& child = child_ ? successor_ : child_;
  child = Child{request.generation, ++last_pid_, request.config,
                request.sockets,    accepting,   backends_of(request.config)};
  return {1ms, HaproxyStarted{request.generation, child->pid}};
}

std::vector<Later> Haproxy::retire(const RetireHaproxy& request) {
  if (child_ && child_->generation != request.generation) return {};
  std::vector<Later> told;
  if (child_) {
    told.push_back({random_.between(drains_min, drains_max),
                    HaproxyExited{request.generation, "exited with status 0"}});
  }
  child_ = std::exchange(successor_, std::nullopt);
  return told;
}

std::vector<Later> Haproxy::kill(std::uint64_t generation) {
  if (successor_ && successor_->generation == generation) {
    successor_.reset();
    return {Later{random_.between(death_heard_min, death_heard_max),
                  HaproxyExited{generation, "killed by signal 9"}}};
  }
  if (!child_ || child_->generation != generation) return {};
  return crash("killed by signal 9");
}

Later Haproxy::probe(std::uint64_t generation, Moment now) {
  const auto failed = [&](Duration after, const char* reason) {
    return Later{after, HaproxyProbeFailed{generation, reason}};
  };
  const Child* asked = find(generation);
  if (asked == nullptr) return failed(probe_takes, "nobody listens");
  if (asked->frozen) return failed(probe_patience, "no answer in time");
  if (now < asked->accepting_from) return failed(probe_takes, "connection refused");
  return {probe_takes, HaproxyProbed{generation}};
}

void Haproxy::amend(const AmendHaproxy& request, Moment now) {
  const auto holds = [&](const std::optional<Child>& child) {
    return child && child->generation == request.generation && !child->frozen &&
           now >= child->accepting_from;
  };
  auto& child = holds(child_) ? child_ : successor_;
  if (!holds(child)) return;
  for (const ServerChange& change : request.changes) {
    const ServiceName service(from_proxy_name(change.backend));
    const auto backend = std::ranges::find(child->backends, service, &Backend::service);
    if (backend == child->backends.end()) continue;
    const std::string name = from_proxy_name(change.server);
    auto& servers = backend->servers;
    const auto server = std::ranges::find(servers, name, &Server::name);
    if (change.kind == ServerChange::Kind::add) {
      if (server == servers.end()) servers.push_back({name});
    } else if (server != servers.end()) {
      server->set_aside = change.kind != ServerChange::Kind::ready;
      if (change.kind == ServerChange::Kind::remove) servers.erase(server);
    }
  }
}

std::vector<Later> Haproxy::ask_backends(std::uint64_t generation, Moment now) {
  const Child* asked = find(generation);
  if (asked == nullptr || asked->frozen || now < asked->accepting_from) return {};
  BackendsReported report;
  for (const auto& [service, servers] : asked->backends) {
    BackendHealth backend{service, {}};
    for (const Server& server : servers) {
      const auto down = down_.find(server.name.substr(0, server.name.rfind(':')));
      const bool well = down == down_.end() || !down->second;
      backend.servers.push_back({server.name,
                                 well && !server.set_aside,
                                 well ? "L7OK" : "L4CON",
                                 {},
                                 server.set_aside,
                                 0});
    }
    report.backends.push_back(std::move(backend));
  }
  return {Later{probe_takes, std::move(report)}};
}

bool Haproxy::accepts(Moment now) const {
  const auto able = [&](const std::optional<Child>& child) {
    return child && !child->frozen && now >= child->accepting_from;
  };
  return able(child_) || able(successor_);
}

const Haproxy::Child* Haproxy::find(std::uint64_t generation) const {
  for (const auto* child : {&child_, &successor_}) {
    if (*child && (*child)->generation == generation) return &**child;
  }
  return nullptr;
}

std::optional<Moment> Haproxy::next_edge(Moment now) const {
  std::optional<Moment> edge;
  for (const auto* child : {&child_, &successor_}) {
    if (!*child || (*child)->accepting_from <= now) continue;
    edge = edge ? std::min(*edge, (*child)->accepting_from) : (*child)->accepting_from;
  }
  return edge;
}

std::vector<Later> Haproxy::crash(const std::string& how) {
  if (!child_) return {};
  const HaproxyExited exited{child_->generation, how};
  child_.reset();
  return {Later{random_.between(death_heard_min, death_heard_max), exited}};
}

void Haproxy::freeze(bool frozen) {
  if (child_) child_->frozen = frozen;
}

Later Haproxy::lose_keeper() {
  restart_keeper();
  return {death_heard_min, KeeperLost{"the keeper closed the connection"}};
}

}  // namespace hapx::appliance::sim
