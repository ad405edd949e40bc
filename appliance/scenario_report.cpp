// SPDX-License-Identifier: Apache-2.0
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "appliance/scenario.hpp"

namespace hapx::appliance {
namespace {

namespace json = boost::json;

json::value place(const std::optional<NodeName>& node) {
  return node ? json::value(node->text()) : json::value(nullptr);
}

json::value place(const Placement& placement) {
  if (placement.vip == placement.haproxy) return place(placement.vip);
  return json::object{{"vip", place(placement.vip)}, {"haproxy", place(placement.haproxy)}};
}

json::object write_action(const PlannedAction& action) {
  return {{"op", action.operation == Operation::start ? "start" : "stop"},
          {"resource", key_name(action.resource)},
          {"service", action.service.text()},
          {"node", action.node.text()}};
}

const char* name_of(Standing standing) {
  switch (standing) {
    case Standing::chosen:
      return "chosen";
    case Standing::candidate:
      return "candidate";
    case Standing::excluded:
      return "excluded";
  }
  return "";
}

json::object write_verdict(const NodeVerdict& verdict) {
  return {{"node", verdict.node.text()},
          {"standing", name_of(verdict.standing)},
          {"score", to_string(verdict.score)},
          {"reason", verdict.reason}};
}

json::object write_reasons(const ServiceSchedule& service) {
  json::array nodes;
  for (const NodeVerdict& verdict : service.nodes) nodes.push_back(write_verdict(verdict));
  return {{"reason", service.reason}, {"nodes", std::move(nodes)}};
}

}  // namespace

std::string to_json(const Schedule& schedule) {
  json::object placement;
  json::array actions;
  json::object why;
  for (const ServiceSchedule& service : schedule.services) {
    const std::string& name = service.service.text();
    placement[name] = place(service.placement);
    for (const PlannedAction& action : service.actions) actions.push_back(write_action(action));
    why[name] = write_reasons(service);
  }
  const json::object root{{"placement", std::move(placement)},
                          {"actions", std::move(actions)},
                          {"why", std::move(why)}};
  return json::serialize(root) + "\n";
}

std::string to_text(const Schedule& schedule) {
  std::string text;
  for (const ServiceSchedule& service : schedule.services) {
    text += service.reason + "\n";
    for (const NodeVerdict& verdict : service.nodes) {
      text += "    " + verdict.reason + " [" + to_string(verdict.score) + "]\n";
    }
    if (service.actions.empty()) text += "  nothing to do\n";
    for (const PlannedAction& action : service.actions) text += "  " + to_string(action) + "\n";
  }
  return text.empty() ? "no services\n" : text;
}

}  // namespace hapx::appliance
