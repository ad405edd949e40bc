// SPDX-License-Identifier: Apache-2.0
#include "appliance/metrics.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "appliance/open_metrics.hpp"

namespace hapx::appliance {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

constexpr auto gauge = MetricType::Gauge;
constexpr auto counter = MetricType::Counter;

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

double one_if(bool is_so) {
  return is_so ? 1 : 0;
}

std::string word(std::string_view text) {
  return std::string(text);
}

class Page {
 public:
  /// Begins the next family; what is added belongs to it.
  void family(const char* name, MetricType type, const char* help) {
    families_.push_back({name, help, type, {}});
  }

  void add(Labels labels, double value) {
    ClientMetric& metric = families_.back().metric.emplace_back();
    metric.label = std::move(labels);
    (families_.back().type == counter ? metric.counter.value : metric.gauge.value) = value;
  }
  void add(Labels labels, std::uint64_t value) { add(std::move(labels), double(value)); }
  void add(Labels labels, bool value) { add(std::move(labels), one_if(value)); }

  void add(Labels labels, const Histogram& times) {
    ClientMetric& metric = families_.back().metric.emplace_back();
    metric.label = std::move(labels);
    auto& shown = metric.histogram;
    for (std::size_t i = 0; i < times.counts.size(); ++i) {
      shown.sample_count += times.counts[i];
      const bool is_last = i == Histogram::bounds.size();
      shown.bucket.push_back({shown.sample_count, is_last ? std::numeric_limits<double>::infinity()
                                                          : seconds(Histogram::bounds[i])});
    }
    shown.sample_sum = seconds(times.sum);
  }

  /// A family without a sample says nothing, and is left out.
  [[nodiscard]] std::string text() {
    std::erase_if(families_, [](const MetricFamily& family) { return family.metric.empty(); });
    return prometheus::TextSerializer().Serialize(families_);
  }

