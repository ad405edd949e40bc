// SPDX-License-Identifier: Apache-2.0
#include "appliance/scheduler_score.hpp"

#include <algorithm>

namespace hapx::appliance {
namespace {

Absence absence_of(const Present& present, const ServiceFacts& service, const NodeFacts& node) {
  if (node.role == Role::witness) return Absence::witness;
  switch (node.state) {
    case NodeState::offline:
      return Absence::offline;
    case NodeState::standby:
      return Absence::standby;
    case NodeState::maintenance:
      return Absence::maintenance;
    case NodeState::online:
      break;
  }
  if (present.emptied_nodes.contains(node.name)) return Absence::emptied;
  const Readiness readiness = readiness_of(service, node.name);
  return readiness.link_up && readiness.obstacle.empty() ? Absence::none : Absence::obstacle;
}

bool has_failed_too_often(const ClusterFacts& cluster, const PresentResource& resource,
                          const NodeName& node) {
  // A failed stop bars its node even where the threshold is off.
  if (resource.failed == FailedOperation::stop && resource.at == node) return true;
  if (cluster.migration_threshold == Score(0) || resource.threshold_suspended) return false;
  const auto count = resource.fail_counts.find(node);
  return count != resource.fail_counts.end() && count->second >= cluster.migration_threshold;
}

/// The terms of one resource that come from its own present.
void add_own_terms(const ClusterFacts& cluster, Resource resource, const PresentResource& present,
                   const NodeName& node, std::vector<ScoreTerm>& terms) {
  if (present.at == node) {
    terms.push_back(present.managed()
                        ? ScoreTerm{resource, Because::runs_here, cluster.resource_stickiness}
                        : ScoreTerm{resource, Because::unmanaged_here, Score::infinity()});
  }
  if (has_failed_too_often(cluster, present, node)) {
    terms.push_back({resource, Because::failed_too_often, Score::minus_infinity()});
  }
  if (present.must_stop) terms.push_back({resource, Because::must_stop, Score::minus_infinity()});
}

/// What the operator and the world add. A preference is of the service as a whole, so it counts
/// once, with the VIP.
void add_service_terms(const ServiceFacts& service, const NodeName& node,
                       std::vector<ScoreTerm>& terms) {
  if (const auto score = service.location.find(node); score != service.location.end()) {
    terms.push_back({Resource::vip, Because::location, score->second});
  }
  if (service.bans.contains(node)) {
    terms.push_back({Resource::vip, Because::banned, Score::minus_infinity()});
  }
  if (service.moved_to == node) {
    terms.push_back({Resource::vip, Because::moved_here, Score::infinity()});
  }
  if (!readiness_of(service, node).haproxy_fit) {
    terms.push_back({Resource::haproxy, Because::haproxy_unfit, Score::minus_infinity()});
  }
}

Score sum_of(const std::vector<ScoreTerm>& terms, Resource resource) {
  Score sum;
  for (const ScoreTerm& term : terms) {
    if (term.resource == resource) sum += term.amount;
  }
  return sum;
}

}  // namespace

ServiceScores score_service(const Facts& facts, const Present& present, const ServiceFacts& service,
                            const PresentService& running) {
  ServiceScores scores;
  for (const NodeFacts& node : facts.nodes) {
    NodeScore& score = scores.nodes[node.name];
    score.absence = absence_of(present, service, node);
    add_own_terms(facts.cluster, Resource::vip, running.vip, node.name, score.terms);
    add_own_terms(facts.cluster, Resource::haproxy, running.haproxy, node.name, score.terms);
    add_service_terms(service, node.name, score.terms);
    score.vip = sum_of(score.terms, Resource::vip);
    score.haproxy = sum_of(score.terms, Resource::haproxy);
    score.total = score.vip + score.haproxy;
  }
  const auto is_candidate = [](const auto& entry) { return entry.second.candidate(); };
  scores.haproxy_left_out = std::ranges::none_of(scores.nodes, is_candidate);
  if (scores.haproxy_left_out) {
    for (auto& [name, score] : scores.nodes) score.total = score.vip;
  }
  return scores;
}

}  // namespace hapx::appliance
