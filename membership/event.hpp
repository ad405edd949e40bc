// SPDX-License-Identifier: Apache-2.0
// What can happen to the membership room from outside?
#pragma once

#include <cstdint>
#include <string>
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

struct ArbiterEntry {
  std::string key;
  std::int64_t revision = 0;  ///< in which it was written last
  std::vector<std::uint8_t> value;

  friend bool operator==(const ArbiterEntry&, const ArbiterEntry&) = default;
};

/// A majority of the arbiter's own members stands behind this.
struct ArbiterAnswered {
  std::uint64_t ticket = 0;
  bool swapped = false;                 ///< everything was as expected, and is written
  std::uint64_t store = 0;              ///< which one answers: another number, another memory
  std::int64_t revision = 0;            ///< of the whole store; never falls
  std::vector<ArbiterEntry> entries{};  ///< ours, after the transaction
};

/// What was asked for may have been done, may yet be, or never will.
struct ArbiterFailed {
  std::uint64_t ticket = 0;
  Error error;
};

}  // namespace hapx::membership
