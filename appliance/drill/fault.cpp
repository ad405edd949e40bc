// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/fault.hpp"

#include <algorithm>
#include <chrono>

#include "config/assert.hpp"

namespace hapx::appliance::drill {

using std::chrono::milliseconds;
using std::chrono::seconds;

const FaultWords& words_of(Fault fault) {
  const auto* found = std::ranges::find(faults, fault, &FaultWords::fault);
  HAPX_ASSERT(found != faults.end());
  return *found;
}

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

std::vector<std::string_view> fault_names() {
  std::vector<std::string_view> names;
  for (const FaultWords& words : faults) names.push_back(words.name);
  return names;
}

std::string_view victim_words(Victim victim) {
  switch (victim) {
    case Victim::holder:
      return "the holder";
    case Victim::peer:
      return "a node that does not hold";
    case Victim::coordinator:
      return "the coordinator";
    case Victim::apiserver:
      return "a kube-apiserver";
    case Victim::segment:
      return "the segment";
    case Victim::cluster:
      return "all nodes";
  }
  return "";
}

Promise promise_of(Fault fault, const Timing& timing, unsigned links) {
  switch (fault) {
    case Fault::link_down:
      if (links > 0) return {milliseconds(50), std::nullopt, std::nullopt};
      return {timing.lease + milliseconds(50), std::nullopt, std::nullopt};
    case Fault::power_loss:
    case Fault::partition:
    case Fault::partition_one_way:
      return {timing.lease + milliseconds(50), std::nullopt, std::nullopt};
    case Fault::daemon_kill_with_keeper:
    case Fault::daemon_freeze_with_keeper:
      return {timing.lease + milliseconds(100), std::nullopt, std::nullopt};
    case Fault::haproxy_kill:
      return {std::nullopt, 0, milliseconds(100)};
    case Fault::daemon_kill:
    case Fault::daemon_freeze:
    case Fault::coordinator_kill:
    case Fault::peer_loss:
    case Fault::disk_full:
    case Fault::clock_jump:
    case Fault::config_refused:
      return {resolution, 0, std::nullopt};
    case Fault::apiserver_down:
      // A request or two reach it while it dies.
      return {resolution, std::nullopt, std::nullopt};
    case Fault::vip_delete:
    case Fault::hand_over:
      return {milliseconds(20), std::nullopt, std::nullopt};
    case Fault::cold_start:
      return {milliseconds(1500), std::nullopt, std::nullopt};
    case Fault::haproxy_freeze:
    case Fault::apiserver_hang:
    case Fault::duplicate_vip:
      return {};
  }
  return {};
}

std::optional<Duration> shortest_of(Fault fault, const Timing& timing, unsigned links) {
  const bool is_silent = fault == Fault::power_loss || fault == Fault::daemon_kill_with_keeper ||
                         fault == Fault::cold_start || (fault == Fault::link_down && links == 0);
  return is_silent ? std::optional(timing.lease) : std::nullopt;
}

Duration length_of(Fault fault) {
  switch (fault) {
    case Fault::link_down:
    case Fault::partition:
    case Fault::partition_one_way:
    case Fault::apiserver_down:
    case Fault::disk_full:
    case Fault::clock_jump:
    case Fault::duplicate_vip:
      return seconds(3);
    case Fault::daemon_freeze:
    case Fault::daemon_freeze_with_keeper:
    case Fault::apiserver_hang:
      return seconds(5);
    case Fault::power_loss:
    case Fault::daemon_kill_with_keeper:
    case Fault::coordinator_kill:
    case Fault::peer_loss:
      return seconds(2);
    case Fault::haproxy_kill:
    case Fault::haproxy_freeze:
    case Fault::vip_delete:
    case Fault::daemon_kill:
    case Fault::config_refused:
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
    case Fault::partition_one_way:
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
    case Fault::peer_loss:
    case Fault::apiserver_down:
    case Fault::apiserver_hang:
    case Fault::disk_full:
    case Fault::clock_jump:
    case Fault::config_refused:
    case Fault::duplicate_vip:
    case Fault::cold_start:
      return false;
  }
  return false;
}

bool is_counted(Fault fault) {
  return fault == Fault::haproxy_kill || fault == Fault::haproxy_freeze ||
         fault == Fault::vip_delete;
}

bool ends_machine(Fault fault) {
  return fault == Fault::power_loss || fault == Fault::coordinator_kill ||
         fault == Fault::peer_loss;
}

bool takes_a_vote(Fault fault) {
  const bool is_loss = fault == Fault::coordinator_kill || fault == Fault::peer_loss;
  return is_loss || (is_moving(fault) && fault != Fault::hand_over);
}

}  // namespace hapx::appliance::drill
