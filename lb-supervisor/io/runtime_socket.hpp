// SPDX-License-Identifier: Apache-2.0
// What does HAProxy say of its kube-apiservers, and how is it told of others?
//
// Asked over its runtime socket, one question at a time, answered or forgotten: whether HAProxy
// lives is the probe's question. What it is told is not answered, since the next question shows
// what has come of it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "config/result.hpp"
#include "config/time.hpp"
#include "lb-supervisor/action.hpp"
#include "lb-supervisor/event.hpp"

namespace hapx::lb_supervisor {

class RuntimeSocket {
 public:
  using Handler = std::function<void(BackendsReported)>;
  static constexpr Duration default_patience = std::chrono::seconds(1);

  /// `socket` is HaproxyPaths::runtime_socket, without a generation. Refuses a path that is too
  /// long.
  [[nodiscard]] static Result<RuntimeSocket> open(boost::asio::io_context& io,
                                                  const std::string& socket, Handler handler,
                                                  Duration patience = default_patience);
  RuntimeSocket(RuntimeSocket&&) noexcept;
  RuntimeSocket& operator=(RuntimeSocket&&) noexcept;
  ~RuntimeSocket();

  /// A question that is under way is given up for the new one.
  void ask(const AskBackends& action);

  /// What was told before, and has not been taken yet, is given up for this.
  void tell(const AmendHaproxy& action);

  /// Questions that got no answer, or one that makes no sense, since `open`.
  [[nodiscard]] std::uint64_t unanswered() const;

 private:
  struct State;
  explicit RuntimeSocket(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace hapx::lb_supervisor
