// SPDX-License-Identifier: Apache-2.0
// Where is each service to be, and why?
//
// A function without memory: facts in, placement and actions out, each with its reason. It works in
// five steps, one small part each: read the present (scheduler_present), find out what is managed
// (there, too), score (scheduler_score), choose and plan (scheduler.cpp); scheduler_reason puts the
// outcome into sentences. The rules are those of Pacemaker's scheduler (2.1.5, lib/pacemaker and
// lib/pengine) as far as a service of two resources needs them; hapx's own come on top and change
// nothing where the facts leave their defaults.
//
// What it deliberately does not know: leases, messages and time. An assignment is a wish. Even a
// wrong one never makes two nodes serve one address, since each must win the address's lease.
//
// Safety: a resource is started only on a node that is available to its service.
// Safety: a service's HAProxy is started only where its VIP is by then.
// Liveness: a managed service whose VIP has a candidate is placed, if quorum allows.
// Liveness: nothing moves without a reason: the same facts give the same schedule, and a service
//           that runs whole where it would be chosen again gets no actions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "appliance/scheduler_facts.hpp"

namespace hapx::appliance {

/// Where the two resources of a service are.
struct Placement {
  std::optional<NodeName> vip;
  std::optional<NodeName> haproxy;

  friend bool operator==(const Placement&, const Placement&) = default;
};

enum class Operation : std::uint8_t { start, stop };

struct PlannedAction {
  Operation operation = Operation::start;
  Resource resource = Resource::vip;
  ServiceName service;
  NodeName node;

  friend bool operator==(const PlannedAction&, const PlannedAction&) = default;
};

/// What a node is to one service.
enum class Standing : std::uint8_t {
  chosen,     ///< the service's VIP is to be here
  candidate,  ///< could have been chosen
  excluded,   ///< could not
};

struct NodeVerdict {
  NodeName node;
  Standing standing = Standing::candidate;
  Score score;         ///< the VIP's, as the choice saw it
  Score vip_own;       ///< of which the VIP's own
  Score haproxy_own;   ///< and HAProxy's own (left out of `score` if it bars every candidate)
  std::string reason;  ///< one sentence: "node2: excluded, it is in standby"

  friend bool operator==(const NodeVerdict&, const NodeVerdict&) = default;
};

struct ServiceSchedule {
  ServiceName service;
  Placement placement;  ///< when all actions are done
  std::string reason;   ///< one sentence: "api is on node1: runs there already (stickiness 200)"
  std::vector<NodeVerdict> nodes;      ///< in the order of the facts
  std::vector<PlannedAction> actions;  ///< each waits for those before it

  friend bool operator==(const ServiceSchedule&, const ServiceSchedule&) = default;
};

/// Services don't wait for each other.
struct Schedule {
  std::vector<ServiceSchedule> services;  ///< in the order of the facts

  friend bool operator==(const Schedule&, const Schedule&) = default;
};

[[nodiscard]] Schedule schedule(const Facts& facts);

/// "VIP", "HAProxy": as people write it.
[[nodiscard]] const char* display_name(Resource resource);
/// "vip", "haproxy": as files write it.
[[nodiscard]] const char* key_name(Resource resource);

/// "stop haproxy api@node1": one line of a scenario's `expect.actions`.
[[nodiscard]] std::string to_string(const PlannedAction& action);

}  // namespace hapx::appliance
