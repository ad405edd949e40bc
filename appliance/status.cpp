// SPDX-License-Identifier: Apache-2.0
#include "appliance/status.hpp"

#include <algorithm>

namespace hapx::appliance {

std::string_view to_string(MemberState state) {
  switch (state) {
    case MemberState::online:
      return "online";
    case MemberState::standby:
      return "standby";
    case MemberState::maintenance:
      return "maintenance";
    case MemberState::offline:
      return "offline";
  }
  return "offline";
}

std::string_view to_string(ResourceStatus state) {
  switch (state) {
    case ResourceStatus::stopped:
      return "stopped";
    case ResourceStatus::starting:
      return "starting";
    case ResourceStatus::warm:
      return "warm";
    case ResourceStatus::started:
      return "started";
    case ResourceStatus::stopping:
      return "stopping";
    case ResourceStatus::failed:
      return "failed";
  }
  return "stopped";
}

std::string_view to_string(FenceStatus fence) {
  switch (fence) {
    case FenceStatus::none:
      return "none";
    case FenceStatus::bpf:
      return "bpf";
    case FenceStatus::lifetime:
      return "lifetime";
  }
  return "none";
}

std::string_view to_string(OrdersState state) {
  switch (state) {
    case OrdersState::unread:
      return "unread";
    case OrdersState::read:
      return "read";
    case OrdersState::stale:
      return "stale";
  }
  return "unread";
}

std::string_view exclusion(const ServiceOnNode& place) {
  const std::string before = place.node.text() + ": excluded, ";
  std::string_view words = place.excluded;
  if (words.starts_with(before)) words.remove_prefix(before.size());
  return words;
}

std::string fail_count_text(std::uint64_t failures) {
  constexpr std::uint64_t infinity = 1'000'000;
  return failures >= infinity ? "INFINITY" : std::to_string(failures);
}

std::string_view link_state(const Status& status, const MemberStatus& member) {
  if (member.name == status.node) return "this node";
  if (member.state != MemberState::offline) {
    if (!member.hears_us) return "one-way";
    return member.suspect ? "suspect" : "up";
  }
  if (!member.last_heard) return "never heard";
  return member.has_left ? "left" : "silent";
}

bool served(const ServiceStatus& service) {
  const bool held = service.holder && service.vip == ResourceStatus::started &&
                    service.haproxy == ResourceStatus::started;
  const bool known_all_down = !service.backends.empty() &&
                              std::none_of(service.backends.begin(), service.backends.end(),
                                           [](const ServerStatus& server) { return server.up; });
  return held && !known_all_down;
}

Health health(const Status& status) {
  if (!std::all_of(status.services.begin(), status.services.end(), served)) {
    return Health::no_service;
  }
  return status.quorate && status.degraded.empty() ? Health::healthy : Health::degraded;
}

}  // namespace hapx::appliance
