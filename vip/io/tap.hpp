// SPDX-License-Identifier: Apache-2.0
// How are frames heard that pass this machine, whoever they are for?
//
// A packet socket on all interfaces, so that one that is made anew needs no socket of its own, with
// a filter of the kernel's that sorts out what is not wanted before anything is copied. It hears
// what comes in and what goes out, and what the fence drops, too (taps stand before clsact).
//
// What comes in is hostile: of a flood some thousand frames a second are heard, the rest is lost in
// the kernel.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <linux/filter.h>

#include "config/result.hpp"

namespace hapx::vip {

/// A program of the kernel's classic packet filter; its last instruction returns how many bytes of
/// a frame are wanted, at most frame_bytes_max.
using TapFilter = std::vector<sock_filter>;

class Tap {
 public:
  static constexpr std::size_t frame_bytes_max = 256;

  struct Heard {
    std::uint32_t interface_index = 0;
    bool outgoing = false;
    std::span<const std::uint8_t> frame;  ///< from the Ethernet header on
  };
  using Handler = std::function<void(const Heard&)>;

  /// Needs CAP_NET_RAW. In the network namespace of the calling thread, for ever. REQUIRES: `io`
  /// outlives this, and runs in one thread.
  [[nodiscard]] static Result<std::unique_ptr<Tap>> open(boost::asio::io_context& io,
                                                         const TapFilter& filter, Handler handler);
  ~Tap();
  Tap(const Tap&) = delete;
  Tap& operator=(const Tap&) = delete;

  /// The kernel takes any filter of this kind; if it had no memory for it the last one goes on.
  void filter(const TapFilter& filter);

 private:
  struct State;
  explicit Tap(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace hapx::vip
