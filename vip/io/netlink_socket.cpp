// SPDX-License-Identifier: Apache-2.0
#include "vip/io/netlink_socket.hpp"

#include <cerrno>
#include <span>
#include <utility>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace hapx::vip {
namespace {

constexpr std::size_t datagram_bytes_max = 64 * 1024;  ///< the kernel sends dumps in 32 KiB pieces
constexpr timeval answer_time_max = {2, 0};            ///< the answer is there already: a backstop
constexpr int dump_attempts_max = 3;

}  // namespace

NetlinkSocket::NetlinkSocket(Descriptor socket, std::uint32_t port)
    : socket_(std::move(socket)), port_(port), buffer_(datagram_bytes_max) {}

Result<NetlinkSocket> NetlinkSocket::open(NetlinkFamily family) {
  const std::string what = "opening a netlink socket";
  const int protocol = family == NetlinkFamily::route ? NETLINK_ROUTE : NETLINK_SOCK_DIAG;
  Descriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!socket.is_open()) return system_error(errno, what);
  // Sentences in refusals, without the request's echo. Older kernels do without.
  const int on = 1;
  ::setsockopt(socket.number(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  ::setsockopt(socket.number(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  if (::setsockopt(socket.number(), SOL_SOCKET, SO_RCVTIMEO, &answer_time_max,
                   sizeof answer_time_max) != 0) {
    return system_error(errno, what);
  }
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  socklen_t length = sizeof address;
  if (::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
      ::getsockname(socket.number(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return system_error(errno, what);
  }
  return NetlinkSocket(std::move(socket), address.nl_pid);
}

Result<void> NetlinkSocket::send(const Bytes& request, const std::string& what) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  ssize_t sent = -1;
  do {
    sent = ::sendto(socket_.number(), request.data(), request.size(), 0,
                    reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return system_error(errno, what);
  return {};
}

Result<std::vector<NetlinkMessage>> NetlinkSocket::receive(std::uint32_t sequence,
                                                           const std::string& what) {
  std::vector<NetlinkMessage> messages;
  while (true) {
    const ssize_t length = ::recv(socket_.number(), buffer_.data(), buffer_.size(), 0);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return system_error(errno == EAGAIN ? ETIMEDOUT : errno, what);
    const auto datagram = std::span(buffer_).first(static_cast<std::size_t>(length));
    for (NetlinkMessage& message : split_netlink(datagram)) {
      if (message.sequence != sequence) continue;  // of an exchange that was given up
      const auto answer = parse_answer(message);
      messages.push_back(std::move(message));
      if (!answer) continue;
      if (answer->error == 0) return messages;
      Error error = system_error(answer->error, what);
      if (!answer->sentence.empty()) error.sentence += " (" + answer->sentence + ")";
      return error;
    }
  }
}

Result<void> NetlinkSocket::ask(const Request& request, const std::string& what) {
  const std::uint32_t sequence = ++sequence_;
  if (auto sent = send(request(sequence), what); !sent) return sent.error();
  if (auto answer = receive(sequence, what); !answer) return answer.error();
  return {};
}

Result<std::vector<NetlinkMessage>> NetlinkSocket::dump(const Request& request,
                                                        const std::string& what) {
  for (int attempt = 1;; ++attempt) {
    const std::uint32_t sequence = ++sequence_;
    if (auto sent = send(request(sequence), what); !sent) return sent.error();
    auto messages = receive(sequence, what);
    if (!messages || attempt == dump_attempts_max) return messages;
    bool interrupted = false;
    for (const auto& message : *messages) interrupted = interrupted || dump_interrupted(message);
    if (!interrupted) return messages;
  }
}

}  // namespace hapx::vip
