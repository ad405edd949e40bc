// SPDX-License-Identifier: Apache-2.0
// How does the service manager learn how we are?
//
// By a datagram with lines like "READY=1" to the socket that it named in NOTIFY_SOCKET (systemd's
// sd_notify(3) documents the protocol; no library is needed for it). Where there is no service
// manager nothing is sent, and nobody needs to ask.
#pragma once

#include <string>
#include <string_view>

#include "config/io/descriptor.hpp"
#include "config/result.hpp"

namespace hapx::appliance {

class ServiceManager {
 public:
  /// `notify_socket` is the environment variable of that name, or nullptr: an absolute path, or '@'
  /// and an abstract name. Refuses anything else; nullptr and "" mean that there is none.
  [[nodiscard]] static Result<ServiceManager> open(const char* notify_socket);

  [[nodiscard]] bool present() const { return socket_.is_open(); }

  /// Sends `state` without waiting. No failure when there is no service manager.
  [[nodiscard]] Result<void> notify(std::string_view state) const;

 private:
  Descriptor socket_;
  std::string name_;  ///< as sockaddr_un's sun_path wants it: an abstract one begins with a NUL
};

}  // namespace hapx::appliance
