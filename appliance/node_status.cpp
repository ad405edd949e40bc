// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "appliance/node_state.hpp"
#include "config/wording.hpp"
#include "lb-supervisor/runtime_reply.hpp"

namespace hapx::appliance {
namespace {

using membership::Liveness;
using membership::MemberView;
using membership::ResourceState;
using membership::ServiceReport;

ResourceStatus shown(ResourceState state) {
  switch (state) {
    case ResourceState::stopped:
      return ResourceStatus::stopped;
    case ResourceState::started:
      return ResourceStatus::started;
    case ResourceState::start_failed:
    case ResourceState::stop_failed:
    case ResourceState::monitor_failed:
      return ResourceStatus::failed;
  }
  return ResourceStatus::failed;
}

/// HAProxy of a service that it doesn't serve: warm if it could.
ResourceStatus shown_haproxy(const ServiceReport& report) {
  const auto state = shown(report.haproxy.state);
  return state == ResourceStatus::stopped && report.haproxy_fit ? ResourceStatus::warm : state;
}

/// What was refused or did not come up has failed until it is warm: each attempt may end so, too.
ResourceStatus shown(const lb_supervisor::SupervisorStatus& status) {
  switch (status.state) {
    case lb_supervisor::HaproxyState::stopped:
      return ResourceStatus::stopped;
    case lb_supervisor::HaproxyState::checking:
    case lb_supervisor::HaproxyState::starting:
    case lb_supervisor::HaproxyState::warming:
      return status.retries ? ResourceStatus::failed : ResourceStatus::starting;
    case lb_supervisor::HaproxyState::warm:
      return ResourceStatus::warm;
    case lb_supervisor::HaproxyState::ending:
      return ResourceStatus::stopping;
    case lb_supervisor::HaproxyState::unreachable:
    case lb_supervisor::HaproxyState::pausing:
      return ResourceStatus::failed;
  }
  return ResourceStatus::failed;
}

bool is_holding(const ServiceReport& report) {
  return report.vip.state == ResourceState::started ||
         report.vip.state == ResourceState::monitor_failed;
}

/// "ff 02 00": pairs of digits, which nobody takes for a key (appliance/cli/secrets).
std::string as_text(const vip::WireFrame& frame) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : frame) {
    if (!text.empty()) text += ' ';
    text += digits[byte >> 4U];
    text += digits[byte & 0xfU];
  }
  return text;
}

RivalStatus shown(const vip::Rival& rival, Instant now) {
  RivalStatus told{to_string(rival.mac), std::string(to_string(rival.kind)),
                   rival.claims,         now - rival.first,
                   now - rival.last,     {}};
  for (const auto& evidence : rival.evidence)
    told.frames.push_back({now - evidence.at, as_text(evidence.frame)});
  return told;
}

VipStatus shown(const vip::Holder& holder, Instant now) {
  const auto status = holder.status();
  VipStatus told{to_string(holder.vip().address.address),
                 status.assigned,
                 status.until && *status.until > now ? *status.until - now : Duration(0),
                 status.taken_away,
                 status.announcements,
                 status.announcement_failures,
                 status.claims,
                 {}};
  for (const auto& rival : holder.rivals().all()) told.rivals.push_back(shown(rival, now));
  return told;
}

std::vector<ServerStatus> shown(const lb_supervisor::BackendHealth& backend) {
  std::vector<ServerStatus> servers;
  for (const auto& server : backend.servers)
    servers.push_back({server.name, server.up, server.check, server.level});
  return servers;
}

/// The report had its age when it was made.
Duration failed_ago(const membership::ResourceReport& resource, const MemberView& member,
                    Instant now) {
  if (resource.fail_count == 0) return Duration(0);
  return resource.since_last_failure + (now - member.report_heard.value_or(now));
}

