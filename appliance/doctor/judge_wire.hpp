// SPDX-License-Identifier: Apache-2.0
// Can a VIP move between these two nodes, as far as the wire goes?
//
// From what both ends noted to findings, as judge does for one machine. The sentences name both
// nodes and no "here", so that either end shows the same table. A failure means that clients lose
// the VIP, or that the wrong host has it; each finding that isn't well says why that matters.
#pragma once

#include "appliance/doctor/finding.hpp"
#include "appliance/doctor/wire_facts.hpp"

namespace hapx::appliance::doctor {

/// REQUIRES: the two have met.
[[nodiscard]] Findings judge_wire(const WireFacts& facts);

// Its parts, each about one segment.
struct WireDirection {
  const SegmentFacts& facts;
  const NodeName& from;
  const NodeName& to;
  const SegmentEnd& sender;
  const SegmentEnd& receiver;

  [[nodiscard]] unsigned sent(FrameKind kind) const {
    return sender.sent[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] unsigned seen(FrameKind kind) const {
    return receiver.seen[static_cast<std::size_t>(kind)];
  }
};
/// "eth0", or "eth0 (IPv6)".
[[nodiscard]] std::string name_of(const Segment& segment);
void judge_size(const WireDirection& way, Findings& findings);
void judge_strangers(const SegmentFacts& facts, const WireFacts& all, Findings& findings);
void judge_dhcp(const SegmentFacts& facts, Findings& findings);

}  // namespace hapx::appliance::doctor
