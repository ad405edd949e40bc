// SPDX-License-Identifier: Apache-2.0
#include "appliance/scheduler.hpp"

#include <utility>

#include "appliance/scheduler_choice.hpp"
#include "appliance/scheduler_present.hpp"
#include "appliance/scheduler_reason.hpp"
#include "appliance/scheduler_score.hpp"

namespace hapx::appliance {
namespace {

/// Quorum changes what is done, not what is chosen.
std::optional<NodeName> allowed_by_quorum(const ClusterFacts& cluster,
                                          const PresentResource& resource,
                                          const std::optional<NodeName>& chosen) {
  if (cluster.have_quorum || !resource.managed()) return chosen;
  switch (cluster.no_quorum_policy) {
    case NoQuorumPolicy::ignore:
      return chosen;
    case NoQuorumPolicy::stop:
      return std::nullopt;
    // Freeze only forbids starting what is stopped; what is active may still move.
    case NoQuorumPolicy::freeze:
      return resource.at ? chosen : std::nullopt;
  }
  return std::nullopt;
}

/// What happens to one resource.
struct Course {
  bool stops = false;
  bool starts = false;
  std::optional<NodeName> ends_at;
};

Course plan_vip(const PresentService& running, const std::optional<NodeName>& to) {
  const PresentResource& vip = running.vip;
  if (!vip.managed()) return {.ends_at = vip.at};
  const bool moves = to != vip.at;
  const Course course{.stops = vip.at && (moves || vip.failed),
                      .starts = to && (moves || vip.failed),
                      .ends_at = to};
  // HAProxy must stop before its VIP does. If it can't be touched, it holds the VIP.
  const bool held = running.haproxy.at && !running.haproxy.managed();
  return course.stops && held ? Course{.ends_at = vip.at} : course;
}

Course plan_haproxy(const PresentService& running, const Course& vip,
                    const std::optional<NodeName>& to) {
  const PresentResource& haproxy = running.haproxy;
  if (!haproxy.managed()) return {.ends_at = haproxy.at};
  const bool vip_is_broken = running.vip.failed && !running.vip.managed();
  const bool vip_changes = vip.stops || vip.starts || vip_is_broken;
  // The last: without quorum, freeze keeps the VIP from being started beside it.
  const bool stops = haproxy.at && (to != haproxy.at || haproxy.failed || vip_changes ||
                                    vip.ends_at != haproxy.at);
  const bool starts = to && (to != haproxy.at || stops) && vip.ends_at == to && !vip_is_broken;
  if (starts) return {.stops = stops, .starts = true, .ends_at = to};
  return {.stops = stops, .ends_at = stops ? std::nullopt : haproxy.at};
}

/// The order within a service is always the same: HAProxy is never without its VIP.
std::vector<PlannedAction> list_actions(const ServiceName& service, const PresentService& running,
                                        const Course& vip, const Course& haproxy) {
  std::vector<PlannedAction> actions;
  const auto add = [&](Operation operation, Resource resource, const NodeName& node) {
    actions.push_back({operation, resource, service, node});
  };
  if (haproxy.stops) add(Operation::stop, Resource::haproxy, *running.haproxy.at);
  if (vip.stops) add(Operation::stop, Resource::vip, *running.vip.at);
  if (vip.starts) add(Operation::start, Resource::vip, *vip.ends_at);
  if (haproxy.starts) add(Operation::start, Resource::haproxy, *haproxy.ends_at);
  return actions;
}

ServiceSchedule schedule_service(const Facts& facts, const Present& present,
                                 const ServiceFacts& service, const PresentService& running,
                                 Load& load) {
  const ServiceScores scores = score_service(facts, present, service, running);
  const Choice choice = choose(service, running, scores, load);
  const Course vip = plan_vip(running, allowed_by_quorum(facts.cluster, running.vip, choice.vip));
  const Course haproxy =
      plan_haproxy(running, vip, allowed_by_quorum(facts.cluster, running.haproxy, choice.haproxy));

  const Placement placement{vip.ends_at, haproxy.ends_at};
  const Deliberation deliberation{facts, present, service, running, scores, load, choice};
  ServiceSchedule result{.service = service.name,
                         .placement = placement,
                         .reason = explain_placement(deliberation, placement),
                         .nodes = judge_nodes(deliberation, placement),
                         .actions = list_actions(service.name, running, vip, haproxy)};
  add_load(choice, load);
  return result;
}

}  // namespace

Schedule schedule(const Facts& facts) {
  const Present present = read_present(facts);
  Schedule result;
  Load load;
  for (std::size_t i = 0; i < facts.services.size(); ++i) {
    result.services.push_back(
        schedule_service(facts, present, facts.services[i], present.services[i], load));
  }
  return result;
}

const char* display_name(Resource resource) {
  return resource == Resource::vip ? "VIP" : "HAProxy";
}

const char* key_name(Resource resource) {
  return resource == Resource::vip ? "vip" : "haproxy";
}

std::string to_string(const PlannedAction& action) {
  const char* operation = action.operation == Operation::start ? "start " : "stop ";
  return operation + std::string(key_name(action.resource)) + " " + action.service.text() + "@" +
         action.node.text();
}

}  // namespace hapx::appliance
