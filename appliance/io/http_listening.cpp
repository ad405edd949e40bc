// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/http_listening.hpp"

#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace hapx::appliance {
namespace {

constexpr std::size_t path_bytes_max = 100;
constexpr int backlog = 64;

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return address;
}

Descriptor stream_socket() {
  return Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

/// Whether `path` may be taken: nothing is there, or a socket behind which nobody listens.
Result<void> check_free(const std::string& path) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) {
    if (errno == ENOENT) return {};
    return system_error(errno, path);
  }
  if (!S_ISSOCK(facts.st_mode)) {
    return Error{ErrorKind::exists, path + " is there and is no socket; it is left alone"};
  }
  const Descriptor probe = stream_socket();
  if (!probe.is_open()) return system_error(errno, "a socket");
  const sockaddr_un address = address_of(path);
  const int connected =
      ::connect(probe.number(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  if (connected == 0 || errno == EAGAIN) {
    return Error{ErrorKind::exists, "another process answers at " + path};
  }
  if (errno != ECONNREFUSED && errno != ENOENT) return system_error(errno, path);
  return {};
}

/// Listens under a name of its own first, then takes the place of whatever lies at `path`.
Result<Descriptor> listen_at_path(const SocketPath& place) {
  const auto& [path, mode] = place;
  if (path.empty() || path.size() > path_bytes_max) {
    return Error{ErrorKind::refused, "the path of a socket has 1 to 100 bytes: " + path};
  }
  if (const Result<void> free = check_free(path); !free) return free.error();
  Descriptor listener = stream_socket();
  if (!listener.is_open()) return system_error(errno, "a socket");
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  const sockaddr_un address = address_of(fresh);
  if (::bind(listener.number(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
      0) {
    return system_error(errno, fresh);
  }
  if (::chmod(fresh.c_str(), static_cast<mode_t>(mode)) != 0 ||
      ::listen(listener.number(), backlog) != 0 || ::rename(fresh.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(fresh.c_str());
    return system_error(error, path);
  }
  return listener;
}

/// IPv6's "all addresses" takes IPv4 along.
Result<Descriptor> listen_at_address(const Endpoint& place) {
  const bool is_ipv6 = place.address.family == Family::ipv6;
  Descriptor listener(::socket(is_ipv6 ? AF_INET6 : AF_INET,
                               SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
  if (!listener.is_open()) return system_error(errno, "a socket");
  const int yes = 1;
  const int no = 0;
  // Connections of an earlier hapxd that are still dying don't matter; a listener does.
  ::setsockopt(listener.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (is_ipv6) ::setsockopt(listener.number(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(place.port);
  std::memcpy(&six.sin6_addr, place.address.bytes.data(), sizeof six.sin6_addr);
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(place.port);
  std::memcpy(&four.sin_addr, place.address.bytes.data(), sizeof four.sin_addr);
  const auto* address =
      is_ipv6 ? reinterpret_cast<sockaddr*>(&six) : reinterpret_cast<sockaddr*>(&four);
  const socklen_t length = is_ipv6 ? sizeof six : sizeof four;
  if (::bind(listener.number(), address, length) != 0 ||
      ::listen(listener.number(), backlog) != 0) {
    return system_error(errno, to_string(place));
  }
  return listener;
}

}  // namespace

Result<Descriptor> listen_at(const HttpPlace& place) {
  const auto* path = std::get_if<SocketPath>(&place);
  return path ? listen_at_path(*path) : listen_at_address(std::get<Endpoint>(place));
}

int family_of(const HttpPlace& place) {
  const auto* endpoint = std::get_if<Endpoint>(&place);
  if (endpoint == nullptr) return AF_UNIX;
  return endpoint->address.family == Family::ipv6 ? AF_INET6 : AF_INET;
}

ino_t inode_of(const std::string& path) {
  struct stat facts {};
  return ::lstat(path.c_str(), &facts) == 0 ? facts.st_ino : 0;
}

}  // namespace hapx::appliance