/// What every node of the file is to this service.
std::vector<ServiceOnNode> on_nodes(const ServiceConfig& service, const membership::View& view,
                                    const Schedule& schedule, Instant now) {
  std::vector<ServiceOnNode> nodes;
  const auto decided =
      std::ranges::find(schedule.services, service.name, &ServiceSchedule::service);
  for (const auto& member : view.members) {
    if (member.role == Role::witness) continue;
    const auto report = report_of(member, service.name);
    const bool here = takes_part(member);
    ServiceOnNode node{member.name,
                       here ? shown(report.vip.state) : ResourceStatus::stopped,
                       here ? shown_haproxy(report) : ResourceStatus::stopped,
                       report.vip.fail_count,
                       report.haproxy.fail_count,
                       report.link_up,
                       report.haproxy_fit,
                       report.healthy_api_servers,
                       report.api_servers,
                       {},
                       failed_ago(report.vip, member, now),
                       failed_ago(report.haproxy, member, now)};
    if (decided != schedule.services.end()) {
      const auto verdict = std::ranges::find(decided->nodes, member.name, &NodeVerdict::node);
      if (verdict != decided->nodes.end() && verdict->standing == Standing::excluded) {
        node.excluded = verdict->reason;
      }
    }
    nodes.push_back(std::move(node));
  }
  return nodes;
}

ServiceStatus service_status(const ServiceConfig& service, const Node::State& state,
                             const Schedule& schedule, Instant now) {
  const auto& view = state.member.view();
  ServiceStatus shown_service;
  shown_service.name = service.name;
  shown_service.port = service.port;
  for (const auto& vip : service.vips) shown_service.addresses.push_back(to_string(vip.address));
  shown_service.certificates_verified =
      service.health_check.mode != HealthCheckMode::readyz || service.health_check.ca_file;
  shown_service.fence = state.fence;
  for (const auto& member : view.members) {
    const auto report = report_of(member, service.name);
    if (!takes_part(member)) continue;
    if (member.name == state.options.self) {
      shown_service.vip = shown_service.holder ? shown_service.vip : shown(report.vip.state);
      if (!shown_service.holder) shown_service.haproxy = shown_haproxy(report);
    }
    if (!is_holding(report) || shown_service.holder) continue;
    shown_service.holder = member.name;
    shown_service.vip = shown(report.vip.state);
    shown_service.haproxy = shown_haproxy(report);
  }
  for (const auto& here : state.services) {
    if (here.config().name != service.name) continue;
    const auto until = here.right_until();
    if (until && *until > now) shown_service.lease_remaining = *until - now;
    for (const auto& holder : here.holders()) {
      VipStatus& vip = shown_service.vips.emplace_back(shown(holder, now));
      const auto& address = holder.vip().address.address;
      const auto& at = *std::ranges::find(state.clients, address, &ClientsHere::address);
      vip.clients = at.connected();
      vip.clients_woken = at.woken();
      vip.clients_silent = at.silent();
    }
  }
  for (const auto& backend : state.supervisor.status().backends) {
    if (backend.service == service.name) shown_service.backends = shown(backend);
  }
  if (view.plan) {
    for (const auto& assignment : view.plan->assignments) {
      if (assignment.service != service.name) continue;
      shown_service.reason = assignment.reason;
      shown_service.moved = assignment.moved;
    }
  }
  shown_service.takeovers = state.takeovers.counts(service.name);
  shown_service.nodes = on_nodes(service, view, schedule, now);
  return shown_service;
}

void add_service_reasons(const Status& status, const ServiceConfig& service,
                         const ServiceStatus& shown_service, const Node::State& state,
                         std::vector<std::string>& degraded) {
  const std::string name = service.name.text();
  std::string why;
  for (const auto& here : state.services) {
    const bool concerned = here.wanted().vip || !shown_service.holder;
    if (here.config().name == service.name && concerned) why = here.obstacle();
  }
  if (!served(shown_service)) {
    if (why.empty() && shown_service.holder)
      why = "HAProxy does not serve it on " + shown_service.holder->text();
    if (why.empty()) why = status.quorate ? "no node holds it" : "there is no quorum";
    degraded.push_back(name + " is not served: " + why);
  }
  std::vector<std::string> down;
  std::vector<std::string> draining;
  for (const auto& server : shown_service.backends) {
    if (server.up) continue;
    if (server.check == lb_supervisor::not_ready) {
      draining.push_back(server.name);
    } else {
      down.push_back(server.name + (server.check.empty() ? "" : " (" + server.check + ")"));
    }
  }
  if (!draining.empty()) {
    degraded.push_back(
        name + ": kube-apiservers are not ready and get no new connections: " + joined(draining));
  }
  if (!down.empty()) degraded.push_back(name + ": kube-apiservers are down: " + joined(down));
}

