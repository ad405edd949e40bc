// SPDX-License-Identifier: Apache-2.0
// Who restarts hapxd while its lease lasts?
//
// The keeper: the parent process, which does nothing else. A lease belongs to the node, so a hapxd
// that crashed can be replaced by another before anybody notices, if that is started at once and
// finds what the first one held. The keeper sees its child die by pidfd, or fall silent for a third
// of the lease and then kills it, waits until it is gone, and starts the next one with the
// descriptors that the old one left with it. It knows nothing of leases, addresses or HAProxy.
//
//                 exits by itself: its status is ours
//               +------------------------------------> end
//               |
//   start --> running --killed by a signal, crashed--> start at once (growing pauses in a loop)
//               |
//               +--silent for 3 timely looks--> SIGKILL --pidfd readable--> start at once
//               |
//               +--SIGHUP--> passed on; hapxd judges its file, asks for the next --> start at once
//               |
//               +--SIGUSR2--> execute the new binary, descriptors kept --> SIGKILL, start
//
// Safety: the next process is started only after the old one's pidfd is readable, never after
// merely sending a signal (LEASE.md, rule 14).
// The service manager's watchdog is fed from here, and only when hapxd has made a turn: so it barks
// when hapxd can't be brought back, and also when it is the keeper that hangs.
//
// Safety: the keeper counts its own timely looks, not elapsed time: a machine that was paused
// must not kill its daemon (rule 14).
#pragma once

#include <string>
#include <vector>

namespace hapx::appliance {

/// Who starts HAProxy's keeper: we do, or a service manager, under a user of its own.
enum class HaproxyKeeperIs { ours, somebody_elses };

struct KeeperOptions {
  std::string program;                 ///< path of hapxd
  std::vector<std::string> arguments;  ///< as the operator gave them, without argv[0]
  HaproxyKeeperIs haproxy_keeper = HaproxyKeeperIs::ours;
};

/// Runs until hapxd ends by itself or a signal asks us to end. Returns the exit status.
[[nodiscard]] int run_keeper(const KeeperOptions& options);

/// The status with which haproxy-keeper says that this node needs none.
inline constexpr int status_not_wanted = 2;
/// The status with which hapxd asks for the next one at once, having released nothing.
inline constexpr int status_restart_in_flight = 4;

/// Hidden option by which the keeper tells its children what they are: "--as=daemon".
inline constexpr const char* role_option = "--as";

}  // namespace hapx::appliance
