// SPDX-License-Identifier: Apache-2.0
#include "vip/io/packet_socket.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "config/assert.hpp"

namespace hapx::vip {
namespace {

constexpr std::size_t ethertype_at = 12;

}  // namespace

PacketSocket::PacketSocket(Descriptor socket) : socket_(std::move(socket)) {}

Result<PacketSocket> PacketSocket::open() {
  constexpr int receive_nothing = 0;
  Descriptor socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, receive_nothing));
  if (!socket.is_open()) return system_error(errno, "opening a packet socket for announcements");
  return PacketSocket(std::move(socket));
}

Result<void> PacketSocket::send(std::uint32_t interface_index,
                                std::span<const std::uint8_t> frame) {
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  HAPX_ASSERT(frame.size() >= ETH_HLEN);
  std::memcpy(&to.sll_protocol, frame.data() + ethertype_at, sizeof to.sll_protocol);
  to.sll_ifindex = static_cast<int>(interface_index);
  ssize_t sent = -1;
  do {
    sent = ::sendto(socket_.number(), frame.data(), frame.size(), 0,
                    reinterpret_cast<const sockaddr*>(&to), sizeof to);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return system_error(errno, "sending a frame");
  return {};
}

}  // namespace hapx::vip