/// Failures whose consequences last until a cleanup, or until they are over.
void add_lasting_failures(const ServiceConfig& service, const ServiceStatus& shown_service,
                          std::vector<std::string>& degraded) {
  const auto add = [&](Resource resource, OnFail on_fail, const ServiceOnNode& place) {
    const bool is_vip = resource == Resource::vip;
    const bool fails = (is_vip ? place.vip : place.haproxy) == ResourceStatus::failed;
    const bool failed = (is_vip ? place.vip_failures : place.haproxy_failures) > 0;
    const std::string what = std::string(display_name(resource)) + " of " + service.name.text() +
                             " has failed on " + place.node.text();
    if (on_fail == OnFail::block && fails) {
      degraded.push_back(what + " and is left as it is (onFail is block) until `hapx cleanup " +
                         service.name.text() + "`");
    } else if (on_fail == OnFail::stop && failed) {
      degraded.push_back(what + " and is started nowhere (onFail is stop)");
    } else if (on_fail == OnFail::standby && failed) {
      degraded.push_back(what + ", which holds nothing (onFail is standby)");
    }
  };
  for (const ServiceOnNode& place : shown_service.nodes) {
    add(Resource::vip, service.on_fail.vip, place);
    add(Resource::haproxy, service.on_fail.haproxy, place);
  }
}

/// Others that claim what this node holds. What it waits for is told where it isn't served.
void add_conflicts(const Node::State& state, Instant now, std::vector<std::string>& degraded) {
  for (const auto& service : state.services) {
    for (const auto& holder : service.holders()) {
      const auto* rival = holder.rivals().present(now);
      if (rival == nullptr || !holder.status().assigned) continue;
      degraded.push_back(to_string(rival->mac) + " claims " +
                         to_string(holder.vip().address.address) +
                         ", too; see `hapx get conflicts`");
    }
  }
}

/// Nodes that are here and could not take over.
void add_standby_reasons(const Node::State& state, std::vector<std::string>& degraded) {
  for (const auto& member : state.member.view().members) {
    if (!takes_part(member) || member.role == Role::witness) continue;
    for (const auto& service : member.report.services) {
      const std::string node = member.name.text();
      if (!service.obstacle.empty()) {
        degraded.push_back(node + " can't hold " + service.service.text() + ": " +
                           service.obstacle);
      }
      if (!service.haproxy_fit) degraded.push_back("HAProxy is not fit on " + node);
    }
  }
}

OrdersState shown(membership::RecordState state) {
  switch (state) {
    case membership::RecordState::unread:
      return OrdersState::unread;
    case membership::RecordState::read:
      return OrdersState::read;
    case membership::RecordState::stale:
      return OrdersState::stale;
  }
  return OrdersState::unread;
}

/// `today`: the time of day, where it is known.
/// Without `utc_offset` nobody knows how old the order is.
OrderStatus shown(const membership::StandingOrder& order, Instant now,
                  const std::optional<Duration>& utc_offset) {
  static constexpr std::array kinds{"standby", "maintenance", "ban"};
  OrderStatus told{kinds[static_cast<std::size_t>(order.subject.kind)],
                   order.subject.node.text(),
                   order.subject.service.text(),
                   order.by,
                   to_string(order.since),
                   order.until ? to_string(*order.until) : ""};
  if (!utc_offset) return told;
  const Utc today(now.time_since_epoch() + *utc_offset);
  told.age = std::max(Duration(0), today - order.since);
  if (order.until) told.left = std::max(Duration(0), *order.until - today);
  return told;
}

MemberState state_of(const MemberView& one, const membership::StandingOrders& orders) {
  using membership::Subject;
  if (one.liveness != Liveness::alive && one.liveness != Liveness::suspect) {
    return MemberState::offline;
  }
  if (find_order(orders, Subject::maintenance()) != nullptr) return MemberState::maintenance;
  const bool rests = find_order(orders, Subject::standby(one.name)) != nullptr;
  return rests ? MemberState::standby : MemberState::online;
}

