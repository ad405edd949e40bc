// SPDX-License-Identifier: Apache-2.0
#include "appliance/phase.hpp"

#include <array>

namespace hapx::appliance {
namespace {

constexpr std::array<PhaseRow, 12> phase_rows{{
    {FailoverPhase::peer_silent, "peer-silent", "membership/io/udp_link", "no more datagrams"},
    {FailoverPhase::message_refused, "message-refused", "membership/codec", "a counted refusal"},
    {FailoverPhase::peer_dead, "peer-dead", "membership/failure_detector", "suspect, then dead"},
    {FailoverPhase::lease_expired, "lease-expired", "membership/lease", "the coordinator's lease"},
    {FailoverPhase::view_changed, "view-changed", "membership/member", "a new view"},
    {FailoverPhase::placement_decided, "placement-decided", "appliance/scheduler",
     "this service, here, because"},
    {FailoverPhase::lease_won, "lease-won", "membership/lease", "the service's lease"},
    {FailoverPhase::address_asked, "address-asked", "vip/holder", "the deadline, the address"},
    {FailoverPhase::address_added, "address-added", "vip/io", "the kernel's acknowledgement"},
    {FailoverPhase::haproxy_serving, "haproxy-serving", "lb-supervisor/supervisor", "serving"},
    {FailoverPhase::announcing, "announcing", "vip/announcement", "announcements, repeated"},
    {FailoverPhase::announced, "announced", "vip/io/packet_socket", "a frame on the wire"},
}};

}  // namespace

std::span<const PhaseRow> failover_phases() {
  return phase_rows;
}

std::string_view to_string(FailoverPhase phase) {
  for (const PhaseRow& row : phase_rows) {
    if (row.phase == phase) return row.name;
  }
  return "";
}

}  // namespace hapx::appliance
