// SPDX-License-Identifier: Apache-2.0
// What is said on the segment about who has which address?
//
// A packet socket that hears ARP and Neighbour Discovery on the interfaces of VIPs, and nothing
// else: the kernel sorts out the rest by a small filter, before anything is copied. It hears what
// the fence drops, too (taps stand before clsact), and what others say to all, but not what a
// switch sends elsewhere.
//
// Everything here is hostile: whoever floods the segment is heard at most some thousand times a
// second, the rest is lost in the kernel.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>

#include <boost/asio/io_context.hpp>

#include "config/result.hpp"

namespace hapx::vip {

class Sentinel {
 public:
  /// A whole Ethernet frame that came in on an interface.
  using Handler =
      std::function<void(std::uint32_t interface_index, std::span<const std::uint8_t> frame)>;

  /// Needs CAP_NET_RAW. In the network namespace of the calling thread, for ever. Hears nothing
  /// until it is told where. REQUIRES: `io` outlives this, and runs in one thread.
  [[nodiscard]] static Result<std::unique_ptr<Sentinel>> open(boost::asio::io_context& io,
                                                              Handler handler);
  ~Sentinel();
  Sentinel(const Sentinel&) = delete;
  Sentinel& operator=(const Sentinel&) = delete;

  /// From now on these interfaces are listened to, and no others.
  void listen(const std::set<std::uint32_t>& interface_indices);

 private:
  struct State;
  explicit Sentinel(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace hapx::vip