void add_record_reasons(const membership::RecordView& record, std::vector<std::string>& degraded) {
  for (const auto& order : record.orders) degraded.push_back(to_sentence(order));
  if (record.state == membership::RecordState::stale) {
    degraded.push_back(
        "standing orders may be stale: neither copies of a majority nor all nodes have answered");
  }
  if (!record.trouble.empty()) {
    degraded.push_back("this node can't store the record: " + record.trouble);
  }
}

void add_electorate_reasons(const membership::ElectorateView& electorate,
                            std::vector<std::string>& degraded) {
  if (electorate.staged && !electorate.waits_for.empty()) {
    degraded.push_back("a changed file waits, for it changes who votes: for " +
                       joined(electorate.waits_for));
  }
  if (electorate.settled) return;
  std::string missing;
  for (const auto& name : electorate.missing)
    missing += (missing.empty() ? "" : ", ") + name.text();
  degraded.push_back("the votes of the file before count, too" +
                     (missing.empty() ? "" : ", until " + missing + " counts by the present one"));
}

void add_two_nodes_reasons(const TwoNodesStatus& two, const std::string& other,
                           std::vector<std::string>& degraded) {
  const bool is_away = two.other != "heard" && two.other != "suspect";
  if (is_away && two.alone) {
    degraded.push_back("this node goes on without " + other + ": " + two.reason);
  } else if (is_away) {
    degraded.push_back("this node doesn't go on without " + other + ": " + two.reason);
  }
  if (!two.tie_breaker_trouble.empty()) {
    degraded.push_back("the tie-breaker " + two.tie_breaker + ' ' + two.tie_breaker_trouble +
                       ": without it no node goes on when the other one is gone");
  }
}

void add_arbiter_reasons(const ArbiterStatus& arbiter, const ClusterConfig& config,
                         std::vector<std::string>& degraded) {
  const Duration lease = config.timing.lease;
  if (!arbiter.answers) {
    degraded.push_back("etcd does not answer, and without its vote no node goes on alone" +
                       (arbiter.trouble.empty() ? std::string() : ": " + arbiter.trouble));
  } else if (arbiter.commits_in && *arbiter.commits_in * commits_per_lease_min > lease) {
    const auto commit = std::chrono::ceil<std::chrono::milliseconds>(*arbiter.commits_in);
    degraded.push_back(
        "etcd took " + hapx::to_string(Duration(commit)) + " to commit, and a lease of " +
        hapx::to_string(lease) + " is less than ten times that: make the lease " +
        hapx::to_string(Duration(commit * commits_per_lease_min)) + ", or give etcd a faster disk");
  }
}

std::vector<std::string> degraded_reasons(const Status& status, const Node::State& state,
                                          Instant now) {
  std::vector<std::string> degraded;
  if (!state.conflict.empty() && now < state.conflict_at + conflict_patience)
    degraded.push_back(state.conflict);
  if (!status.quorate) degraded.push_back("no quorum: fewer than half of the votes are here");
  if (status.two_nodes)
    add_two_nodes_reasons(*status.two_nodes, state.other_of_two().text(), degraded);
  if (status.arbiter) add_arbiter_reasons(*status.arbiter, state.options.config, degraded);
  for (std::size_t i = 0; i < status.services.size(); ++i) {
    const ServiceConfig& service = state.options.config.services[i];
    add_service_reasons(status, service, status.services[i], state, degraded);
    add_lasting_failures(service, status.services[i], degraded);
  }
  for (const auto& member : status.members) {
    if (member.counts_otherwise) {
      degraded.push_back(member.name.text() + " counts the votes of other nodes than " +
                         status.node.text() + " does; give it the same file");
    } else if (member.state == MemberState::offline) {
      degraded.push_back(member.name.text() + " is offline");
    } else if (!member.hears_us) {
      degraded.push_back(member.name.text() + " is heard but does not hear " + status.node.text());
    }
    if (member.state != MemberState::offline) {
      for (const LinkStatus& link : member.links)
        if (!link.heard)
          degraded.push_back(member.name.text() + " is not heard at " + link.address);
    }
    if (member.state != MemberState::offline && !member.config_differs.empty()) {
      degraded.push_back(member.name.text() +
                         " runs another configuration: " + joined(member.config_differs));
    }
  }
  if (state.fence == FenceStatus::lifetime) {
    degraded.push_back("the fence is the address lifetime: " + state.fence_reason);
  }
  add_conflicts(state, now, degraded);
  add_standby_reasons(state, degraded);
  add_record_reasons(state.member.view().record, degraded);
  add_electorate_reasons(state.member.view().electorate, degraded);
  for (const auto& [window, trouble] : state.window_troubles)
    degraded.push_back(served_in_words(window, "not ") + ": " + trouble);
  for (const auto& [file, trouble] : state.options.haproxy_paths.stats_trouble) {
    degraded.push_back("HAProxy's stats page is not served: " + trouble);
  }
  if (!status.haproxy.not_replaced.empty()) {
    degraded.push_back("HAProxy goes on with the config that it had: " +
                       status.haproxy.not_replaced);
  }
  if (status.haproxy.state == ResourceStatus::failed) {
    degraded.push_back("HAProxy is not fit here: " + status.haproxy.reason);
  }
  return degraded;
}

}  // namespace

