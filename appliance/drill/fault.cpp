// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/fault.hpp"

#include <algorithm>

#include "config/assert.hpp"

namespace hapx::appliance::drill {
namespace {

using std::chrono::milliseconds;

const FaultWords& words_of(Fault fault) {
  const auto* found = std::ranges::find(faults, fault, &FaultWords::fault);
  HAPX_ASSERT(found != faults.end());
  return *found;
}

}  // namespace

std::string_view name_of(Fault fault) {
  return words_of(fault).name;
}
std::string_view sentence_of(Fault fault) {
  return words_of(fault).sentence;
}

std::optional<Fault> fault_of(std::string_view name) {
  const auto* found = std::ranges::find(faults, name, &FaultWords::name);
  if (found == faults.end()) return std::nullopt;
  return found->fault;
}

Promise promise_of(Fault fault, const Timing& timing, unsigned links) {
  switch (fault) {
    case Fault::link_down:
      if (links > 0) return {milliseconds(50), std::nullopt, std::nullopt};
      return {timing.lease + milliseconds(50), std::nullopt, std::nullopt};
    case Fault::power_loss:
    case Fault::partition:
      return {timing.lease + milliseconds(50), std::nullopt, std::nullopt};
    case Fault::daemon_kill_with_keeper:
    case Fault::daemon_freeze_with_keeper:
      return {timing.lease + milliseconds(100), std::nullopt, std::nullopt};
    case Fault::haproxy_kill:
      return {std::nullopt, 0, milliseconds(100)};
    case Fault::daemon_kill:
    case Fault::daemon_freeze:
    case Fault::coordinator_kill:
      return {resolution, 0, std::nullopt};
    case Fault::vip_delete:
    case Fault::hand_over:
      return {milliseconds(20), std::nullopt, std::nullopt};
    case Fault::cold_start:
      return {milliseconds(1500), std::nullopt, std::nullopt};
    case Fault::haproxy_freeze:
      return {};
  }
  return {};
}

Duration length_of(Fault fault) {
  switch (fault) {
    case Fault::link_down:
    case Fault::partition:
      return std::chrono::seconds(3);
    case Fault::daemon_freeze:
    case Fault::daemon_freeze_with_keeper:
      return std::chrono::seconds(5);
    case Fault::power_loss:
    case Fault::daemon_kill_with_keeper:
    case Fault::coordinator_kill:
      return std::chrono::seconds(2);
    case Fault::haproxy_kill:
    case Fault::haproxy_freeze:
    case Fault::vip_delete:
    case Fault::daemon_kill:
    case Fault::hand_over:
    case Fault::cold_start:
      return Duration::zero();
  }
  return Duration::zero();
}

bool is_moving(Fault fault) {
  switch (fault) {
    case Fault::power_loss:
    case Fault::link_down:
    case Fault::partition:
    case Fault::daemon_kill_with_keeper:
    case Fault::daemon_freeze_with_keeper:
    case Fault::hand_over:
      return true;
    case Fault::haproxy_kill:
    case Fault::haproxy_freeze:
    case Fault::vip_delete:
    case Fault::daemon_kill:
    case Fault::daemon_freeze:
    case Fault::coordinator_kill:
    case Fault::cold_start:
      return false;
  }
  return false;
}

}  // namespace hapx::appliance::drill
