// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/service_manager.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include <sys/socket.h>
#include <sys/un.h>

namespace hapx::appliance {

Result<ServiceManager> ServiceManager::open(const char* notify_socket) {
  ServiceManager manager;
  const std::string name = notify_socket ? notify_socket : "";
  if (name.empty()) return manager;
  if ((name[0] != '/' && name[0] != '@') || name.size() < 2 ||
      name.size() >= sizeof(sockaddr_un::sun_path)) {
    return Error{ErrorKind::refused,
                 "NOTIFY_SOCKET must be an absolute path or '@' and a name, below 108 bytes"};
  }
  manager.socket_ = Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!manager.socket_.is_open()) return system_error(errno, "a socket for the service manager");
  manager.name_ = name;
  if (name[0] == '@') manager.name_[0] = '\0';
  return manager;
}

Result<void> ServiceManager::notify(std::string_view state) const {
  if (!present()) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(name_.begin(), name_.end(), address.sun_path);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
  const auto sent = ::sendto(socket_.number(), state.data(), state.size(), MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&address), length);
  if (sent < 0) return system_error(errno, "telling the service manager");
  return {};
}

}  // namespace hapx::appliance
