// SPDX-License-Identifier: Apache-2.0
// What time of day is it, and has somebody set the clock?
//
// Instants are told in CLOCK_BOOTTIME, which nobody sets; operators speak UTC. This door tells how
// far the two are apart: once, and again whenever the wall clock jumps (a timer of that clock that
// is cancelled by being set). Slewing moves both alike.
#pragma once

#include <cstdint>
#include <functional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "config/result.hpp"
#include "membership/event.hpp"

namespace hapx::appliance {

/// What our clock showed 0 at, in UTC.
[[nodiscard]] Duration utc_offset();

class WallClock {
 public:
  WallClock(boost::asio::io_context& context, std::function<void(membership::WallClockSet)> handler)
      : timer_(context), handler_(std::move(handler)) {}

  /// Tells whenever it is set, from now on.
  [[nodiscard]] Result<void> watch();

 private:
  [[nodiscard]] Result<void> arm();
  void wait();

  boost::asio::posix::stream_descriptor timer_;
  std::function<void(membership::WallClockSet)> handler_;
};

}  // namespace hapx::appliance
