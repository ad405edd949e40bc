// SPDX-License-Identifier: Apache-2.0
#include "appliance/coordination.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace hapx::appliance {
namespace {

using membership::Liveness;
using membership::MemberView;
using membership::OrderKind;
using membership::OrderOutcome;
using membership::ResourceReport;
using membership::ResourceState;
using membership::ServiceReport;
using membership::Subject;
using membership::View;

/// An ordered move that has not arrived after this long is forgotten.
constexpr Duration move_patience = std::chrono::seconds(10);
/// An assignment counts as a place for this long beyond two leases.
constexpr Duration way_patience = std::chrono::seconds(1);

/// What the nodes see of kube-apiservers counts when it has stayed the same for this long: longer
/// than HAProxy's checks on two nodes may be apart.
constexpr Duration sight_patience = std::chrono::seconds(3);

std::optional<FailedOperation> failed_operation(ResourceState state) {
  switch (state) {
    case ResourceState::start_failed:
      return FailedOperation::start;
    case ResourceState::stop_failed:
      return FailedOperation::stop;
    case ResourceState::monitor_failed:
      return FailedOperation::monitor;
    case ResourceState::stopped:
    case ResourceState::started:
      return std::nullopt;
  }
  return std::nullopt;
}

/// The resource as its members report it. Where several say that it is there (one of them has not
/// heard yet that it lost it), the one that was assigned counts.
/// An age that only grows is not told again, so it is reckoned on from when it was told.
ResourceFacts resource_facts(const ServiceName& service, ResourceReport ServiceReport::*resource,
                             const View& view, const std::optional<NodeName>& assigned,
                             Instant now) {
  ResourceFacts facts;
  for (const auto& member : view.members) {
    if (!takes_part(member)) continue;
    const ResourceReport report = report_of(member, service).*resource;
    if (report.fail_count > 0) {
      facts.failures[member.name] = {
          Score(report.fail_count),
          report.since_last_failure + (now - member.report_heard.value_or(now))};
    }
    if (report.state == ResourceState::stopped) continue;
    if (facts.node && member.name != assigned) continue;
    facts.node = member.name;
    facts.failed = failed_operation(report.state);
    facts.monitor_says =
        report.monitor_says_stopped ? MonitorSays::not_running : MonitorSays::error;
  }
  return facts;
}

/// When the first of the failures that count is over. Nobody tells of that: a node leaves it to the
/// scheduler whether a failure that is still there is over.
std::optional<Instant> first_over(const Facts& facts, Instant now) {
  const Duration timeout = facts.cluster.failure_timeout;
  std::optional<Instant> first;
  for (const ServiceFacts& service : facts.services) {
    for (const Resource resource : {Resource::vip, Resource::haproxy}) {
      for (const auto& [node, failure] : facts_of(service, resource).failures) {
        if (timeout == Duration::zero() || failure.age > timeout) continue;
        const Instant over = now + (timeout - failure.age) + Duration(1);
        if (!first || over < *first) first = over;
      }
    }
  }
  return first;
}

const membership::Assignment* assignment_of(const View& view, const ServiceName& service) {
  if (!view.plan) return nullptr;
  const auto found =
      std::ranges::find(view.plan->assignments, service, &membership::Assignment::service);
  return found == view.plan->assignments.end() ? nullptr : &*found;
}

const MemberView* find_member(const View& view, const NodeName& name) {
  const auto found = std::ranges::find(view.members, name, &MemberView::name);
  return found == view.members.end() ? nullptr : &*found;
}

const ServiceSchedule* find_service(const Schedule& schedule, const ServiceName& name) {
  const auto found = std::ranges::find(schedule.services, name, &ServiceSchedule::service);
  return found == schedule.services.end() ? nullptr : &*found;
}

std::string reason_against(const ServiceSchedule& schedule, const NodeName& node) {
  const auto found = std::ranges::find(schedule.nodes, node, &NodeVerdict::node);
  return found == schedule.nodes.end() ? node.text() + " is not a node of this cluster"
                                       : found->reason;
}

std::string shortened(std::string sentence) {
  constexpr std::size_t reason_bytes_max = 200;
  if (sentence.size() > reason_bytes_max) sentence.resize(reason_bytes_max);
  return sentence;
}

}  // namespace

bool takes_part(const MemberView& member) {
  if (member.liveness != Liveness::alive && member.liveness != Liveness::suspect) return false;
  const bool holds_something = std::ranges::any_of(
      member.report.services,
      [](const ServiceReport& service) { return service.vip.state != ResourceState::stopped; });
  return member.hears_us || holds_something;
}

ServiceReport report_of(const MemberView& member, const ServiceName& service) {
  const auto found = std::ranges::find(member.report.services, service, &ServiceReport::service);
  return found == member.report.services.end()
             ? ServiceReport{service, {}, {}, false, false, false, 0, 0, {}}
             : *found;
}

Coordination::Coordination(const ClusterConfig& config) : config_(config) {}

