// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/io/runtime_socket.hpp"

#include <utility>

#include "lb-supervisor/amendment.hpp"
#include "lb-supervisor/haproxy_config.hpp"
#include "lb-supervisor/io/exchange.hpp"
#include "lb-supervisor/runtime_reply.hpp"

namespace hapx::lb_supervisor {

struct RuntimeSocket::State {
  boost::asio::io_context& io;
  std::string socket;
  Handler handler;
  Duration patience;
  std::uint64_t generation = 0;
  std::unique_ptr<Exchange> exchange{};  ///< with that generation
  std::unique_ptr<Exchange> orders{};    ///< likewise
  std::uint64_t unanswered = 0;

  /// Whether that one can be spoken to.
  bool turn_to(std::uint64_t next) {
    if (exchange && generation == next) return true;
    const auto address = unix_address(for_generation(socket, next));
    if (!address) return false;
    generation = next;
    exchange = std::make_unique<Exchange>(io, *address, patience, reply_bytes_max);
    orders = std::make_unique<Exchange>(io, *address, patience, reply_bytes_max);
    return true;
  }
};

Result<RuntimeSocket> RuntimeSocket::open(boost::asio::io_context& io, const std::string& socket,
                                          Handler handler, Duration patience) {
  const auto address = unix_address(socket, haproxy_socket_suffix_bytes);
  if (!address) return address.error();
  return RuntimeSocket(std::shared_ptr<State>(new State{io, socket, std::move(handler), patience}));
}

RuntimeSocket::RuntimeSocket(std::shared_ptr<State> state) : state_(std::move(state)) {}
RuntimeSocket::RuntimeSocket(RuntimeSocket&&) noexcept = default;
RuntimeSocket& RuntimeSocket::operator=(RuntimeSocket&&) noexcept = default;
RuntimeSocket::~RuntimeSocket() = default;

void RuntimeSocket::tell(const AmendHaproxy& action) {
  if (!state_->turn_to(action.generation)) return;
  state_->orders->ask(to_commands(action.changes), Exchange::Until::end,
                      [](const Result<std::string>&) {});
}

void RuntimeSocket::ask(const AskBackends& action) {
  if (!state_->turn_to(action.generation)) return;
  state_->exchange->ask(std::string(ask_servers), Exchange::Until::end,
                        [state = std::weak_ptr(state_)](const Result<std::string>& answer) {
                          const auto self = state.lock();
                          if (!self) return;
                          auto report = answer ? parse_servers(*answer) : answer.error();
                          if (report) {
                            self->handler(std::move(*report));
                          } else {
                            ++self->unanswered;
                          }
                        });
}

std::uint64_t RuntimeSocket::unanswered() const {
  return state_->unanswered;
}

}  // namespace hapx::lb_supervisor
