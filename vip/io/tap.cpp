// SPDX-License-Identifier: Apache-2.0
#include "vip/io/tap.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include <arpa/inet.h>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "config/io/descriptor.hpp"
#include "config/time.hpp"

namespace hapx::vip {
namespace {

/// So many frames in a row, then everything else has its turn.
constexpr int frames_per_turn_max = 32;
constexpr Duration pause_when_flooded = std::chrono::milliseconds(10);

bool attach(int socket, const TapFilter& filter) {
  const sock_fprog program{static_cast<unsigned short>(filter.size()),
                           const_cast<sock_filter*>(filter.data())};
  return ::setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

Result<Descriptor> open_socket(const TapFilter& filter) {
  // Nothing is received until it is bound, and then only what the filter takes.
  Descriptor socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  if (!socket.is_open() || !attach(socket.number(), filter) ||
      ::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return system_error(errno, "opening a packet socket to listen");
  }
  return socket;
}

}  // namespace

struct Tap::State : std::enable_shared_from_this<State> {
  State(boost::asio::io_context& io, Handler told)
      : socket(io), pause(io), handler(std::move(told)) {}

  void wait() {
    socket.async_wait(boost::asio::posix::descriptor_base::wait_read,
                      [self = shared_from_this()](const auto& error) {
                        if (!error && !self->ended) self->receive();
                      });
  }

  void receive() {
    for (int count = 0; count < frames_per_turn_max && !ended; ++count) {
      std::array<std::uint8_t, frame_bytes_max> frame{};
      sockaddr_ll from{};
      socklen_t length = sizeof from;
      const ssize_t got = ::recvfrom(socket.native_handle(), frame.data(), frame.size(), 0,
                                     reinterpret_cast<sockaddr*>(&from), &length);
      // An interface that goes down is told once, in the place of a frame.
      if (got < 0 && errno != EAGAIN) continue;
      if (got < 0) return wait();
      handler({static_cast<std::uint32_t>(from.sll_ifindex), from.sll_pkttype == PACKET_OUTGOING,
               std::span(frame).first(static_cast<std::size_t>(got))});
    }
    if (ended) return;
    pause.expires_after(pause_when_flooded);
    pause.async_wait([self = shared_from_this()](const auto& error) {
      if (!error && !self->ended) self->wait();
    });
  }

  boost::asio::posix::stream_descriptor socket;
  boost::asio::steady_timer pause;
  Handler handler;
  bool ended = false;
};

Tap::Tap(std::shared_ptr<State> state) : state_(std::move(state)) {}

Tap::~Tap() {
  state_->ended = true;
  boost::system::error_code ignored;
  state_->socket.close(ignored);
  state_->pause.cancel();
}

Result<std::unique_ptr<Tap>> Tap::open(boost::asio::io_context& io, const TapFilter& filter,
                                       Handler handler) {
  auto socket = open_socket(filter);
  if (!socket) return socket.error();
  auto state = std::make_shared<State>(io, std::move(handler));
  boost::system::error_code error;
  state->socket.assign(socket->number(), error);
  if (error) return system_error(error.value(), "opening a packet socket to listen");
  (void)socket->release();
  state->wait();
  return std::unique_ptr<Tap>(new Tap(std::move(state)));
}

void Tap::filter(const TapFilter& filter) {
  (void)attach(state_->socket.native_handle(), filter);
}

}  // namespace hapx::vip
