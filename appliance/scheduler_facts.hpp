// SPDX-License-Identifier: Apache-2.0
// What is the scheduler told?
//
// All that a placement may depend on, as one plain value: what the operator wants, which nodes are
// there, what runs where, what has failed and how long ago. The words are Pacemaker's. A scenario
// file (appliance/scenario.hpp) says most of this; what it can't say (carriers, the fitness of
// HAProxy, healthy apiservers, one-shot moves, witnesses) has defaults that change nothing. The
// facts know no clock: ages are told, not computed.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/cluster_config.hpp"
#include "config/ids.hpp"
#include "config/score.hpp"
#include "config/time.hpp"

namespace hapx::appliance {

/// The two resources of every service. HAProxy runs only where its service's VIP is, starts after
/// it and stops before it.
enum class Resource : std::uint8_t { vip, haproxy };

enum class NodeState : std::uint8_t {
  online,
  standby,      ///< takes part but must run nothing
  maintenance,  ///< takes part; what runs there is left alone and nothing is started there
  offline,      ///< every kind of absence: stopped, crashed, not seen, not yet joined
};

struct NodeFacts {
  NodeName name;
  NodeState state = NodeState::online;
  Role role = Role::full;  ///< a witness is never a candidate
  std::string origin{};    ///< of standby: who ordered it; empty: not known

  friend bool operator==(const NodeFacts&, const NodeFacts&) = default;
};

enum class FailedOperation : std::uint8_t { monitor, start, stop };

/// What a failed monitor has said.
enum class MonitorSays : std::uint8_t {
  not_running,  ///< rc 7
  error,        ///< rc 1
};

/// What is remembered of a resource's failures on one node.
struct FailureFacts {
  Score count;  ///< the present failure included; INFINITY after a failed stop or fatal start
  Duration age = std::chrono::seconds(10);  ///< of the last failure

  friend bool operator==(const FailureFacts&, const FailureFacts&) = default;
};

struct ResourceFacts {
  std::optional<NodeName> node;           ///< where it runs, or has failed; absent: stopped
  std::optional<FailedOperation> failed;  ///< on `node`; absent: it runs well there
  MonitorSays monitor_says = MonitorSays::not_running;  ///< of a failed monitor
  std::map<NodeName, FailureFacts> failures;

  friend bool operator==(const ResourceFacts&, const ResourceFacts&) = default;
};

/// What one node could do for one service, beyond being there.
struct Readiness {
  bool link_up = true;      ///< the interfaces of its VIPs are there and have a carrier
  std::string obstacle{};   ///< why it can't hold the VIPs now, in words; empty: it can
  bool haproxy_fit = true;  ///< HAProxy there runs and answers
  /// As HAProxy there sees them. The caller has settled the number (hysteresis): a difference of
  /// one moves the service.
  std::uint32_t healthy_api_servers = 0;

  friend bool operator==(const Readiness&, const Readiness&) = default;
};

struct ServiceFacts {
  ServiceName name;
  std::map<NodeName, Score> location;  ///< default 0
  OnFailConfig on_fail;                ///< what a failed monitor does
  ResourceFacts vip;
  ResourceFacts haproxy;
  std::map<NodeName, Readiness> readiness;  ///< a node left out has Readiness{}
  std::optional<NodeName> moved_to;         ///< an operator's one-shot move that still counts
  std::map<NodeName, std::string> bans{};   ///< by standing orders; each with who gave it

  friend bool operator==(const ServiceFacts&, const ServiceFacts&) = default;
};

/// The options of the cluster. The defaults are a scenario file's, not those of hapx.yaml.
struct ClusterFacts {
  bool have_quorum = true;
  NoQuorumPolicy no_quorum_policy = NoQuorumPolicy::stop;
  bool maintenance_mode = false;
  Score resource_stickiness;                      ///< for each resource
  Score migration_threshold = Score::infinity();  ///< for each resource; 0: off
  Duration failure_timeout = Duration::zero();    ///< 0: failures never expire

  friend bool operator==(const ClusterFacts&, const ClusterFacts&) = default;
};

/// REQUIRES: names of nodes and of services are unique, and every node that is named anywhere is
/// in `nodes`.
struct Facts {
  ClusterFacts cluster;
  std::vector<NodeFacts> nodes;        ///< their order means nothing
  std::vector<ServiceFacts> services;  ///< in the order in which they are placed

  friend bool operator==(const Facts&, const Facts&) = default;
};

/// The facts of one node, or nullptr.
[[nodiscard]] const NodeFacts* find_node(const Facts& facts, const NodeName& name);

/// What `node` could do for `service`.
[[nodiscard]] Readiness readiness_of(const ServiceFacts& service, const NodeName& node);

[[nodiscard]] inline const ResourceFacts& facts_of(const ServiceFacts& service, Resource resource) {
  return resource == Resource::vip ? service.vip : service.haproxy;
}

[[nodiscard]] inline OnFail on_fail_of(const ServiceFacts& service, Resource resource) {
  return resource == Resource::vip ? service.on_fail.vip : service.on_fail.haproxy;
}

}  // namespace hapx::appliance
