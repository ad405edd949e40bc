// SPDX-License-Identifier: Apache-2.0
// Does HAProxy answer?
//
// A process that exists may still hang. So it is asked, like a client would, through a listener of
// its own on a Unix socket: a new connection, a small HTTP request, an answer that only its event
// loop can give. (The VIP's listener can't be tried on a standby: the packets would go to the
// holder.) The answer is awaited for a bounded time; what several answers mean is fitness.hpp's
// business.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>

#include <boost/asio/io_context.hpp>

#include "config/result.hpp"
#include "config/time.hpp"
#include "lb-supervisor/action.hpp"
#include "lb-supervisor/event.hpp"

namespace hapx::lb_supervisor {

using SelfProbeEvent = std::variant<HaproxyProbed, HaproxyProbeFailed>;

class SelfProbe {
 public:
  using Handler = std::function<void(SelfProbeEvent)>;
  /// Longer than a busy machine keeps a runnable HAProxy waiting (measured: 55 ms).
  static constexpr Duration default_patience = std::chrono::milliseconds(150);

  /// `socket` is HaproxyPaths::probe_socket, without a generation. Refuses a path that is too long.
  [[nodiscard]] static Result<SelfProbe> open(boost::asio::io_context& io,
                                              const std::string& socket, Handler handler,
                                              Duration patience = default_patience);
  SelfProbe(SelfProbe&&) noexcept;
  SelfProbe& operator=(SelfProbe&&) noexcept;
  ~SelfProbe();

  /// Answered by the handler, from `io`, within the patience. A probe of the same generation that
  /// is under way is given up: only the new one is answered; so is that of a third generation.
  void probe(const ProbeHaproxy& action);

 private:
  struct State;
  explicit SelfProbe(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace hapx::lb_supervisor
