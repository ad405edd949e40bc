// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/io/exchange.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/socket.h>

namespace hapx::lb_supervisor {

struct Exchange::State : std::enable_shared_from_this<State> {
  State(boost::asio::io_context& io, const sockaddr_un& at, Duration time, std::size_t most)
      : address(at), patience(time), bytes_max(most), descriptor(io), timer(io) {}

  void ask(std::string text, Until end, Answered to) {
    give_up();
    question = std::move(text);
    until = end;
    answered = std::move(to);
    answer.clear();
    ++round;
    if (auto begun = begin(); !begun) {
      boost::asio::post(descriptor.get_executor(),
                        [self = shared_from_this(), asked = round, error = begun.error()] {
                          if (self->round == asked) self->finish(error);
                        });
      return;
    }
    timer.expires_after(patience);
    timer.async_wait([self = shared_from_this(), asked = round](boost::system::error_code error) {
      if (error || self->round != asked) return;
      self->finish(Error{ErrorKind::unavailable, "no answer in " + to_string(self->patience), 0});
    });
    listen();
  }

  /// Connects and sends: a Unix socket does both at once or not at all.
  Result<void> begin() {
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.is_open()) return system_error(errno, "cannot make a socket");
    if (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
        0) {
      return system_error(errno, "cannot connect");
    }
    const auto sent = ::send(socket.number(), question.data(), question.size(), MSG_NOSIGNAL);
    if (sent < 0) return system_error(errno, "cannot send");
    if (static_cast<std::size_t>(sent) != question.size()) {
      return Error{ErrorKind::unavailable, "it does not take the question", 0};
    }
    boost::system::error_code error;
    descriptor.assign(socket.number(), error);
    if (error) return Error{ErrorKind::failed, "cannot watch a socket", error.value()};
    (void)socket.release();
    return {};
  }

  void listen() {
    descriptor.async_wait(
        boost::asio::posix::stream_descriptor::wait_read,
        [self = shared_from_this(), asked = round](boost::system::error_code error) {
          if (!error && self->round == asked) self->read();
        });
  }

  void read() {
    std::array<char, 8192> buffer;  // NOLINT: filled by recv, read no further
    const auto count = ::recv(descriptor.native_handle(), buffer.data(), buffer.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return listen();
    if (count < 0) return finish(system_error(errno, "cannot receive"));
    if (count == 0 && answer.empty()) {
      return finish(Error{ErrorKind::absent, "it closed the connection without an answer", 0});
    }
    answer.append(buffer.data(), static_cast<std::size_t>(count));
    if (answer.size() > bytes_max) {
      return finish(Error{ErrorKind::refused, "the answer is too long", 0});
    }
    if (count == 0 || until == Until::first_bytes) return finish(std::move(answer));
    listen();
  }

  void finish(const Result<std::string>& result) {
    give_up();
    if (const auto to = std::exchange(answered, nullptr)) to(result);
  }

  void give_up() {
    ++round;
    boost::system::error_code ignored;
    descriptor.close(ignored);
    timer.cancel();
  }

  sockaddr_un address;
  Duration patience;
  std::size_t bytes_max;
  boost::asio::posix::stream_descriptor descriptor;
  boost::asio::steady_timer timer;
  std::string question;
  Until until = Until::first_bytes;
  Answered answered;
  std::string answer;
  std::uint64_t round =
      0;  ///< of the question that is under way; handlers of older ones do nothing
};

Exchange::Exchange(boost::asio::io_context& io, const sockaddr_un& address, Duration patience,
                   std::size_t bytes_max)
    : state_(std::make_shared<State>(io, address, patience, bytes_max)) {}

Exchange::~Exchange() {
  state_->answered = nullptr;
  state_->give_up();
}

void Exchange::ask(std::string question, Until until, Answered answered) {
  state_->ask(std::move(question), until, std::move(answered));
}

}  // namespace hapx::lb_supervisor
