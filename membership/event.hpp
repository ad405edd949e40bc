// SPDX-License-Identifier: Apache-2.0
// What can happen to the membership room from outside?
#pragma once

#include <cstdint>
#include <vector>

#include "config/net.hpp"
#include "config/result.hpp"
#include "config/time.hpp"

namespace hapx::membership {

/// Bytes from the heartbeat port; anybody may have sent them.
struct DatagramArrived {
  Endpoint from;
  std::vector<std::uint8_t> bytes;
};

/// The record is on disk.
struct RecordStored {
  std::uint64_t ticket = 0;
};

/// It may be, or not: nobody knows.
struct RecordStoreFailed {
  std::uint64_t ticket = 0;
  Error error;
};

/// What time of day it is: told at the start, and again whenever somebody sets the clock.
struct WallClockSet {
  Duration offset{0};  ///< what our clock (Instant) showed 0 at, counted from 1970 in UTC
};

}  // namespace hapx::membership
