// SPDX-License-Identifier: Apache-2.0
// What has this node been told lately, and what did it decide?
//
// It stands between whoever runs a Node and the Node: every step is made through it, and written
// down as bytes as it is made. Two stretches are kept; when the newer one is full, the older one is
// forgotten and another is begun, with all that the node remembers then. So there is always as much
// as one stretch holds: at the usual pace of three nodes the last ten seconds or more, and in no
// case more than two stretches and what the node remembered twice.
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
  /// Limit: a stretch that is as long has no room for another step.
  static constexpr std::size_t stretch_bytes_max = 512 * std::size_t{1024};
  static constexpr std::size_t stretches_max = 2;

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

  std::deque<Open> stretches_;
  Instant until_{};
  std::optional<Duration> utc_offset_;
};

}  // namespace hapx::appliance
