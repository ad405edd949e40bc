// SPDX-License-Identifier: Apache-2.0
// What is in a recording?
//
// All that a node was told from some instant on and what it decided by that, step by step, and what
// it remembered before: enough to decide it all once more, with the production code (replay.hpp).
// Like an aircraft's, it has the last while, and is only looked at when something happened.
//
// As bytes it is a frame (what it is, its length, a checksum) around an archive (config/archive),
// which only the version of hapx can read that has written it; the label in front of it is read by
// all. Keys are not in it: what stands in for them is, and each datagram is sealed with that anew.
// Bodies of answers are not in it either, only how long they were and a hash. What hapx.yaml and
// HAProxy's file say is in it, the stats page's passwords included.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "appliance/action.hpp"
#include "appliance/event.hpp"
#include "config/cluster_key.hpp"
#include "config/ids.hpp"
#include "config/result.hpp"
#include "config/time.hpp"

namespace hapx::appliance {

/// One call of Node::step, and what it returned.
struct Step {
  Instant at;
  Event event;
  Actions actions;
};

/// Steps without a gap.
struct Stretch {
  std::vector<std::uint8_t> before;  ///< Node::archive, when the first step was about to be made
  std::vector<std::uint8_t> steps;   ///< Steps, one archived behind the other
};

/// What can be said of a recording without replaying it.
struct RecordingLabel {
  std::string version;  ///< of hapx
  ClusterName cluster;
  NodeName node;
  std::string occasion;                ///< why it was kept
  Instant from;                        ///< of the first step
  Instant until;                       ///< of the last one
  std::optional<Duration> utc_offset;  ///< what the clock showed 0 at; absent: nobody knew

  /// "2026-11-28T13:36:57.042Z", or "312.042s after the start of the machine".
  [[nodiscard]] std::string time_of(Instant at) const;
};

struct Recording {
  RecordingLabel label;
  std::vector<std::uint8_t> options;  ///< NodeOptions
  std::vector<Stretch> stretches;     ///< each begins where the one before ends
};

/// Limit: no recording of ours is longer.
inline constexpr std::size_t recording_bytes_max = 16 * std::size_t{1024} * 1024;

/// What is kept of an action: an answer without its body.
[[nodiscard]] Action as_recorded(Action action);

/// Without the keys: `keys` are those of the node. Takes some 20 us a datagram.
[[nodiscard]] std::vector<std::uint8_t> encode_recording(const Recording& recording,
                                                         const ClusterKeys& keys);

/// The label of any version's. Total; refuses what is none, and what is damaged. `file` is for the
/// sentence.
[[nodiscard]] Result<RecordingLabel> decode_label(std::span<const std::uint8_t> bytes,
                                                  const std::string& file);
/// Of this version alone; `version` says which that is.
[[nodiscard]] Result<Recording> decode_recording(std::span<const std::uint8_t> bytes,
                                                 const std::string& file,
                                                 const std::string& version);

/// What its file is called: "recording-20261128T133657.042Z". By their names they are in order.
[[nodiscard]] std::string file_name_of(const RecordingLabel& label);
inline constexpr std::string_view recording_name_prefix = "recording-";

}  // namespace hapx::appliance
