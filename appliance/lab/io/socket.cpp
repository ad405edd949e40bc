// SPDX-License-Identifier: Apache-2.0
#include "appliance/lab/io/socket.hpp"

#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <netinet/tcp.h>

namespace hapx::appliance::lab {

SocketAddress socket_address(const Endpoint& endpoint) {
  SocketAddress made;
  if (endpoint.address.family == Family::ipv4) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    std::memcpy(&address.sin_addr, endpoint.address.bytes.data(), sizeof address.sin_addr);
    std::memcpy(&made.bytes, &address, sizeof address);
    made.length = sizeof address;
  } else {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(endpoint.port);
    std::memcpy(&address.sin6_addr, endpoint.address.bytes.data(), sizeof address.sin6_addr);
    std::memcpy(&made.bytes, &address, sizeof address);
    made.length = sizeof address;
  }
  return made;
}

void send_at_once(const Descriptor& socket) {
  const int one = 1;
  ::setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

Result<Descriptor> tcp_socket(Family family) {
  const int domain = family == Family::ipv4 ? AF_INET : AF_INET6;
  Descriptor socket(::socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return system_error(errno, "a TCP socket");
  send_at_once(socket);
  // Nagle's algorithm and delayed acknowledgements would add 40 ms to a TLS request; Go's servers
  // and clients, which kube-apiserver and kubectl are, turn it off, too. Accepted sockets inherit
  // it.
  const int one = 1;
  ::setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return socket;
}

}  // namespace hapx::appliance::lab
