// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/io/child_process.hpp"

#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/socket.h>

#include "config/io/descriptor.hpp"
#include "lb-supervisor/io/packet.hpp"
#include "lb-supervisor/keeper_message.hpp"

namespace hapx::lb_supervisor {
namespace {

constexpr auto quick_retry = std::chrono::milliseconds(10);
constexpr auto slow_retry = std::chrono::milliseconds(200);
constexpr int quick_retries_max = 100;
constexpr int packets_per_turn_max = 16;

Result<Descriptor> connect_to(const sockaddr_un& address) {
  Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return system_error(errno, "cannot make a socket");
  if (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
      0) {
    return system_error(errno, "cannot reach HAProxy's keeper");
  }
  return socket;
}

/// The config of a KeeperConnected stands in the file that came along.
Result<ChildProcessEvent> read_event(const Packet& packet) {
  const auto decoded = decode_answer(packet.bytes);
  if (!decoded) return decoded.error();
  auto answer = *decoded;
  if (auto* connected = std::get_if<KeeperConnected>(&answer); connected && connected->running) {
    auto config = read_text(packet.text, config_bytes_max);
    if (!config) return config.error();
    connected->running->config = std::move(*config);
  }
  return std::visit([](auto& event) { return ChildProcessEvent(std::move(event)); }, answer);
}

}  // namespace

struct ChildProcess::State : std::enable_shared_from_this<State> {
  State(boost::asio::io_context& io, const sockaddr_un& at, Handler to)
      : address(at), handler(std::move(to)), descriptor(io), timer(io) {}

  void connect() {
    if (!open) return;
    auto socket = connect_to(address);
    if (!socket) {
      lose(socket.error().sentence);
      return;
    }
    boost::system::error_code error;
    // NOLINTNEXTLINE(bugprone-unused-return-value): the error is in `error`
    descriptor.assign(socket->number(), error);
    if (error) {
      lose("cannot watch the connection to HAProxy's keeper");
      return;
    }
    (void)socket->release();
    listen();
  }

  void listen() {
    descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                          [self = shared_from_this()](boost::system::error_code error) {
                            if (error != boost::asio::error::operation_aborted) self->read();
                          });
  }

  void read() {
    for (int i = 0; i < packets_per_turn_max && open && descriptor.is_open(); ++i) {
      auto packet = receive_packet(descriptor.native_handle());
      if (!packet) {
        lose(packet.error().sentence);
        return;
      }
      if (!*packet) break;
      auto event = read_event(**packet);
      if (!event) {
        lose("HAProxy's keeper sent what makes no sense: " + event.error().sentence);
        return;
      }
      lost_told = false;
      tries = 0;
      handler(std::move(*event));
    }
    if (open && descriptor.is_open()) listen();
  }

  /// Tells it once and tries again, until it is connected again.
  void lose(const std::string& reason) {
    boost::system::error_code ignored;
    descriptor.close(ignored);
    timer.expires_after(++tries <= quick_retries_max ? quick_retry : slow_retry);
    timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error) self->connect();
    });
    if (std::exchange(lost_told, true)) return;
    handler(KeeperLost{reason});
  }

  void send(const KeeperRequest& request, const std::string* config) {
    if (!open || !descriptor.is_open()) return;
    Descriptor text;
    std::optional<Error> failure;
    if (config != nullptr) {
      auto made = text_in_memory(*config);
      if (made) {
        text = std::move(*made);
      } else {
        failure = made.error();
      }
    }
    if (!failure) {
      const auto sent = send_packet(descriptor.native_handle(), encode(request), text.number());
      if (!sent) failure = sent.error();
    }
    if (failure) {
      // Not from within an action: its outcome returns as an event.
      boost::asio::post(descriptor.get_executor(),
                        [self = shared_from_this(), reason = failure->sentence] {
                          if (self->open && self->descriptor.is_open()) self->lose(reason);
                        });
    }
  }

  void close() {
    open = false;
    boost::system::error_code ignored;
    descriptor.close(ignored);
    timer.cancel();
  }

  sockaddr_un address;
  Handler handler;
  boost::asio::posix::stream_descriptor descriptor;
  boost::asio::steady_timer timer;
  int tries = 0;
  bool lost_told = false;
  bool open = true;
};

Result<ChildProcess> ChildProcess::open(boost::asio::io_context& io,
                                        const std::string& keeper_socket, Handler handler) {
  const auto address = unix_address(keeper_socket);
  if (!address) return address.error();
  auto state = std::make_shared<State>(io, *address, std::move(handler));
  boost::asio::post(io, [state] { state->connect(); });
  return ChildProcess(std::move(state));
}

ChildProcess::ChildProcess(std::shared_ptr<State> state) : state_(std::move(state)) {}
ChildProcess::ChildProcess(ChildProcess&&) noexcept = default;
ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this != &other) {
    if (state_) state_->close();
    state_ = std::move(other.state_);
  }
  return *this;
}
ChildProcess::~ChildProcess() {
  if (state_) state_->close();
}

void ChildProcess::check_config(const CheckHaproxyConfig& action) {
  state_->send(action, &action.config);
}

void ChildProcess::start(const StartHaproxy& action) {
  state_->send(action, &action.config);
}

void ChildProcess::retire(const RetireHaproxy& action) {
  state_->send(action, nullptr);
}

void ChildProcess::kill(const KillHaproxy& action) {
  state_->send(action, nullptr);
}

}  // namespace hapx::lb_supervisor
