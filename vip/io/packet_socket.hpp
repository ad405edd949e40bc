// SPDX-License-Identifier: Apache-2.0
// How does a frame get onto the wire as it is?
//
// A packet socket that sends and never receives. Its frames pass the interface's egress filter like
// all others (the option to bypass it is not used), so a fenced node can't announce.
#pragma once

#include <cstdint>
#include <span>

#include "config/io/descriptor.hpp"
#include "config/result.hpp"

namespace hapx::vip {

class PacketSocket {
 public:
  /// Needs CAP_NET_RAW. In the network namespace of the calling thread, for ever.
  [[nodiscard]] static Result<PacketSocket> open();

  /// Sends a whole Ethernet frame, its header included; doesn't wait.
  [[nodiscard]] Result<void> send(std::uint32_t interface_index,
                                  std::span<const std::uint8_t> frame);

 private:
  explicit PacketSocket(Descriptor socket);
  Descriptor socket_;
};

}  // namespace hapx::vip
