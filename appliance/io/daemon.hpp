// SPDX-License-Identifier: Apache-2.0
// How does the node meet the real world?
//
// The loop: take the next event or wait until the next deadline, step, carry out. One thread, one
// io_context. Every door hands its news to the same place and every action goes to the door that
// knows how; nothing is decided here.
#pragma once

#include "appliance/cli/hapxd_options.hpp"

namespace hapx::appliance {

/// The process `hapxd`, a child of its keeper (appliance/io/keeper). Returns the exit status: 0
/// ended in order, 1 refused (a wrong file or key), 3 could not begin.
[[nodiscard]] int run_daemon(const HapxdOptions& options);

/// The process `haproxy-keeper`. Status 2: this node runs no HAProxy, don't start again.
[[nodiscard]] int run_haproxy_keeper_process(const HapxdOptions& options);

}  // namespace hapx::appliance
