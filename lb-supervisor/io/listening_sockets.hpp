// SPDX-License-Identifier: Apache-2.0
// Who listens at the VIPs while HAProxy is being restarted?
//
// These sockets do. They are opened once, may be bound to addresses that are not here (yet), and
// are handed to each HAProxy; while none runs, the kernel lets new connections wait in them.
//
// Safety: they are opened with IP_FREEBIND, never with IP_TRANSPARENT: after its address is gone, a
// connection of a transparent listener would go on sending from it.
#pragma once

#include <vector>

#include "config/io/descriptor.hpp"
#include "config/result.hpp"
#include "lb-supervisor/action.hpp"

namespace hapx::lb_supervisor {

class ListeningSockets {
 public:
  /// Opens what is missing of `sockets`. All or nothing: after an error it is as it was before.
  [[nodiscard]] Result<void> open(const std::vector<ListenSocket>& sockets);
  /// Closes what is not among `sockets`.
  void keep_only(const std::vector<ListenSocket>& sockets);

  /// REQUIRES: it was opened.
  [[nodiscard]] int number_of(const Endpoint& endpoint) const;
  [[nodiscard]] std::size_t count() const { return sockets_.size(); }

 private:
  struct Listening {
    Endpoint endpoint;
    Descriptor descriptor;
  };

  [[nodiscard]] const Listening* find(const Endpoint& endpoint) const;

  std::vector<Listening> sockets_;
};

}  // namespace hapx::lb_supervisor
