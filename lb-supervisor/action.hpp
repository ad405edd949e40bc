// SPDX-License-Identifier: Apache-2.0
// What can be asked of HAProxy and its keeper?
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/ids.hpp"
#include "config/net.hpp"

namespace hapx::lb_supervisor {

/// A listening socket that the keeper opens (with IP_FREEBIND) and hands to every HAProxy. The
/// rendered config names it by the environment variable `variable` ("fd@${HAPX_LISTEN_0}").
struct ListenSocket {
  std::string variable;
  Endpoint endpoint;

  friend bool operator==(const ListenSocket&, const ListenSocket&) = default;
};

/// Asks `haproxy -c`. Answered by HaproxyConfigAccepted or HaproxyConfigRefused.
struct CheckHaproxyConfig {
  std::uint64_t generation = 0;
  std::string config;
  std::vector<ListenSocket> sockets;
};

/// Starts HAProxy with this text. Answered by HaproxyStarted or HaproxyStartFailed, and one day by
/// HaproxyExited. REQUIRES: no other HAProxy of ours runs.
struct StartHaproxy {
  std::uint64_t generation = 0;
  std::string config;
  std::vector<ListenSocket> sockets;
};

/// Ends it at once (SIGKILL). Answered by HaproxyExited.
struct KillHaproxy {
  std::uint64_t generation = 0;
};

/// Answered by HaproxyProbed or HaproxyProbeFailed, in a bounded time.
struct ProbeHaproxy {
  std::uint64_t generation = 0;
};

/// Answered by BackendsReported, or by nothing: the probe tells whether HAProxy lives.
struct AskBackends {};

}  // namespace hapx::lb_supervisor
