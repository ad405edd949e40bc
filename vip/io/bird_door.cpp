// SPDX-License-Identifier: Apache-2.0
#include "vip/io/bird_door.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/socket.h>
#include <sys/un.h>

#include "config/io/descriptor.hpp"
#include "vip/advertising.hpp"
#include "vip/bird_reply.hpp"

namespace hapx::vip {
namespace {

/// A look takes BIRD a tenth of a millisecond.
constexpr auto look_interval = std::chrono::milliseconds(100);
/// While BIRD is to have a route, and perhaps has not heard from the kernel yet.
constexpr auto hurried_look_interval = std::chrono::milliseconds(5);
constexpr auto connect_interval = std::chrono::milliseconds(250);
/// BIRD goes on with its sessions before it answers us.
constexpr auto answer_patience = std::chrono::seconds(1);

Result<Descriptor> connect_to(const sockaddr_un& address) {
  const std::string path = address.sun_path;
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return system_error(errno, "can't make a socket for BIRD");
  if (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return socket;
  const int error = errno;
  if (error == ENOENT || error == ECONNREFUSED)
    return Error{ErrorKind::absent, "BIRD does not run: nobody listens at " + path, error};
  if (error == EACCES)
    return Error{ErrorKind::forbidden, "no right to write into " + path + " of BIRD", error};
  return system_error(error, "can't connect to BIRD at " + path);
}

}  // namespace

struct BirdDoor::State : std::enable_shared_from_this<State> {
  State(boost::asio::io_context& context, const sockaddr_un& at, Handler told)
      : io(context),
        address(at),
        handler(std::move(told)),
        socket(context),
        look_timer(context),
        answer_timer(context) {}

  /// A handler for this connection, and not for one after it.
  template <class Work>
  auto when_due(Work work) {
    return [weak = weak_from_this(), now = round, work](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!error && self && !self->ended && self->round == now) work(*self);
    };
  }

  void connect() {
    auto connected = connect_to(address);
    if (!connected) return lose(connected.error().sentence);
    boost::system::error_code error;
    socket.assign(connected->number(), error);
    if (error) return lose("can't watch a socket");
    (void)connected->release();
    answers = BirdAnswers();
    advertising.connected();
    wait_for_answer();
    listen();
    look_later();
  }

  /// From now on nothing is known of BIRD, until the next connection.
  void lose(const std::string& reason) {
    close();
    advertising.lost(reason);
    tell();
    look_timer.expires_after(connect_interval);
    look_timer.async_wait(when_due([](State& self) { self.connect(); }));
  }

  void close() {
    ++round;
    boost::system::error_code ignored;
    socket.close(ignored);
    answer_timer.cancel();
    look_timer.cancel();
  }

  void listen() {
    socket.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      when_due([](State& self) { self.read(); }));
  }

  void read() {
    std::array<char, 16 * 1024> buffer;  // NOLINT: filled by recv, read no further
    const auto count = ::recv(socket.native_handle(), buffer.data(), buffer.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return listen();
    if (count <= 0) return lose("BIRD has closed its control socket");
    auto complete = answers.take(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
    if (!complete) return lose(complete.error().sentence);
    for (const BirdAnswer& answer : *complete) {
      answer_timer.cancel();
      advertising.hear(answer);
      if (!ask()) return;
    }
    tell();
    listen();
  }

  /// False: the connection is lost.
  bool ask() {
    const auto command = advertising.next_command();
    if (!command) return true;
    const std::string line = *command + '\n';
    const auto sent = ::send(socket.native_handle(), line.data(), line.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(line.size())) {
      lose("BIRD takes no command");
      return false;
    }
    wait_for_answer();
    return true;
  }

  void wait_for_answer() {
    answer_timer.expires_after(answer_patience);
    answer_timer.async_wait(when_due([](State& self) {
      const bool is_over = self.answer_timer.expiry() <= std::chrono::steady_clock::now();
      if (is_over && self.advertising.waits()) self.lose("BIRD does not answer");
    }));
  }

  void look_later() {
    if (advertising.hurries()) {
      look_timer.expires_after(hurried_look_interval);
    } else {
      look_timer.expires_after(look_interval);
    }
    look_timer.async_wait(when_due([](State& self) {
      self.advertising.look();
      if (self.ask()) self.look_later();
    }));
  }

  template <class Action>
  void carry_out(const Action& action) {
    advertising.carry_out(action);
    tell();
    if (!socket.is_open() || !ask()) return;
    look_later();
  }

  /// Later, from the loop, after everything that was told before.
  void tell() {
    for (Event& event : advertising.take_events()) {
      boost::asio::post(io, [weak = weak_from_this(), event = std::move(event)]() mutable {
        const auto self = weak.lock();
        if (self && !self->ended) self->handler(std::move(event));
      });
    }
  }

  boost::asio::io_context& io;
  sockaddr_un address;
  Handler handler;
  boost::asio::posix::stream_descriptor socket;
  boost::asio::steady_timer look_timer;  ///< without a connection: of the next attempt
  boost::asio::steady_timer answer_timer;
  BirdAnswers answers;
  Advertising advertising;
  std::uint64_t round = 0;  ///< counts connections that have ended
  bool ended = false;
};

BirdDoor::BirdDoor(std::shared_ptr<State> state) : state_(std::move(state)) {}

BirdDoor::~BirdDoor() {
  state_->ended = true;
  state_->close();
}

Result<std::unique_ptr<BirdDoor>> BirdDoor::open(boost::asio::io_context& io,
                                                 const std::string& socket,
                                                 const std::vector<VipConfig>& vips,
                                                 Handler handler) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.empty() || socket.size() >= sizeof address.sun_path)
    return Error{ErrorKind::refused, "no socket can be at " + socket + ": the path is too long", 0};
  std::memcpy(address.sun_path, socket.data(), socket.size());
  auto state = std::make_shared<State>(io, address, std::move(handler));
  std::vector<IpAddress> routed;
  for (const VipConfig& vip : vips) {
    if (vip.is_routed()) routed.push_back(vip.address.address);
  }
  state->advertising.watch(routed);
  state->connect();
  return std::unique_ptr<BirdDoor>(new BirdDoor(std::move(state)));
}

void BirdDoor::carry_out(const Advertise& action) {
  state_->carry_out(action);
}

void BirdDoor::carry_out(const Withdraw& action) {
  state_->carry_out(action);
}

}  // namespace hapx::vip