Status Node::State::status(Instant now) const {
  const auto& view = member.view();
  Status shown_status;
  shown_status.cluster = options.config.name;
  shown_status.node = options.self;
  shown_status.version = options.version;
  shown_status.uptime = now - started;
  shown_status.lease = options.config.timing.lease;
  shown_status.quorate = view.quorate;
  shown_status.coordinator = view.coordinator;
  for (std::size_t i = 0; i < view.members.size(); ++i) {
    const auto& one = view.members[i];
    shown_status.members.push_back({one.name, state_of(one, view.record.orders), one.role,
                                    one.votes, to_string(options.config.nodes[i].address),
                                    one.liveness == Liveness::suspect,
                                    one.name == options.self || one.hears_us});
    const auto contact = member.contact(one.name);
    if (contact.last_heard) shown_status.members.back().last_heard = now - *contact.last_heard;
    shown_status.members.back().has_left = contact.has_left;
    shown_status.members.back().config_differs = one.config_differs;
    shown_status.members.back().counts_otherwise = one.counts_otherwise;
    const auto ways = options.config.nodes[i].ways();
    for (std::size_t way = 0; way < one.ways.size(); ++way) {
      const bool is_heard = one.ways[way] == Liveness::alive || one.ways[way] == Liveness::suspect;
      shown_status.members.back().links.push_back({to_string(ways[way]), is_heard});
    }
  }
  shown_status.electorate = {view.electorate.generation, view.electorate.settled,
                             view.electorate.staged, view.electorate.waits_for};
  shown_status.two_nodes = two_nodes_status();
  shown_status.arbiter = arbiter_status();
  shown_status.failure_timeout = options.config.scheduling.failure_timeout;
  for (const auto& order : view.record.orders) {
    shown_status.orders.push_back(shown(order, now, utc_offset));
  }
  shown_status.orders_state = shown(view.record.state);
  const Schedule schedule = coordination.judge_all(view, now);
  for (const auto& service : options.config.services) {
    shown_status.services.push_back(service_status(service, *this, schedule, now));
  }
  const auto haproxy_status = supervisor.status();
  shown_status.haproxy = {shown(haproxy_status),      haproxy_status.pid.value_or(0),
                          haproxy_status.fitness.fit, haproxy_status.fitness.reason,
                          haproxy_status.restarts,    haproxy_status.draining,
                          haproxy_status.not_replaced};
  const bool serves = std::ranges::any_of(
      services, [&](const auto& service) { return supervisor.serves(service.config().name); });
  if (serves && shown_status.haproxy.state == ResourceStatus::warm) {
    shown_status.haproxy.state = ResourceStatus::started;
  }
  shown_status.counters = counters;
  shown_status.takeover_times = takeovers.times();
  for (const TakeoverStory& story : takeovers.last()) {
    shown_status.last_takeovers.push_back(
        {story.service, story.from, story.reason, now - story.announced, story.phases});
  }
  shown_status.loop_lag = loop_lag;
  shown_status.drill = drill;
  shown_status.degraded = degraded_reasons(shown_status, *this, now);
  return shown_status;
}

}  // namespace hapx::appliance
