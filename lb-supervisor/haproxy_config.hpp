// SPDX-License-Identifier: Apache-2.0
// What does our HAProxy read?
//
// One text for the whole node: per service a frontend with a listener for each VIP, and a backend
// with its kube-apiservers; a listener on a Unix socket through which HAProxy is probed; a socket
// for its answers. Everything goes through in TCP mode, TLS ends at the kube-apiserver.
//
// The listening sockets are not HAProxy's own: its keeper opens them and hands them down, and the
// text names them by environment variables ("fd@${HAPX_LISTEN_0}") and tells the addresses in
// comments. So a HAProxy that was started with an equal text is the right one, and is adopted.
//
// This file deliberately knows nothing of processes, nor whether HAProxy likes the text.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config/cluster_config.hpp"
#include "config/stats_credentials.hpp"
#include "lb-supervisor/action.hpp"

namespace hapx::lb_supervisor {

/// What the text has to know of the place in which HAProxy runs.
struct HaproxyPaths {
  // Each HAProxy has sockets of its own: for_generation adds a suffix to these.
  std::string runtime_socket;  ///< for its answers (`show stat`), mode 660
  std::string probe_socket;    ///< for the probe, mode 660
  /// RLIMIT_NOFILE's hard limit there; 0 if unknown. Where it is too small for what the services
  /// may have at most, their `maxConnections` are lowered in proportion: a HAProxy that runs out of
  /// descriptors can't answer its probe.
  std::uint64_t descriptor_limit = 0;
  /// Who may see the stats page, by `credentialsFile`. Without an entry the page is left out.
  std::map<std::string, std::vector<StatsUser>> stats_users{};
  std::map<std::string, std::string> stats_trouble{};  ///< why there is no entry
};

inline constexpr const char* runtime_socket_name = "haproxy.sock";
inline constexpr const char* probe_socket_name = "haproxy-probe.sock";
/// The keeper gives each HAProxy its generation in this environment variable, so that two with the
/// same text can run side by side.
inline constexpr const char* generation_variable = "HAPX_GENERATION";

/// The sockets' names in a run directory. Limit: that has room for 65 bytes (Linux's 107 of a
/// socket's path, less the name and what HAProxy and the generation append); the doors refuse
/// longer ones.
[[nodiscard]] HaproxyPaths haproxy_paths(const std::string& run_dir);
/// Where the HAProxy of this generation binds `path`.
[[nodiscard]] std::string for_generation(const std::string& path, std::uint64_t generation);

/// A HAProxy that was retired ends after that time at the latest, with the connections that it
/// still has; its keeper sees to it.
inline constexpr Duration hard_stop_after = std::chrono::minutes(10);

/// The request target that the probe's listener answers with 200.
inline constexpr const char* probe_target = "/alive";

/// Whose a line of the text is, where an operator wrote it.
struct LineOrigin {
  std::size_t line = 0;       ///< of the text, from 1
  std::size_t file_line = 0;  ///< of hapx.yaml; 0: unknown
  std::string place;          ///< "service kube-apiserver, extraConfig.backend"

  friend bool operator==(const LineOrigin&, const LineOrigin&) = default;
};

struct RenderedHaproxy {
  std::string text;
  std::vector<ListenSocket> sockets;
  std::vector<LineOrigin> origins{};  ///< in the order of the text

  friend bool operator==(const RenderedHaproxy&, const RenderedHaproxy&) = default;
};

/// Total: any ClusterConfig gives a text, and no name in it can become a directive.
[[nodiscard]] RenderedHaproxy render(const ClusterConfig& config, const HaproxyPaths& paths);

/// A witness runs no HAProxy, nor does a node of a cluster without services.
[[nodiscard]] bool runs_haproxy(const ClusterConfig& config, const NodeName& self);

}  // namespace hapx::lb_supervisor
