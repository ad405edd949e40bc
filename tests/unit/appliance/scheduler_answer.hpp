// SPDX-License-Identifier: Apache-2.0
// How do the scheduler's tests ask?
//
// A test writes a scenario as a person would and gets the answer as lines. A scenario that does not
// parse is the test's own mistake and shows as a single line with the refusal.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "appliance/scenario.hpp"
#include "appliance/scheduler.hpp"

namespace hapx::appliance {

using Lines = std::vector<std::string>;

inline Facts facts_from(std::string_view scenario) {
  auto facts = parse_scenario(scenario, "test");
  return facts ? *facts : Facts{};
}

inline Lines actions_of(const Schedule& schedule) {
  Lines lines;
  for (const ServiceSchedule& service : schedule.services) {
    for (const PlannedAction& action : service.actions) lines.push_back(to_string(action));
  }
  return lines;
}

/// The actions, service by service.
inline Lines actions(std::string_view scenario) {
  const auto facts = parse_scenario(scenario, "test");
  return facts ? actions_of(schedule(*facts)) : Lines{facts.error().sentence};
}

inline std::string name_of(const std::optional<NodeName>& node) {
  return node ? node->text() : "-";
}

/// "node1", "-" or "node1/-" where the VIP and HAProxy differ.
inline std::string place_of(const Placement& placement) {
  if (placement.vip == placement.haproxy) return name_of(placement.vip);
  return name_of(placement.vip) + "/" + name_of(placement.haproxy);
}

/// Of the first service.
inline std::string placement(std::string_view scenario) {
  const auto facts = parse_scenario(scenario, "test");
  return facts ? place_of(schedule(*facts).services.at(0).placement) : facts.error().sentence;
}

inline NodeVerdict verdict_on(const ServiceSchedule& service, std::string_view node) {
  const auto found =
      std::ranges::find(service.nodes, NodeName(std::string(node)), &NodeVerdict::node);
  return found == service.nodes.end() ? NodeVerdict{} : *found;
}

}  // namespace hapx::appliance
