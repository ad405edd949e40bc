// SPDX-License-Identifier: Apache-2.0
#include "appliance/recording/flight_recorder.hpp"

#include <algorithm>

#include "config/assert.hpp"

namespace hapx::appliance {

namespace {

/// Of nearly all; a larger one moves the bytes once.
constexpr std::size_t largest_step = 16 * std::size_t{1024};

bool has_body(const Action& action) {
  return std::holds_alternative<Respond>(action) || std::holds_alternative<Publish>(action);
}

}  // namespace

Actions FlightRecorder::step(Node& node, const Event& event, Instant now) {
  if (stretches_.empty() || stretches_.back().steps.size() >= limits_.stretch_bytes) {
    if (stretches_.size() == limits_.stretches) stretches_.pop_front();
    stretches_.push_back({archived(node), {}, now});
    stretches_.back().steps.reserve(limits_.stretch_bytes + largest_step);
  }
  Actions actions = node.step(event, now);
  ArchiveWriter& steps = stretches_.back().steps;
  if (std::ranges::none_of(actions, has_body)) {
    steps(now, event, actions);
  } else {
    Actions kept;
    std::ranges::transform(actions, std::back_inserter(kept), as_recorded);
    steps(now, event, kept);
  }
  until_ = now;
  if (const auto* clock = std::get_if<membership::WallClockSet>(&event))
    utc_offset_ = clock->offset;
  return actions;
}

Recording FlightRecorder::recording(const Node& node, const std::string& occasion) const {
  HAPX_ASSERT(!stretches_.empty());
  const NodeOptions& options = node.options();
  Recording out;
  out.label = {options.version, options.config.name,     options.self,
               occasion,        stretches_.front().from, until_,
               utc_offset_};
  out.options = archived(options);
  for (const Open& stretch : stretches_) {
    const auto steps = stretch.steps.bytes();
    out.stretches.push_back({stretch.before, {steps.begin(), steps.end()}});
  }
  return out;
}

}  // namespace hapx::appliance
