// SPDX-License-Identifier: Apache-2.0
// How does an operator read which recordings there are, and what came of a replay?
#pragma once

#include <string>
#include <vector>

#include "appliance/recording/recording.hpp"
#include "appliance/recording/replay.hpp"
#include "appliance/table.hpp"
#include "config/result.hpp"

namespace hapx::appliance::cli {

/// A file that may be a recording.
struct RecordingFile {
  std::string path;
  Result<RecordingLabel> label;
};

/// A table; the last is the newest.
[[nodiscard]] std::string recordings_to_text(const std::vector<RecordingFile>& files, Style style);
/// An array: {"file", "node", "cluster", "version", "occasion", "from", "until"}, of one that can't
/// be read {"file", "error"}.
[[nodiscard]] std::string recordings_to_json(const std::vector<RecordingFile>& files);

/// "node1 of kube-demo, hapx 0.9.0, 2026-... to 2026-...: kube-apiserver came here from node2".
[[nodiscard]] std::string headline_of(const RecordingLabel& label);

/// What the node noted, one line each; all events and decisions with `every_step`.
[[nodiscard]] std::string step_to_text(const Replay::Again& again, const RecordingLabel& label,
                                       bool every_step, Style style);

/// The last lines of a replay.
[[nodiscard]] std::string replayed_to_text(const Replayed& replayed, const RecordingLabel& label,
                                           Style style);
/// {"file", ..., "events", "decisions", "equal", "difference": {"at", "event", "recorded": [...],
/// "again": [...]} or null, "trouble"}.
[[nodiscard]] std::string replayed_to_json(const Replayed& replayed, const RecordingFile& file);

}  // namespace hapx::appliance::cli
