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
#include <string>
#include <vector>

#include "config/cluster_config.hpp"
#include "lb-supervisor/action.hpp"

namespace hapx::lb_supervisor {

/// What the text has to know of the place in which HAProxy runs.
struct HaproxyPaths {
  std::string runtime_socket;  ///< for its answers (`show stat`), mode 660
  std::string probe_socket;    ///< for the probe, mode 660
  /// RLIMIT_NOFILE's hard limit there; 0 if unknown. Where it is too small for what the services
  /// may have at most, their `maxConnections` are lowered in proportion: a HAProxy that runs out of
  /// descriptors can't answer its probe.
  std::uint64_t descriptor_limit = 0;
};

/// The sockets' names in hapxd's run directory. Limit: `run_dir` has room for 76 bytes (Linux's 107
/// of a socket's path, less the name and what HAProxy appends); the doors refuse longer ones.
[[nodiscard]] HaproxyPaths haproxy_paths(const std::string& run_dir);

/// The request target that the probe's listener answers with 200.
inline constexpr const char* probe_target = "/alive";

struct RenderedHaproxy {
  std::string text;
  std::vector<ListenSocket> sockets;

  friend bool operator==(const RenderedHaproxy&, const RenderedHaproxy&) = default;
};

/// Total: any ClusterConfig gives a text, and no name in it can become a directive.
[[nodiscard]] RenderedHaproxy render(const ClusterConfig& config, const HaproxyPaths& paths);

/// A witness runs no HAProxy, nor does a node of a cluster without services.
[[nodiscard]] bool runs_haproxy(const ClusterConfig& config, const NodeName& self);

}  // namespace hapx::lb_supervisor