ServiceFacts Coordination::service_facts(const ServiceConfig& service, const View& view,
                                         Instant now) const {
  ServiceFacts facts;
  facts.name = service.name;
  facts.location = service.location;
  facts.on_fail = service.on_fail;
  for (const auto& order : view.record.orders) {
    const auto& subject = order.subject;
    if (subject.kind != OrderKind::ban || subject.service != service.name) continue;
    if (find_member(view, subject.node) != nullptr) facts.bans[subject.node] = origin_of(order);
  }
  const auto* assigned = assignment_of(view, service.name);
  const auto vip_assigned = assigned ? assigned->vip : std::nullopt;
  facts.vip = resource_facts(service.name, &ServiceReport::vip, view, vip_assigned, now);
  facts.haproxy = resource_facts(service.name, &ServiceReport::haproxy, view, vip_assigned, now);
  for (const auto& member : view.members) {
    const auto report = report_of(member, service.name);
    const auto sight = sights_.find(service.name);
    const bool counted = sight != sights_.end() && sight->second.counted.contains(member.name);
    facts.readiness[member.name] = {report.link_up, report.obstacle, report.haproxy_fit,
                                    counted ? sight->second.counted.at(member.name) : 0};
    if (report.moved_here && takes_part(member)) facts.moved_to = member.name;
  }
  if (const auto move = moves_.find(service.name); move != moves_.end()) {
    facts.moved_to = move->second.to;
  }
  // On its way: as good as there, unless it has failed or can't arrive.
  const auto way = on_their_way_.find(service.name);
  if (!facts.vip.node && way != on_their_way_.end() && now < way->second.until) {
    const auto* member = find_member(view, way->second.node);
    if (member != nullptr && takes_part(*member) && report_of(*member, service.name).link_up &&
        report_of(*member, service.name).obstacle.empty() &&
        !facts.vip.failures.contains(member->name)) {
      facts.vip.node = member->name;
      if (!facts.haproxy.node && assigned && assigned->haproxy) facts.haproxy.node = member->name;
    }
  }
  // Who doesn't hear us goes on with what it has, but can't be told of more.
  for (const auto& member : view.members) {
    std::string& obstacle = facts.readiness[member.name].obstacle;
    const bool has_it = facts.vip.node == member.name ||
                        report_of(member, service.name).vip.state != ResourceState::stopped;
    if (!member.hears_us && !has_it && obstacle.empty())
      obstacle = "it does not hear the coordinator";
  }
  return facts;
}

Facts Coordination::facts(const View& view, Instant now) const {
  Facts facts;
  facts.cluster.have_quorum = view.quorate;
  facts.cluster.no_quorum_policy = config_.no_quorum_policy;
  facts.cluster.resource_stickiness = config_.scheduling.resource_stickiness;
  facts.cluster.migration_threshold = config_.scheduling.migration_threshold;
  facts.cluster.failure_timeout = config_.scheduling.failure_timeout;
  for (const auto& member : view.members) {
    NodeFacts node{member.name, takes_part(member) ? NodeState::online : NodeState::offline,
                   member.role};
    const auto* standby = find_order(view.record.orders, Subject::standby(member.name));
    if (standby != nullptr) node.origin = origin_of(*standby);
    if (standby != nullptr && takes_part(member)) node.state = NodeState::standby;
    facts.nodes.push_back(std::move(node));
  }
  // Safety: maintenance freezes placements, never a lease: holders go on renewing (rule 13).
  facts.cluster.maintenance_mode =
      find_order(view.record.orders, Subject::maintenance()) != nullptr;
  for (const auto& service : config_.services) {
    facts.services.push_back(service_facts(service, view, now));
  }
  return facts;
}

void Coordination::look_at_api_servers(const View& view, Instant now) {
  for (const auto& service : config_.services) {
    std::map<NodeName, std::uint32_t> seen;
    std::set<std::uint32_t> looked_at;
    for (const auto& member : view.members) {
      if (!takes_part(member) || member.role == Role::witness) continue;
      const auto report = report_of(member, service.name);
      seen[member.name] = report.healthy_api_servers;
      looked_at.insert(report.api_servers);
    }
    auto& sight = sights_[service.name];
    if (seen != sight.seen) sight = {std::move(seen), std::move(sight.counted), now};
    // While a changed file is not everywhere, more healthy ones may only mean more of them.
    const bool comparable = looked_at.size() <= 1;
    if (!std::exchange(sight.comparable, comparable) && comparable) sight.since = now;
    if (comparable && now >= sight.since + sight_patience) sight.counted = sight.seen;
    // A node that is new is not compared before it has been looked at for long enough.
    const bool same_nodes = std::ranges::equal(
        sight.counted, sight.seen, {}, [](const auto& one) { return one.first; },
        [](const auto& one) { return one.first; });
    if (!comparable || !same_nodes) sight.counted.clear();
  }
}

