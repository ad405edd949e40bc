// SPDX-License-Identifier: Apache-2.0
#include "membership/io/udp_link.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <set>
#include <utility>

#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>

#include "membership/codec.hpp"

namespace hapx::membership {

namespace {

using boost::asio::ip::udp;

constexpr auto bind_again_after = std::chrono::milliseconds(100);
constexpr int receive_buffer_bytes = 1 << 20;
/// Heartbeats are network control (RFC 4594): class selector 6, and the queue for interactive
/// traffic on this host (no right is needed up to 6, see socket(7)).
constexpr int traffic_class = 0xC0;
constexpr int queue_priority = 6;
constexpr std::size_t unreachable_max = 16;

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Address to_socket_address(const Endpoint& endpoint) {
  Address address;
  if (endpoint.address.family == Family::ipv4) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(endpoint.port);
    std::memcpy(&in.sin_addr, endpoint.address.bytes.data(), 4);
    std::memcpy(&address.storage, &in, sizeof in);
    address.length = sizeof in;
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(endpoint.port);
    std::memcpy(&in.sin6_addr, endpoint.address.bytes.data(), 16);
    std::memcpy(&address.storage, &in, sizeof in);
    address.length = sizeof in;
  }
  return address;
}

Endpoint to_endpoint(const udp::endpoint& from) {
  Endpoint endpoint;
  endpoint.port = from.port();
  if (from.address().is_v4()) {
    std::ranges::copy(from.address().to_v4().to_bytes(), endpoint.address.bytes.begin());
  } else {
    endpoint.address.family = Family::ipv6;
    std::ranges::copy(from.address().to_v6().to_bytes(), endpoint.address.bytes.begin());
  }
  return endpoint;
}

}  // namespace

struct UdpLink::State : std::enable_shared_from_this<UdpLink::State> {
  State(boost::asio::io_context& context, const Endpoint& own_endpoint, Handler on_datagram,
        Remark on_remark)
      : own(own_endpoint),
        handler(std::move(on_datagram)),
        remark(std::move(on_remark)),
        socket(context),
        bind_timer(context) {}

  Endpoint own;
  Handler handler;
  Remark remark;
  udp::socket socket;
  boost::asio::steady_timer bind_timer;
  bool bound = false;
  bool closed = false;
  std::set<Endpoint> unreachable;  ///< at most unreachable_max: what `remark` was told of
  Counters counters;
  std::array<std::uint8_t, datagram_bytes_max + 1> buffer{};
  udp::endpoint from;

  void say(std::string sentence) {
    if (remark) remark(std::move(sentence));
  }

  Result<void> open_socket() {
    boost::system::error_code error;
    const bool is_v4 = own.address.family == Family::ipv4;
    socket.open(is_v4 ? udp::v4() : udp::v6(), error);
    if (error) return system_error(error.value(), "cannot open a UDP socket");
    const int number = socket.native_handle();
    ::fcntl(number, F_SETFD, FD_CLOEXEC);
    socket.non_blocking(true, error);
    if (error) return system_error(error.value(), "cannot use a UDP socket without waiting");
    // Wishes: without them heartbeats still flow.
    const int level = is_v4 ? IPPROTO_IP : IPPROTO_IPV6;
    const int option = is_v4 ? IP_TOS : IPV6_TCLASS;
    ::setsockopt(number, level, option, &traffic_class, sizeof traffic_class);
    ::setsockopt(number, SOL_SOCKET, SO_PRIORITY, &queue_priority, sizeof queue_priority);
    ::setsockopt(number, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    return {};
  }

  /// Binds, or arranges to try again. An error is one that time does not heal.
  Result<void> bind() {
    ++counters.bind_attempts;
    const Address address = to_socket_address(own);
    if (::bind(socket.native_handle(), address.get(), address.length) == 0) {
      bound = true;
      if (counters.bind_attempts > 1) say("heartbeats: " + to_string(own) + " is there now");
      wait_for_datagrams();
      return {};
    }
    if (errno != EADDRNOTAVAIL)
      return system_error(errno, "cannot use " + to_string(own) + "/udp for heartbeats");
    if (counters.bind_attempts == 1)
      say("heartbeats wait: no interface has the address of " + to_string(own) + " yet");
    bind_timer.expires_after(bind_again_after);
    bind_timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (error || self->closed) return;
      const auto bound_now = self->bind();
      if (!bound_now) self->bind_later(bound_now.error());
    });
    return {};
  }

  /// Somebody took the port while the address was away: go on trying, and say so once.
  void bind_later(const Error& error) {
    if (counters.bind_attempts % 100 == 2) say(error.sentence);
    bind_timer.expires_after(bind_again_after);
    bind_timer.async_wait([self = shared_from_this()](const boost::system::error_code& failed) {
      if (failed || self->closed) return;
      const auto bound_now = self->bind();
      if (!bound_now) self->bind_later(bound_now.error());
    });
  }

  /// One at a time, each through the loop: a flood can't keep the loop from its deadlines.
  void wait_for_datagrams() {
    socket.async_receive_from(
        boost::asio::buffer(buffer), from,
        [self = shared_from_this()](const boost::system::error_code& error, std::size_t length) {
          if (self->closed || error == boost::asio::error::operation_aborted) return;
          self->receive(error, length);
          if (!self->closed) self->wait_for_datagrams();
        });
  }

  void receive(const boost::system::error_code& error, std::size_t length) {
    if (error) {
      ++counters.receive_failures;
      return;
    }
    ++counters.received;
    // Longer ones are cut to one byte more than is allowed, which is refused as too long.
    handler({to_endpoint(from), {buffer.data(), buffer.data() + length}});
  }

  void send(const SendDatagram& datagram) {
    const Address to = to_socket_address(datagram.to);
    const ssize_t sent =
        bound ? ::sendto(socket.native_handle(), datagram.bytes.data(), datagram.bytes.size(),
                         MSG_DONTWAIT | MSG_NOSIGNAL, to.get(), to.length)
              : -1;
    if (sent >= 0) {
      ++counters.sent;
      if (unreachable.erase(datagram.to) > 0)
        say("heartbeats to " + to_string(datagram.to) + " leave again");
      return;
    }
    ++counters.send_failures;
    const int cause = errno;
    if (!bound || unreachable.size() >= unreachable_max || !unreachable.insert(datagram.to).second)
      return;
    say(system_error(cause, "cannot send heartbeats to " + to_string(datagram.to)).sentence);
  }
};

UdpLink::UdpLink(std::shared_ptr<State> state) : state_(std::move(state)) {}

UdpLink::~UdpLink() {
  state_->closed = true;
  state_->bind_timer.cancel();
  boost::system::error_code ignored;
  state_->socket.close(ignored);
}

Result<std::unique_ptr<UdpLink>> UdpLink::open(boost::asio::io_context& context,
                                               const Endpoint& own, Handler handler,
                                               Remark remark) {
  auto state = std::make_shared<State>(context, own, std::move(handler), std::move(remark));
  if (const auto opened = state->open_socket(); !opened) return opened.error();
  if (const auto bound = state->bind(); !bound) return bound.error();
  return std::unique_ptr<UdpLink>(new UdpLink(std::move(state)));
}

void UdpLink::send(const SendDatagram& datagram) {
  state_->send(datagram);
}
bool UdpLink::bound() const {
  return state_->bound;
}
const UdpLink::Counters& UdpLink::counters() const {
  return state_->counters;
}

}  // namespace hapx::membership
