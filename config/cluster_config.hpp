// SPDX-License-Identifier: Apache-2.0
// What has the operator asked for?
//
// The whole configuration as one plain value: the same on every node, immutable once made. It is
// made by config/parse (text -> tree -> value) and approved by config/validate; whoever holds one
// may rely on everything that validate promises.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/event_kind.hpp"
#include "config/ids.hpp"
#include "config/net.hpp"
#include "config/score.hpp"
#include "config/time.hpp"

namespace hapx {

/// A witness votes and may coordinate, but never holds an address and runs no HAProxy.
enum class Role { full, witness };

struct NodeConfig {
  NodeName name;
  IpAddress address;  ///< where its heartbeats come from and go to
  Role role = Role::full;
  unsigned votes = 1;
  /// Further addresses of it, each in a network of its own: heartbeats take all ways at once. The
  /// n-th of one node hears the n-th of the others.
  std::vector<IpAddress> links{};

  /// All ways by which it is heard; the first is `address`.
  [[nodiscard]] std::vector<IpAddress> ways() const {
    std::vector<IpAddress> all{address};
    all.insert(all.end(), links.begin(), links.end());
    return all;
  }

  friend bool operator==(const NodeConfig&, const NodeConfig&) = default;
};

/// What is done when another host claims a VIP that is held here (RFC 5227, 2.4).
enum class OnConflict {
  defend,  ///< it is announced again, at a bounded pace while the other goes on
  yield,   ///< it is given up until nobody else has it
};

/// Who is told where a VIP is.
enum class Announcing {
  segment,  ///< the hosts of its network, by ARP and NDP
  bgp,      ///< routers, by BIRD: it has no network, and is on the loopback interface
};

struct VipConfig {
  Cidr address;  ///< added with its prefix as written
  InterfaceName interface;
  OnConflict on_conflict = OnConflict::defend;
  Announcing announce = Announcing::segment;  ///< its service's

  [[nodiscard]] bool is_routed() const { return announce == Announcing::bgp; }

  friend bool operator==(const VipConfig&, const VipConfig&) = default;
};

/// A kube-apiserver as HAProxy reaches it: a host name or an address, and a port.
struct ApiServer {
  std::string host;
  std::uint16_t port = 6443;

  friend bool operator==(const ApiServer&, const ApiServer&) = default;
};

enum class HealthCheckMode {
  /// GET /readyz over TLS must answer 200, or 401 or 403: those say that it lives and that
  /// strangers
  /// may not ask. One that answers otherwise drains.
  readyz,
  tls,  ///< a TLS handshake must succeed
  tcp,  ///< a connection must be accepted
};

struct HealthCheck {
  HealthCheckMode mode = HealthCheckMode::readyz;
  std::optional<std::string> ca_file;  ///< absent: the certificate is not verified (status says so)
  Duration interval = std::chrono::milliseconds(500);
  unsigned fall = 2;  ///< consecutive failures until a server is out
  unsigned rise = 2;  ///< consecutive successes until it is back

  friend bool operator==(const HealthCheck&, const HealthCheck&) = default;
};

/// The time-outs that a Kubernetes API needs: watches and `kubectl exec` are silent for long, so a
/// tunnel's is an hour; client and server count only until both sides have spoken.
struct HaproxyTimeouts {
  Duration connect = std::chrono::milliseconds(500);  ///< then the next kube-apiserver is tried
  Duration client = std::chrono::hours(1);
  Duration server = std::chrono::hours(1);
  Duration tunnel = std::chrono::hours(1);
  Duration client_fin = std::chrono::seconds(30);

  friend bool operator==(const HaproxyTimeouts&, const HaproxyTimeouts&) = default;
};

/// HAProxy's own page of its state (and its metrics for Prometheus), at the service's VIPs. Nobody
/// sees it without a name and a password of `credentials_file`.
struct StatsConfig {
  std::uint16_t port = 32700;
  std::string credentials_file;  ///< lines of name:password, or name:hash as crypt(5) has them

  friend bool operator==(const StatsConfig&, const StatsConfig&) = default;
};

/// A line of HAProxy's config as the operator wrote it. Where it stood is no part of what is
/// wanted.
struct ConfigLine {
  std::string text;
  std::size_t line = 0;  ///< of the file; 0: unknown

  friend bool operator==(const ConfigLine& a, const ConfigLine& b) { return a.text == b.text; }
};

/// Lines that are appended to sections of HAProxy's config: `global` and `defaults` are there for
/// all services, `frontend` and `backend` are this service's.
struct ExtraConfig {
  std::vector<ConfigLine> global;
  std::vector<ConfigLine> defaults;
  std::vector<ConfigLine> frontend;
  std::vector<ConfigLine> backend;

  friend bool operator==(const ExtraConfig&, const ExtraConfig&) = default;
};

struct HaproxyConfig {
  HaproxyTimeouts timeouts;
  unsigned max_connections = 10'000;
  std::optional<StatsConfig> stats;  ///< absent: no page
  ExtraConfig extra;

  friend bool operator==(const HaproxyConfig&, const HaproxyConfig&) = default;
};

/// What a failed monitor of a resource does (Pacemaker's on-fail, without fencing).
enum class OnFail { restart, ignore, block, stop, standby };

struct OnFailConfig {
  OnFail vip = OnFail::restart;
  OnFail haproxy = OnFail::restart;

  friend bool operator==(const OnFailConfig&, const OnFailConfig&) = default;
};

struct ServiceConfig {
  ServiceName name;
  std::vector<VipConfig> vips;
  std::uint16_t port = 6443;
  std::vector<ApiServer> api_servers;
  std::map<NodeName, Score> location;
  OnFailConfig on_fail;
  HealthCheck health_check;
  HaproxyConfig haproxy;