void Coordination::forget_finished_moves(const View& view, Instant now) {
  std::erase_if(moves_, [&](const auto& entry) {
    const auto& [service, move] = entry;
    const auto* member = find_member(view, move.to);
    if (member == nullptr || !takes_part(*member) || now >= move.until) return true;
    const auto report = report_of(*member, service);
    return report.moved_here || report.vip.state == ResourceState::start_failed;
  });
}

std::vector<membership::Assignment> Coordination::assignments(const View& view, Instant now) {
  forget_finished_moves(view, now);
  look_at_api_servers(view, now);
  std::erase_if(on_their_way_, [&](const auto& entry) { return now >= entry.second.until; });
  const Facts present = facts(view, now);
  failure_over_ = first_over(present, now);
  const Schedule schedule = appliance::schedule(present);
  std::vector<membership::Assignment> assignments;
  for (std::size_t i = 0; i < schedule.services.size(); ++i) {
    const auto& service = schedule.services[i];
    const auto& placement = service.placement;
    const auto* before = assignment_of(view, service.service);
    membership::Assignment assignment{
        service.service, placement.vip, placement.haproxy,
        placement.vip && placement.vip == present.services[i].moved_to, shortened(service.reason)};
    const bool stays = before != nullptr && before->vip == placement.vip;
    // What put it there is of more use than "it runs there already".
    if (stays && before->haproxy == placement.haproxy) assignment.reason = before->reason;
    if (!stays) {
      on_their_way_.erase(service.service);
      if (placement.vip) {
        on_their_way_[service.service] = {*placement.vip,
                                          now + 2 * config_.timing.lease + way_patience};
      }
    }
    assignments.push_back(std::move(assignment));
  }
  return assignments;
}

membership::OrderAnswer Coordination::judge(const membership::Order& order, const View& view,
                                            Instant now) {
  const auto& move = std::get<membership::Move>(order.what);
  const auto answer = [&](OrderOutcome judged, std::string sentence) {
    return membership::OrderAnswer{order.id, order.from, judged, shortened(std::move(sentence))};
  };
  const auto accepted = OrderOutcome::accepted;
  const auto refused = OrderOutcome::refused;
  Facts what_if = facts(view, now);
  const auto service = std::ranges::find(what_if.services, move.service, &ServiceFacts::name);
  if (service == what_if.services.end()) {
    return answer(refused, "there is no service " + move.service.text());
  }
  const auto from = service->vip.node;
  const std::string what = move.service.text();
  if (const auto* order_of_all = find_order(view.record.orders, Subject::maintenance())) {
    return answer(refused, "can't move " + what + ": " + to_sentence(*order_of_all));
  }
  if (move.to) {
    if (find_member(view, *move.to) == nullptr) {
      return answer(refused, "there is no node " + move.to->text());
    }
    service->moved_to = *move.to;
  } else {
    service->moved_to.reset();
    if (from) service->location[*from] = Score::minus_infinity();
  }
  const Schedule outcome = appliance::schedule(what_if);
  const auto* decided = find_service(outcome, move.service);
  const auto target = decided->placement.vip;
  if (!target || (move.to && target != move.to) || (!move.to && target == from)) {
    return answer(refused, "can't move " + what + ": " +
                               (move.to ? reason_against(*decided, *move.to)
                                        : std::string("no other node can take it")));
  }
  moves_[move.service] = {*target, now + move_patience};
  if (target == from) return answer(accepted, what + " is on " + target->text() + " already");
  return answer(accepted, what + " moves " + (from ? "from " + from->text() + " " : "") + "to " +
                              target->text());
}

std::optional<std::string> Coordination::objection(const membership::RecordChange& change) const {
  if (change.verb == membership::RecordChange::Verb::lift) return std::nullopt;
  const auto& subject = change.subject;
  if (subject.kind != OrderKind::maintenance) {
    const auto node = std::ranges::find(config_.nodes, subject.node, &NodeConfig::name);
    if (node == config_.nodes.end()) return "there is no node " + subject.node.text();
    if (node->role == Role::witness) return subject.node.text() + " is a witness: it holds nothing";
  }
  if (subject.kind == OrderKind::ban &&
      std::ranges::find(config_.services, subject.service, &ServiceConfig::name) ==
          config_.services.end()) {
    return "there is no service " + subject.service.text();
  }
  return std::nullopt;
}

Schedule Coordination::judge_all(const View& view, Instant now) const {
  return appliance::schedule(facts(view, now));
}

std::optional<Instant> Coordination::next_deadline() const {
  std::optional<Instant> next;
  const auto sooner = [&](Instant instant) {
    if (!next || instant < *next) next = instant;
  };
  if (failure_over_) sooner(*failure_over_);
  for (const auto& [service, move] : moves_) sooner(move.until);
  for (const auto& [service, way] : on_their_way_) sooner(way.until);
  for (const auto& [service, sight] : sights_) {
    if (sight.comparable && sight.counted != sight.seen) sooner(sight.since + sight_patience);
  }
  return next;
}

}  // namespace hapx::appliance
