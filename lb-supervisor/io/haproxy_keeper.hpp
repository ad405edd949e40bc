// SPDX-License-Identifier: Apache-2.0
// Who keeps HAProxy while hapxd comes and goes?
//
// The process `haproxy-keeper`: it owns the listening sockets, and HAProxy is its child. It decides
// nothing. It listens at a SOCK_SEQPACKET socket, does what its one client (hapxd) asks, and tells
// what became of it (lb-supervisor/keeper_message.hpp has the words). A hapxd that restarts finds
// HAProxy as it left it; a new client replaces the old one.
//
// At most one HAProxy is in service; one more may be begun beside it, on the same sockets. When the
// client retires the one in service, that drains, the other one takes its place, and the name
// haproxy.sock points to its socket.
//
// It ends, and HAProxy with it, when its own parent is gone (its end of the lifeline closes) or on
// SIGTERM. If it is killed, the kernel ends HAProxy (PR_SET_PDEATHSIG). Its lock is inherited by
// HAProxy, so the next keeper begins only when nothing is left of this one.
//
// Who may speak with it is said by its folder, and by the sockets' mode: its own user, and members
// of its group. That is how a hapxd reaches it that runs as another user.
//
// It needs no capability (but CAP_NET_BIND_SERVICE for a port below 1024), and runs with ordinary
// scheduling.
#pragma once

#include <cstdint>
#include <string>

namespace hapx::lb_supervisor {

struct HaproxyKeeperOptions {
  std::string run_dir;              ///< holds its socket, its lock and HAProxy's config
  std::string haproxy = "haproxy";  ///< a path, or a name that is looked up in PATH and sbin
  int lifeline = -1;  ///< an inherited pipe or socket whose end of file means "end"; -1: none
};

/// Where its client connects.
[[nodiscard]] std::string haproxy_keeper_socket(const std::string& run_dir);

/// RLIMIT_NOFILE's hard limit for HAProxy, raised as far as we have the right to. What
/// HaproxyPaths::descriptor_limit wants; the keeper raises its own alike.
[[nodiscard]] std::uint64_t haproxy_descriptor_limit();

/// The whole life of the process; call it right after fork or exec, single-threaded. Closes every
/// descriptor but 0 to 2 and the lifeline. Returns the exit status: 0 if it was asked to end, 1 if
/// it could not begin (one sentence on stderr says why).
[[nodiscard]] int run_haproxy_keeper(const HaproxyKeeperOptions& options);

}  // namespace hapx::lb_supervisor
