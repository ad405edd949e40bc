// SPDX-License-Identifier: Apache-2.0
// What stands in for a kube-apiserver?
//
// A small TLS server that speaks just enough of Kubernetes for kubectl (kube_answer.hpp) and says
// its own name in every answer. It can be told to break as real ones do: SIGKILL, it dies
// (connections are refused); SIGSTOP, it hangs (the kernel still accepts); SIGUSR1, it answers 500;
// SIGHUP, it is not ready, and serves (as a real one does that is about to end); SIGTERM, it
// accepts no more, ends its streams well, says what it was asked, and is gone; SIGUSR2, it is well
// again.
#pragma once

#include <functional>
#include <string>

#include "config/net.hpp"

namespace hapx::appliance::lab {

/// Serves until SIGTERM; the body of a forked child (its signals are taken over). Calls `ready`
/// when it listens. 0, or 1 when it can't listen.
[[nodiscard]] int serve_apiserver(const std::string& name, const Endpoint& endpoint,
                                  const std::function<void()>& ready);

/// The requests of which at most this many are open at a time; more are closed at once.
inline constexpr std::size_t apiserver_connections_max = 1000;

}  // namespace hapx::appliance::lab
