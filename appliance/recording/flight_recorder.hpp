// SPDX-License-Identifier: Apache-2.0
// What has this node been told lately, and what did it decide?
//
// It stands between whoever runs a Node and the Node: every step is made through it, and written
// down as bytes as it is made. Two stretches are kept; when the newer one is full, the older one is
// forgotten and another is begun, with all that the node remembers then. So there is always as much
// as one stretch holds, of three nodes at their usual pace some twenty seconds, and in no case more
// than two stretches and what the node remembered twice.
//
// Pure, and quick: a step costs some microseconds, a new stretch a millisecond. Keeping a recording
// on a disk is for somebody else, and not for the loop.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>

#include "appliance/node.hpp"
#include "appliance/recording/recording.hpp"
#include "config/archive.hpp"

namespace hapx::appliance {

class FlightRecorder {
 public:
  struct Limits {
    /// A stretch that is as long has no room for another step.
    std::size_t stretch_bytes = 512 * std::size_t{1024};
    std::size_t stretches = 2;
  };

  FlightRecorder() = default;
  explicit FlightRecorder(Limits limits) : limits_(limits) {}

  /// node.step(event, now), recorded. REQUIRES: always the same node, and every step of it.
  [[nodiscard]] Actions step(Node& node, const Event& event, Instant now);

  /// Everything up to now. REQUIRES: a step was made.
  [[nodiscard]] Recording recording(const Node& node, const std::string& occasion) const;

 private:
  struct Open {
    std::vector<std::uint8_t> before;
    ArchiveWriter steps;
    Instant from;
  };

  Limits limits_;
  std::deque<Open> stretches_;
  Instant until_{};
  std::optional<Duration> utc_offset_;
};

}  // namespace hapx::appliance
