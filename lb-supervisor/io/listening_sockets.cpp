// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/io/listening_sockets.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "config/assert.hpp"

namespace hapx::lb_supervisor {
namespace {

/// The kernel cuts it at net.core.somaxconn (4096). At 600 connections a second, the 40 ms of a
/// restart are 24 waiting ones.
constexpr int backlog = 65'535;

/// linux/in6.h; glibc's headers don't have it.
constexpr int ipv6_freebind = 78;

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

Address socket_address(const Endpoint& endpoint) {
  Address address;
  const auto& bytes = endpoint.address.bytes;
  if (endpoint.address.family == Family::ipv4) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(endpoint.port);
    std::memcpy(&in.sin_addr, bytes.data(), sizeof in.sin_addr);
    std::memcpy(&address.storage, &in, sizeof in);
    address.length = sizeof in;
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(endpoint.port);
    std::memcpy(&in.sin6_addr, bytes.data(), sizeof in.sin6_addr);
    std::memcpy(&address.storage, &in, sizeof in);
    address.length = sizeof in;
  }
  return address;
}

bool set(const Descriptor& socket, int level, int option) {
  const int one = 1;
  return ::setsockopt(socket.number(), level, option, &one, sizeof one) == 0;
}

Result<Descriptor> open_one(const Endpoint& endpoint) {
  const auto what = "cannot listen at " + to_string(endpoint);
  const bool is_ipv4 = endpoint.address.family == Family::ipv4;
  Descriptor socket(::socket(is_ipv4 ? AF_INET : AF_INET6,
                             SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!socket.is_open()) return system_error(errno, what);
  const bool is_set =
      is_ipv4 ? set(socket, IPPROTO_IP, IP_FREEBIND)
              : set(socket, IPPROTO_IPV6, IPV6_V6ONLY) && set(socket, IPPROTO_IPV6, ipv6_freebind);
  if (!is_set || !set(socket, SOL_SOCKET, SO_REUSEADDR)) return system_error(errno, what);
  const auto address = socket_address(endpoint);
  if (::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address.storage),
             address.length) != 0 ||
      ::listen(socket.number(), backlog) != 0) {
    return system_error(errno, what);
  }
  return socket;
}

}  // namespace

Result<void> ListeningSockets::open(const std::vector<ListenSocket>& sockets) {
  const auto before = sockets_.size();
  for (const auto& socket : sockets) {
    if (find(socket.endpoint) != nullptr) continue;
    auto descriptor = open_one(socket.endpoint);
    if (!descriptor) {
      sockets_.erase(sockets_.begin() + static_cast<std::ptrdiff_t>(before), sockets_.end());
      return descriptor.error();
    }
    sockets_.push_back({socket.endpoint, std::move(*descriptor)});
  }
  return {};
}

void ListeningSockets::keep_only(const std::vector<ListenSocket>& sockets) {
  const auto is_unwanted = [&](const Listening& listening) {
    return std::none_of(sockets.begin(), sockets.end(), [&](const ListenSocket& socket) {
      return socket.endpoint == listening.endpoint;
    });
  };
  sockets_.erase(std::remove_if(sockets_.begin(), sockets_.end(), is_unwanted), sockets_.end());
}

int ListeningSockets::number_of(const Endpoint& endpoint) const {
  const auto* listening = find(endpoint);
  HAPX_ASSERT(listening != nullptr);
  return listening->descriptor.number();
}

const ListeningSockets::Listening* ListeningSockets::find(const Endpoint& endpoint) const {
  const auto found = std::find_if(sockets_.begin(), sockets_.end(),
                                  [&](const Listening& each) { return each.endpoint == endpoint; });
  return found == sockets_.end() ? nullptr : &*found;
}

}  // namespace hapx::lb_supervisor
