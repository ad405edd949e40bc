// SPDX-License-Identifier: Apache-2.0
// What is said on the segment about who has which address?
//
// ARP and Neighbour Discovery that come in on the interfaces of VIPs, and nothing else. It hears
// what others say to all, but not what a switch sends elsewhere.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>

#include <boost/asio/io_context.hpp>

#include "config/result.hpp"
#include "vip/io/tap.hpp"

namespace hapx::vip {

class Sentinel {
 public:
  /// A whole Ethernet frame that came in on an interface.
  using Handler =
      std::function<void(std::uint32_t interface_index, std::span<const std::uint8_t> frame)>;

  /// As Tap::open. Hears nothing until it is told where.
  [[nodiscard]] static Result<std::unique_ptr<Sentinel>> open(boost::asio::io_context& io,
                                                              Handler handler);

  /// From now on these interfaces are listened to, and no others.
  void listen(const std::set<std::uint32_t>& interface_indices);

 private:
  explicit Sentinel(std::unique_ptr<Tap> tap);
  std::unique_ptr<Tap> tap_;
};

}  // namespace hapx::vip
