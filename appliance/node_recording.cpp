// SPDX-License-Identifier: Apache-2.0
// When does a node have recorded what it was told and has decided?
//
// At each failover, as seen from here (who took over, and who lost the right to hold), and when
// somebody asks. What is in a recording is appliance/recording's matter: here it is only said that
// one is to be kept, and what became of that.
#include <algorithm>
#include <utility>

#include "appliance/node_state.hpp"

namespace hapx::appliance {

/// Of several occasions at once the first counts: the others are in the same recording.
void Node::State::have_recorded(const std::string& occasion, Instant now) {
  if (recording_due) return;
  recording_occasion = occasion;
  recording_due = now + recording_aftermath;
  if (recorded_at) recording_due = std::max(*recording_due, *recorded_at + recording_pause);
}

void Node::State::keep_recording_if_due(Instant now, Decisions& out) {
  if (!recording_due || now < *recording_due) return;
  recording_due.reset();
  recorded_at = now;
  out.actions.emplace_back(KeepRecording{std::exchange(recording_occasion, {})});
}

void Node::State::hear(const RecordingKept& event, Instant now, Decisions& out) {
  ++counters["recordings"];
  note(out, now, EventKind::life, "what led there is recorded", event.file);
  if (event.request == 0) return;
  out.actions.emplace_back(
      api_order_answer(event.request, OrderOutcome::accepted, "recorded as " + event.file));
}

void Node::State::hear(const RecordingNotKept& event, Instant now, Decisions& out) {
  ++counters["recordings_failed"];
  note(out, now, EventKind::life, "what led there could not be recorded", event.reason);
  if (event.request == 0) return;
  out.actions.emplace_back(api_order_answer(event.request, OrderOutcome::refused, event.reason));
}

}  // namespace hapx::appliance
