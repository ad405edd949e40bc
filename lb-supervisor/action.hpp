// SPDX-License-Identifier: Apache-2.0
// What can be asked of HAProxy and its keeper?
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/ids.hpp"
#include "config/net.hpp"
#include "config/time.hpp"

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

/// Starts HAProxy with this text. Where one is in service already, the new one begins beside it, on
/// the same listening sockets and any new ones; one that was begun beside it earlier is ended.
/// Answered by HaproxyStarted or HaproxyStartFailed, and one day by HaproxyExited.
struct StartHaproxy {
  std::uint64_t generation = 0;
  std::string config;
  std::vector<ListenSocket> sockets;
};

/// Puts the one that was started beside `generation` in service in its place. That one accepts no
/// more and ends with its last connection (SIGUSR1), or is killed after `patience`; both answered
/// by HaproxyExited. Limit: of more than draining_max such ones, the oldest is killed.
struct RetireHaproxy {
  std::uint64_t generation = 0;
  Duration patience{0};  ///< whole milliseconds
};

inline constexpr std::size_t draining_max = 4;

/// Ends it at once (SIGKILL). Answered by HaproxyExited.
struct KillHaproxy {
  std::uint64_t generation = 0;
};

/// Answered by HaproxyProbed or HaproxyProbeFailed, in a bounded time.
struct ProbeHaproxy {
  std::uint64_t generation = 0;
};

/// What is done to one server of a HAProxy that runs.
struct ServerChange {
  enum class Kind : std::uint8_t {
    add,     ///< down until its checks succeed
    ready,   ///< takes connections again, if it is well
    drain,   ///< takes no new ones
    remove,  ///< REQUIRES: it has none; what it has all the same is ended
  };
  Kind kind = Kind::add;
  std::string backend;  ///< both as HAProxy writes them
  std::string server;
  std::string options{};  ///< of `add`: the address, and what else `add server` is to know

  friend bool operator==(const ServerChange&, const ServerChange&) = default;
};

/// Changes servers over the runtime socket. Not answered: what has come of it is asked by
/// AskBackends.
struct AmendHaproxy {
  std::uint64_t generation = 0;
  std::vector<ServerChange> changes;
};

/// Answered by BackendsReported, or by nothing: the probe tells whether HAProxy lives.
struct AskBackends {
  std::uint64_t generation = 0;
};

}  // namespace hapx::lb_supervisor
