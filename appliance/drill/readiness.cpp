// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/readiness.hpp"

#include <algorithm>

namespace hapx::appliance::drill {
namespace {

/// Why this node could not take the service; empty: it could.
std::string lacking(const ServiceOnNode& place) {
  const std::string& name = place.node.text();
  if (!place.excluded.empty()) return name + " may not have it: " + std::string(exclusion(place));
  if (!place.link_up) return name + " has no link";
  if (!place.haproxy_fit) return "the HAProxy of " + name + " is not fit";
  if (place.healthy_api_servers == 0) return name + " sees no kube-apiserver";
  return "";
}

}  // namespace

std::string hindrance_in(const Status& status, const ServiceName& service) {
  const std::string& by = status.node.text();
  for (const MemberStatus& member : status.members) {
    if (member.state == MemberState::online) continue;
    return member.name.text() + " is " + std::string(to_string(member.state)) + ", as " + by +
           " sees it";
  }
  if (!status.quorate) return by + " has no quorum";
  if (!status.degraded.empty()) return by + " says: " + status.degraded.front();
  const auto found = std::ranges::find(status.services, service, &ServiceStatus::name);
  if (found == status.services.end()) return by + " knows no service " + service.text();
  if (!served(*found)) return service.text() + " is not served, as " + by + " sees it";
  std::string why;
  for (const ServiceOnNode& place : found->nodes) {
    if (place.node == found->holder) continue;
    std::string here = lacking(place);
    if (here.empty()) return "";
    if (why.empty()) why = std::move(here);
  }
  return why.empty() ? "" : "nobody could take over: " + why;
}

}  // namespace hapx::appliance::drill