  friend bool operator==(const ServiceConfig&, const ServiceConfig&) = default;
};

/// The lease's length T and the beat at which it is renewed. validate demands that the holder's
/// right, T(1 - rho) less a guard, be at least four heartbeats (membership/lease has the reasons).
struct Timing {
  Duration heartbeat = std::chrono::milliseconds(50);
  Duration lease = std::chrono::milliseconds(300);

  friend bool operator==(const Timing&, const Timing&) = default;
};

/// A holder's right is the lease times (1000 - drift_permille) / 1000: rho = 0.185 covers the
/// kernel's whole slewing range, +-10 % on each side (kernel/time/ntp.c, MAXFREQ and adjtimex
/// ticks).
inline constexpr std::int64_t drift_permille = 185;
/// Subtracted from every right for frames that already sit in the egress queue.
inline constexpr Duration egress_guard = std::chrono::microseconds(500);
/// M of the protocol: no lease may be longer, and a voter without memory abstains this long.
inline constexpr Duration lease_max = std::chrono::seconds(5);

/// How long a holder may act for one promise of length `lease`, counted from before it asked.
[[nodiscard]] constexpr Duration right_of(Duration lease) {
  return lease * (1000 - drift_permille) / 1000 - egress_guard;
}

/// What a node does that hears fewer than half of the votes.
enum class NoQuorumPolicy {
  stop,    ///< it gives everything up
  ignore,  ///< of exactly two: it goes on by evidence that the other one is gone
  freeze,  ///< in scenarios only
};

/// Who is asked, where two nodes are all, which of them is cut off: a host of the VIPs' network
/// that shares no failure with either of them, usually the gateway.
struct TieBreakerConfig {
  IpAddress address;
  InterfaceName interface;  ///< by which each node asks it (ARP, Neighbour Discovery)

  friend bool operator==(const TieBreakerConfig&, const TieBreakerConfig&) = default;
};

/// An etcd cluster, as a client of it is told: the control plane's own will do.
struct EtcdConfig {
  std::vector<Endpoint> endpoints;  ///< of its members, each for itself; never through a VIP
  std::string ca_file;              ///< who vouches for them
  std::string cert_file;            ///< what we show them
  std::string key_file;

  friend bool operator==(const EtcdConfig&, const EtcdConfig&) = default;
};

/// Who has the third vote where there are two nodes: somebody who decides, and holds nothing.
struct ArbiterConfig {
  EtcdConfig etcd;

  friend bool operator==(const ArbiterConfig&, const ArbiterConfig&) = default;
};

struct Scheduling {
  Score resource_stickiness{100};
  Score migration_threshold{3};                         ///< 0: off
  Duration failure_timeout = std::chrono::minutes(10);  ///< 0: failures never expire

  friend bool operator==(const Scheduling&, const Scheduling&) = default;
};

/// Where a node shows its metrics to Prometheus and its page to people. The file is the same on
/// every node, so the address is one that every node has: a loopback address, or "all of mine".
struct MetricsConfig {
  std::optional<Endpoint> listen = Endpoint{ipv4(127, 0, 0, 1), 9405};  ///< TCP; absent: off
  std::string cert_file;         ///< over HTTPS; empty: over plain HTTP
  std::string key_file;          ///< exactly with cert_file
  std::string client_ca_file;    ///< only who shows a certificate of it may look; empty: anybody
  std::string credentials_file;  ///< likewise who names one of its name:password; empty: anybody

  friend bool operator==(const MetricsConfig&, const MetricsConfig&) = default;
};

/// Where a node's API answers other hosts, over HTTPS, and only who shows a certificate. Who shows
/// one may look.
struct ApiConfig {
  Endpoint listen;  ///< TCP; see MetricsConfig
  std::string cert_file;
  std::string key_file;
  std::string client_ca_file;          ///< by which those of the others are judged
  std::vector<std::string> operators;  ///< the common names of those who may give orders, too

  friend bool operator==(const ApiConfig&, const ApiConfig&) = default;
};

/// Who is told of events: a program that is run, or a URL that is posted to; by a process of its
/// own (`hapx hooks run`), on every node of what that node tells. hapxd itself does nothing by it.
struct HookConfig {
  std::string name;
  std::vector<EventKind> events;     ///< of which kinds it is told
  std::vector<std::string> command;  ///< exactly one of this, `url` and `url_file`
  std::string url;
  std::string url_file;    ///< whose one line is the URL, where that is a secret
  std::string ca_file;     ///< by which the URL's certificate is judged; empty: the system's
  std::string token_file;  ///< what the URL is shown as a bearer token (RFC 6750); empty: nothing
  Duration timeout = std::chrono::seconds(10);  ///< for one run, or one answer

  friend bool operator==(const HookConfig&, const HookConfig&) = default;
};

struct ClusterConfig {
  ClusterName name;
  std::vector<NodeConfig> nodes;        ///< 1 to 3, in the file's order
  std::vector<ServiceConfig> services;  ///< in the order in which they are placed
  Timing timing;
  std::string key_file = "/etc/hapx/cluster.key";
  std::uint16_t port = 7405;  ///< UDP, for heartbeats
  NoQuorumPolicy no_quorum_policy = NoQuorumPolicy::stop;
  std::optional<TieBreakerConfig> tie_breaker;  ///< exactly with NoQuorumPolicy::ignore
  std::optional<ArbiterConfig> arbiter;         ///< only with two nodes of one vote each
  Scheduling scheduling;
  MetricsConfig metrics;
  std::vector<HookConfig> hooks;
  std::optional<ApiConfig> api;  ///< absent: only the command socket

  friend bool operator==(const ClusterConfig&, const ClusterConfig&) = default;
};

}  // namespace hapx
