// SPDX-License-Identifier: Apache-2.0
// What can happen to the membership room from outside?
#pragma once

#include <cstdint>
#include <vector>

#include "config/net.hpp"

namespace hapx::membership {

/// Bytes from the heartbeat port; anybody may have sent them.
struct DatagramArrived {
  Endpoint from;
  std::vector<std::uint8_t> bytes;
};

}  // namespace hapx::membership
