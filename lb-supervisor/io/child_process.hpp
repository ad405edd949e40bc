// SPDX-License-Identifier: Apache-2.0
// How does hapxd reach HAProxy, whose parent it is not?
//
// Through HAProxy's keeper: this is the client's side of its socket. It connects, and connects
// again whenever the connection is lost; it sends what is asked for and tells what it hears. It
// remembers nothing: after a loss, KeeperConnected tells what is true.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>

#include <boost/asio/io_context.hpp>

#include "config/result.hpp"
#include "lb-supervisor/action.hpp"
#include "lb-supervisor/event.hpp"

namespace hapx::lb_supervisor {

using ChildProcessEvent =
    std::variant<KeeperConnected, KeeperLost, HaproxyConfigAccepted, HaproxyConfigRefused,
                 HaproxyStarted, HaproxyStartFailed, HaproxyExited>;

class ChildProcess {
 public:
  using Handler = std::function<void(ChildProcessEvent)>;

  /// `keeper_socket` is haproxy_keeper_socket's path. Refuses a path that is too long; a keeper
  /// that isn't there yet is waited for (tried every 10 ms at first, every 200 ms after a second),
  /// told once by KeeperLost. The handler is called from `io` only, never from within a method.
  [[nodiscard]] static Result<ChildProcess> open(boost::asio::io_context& io,
                                                 const std::string& keeper_socket, Handler handler);
  ChildProcess(ChildProcess&&) noexcept;
  ChildProcess& operator=(ChildProcess&&) noexcept;
  /// The handler is not called any more. HAProxy and its keeper go on.
  ~ChildProcess();

  // One method per action. Without a keeper nothing is sent: KeeperLost has told, or will.
  void check_config(const CheckHaproxyConfig& action);
  void start(const StartHaproxy& action);
  void retire(const RetireHaproxy& action);
  void kill(const KillHaproxy& action);

 private:
  struct State;
  explicit ChildProcess(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace hapx::lb_supervisor