 private:
  std::vector<MetricFamily> families_;
};

/// One of the snapshot's counters as a family of its own.
void counted(Page& page, const Status& status, const char* counted_as, const char* name,
             const char* help) {
  const auto found = status.counters.find(counted_as);
  if (found == status.counters.end()) return;
  page.family(name, counter, help);
  page.add({}, found->second);
}

void add_node(Page& page, const Status& status) {
  page.family("hapx_build_info", gauge, "Always 1; the label tells hapxd's version.");
  page.add({{"version", status.version}}, true);
  page.family("hapx_uptime_seconds", gauge, "How long this process of hapxd has run.");
  page.add({}, seconds(status.uptime));
  page.family("hapx_degraded_reasons", gauge,
              "How many reasons this node has to call the cluster degraded; `hapx status` lists "
              "them.");
  page.add({}, std::uint64_t{status.degraded.size()});
  page.family("hapx_loop_lag_seconds", MetricType::Histogram,
              "How late the loop came to what was due.");
  page.add({}, status.loop_lag);
  counted(page, status, "reloads_refused", "hapx_reloads_refused_total",
          "Reloads that changed nothing, because the file was refused.");
  counted(page, status, "recordings", "hapx_recordings_total",
          "Recordings that were kept, of failovers and because somebody asked.");
  counted(page, status, "recordings_failed", "hapx_recordings_failed_total",
          "Recordings that could not be kept.");
}

void add_members(Page& page, const Status& status) {
  page.family("hapx_quorate", gauge,
              "1 if this node hears more than half of the configured votes, its own included.");
  page.add({}, status.quorate);
  std::uint64_t configured = 0;
  std::uint64_t heard = 0;
  for (const auto& member : status.members) {
    configured += member.votes;
    if (member.state != MemberState::offline) heard += member.votes;
  }
  page.family("hapx_votes", gauge, "Votes: configured, needed for quorum, and heard by this node.");
  page.add({{"type", "configured"}}, configured);
  page.add({{"type", "needed"}}, configured / 2 + 1);
  page.add({{"type", "heard"}}, heard);
  page.family("hapx_member_state", gauge,
              "1 for the state in which this node sees a member, 0 for the other states.");
  for (const auto& member : status.members) {
    for (const auto state : {MemberState::online, MemberState::standby, MemberState::maintenance,
                             MemberState::offline}) {
      page.add({{"node", member.name.text()}, {"state", word(to_string(state))}},
               member.state == state);
    }
  }
  const auto each = [&](const char* name, const char* help, auto is_so) {
    page.family(name, gauge, help);
    for (const auto& member : status.members) {
      page.add({{"node", member.name.text()}}, bool{is_so(member)});
    }
  };
  each("hapx_member_suspect", "1 if a member is silent for longer than a beat or two.",
       [](const auto& member) { return member.suspect; });
  each("hapx_member_hears_this_node", "1 if a member hears this node, by its own account.",
       [](const auto& member) { return member.hears_us; });
  each("hapx_member_config_differs",
       "1 if a member runs another configuration than this node; `hapx status` says where.",
       [](const auto& member) { return !member.config_differs.empty(); });
  each("hapx_coordinator", "1 for the member that coordinates, as far as this node has heard.",
       [&](const auto& member) { return status.coordinator == member.name; });
}

/// Of a peer that can be heard at one address alone this says whether it is heard at all.
void add_ways(Page& page, const Status& status) {
  page.family("hapx_link_up", gauge, "1 if a peer is heard at one of its addresses, else 0.");
  for (const auto& member : status.members) {
    if (member.name == status.node) continue;
    const auto add = [&](const std::string& address, bool is_heard) {
      page.add({{"node", member.name.text()}, {"address", address}}, is_heard);
    };
    for (const LinkStatus& way : member.links) add(way.address, way.heard);
    if (member.links.empty()) add(member.address, member.state != MemberState::offline);
  }
}

void add_datagrams(Page& page, const Status& status) {
  constexpr std::string_view refused = "datagrams_refused.";
  page.family("hapx_datagrams_refused_total", counter,
              "Datagrams on the heartbeats' port that had no effect, by reason.");
  for (const auto& [name, count] : status.counters) {
    if (name.starts_with(refused)) page.add({{"reason", name.substr(refused.size())}}, count);
  }
  counted(page, status, "plans", "hapx_plans_total",
          "Plans of a coordinator that this node has seen.");
  counted(page, status, "name_conflicts", "hapx_name_conflicts_total",
          "Signs of another process under this node's name, at most one in 5 s.");
}

std::string without_prefix(const std::string& address) {
  return address.substr(0, address.find('/'));
}

void add_services(Page& page, const Status& status) {
  page.family("hapx_service_served", gauge,
              "1 if a service has a holder, HAProxy serves it there, and its kube-apiservers are "
              "not known to be all down.");
  for (const auto& service : status.services) {
    page.add({{"service", service.name.text()}}, served(service));
  }
  page.family(
      "hapx_vip_holder", gauge,
      "1 for the node that holds the VIP, as far as this node has heard, 0 for the others.");
  for (const auto& service : status.services) {
    for (const auto& address : service.addresses) {
      for (const auto& place : service.nodes) {
        page.add({{"service", service.name.text()},
                  {"vip", without_prefix(address)},
                  {"node", place.node.text()}},
                 service.holder == place.node);
      }
    }
  }
  page.family("hapx_service_excluded", gauge,
              "1 if a node may not hold the service now; `hapx why` has the reason.");
  for (const auto& service : status.services) {
    for (const auto& place : service.nodes) {
      page.add({{"service", service.name.text()}, {"node", place.node.text()}},
               !place.excluded.empty());
    }
  }
  page.family("hapx_resource_failures", gauge,
              "Failures of a service's VIP or HAProxy on a node that count against it; 1000000 "
              "stands for infinity.");
  for (const auto& service : status.services) {
    for (const auto& place : service.nodes) {
      const Labels labels{{"service", service.name.text()}, {"node", place.node.text()}};
      const auto add = [&](const char* resource, std::uint32_t failures) {
        Labels all = labels;
        all.push_back({"resource", resource});
        page.add(std::move(all), std::uint64_t{failures});
      };
      add("vip", place.vip_failures);
      add("haproxy", place.haproxy_failures);
    }
  }
}

/// Only of failures that count.
void add_ages_of_failures(Page& page, const Status& status) {
  page.family(
      "hapx_resource_failure_age_seconds", gauge,
      "How long ago a service's VIP or HAProxy failed on a node last, to some seconds; only "
      "where failures count.");
  for (const auto& service : status.services) {
    for (const auto& place : service.nodes) {
      const auto add = [&](const char* resource, std::uint32_t failures, Duration ago) {
        if (failures == 0) return;
        page.add(
            {{"service", service.name.text()}, {"node", place.node.text()}, {"resource", resource}},
            seconds(ago));
      };
      add("vip", place.vip_failures, place.vip_failed_ago);
      add("haproxy", place.haproxy_failures, place.haproxy_failed_ago);
    }
  }
}

void add_electorate(Page& page, const ElectorateStatus& electorate) {
  page.family("hapx_electorate_generation", gauge,
              "How often the list of those who vote has changed, counted from 1.");
  page.add({}, electorate.generation);
  page.family("hapx_electorate_settled", gauge,
              "1 if the list of those who vote is settled, 0 while the one before counts, too.");
  page.add({}, electorate.settled);
  page.family("hapx_electorate_staged", gauge,
              "1 if a changed file that changes who votes waits for other nodes, else 0.");
  page.add({}, electorate.staged);
}

void add_two_nodes(Page& page, const TwoNodesStatus& two) {
  page.family("hapx_acts_alone", gauge,
              "1 if this node of two goes on without the other one, by evidence, else 0.");
  page.add({}, two.alone);
  page.family(
      "hapx_tie_breaker_answers", gauge,
      "1 if the tie-breaker answers this node, else 0: then no node of two goes on when the "
      "other one is gone.");
  page.add({}, two.tie_breaker_trouble.empty());
}

void add_arbiter(Page& page, const Status& status) {
  const ArbiterStatus& arbiter = *status.arbiter;
  page.family("hapx_arbiter_answers", gauge,
              "1 if the etcd that has the third vote answers this node, else 0: then no node of "
              "two goes on when the other one is gone.");
  page.add({}, arbiter.answers);
  counted(page, status, "arbiter_failures", "hapx_arbiter_failures_total",
          "Questions to that etcd that it did not answer in time.");
  if (!arbiter.commits_in) return;
  page.family("hapx_arbiter_commit_seconds", gauge,
              "How long the slowest of the last ten commits to that etcd took.");
  page.add({}, seconds(*arbiter.commits_in));
}

void add_orders(Page& page, const Status& status) {
  page.family(
      "hapx_record_state", gauge,
      "1 for how well the standing orders are known: read, stale (there may be newer ones) or "
      "unread (not yet known).");
  for (const auto state : {OrdersState::read, OrdersState::stale, OrdersState::unread}) {
    page.add({{"state", word(to_string(state))}}, status.orders_state == state);
  }
  page.family("hapx_standing_orders", gauge, "Standing orders in force, by kind.");
  for (const std::string_view kind : {"standby", "maintenance", "ban"}) {
    const auto count = std::ranges::count(status.orders, kind, &OrderStatus::kind);
    page.add({{"kind", word(kind)}}, static_cast<std::uint64_t>(count));
  }
  const auto each = [&](const char* name, const char* help, auto length) {
    page.family(name, gauge, help);
    for (const auto& order : status.orders) {
      const std::optional<Duration> known = order.*length;
      if (!known) continue;
      page.add({{"kind", order.kind}, {"service", order.service}, {"node", order.node}},
               seconds(*known));
    }
  };
  each("hapx_standing_order_age_seconds", "How long ago a standing order in force was given.",
       &OrderStatus::age);
  each("hapx_standing_order_left_seconds",
       "How long a standing order has left that ends by itself.", &OrderStatus::left);
}

void add_vips(Page& page, const Status& status) {
  page.family("hapx_lease_seconds", gauge, "The length of a lease, as configured.");
  page.add({}, seconds(status.lease));
  counted(page, status, "rights_lost", "hapx_rights_lost_total",
          "Leases, the coordinator's excepted, that this node had and could not renew.");
  const auto each = [&](const char* name, MetricType type, const char* help, auto value) {
    page.family(name, type, help);
    for (const auto& service : status.services) {
      for (const auto& vip : service.vips) {
        page.add({{"service", service.name.text()}, {"vip", vip.address}}, value(vip));
      }
    }
  };
  each("hapx_vip_assigned", gauge, "1 if the kernel of this node has the VIP on its interface.",
       [](const VipStatus& vip) { return vip.assigned; });
  each("hapx_vip_lease_remaining_seconds", gauge,
       "For how long this node may still act on the VIP; 0 if it may not.",
       [](const VipStatus& vip) { return seconds(vip.lease_remaining); });
  each("hapx_vip_readds_total", counter,
       "Times that somebody removed the VIP from this node and it was added again.",
       [](const VipStatus& vip) { return vip.taken_away; });
  each("hapx_vip_announcements_total", counter, "Announcements of the VIP that this node sent.",
       [](const VipStatus& vip) { return vip.announcements; });
  each("hapx_vip_announcement_failures_total", counter,
       "Announcements of the VIP that this node could not send.",
       [](const VipStatus& vip) { return vip.announcement_failures; });
  each("hapx_vip_claims_total", counter,
       "Frames in which another host claimed the VIP while this node had it or asked for it.",
       [](const VipStatus& vip) { return vip.claims; });
  each("hapx_vip_clients", gauge, "Connections to the VIP on this node, by a look once a second.",
       [](const VipStatus& vip) { return vip.clients; });
  each("hapx_vip_clients_woken_total", counter,
       "Clients of holders before that were told that their connection is gone, and answered here.",
       [](const VipStatus& vip) { return vip.clients_woken; });
  each("hapx_vip_clients_silent_total", counter, "Clients of holders before that did not answer.",
       [](const VipStatus& vip) { return vip.clients_silent; });
}

void add_takeovers(Page& page, const Status& status) {
  const auto each = [&](const char* name, const char* help, bool failovers) {
    page.family(name, counter, help);
    for (const auto& service : status.services) {
      for (const auto reason : all_takeover_reasons) {
        if (is_failover(reason) != failovers) continue;
        const auto count = service.takeovers.find(reason);
        page.add({{"service", service.name.text()}, {"reason", word(to_string(reason))}},
                 count == service.takeovers.end() ? std::uint64_t{0} : count->second);
      }
    }
  };
  each("hapx_failovers_total",
       "Times that a service came to this node after a failure of the node that held it.", true);
  each("hapx_handovers_total",
       "Times that a service came to this node after an order, or because it is the better one.",
       false);
  page.family("hapx_failover_seconds", MetricType::Histogram,
              "From the last datagram of the lost node to the first announcement by this one.");
  page.add({}, status.takeover_times.whole);
  page.family("hapx_failover_phase_seconds", MetricType::Histogram,
              "How long each phase of a failover to this node took.");
  for (const PhaseRow& row : failover_phases()) {
    const bool takes_time =
        row.phase != FailoverPhase::message_refused && row.phase != FailoverPhase::view_changed;
    const auto found = status.takeover_times.phases.find(row.phase);
    const bool is_known = found != status.takeover_times.phases.end();
    if (takes_time) page.add({{"phase", word(row.name)}}, is_known ? found->second : Histogram());
  }
}

void add_fence(Page& page, const Status& status) {
  page.family("hapx_fence_state", gauge,
              "1 for what ends this node's right to a VIP when hapxd can't, 0 for the others.");
  const FenceStatus fence =
      status.services.empty() ? FenceStatus::none : status.services.front().fence;
  for (const auto each : {FenceStatus::none, FenceStatus::bpf, FenceStatus::lifetime}) {
    page.add({{"fence", word(to_string(each))}}, fence == each);
  }
  counted(page, status, "fence_restored", "hapx_fence_removals_total",
          "Times that somebody removed the kernel's fence and it was put back.");
}

/// Of this cluster, as this node was told; a drill of a lab is none.
void add_drill(Page& page, const Status& status) {
  page.family("hapx_drill_last_run_timestamp_seconds", gauge,
              "When the last drill of this cluster began, from 1970; 0: there was none, or this "
              "node was not told.");
  const auto began = status.drill ? beginning_of(*status.drill) : std::nullopt;
  page.add({}, began ? seconds(began->time_since_epoch()) : 0.0);
  if (!status.drill) return;
  const auto each = [&](const char* name, const char* help, auto value) {
    page.family(name, gauge, help);
    for (const PastFault& fault : by_fault(*status.drill)) {
      page.add({{"fault", fault.name}}, value(fault));
    }
  };
  each("hapx_drill_last_result",
       "1 if every run of a fault passed in the last drill of this cluster, else 0.",
       [](const PastFault& fault) { return fault.passed == fault.runs; });
  each("hapx_drill_last_outage_seconds",
       "The longest time without an answer of a fault in the last drill of this cluster.",
       [](const PastFault& fault) { return seconds(fault.outage_maximum); });
}

void add_haproxy(Page& page, const Status& status) {
  page.family("hapx_haproxy_up", gauge, "1 if this node's HAProxy runs and answers its probe.");
  page.add({}, status.haproxy.fit);
  page.family("hapx_haproxy_state", gauge,
              "1 for the state of this node's HAProxy, 0 for the other states.");
  for (const auto state :
       {ResourceStatus::stopped, ResourceStatus::starting, ResourceStatus::warm,
        ResourceStatus::started, ResourceStatus::stopping, ResourceStatus::failed}) {
    page.add({{"state", word(to_string(state))}}, status.haproxy.state == state);
  }
  page.family("hapx_haproxy_restarts_total", counter,
              "Times that HAProxy was started again after it had run.");
  page.add({}, status.haproxy.restarts);
  counted(page, status, "haproxy_failures", "hapx_haproxy_failures_total",
          "Times that HAProxy was warm and then died or froze.");
  page.family("hapx_haproxy_reloads_total", counter,
              "Times that another HAProxy was to take over with a changed config.");
  for (const auto& [result, name] :
       {std::pair{"done", "haproxy_reloads"}, std::pair{"failed", "haproxy_reloads_failed"}}) {
    const auto found = status.counters.find(name);
    page.add({{"result", result}}, found == status.counters.end() ? 0 : found->second);
  }
  page.family("hapx_haproxy_draining", gauge, "Replaced HAProxies that still have connections.");
  page.add({}, status.haproxy.draining);
  page.family("hapx_apiserver_up", gauge,
              "1 if this node's HAProxy finds the kube-apiserver healthy.");
  for (const auto& service : status.services) {
    for (const auto& server : service.backends) {
      page.add({{"service", service.name.text()}, {"apiserver", server.name}}, server.up);
    }
  }
  page.family("hapx_apiserver_check_level", gauge,
              "1 for what the last good check has shown: readyz, http (401 or 403), tls or tcp.");
  for (const auto& service : status.services) {
    for (const auto& server : service.backends) {
      for (const char* level : {"readyz", "http", "tls", "tcp"}) {
        page.add({{"service", service.name.text()}, {"apiserver", server.name}, {"level", level}},
                 server.level == level);
      }
    }
  }
}

bool is_witness(const Status& status) {
  return std::ranges::any_of(status.members, [&](const MemberStatus& member) {
    return member.name == status.node && member.role == Role::witness;
  });
}

}  // namespace

