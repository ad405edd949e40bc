// SPDX-License-Identifier: Apache-2.0
#include "vip/io/sentinel.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "config/io/descriptor.hpp"
#include "config/time.hpp"

namespace hapx::vip {
namespace {

constexpr std::size_t frame_bytes_max = 256;  ///< of NDP with all of its options that we know
/// So many frames in a row, then everything else has its turn.
constexpr int frames_per_turn_max = 32;
constexpr Duration pause_when_flooded = std::chrono::milliseconds(10);

constexpr std::uint32_t interface_index = static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_IFINDEX);
constexpr std::uint32_t has_tag = static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT);

using Filter = std::vector<sock_filter>;

/// ARP, or ICMPv6 from type 135 on right behind the IPv6 header. What bears a tag is of a VLAN, and
/// comes without it on that VLAN's own interface.
constexpr std::array<sock_filter, 11> what_is_heard{{
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, has_tag),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 8),
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),                // ethertype
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 5, 0),  // take
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 5),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),  // next header
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 58, 0, 3),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54),  // type
    BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 134, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, frame_bytes_max),
    BPF_STMT(BPF_RET | BPF_K, 0),
}};

/// On these interfaces. Limit: of 200 or more the last ones.
Filter filter_for(const std::set<std::uint32_t>& interface_indices) {
  constexpr std::size_t jump_max = 200;
  Filter filter{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, interface_index)};
  std::size_t left = std::min(interface_indices.size(), jump_max);
  for (auto index = interface_indices.rbegin(); left > 0; ++index, --left)
    filter.push_back(
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, *index, static_cast<std::uint8_t>(left), 0));
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, 0));
  filter.insert(filter.end(), what_is_heard.begin(), what_is_heard.end());
  return filter;
}

bool attach(int socket, Filter filter) {
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  return ::setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

/// Bound to all interfaces, so that one that is made anew needs no socket of its own.
Result<Descriptor> open_socket() {
  // Nothing is received until it is bound, and then only what the filter takes.
  Descriptor socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  if (!socket.is_open() || !attach(socket.number(), filter_for({})) ||
      ::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return system_error(errno, "opening a packet socket to listen");
  }
  return socket;
}

}  // namespace

struct Sentinel::State : std::enable_shared_from_this<State> {
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
      if (from.sll_pkttype == PACKET_OUTGOING) continue;
      handler(static_cast<std::uint32_t>(from.sll_ifindex),
              std::span(frame).first(static_cast<std::size_t>(got)));
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

Sentinel::Sentinel(std::shared_ptr<State> state) : state_(std::move(state)) {}

Sentinel::~Sentinel() {
  state_->ended = true;
  boost::system::error_code ignored;
  state_->socket.close(ignored);
  state_->pause.cancel();
}

Result<std::unique_ptr<Sentinel>> Sentinel::open(boost::asio::io_context& io, Handler handler) {
  auto socket = open_socket();
  if (!socket) return socket.error();
  auto state = std::make_shared<State>(io, std::move(handler));
  boost::system::error_code error;
  state->socket.assign(socket->number(), error);
  if (error) return system_error(error.value(), "opening a packet socket to listen");
  (void)socket->release();
  state->wait();
  return std::unique_ptr<Sentinel>(new Sentinel(std::move(state)));
}

void Sentinel::listen(const std::set<std::uint32_t>& interface_indices) {
  // The kernel takes any filter of this kind; if it had no memory for it the last one goes on.
  (void)attach(state_->socket.native_handle(), filter_for(interface_indices));
}

}  // namespace hapx::vip
