// SPDX-License-Identifier: Apache-2.0
// What are the phases of a failover called?
//
// The twelve rows of the story in docs/architecture.md, as one list of words for everybody who
// tells it: the journal, the metrics, a drill's report. Nothing is decided by them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace hapx::appliance {

/// The rows of the failover story (docs/architecture.md), in their order. The same words are the
/// rows of a drill report and the labels of the failover metric.
enum class FailoverPhase : std::uint8_t {
  peer_silent,        ///< 1: no more datagrams of the holder
  message_refused,    ///< 2: or none that can be opened
  peer_dead,          ///< 3: suspect, then dead
  lease_expired,      ///< 4: the voters' promise is over; the coordinator's lease is won if need be
  view_changed,       ///< 5
  placement_decided,  ///< 6
  lease_won,          ///< 7: the service's, from a majority
  address_asked,      ///< 8: the fence's deadline is set, the address asked for
  address_added,      ///< 9: the kernel acknowledged it
  haproxy_serving,    ///< 10: it was warm
  announcing,         ///< 11: announcements are due
  announced,          ///< 12: the frame is on the wire
};

/// One row of the table: what a window prints about a phase.
struct PhaseRow {
  FailoverPhase phase;
  std::string_view name;   ///< "peer-dead"; stable
  std::string_view file;   ///< where in the source it happens
  std::string_view gives;  ///< what comes out of it, in a few words
};

/// All twelve, in order.
[[nodiscard]] std::span<const PhaseRow> failover_phases();
[[nodiscard]] std::string_view to_string(FailoverPhase phase);

}  // namespace hapx::appliance