std::string metrics_text(const Status& status) {
  Page page;
  add_node(page, status);
  add_members(page, status);
  add_ways(page, status);
  add_datagrams(page, status);
  add_services(page, status);
  add_ages_of_failures(page, status);
  add_electorate(page, status.electorate);
  if (status.two_nodes) add_two_nodes(page, *status.two_nodes);
  if (status.arbiter) add_arbiter(page, status);
  add_orders(page, status);
  add_drill(page, status);
  if (is_witness(status)) return page.text();  // it holds nothing and runs no HAProxy
  add_vips(page, status);
  add_fence(page, status);
  add_takeovers(page, status);
  add_haproxy(page, status);
  return page.text();
}

bool asks_for_metrics(const RequestArrived& request) {
  const bool reading = request.method == "GET" || request.method == "HEAD";
  return reading && request.target == "/metrics";
}

Respond metrics_answer(const RequestArrived& request, std::string metrics_text) {
  constexpr std::string_view wanted = "application/openmetrics-text";
  if (request.accept.find(wanted) != std::string::npos) {
    return {request.id, 200, std::string(wanted) + "; version=1.0.0; charset=utf-8",
            open_metrics(metrics_text), request.window};
  }
  return {request.id, 200, "text/plain; version=0.0.4; charset=utf-8", std::move(metrics_text),
          request.window};
}

}  // namespace hapx::appliance
