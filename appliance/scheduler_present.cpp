// SPDX-License-Identifier: Apache-2.0
#include "appliance/scheduler_present.hpp"

#include <algorithm>

namespace hapx::appliance {
namespace {

bool is_offline(const Facts& facts, const NodeName& name) {
  const NodeFacts* node = find_node(facts, name);
  return node == nullptr || node->state == NodeState::offline;
}

Duration age_of_last_failure(const ResourceFacts& told, const NodeName& node) {
  const auto found = told.failures.find(node);
  return found == told.failures.end() ? FailureFacts{}.age : found->second.age;
}

/// A failed monitor that blocks never expires: somebody must look at it.
bool is_expired(const ClusterFacts& cluster, Duration age, FailedOperation operation,
                OnFail on_fail) {
  if (operation == FailedOperation::monitor && on_fail == OnFail::block) return false;
  return cluster.failure_timeout > Duration::zero() && age > cluster.failure_timeout;
}

/// Which operation a node's fail count tells of: the present failure's there; else INFINITY is of
/// a failed start, and a number of failed monitors.
FailedOperation counted_operation(const ResourceFacts& told, const NodeName& node, Score count) {
  if (told.failed && told.node == node) return *told.failed;
  return count == Score::infinity() ? FailedOperation::start : FailedOperation::monitor;
}

void read_fail_counts(const Facts& facts, const ResourceFacts& told, OnFail on_fail,
                      PresentResource& present) {
  for (const auto& [node, failure] : told.failures) {
    if (failure.count <= Score(0) || is_offline(facts, node)) continue;
    const FailedOperation operation = counted_operation(told, node, failure.count);
    if (is_expired(facts.cluster, failure.age, operation, on_fail)) continue;
    present.fail_counts.emplace(node, failure.count);
    if (operation == FailedOperation::monitor) present.monitor_failed_on.push_back(node);
  }
}

/// Whether the resource still counts as active once its failure has expired: a failed start never
/// began it, a failed monitor or stop left it as it was.
bool is_active_after_expiry(FailedOperation operation) {
  return operation != FailedOperation::start;
}

void read_failure(const Facts& facts, const ResourceFacts& told, OnFail on_fail,
                  PresentResource& present) {
  const FailedOperation operation = *told.failed;
  if (is_expired(facts.cluster, age_of_last_failure(told, *told.node), operation, on_fail)) {
    if (!is_active_after_expiry(operation)) present.at.reset();
    return;
  }
  if (operation == FailedOperation::monitor) {
    if (facts.cluster.maintenance_mode && told.monitor_says == MonitorSays::not_running) {
      present.at.reset();  // It is left alone, so that it does not run is no failure.
      return;
    }
    const auto known = std::ranges::find(present.monitor_failed_on, *told.node);
    if (known == present.monitor_failed_on.end()) present.monitor_failed_on.push_back(*told.node);
    if (on_fail == OnFail::ignore) return;
  }
  present.failed = operation;
}

/// What ran on a lost node counts as stopped, whatever had failed there.
void read_whereabouts(const Facts& facts, const ResourceFacts& told, OnFail on_fail,
                      PresentResource& present) {
  if (!told.node || is_offline(facts, *told.node)) return;
  present.at = told.node;
  if (told.failed) read_failure(facts, told, on_fail, present);
}

std::optional<Unmanaged> why_unmanaged(const Facts& facts, const PresentResource& present,
                                       OnFail on_fail) {
  if (facts.cluster.maintenance_mode) return Unmanaged::maintenance_mode;
  if (!present.at) return std::nullopt;
  if (find_node(facts, *present.at)->state == NodeState::maintenance) {
    return Unmanaged::maintenance_node;
  }
  if (present.failed == FailedOperation::stop) return Unmanaged::stop_failed;
  if (present.failed == FailedOperation::monitor && on_fail == OnFail::block) {
    return Unmanaged::monitor_failed;
  }
  return std::nullopt;
}

PresentResource read_resource(const Facts& facts, const ResourceFacts& told, OnFail on_fail) {
  PresentResource present;
  read_fail_counts(facts, told, on_fail, present);
  read_whereabouts(facts, told, on_fail, present);
  const bool monitor_failed = !present.monitor_failed_on.empty();
  present.must_stop = monitor_failed && on_fail == OnFail::stop;
  present.threshold_suspended = monitor_failed && on_fail == OnFail::ignore;
  present.unmanaged = why_unmanaged(facts, present, on_fail);
  return present;
}

}  // namespace

const NodeFacts* find_node(const Facts& facts, const NodeName& name) {
  const auto found = std::ranges::find(facts.nodes, name, &NodeFacts::name);
  return found == facts.nodes.end() ? nullptr : &*found;
}

Readiness readiness_of(const ServiceFacts& service, const NodeName& node) {
  const auto found = service.readiness.find(node);
  return found == service.readiness.end() ? Readiness{} : found->second;
}

Present read_present(const Facts& facts) {
  Present present;
  for (const ServiceFacts& service : facts.services) {
    PresentService& read = present.services.emplace_back();
    read.vip = read_resource(facts, service.vip, service.on_fail.vip);
    read.haproxy = read_resource(facts, service.haproxy, service.on_fail.haproxy);
    for (const Resource resource : {Resource::vip, Resource::haproxy}) {
      if (on_fail_of(service, resource) != OnFail::standby) continue;
      const PresentResource& failing = resource == Resource::vip ? read.vip : read.haproxy;
      for (const NodeName& node : failing.monitor_failed_on) {
        present.emptied_nodes.try_emplace(node, StandbyCause{service.name, resource});
      }
    }
  }
  return present;
}

}  // namespace hapx::appliance
