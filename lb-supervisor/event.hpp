// SPDX-License-Identifier: Apache-2.0
// What can happen to our HAProxy?
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/ids.hpp"
#include "lb-supervisor/action.hpp"

namespace hapx::lb_supervisor {

/// HAProxy's keeper answers. If an earlier hapxd left a HAProxy in service, `running` tells which.
/// What that had begun beside it is ended.
struct KeeperConnected {
  struct Running {
    std::uint64_t generation = 0;  ///< of the StartHaproxy that began it
    int pid = 0;
    std::string config;  ///< the text it was started with
    std::vector<ListenSocket> sockets{};
  };
  std::optional<Running> running{};
  std::vector<std::uint64_t> draining{};  ///< retired ones whose connections have not ended yet
};

/// The keeper died or can't be reached; HAProxy dies with it. The door reconnects by itself.
struct KeeperLost {
  std::string reason;
};

struct HaproxyConfigAccepted {
  std::uint64_t generation = 0;
};

/// `haproxy -c` refused the text, or there is no haproxy to ask.
struct HaproxyConfigRefused {
  std::uint64_t generation = 0;
  std::string reason;  ///< HAProxy's own words, first lines
};

struct HaproxyStarted {
  std::uint64_t generation = 0;
  int pid = 0;
};

struct HaproxyStartFailed {
  std::uint64_t generation = 0;
  std::string reason;
};

/// The process is gone (its pidfd told).
struct HaproxyExited {
  std::uint64_t generation = 0;
  std::string how;  ///< "killed by signal 9", "exited with status 1"
};

/// It answered through its own second listener, all the way through its event loop.
struct HaproxyProbed {
  std::uint64_t generation = 0;
};

/// It did not answer the probe in time, or wrongly.
struct HaproxyProbeFailed {
  std::uint64_t generation = 0;
  std::string reason;
};

struct ServerHealth {
  std::string name;
  bool up = false;
  std::string check;       ///< HAProxy's word for the last check: "L7OK", "L4CON", ...
  std::string level{};     ///< what the last good check has shown; see check_level
  bool set_aside = false;  ///< by an order, ours or somebody's: it drains, or is in maintenance
  std::optional<std::uint64_t> connections{};  ///< that it has now; absent: unknown
  /// The next check is under way, and HAProxy no longer tells the code of the last one (src/
  /// tcpcheck.c, tcpcheck_main()): `level` is the least that it has shown.
  bool is_being_checked = false;

  friend bool operator==(const ServerHealth&, const ServerHealth&) = default;
};

struct BackendHealth {
  ServiceName service;
  std::vector<ServerHealth> servers;

  friend bool operator==(const BackendHealth&, const BackendHealth&) = default;
};

/// HAProxy's answer to AskBackends.
struct BackendsReported {
  std::vector<BackendHealth> backends;
};

}  // namespace hapx::lb_supervisor
