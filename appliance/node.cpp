// SPDX-License-Identifier: Apache-2.0
#include "appliance/node.hpp"

#include <algorithm>
#include <utility>

#include "appliance/node_state.hpp"
#include "config/assert.hpp"

namespace hapx::appliance {
namespace {

using membership::Liveness;

/// Limit: rounds of "what follows from that?" within one step. Each round ends something (a claim,
/// a report, a plan), so two or three suffice; the bound is for bugs.
constexpr int settle_rounds_max = 16;

const NodeConfig& self_of(const NodeOptions& options) {
  const auto found = std::ranges::find(options.config.nodes, options.self, &NodeConfig::name);
  HAPX_ASSERT(found != options.config.nodes.end());
  return *found;
}

membership::MemberOptions member_options(const NodeOptions& options) {
  return {options.config,
          options.self,
          options.boot,
          options.incarnation,
          options.keys,
          options.inheritance.memory,
          options.inheritance.abstain,
          options.seed,
          options.inheritance.record};
}

/// By its file the service may have other addresses.
bool differs_in(const membership::MemberView& member, const ServiceName& service) {
  return std::ranges::any_of(member.config_differs, [&](const std::string& part) {
    return part.starts_with("service " + service.text());
  });
}

bool same_placement(const membership::Assignment& a, const membership::Assignment& b) {
  return a.service == b.service && a.vip == b.vip && a.haproxy == b.haproxy && a.moved == b.moved;
}

}  // namespace

Node::State::State(NodeOptions given, Instant now)
    : options(std::move(given)),
      started(now),
      random(options.seed),
      member(member_options(options), now),
      coordination(options.config),
      stepped_at(now) {
  if (const auto& config = options.config.tie_breaker)
    tie_breaker.emplace(*config, options.config.timing.heartbeat);
  begin_counting();
  if (self_of(options).role == Role::witness) return;
  for (const auto& service : options.config.services) {
    services.emplace_back(service, options.config, random());
    for (const auto& vip : service.vips)
      clients.emplace_back(service.name, Endpoint{vip.address.address, service.port}, vip.announce);
  }
}

// What happened.

void Node::State::hear(const Started&, Instant now, Decisions& out) {
  drill = options.inheritance.drill;
  note(out, now, EventKind::life, "hapxd " + options.version + " began as " + options.self.text());
  std::vector<IpAddress> addresses;
  for (const auto& service : services) {
    for (const auto& vip : service.config().vips) addresses.push_back(vip.address.address);
  }
  if (!addresses.empty()) out.actions.emplace_back(vip::ArmFence{addresses});
  for (const auto& found : options.inheritance.addresses) {
    const auto deadline = options.inheritance.deadlines.find(found.address.address);
    const bool known = std::ranges::find(addresses, found.address.address) != addresses.end();
    if (!known) {
      note(out, now, EventKind::address, "removing " + to_string(found.address),
           "an earlier hapxd left it, and this file does not name it");
      out.actions.emplace_back(vip::RemoveAddress{found.interface, found.address});
      continue;
    }
    for (auto& service : services) {
      service.adopt(found.address.address,
                    deadline == options.inheritance.deadlines.end()
                        ? std::nullopt
                        : std::optional(deadline->second),
                    now, out);
    }
  }
  if (lb_supervisor::runs_haproxy(options.config, options.self)) {
    haproxy = lb_supervisor::render(options.config, options.haproxy_paths);
    absorb(supervisor.start(haproxy, now), now, out);
  }
  out.actions.emplace_back(NotifyServiceManager{"READY=1"});
}

void Node::State::hear(const DeadlineReached&, Instant, Decisions&) {}

void Node::State::hear(const StopRequested& event, Instant now, Decisions& out) {
  if (std::exchange(leaving, true)) return;
  leave_until = now + leave_patience;
  note(out, now, EventKind::life, "hapxd is ending: releasing everything", event.reason);
  out.actions.emplace_back(NotifyServiceManager{"STOPPING=1"});
}

void Node::State::hear(const membership::DatagramArrived& event, Instant now, Decisions& out) {
  absorb(member.step(event, now), now, out);
}

void Node::State::hear_vip(const vip::Event& event, Instant now, Decisions& out) {
  if (std::holds_alternative<vip::FenceArmed>(event)) {
    if (fence != FenceStatus::bpf) note(out, now, EventKind::fence, "the kernel's fence is armed");
    fence = FenceStatus::bpf;
  } else if (const auto* unavailable = std::get_if<vip::FenceUnavailable>(&event)) {
    if (fence != FenceStatus::lifetime) {
      note(out, now, EventKind::fence, "no BPF: address lifetimes are the fence",
           unavailable->reason);
    }
    fence = FenceStatus::lifetime;
    fence_reason = unavailable->reason;
  } else if (const auto* removed = std::get_if<vip::FenceRemoved>(&event)) {
    ++counters["fence_restored"];
    note(out, now, EventKind::fence, "somebody removed the fence; putting it back",
         "on interface " + removed->interface.text());
  } else if (const auto* failed = std::get_if<vip::AnnouncementFailed>(&event)) {
    ++counters["announcements_failed"];
    note(out, now, EventKind::announcement, "can't announce " + to_string(failed->address),
         failed->error.sentence);
  } else if (const auto* link = std::get_if<vip::LinkChanged>(&event)) {
    note(out, now, EventKind::address,
         "interface " + link->interface.text() +
             (!link->present  ? " is not there"
              : link->carrier ? " is up"
                              : " has no carrier"));
  }
  if (tie_breaker) tie_breaker->hear(event, now);
  for (auto& service : services) service.hear(event, now, out);
}

/// The rest belongs to vip/ or to lb-supervisor/.
template <class Event>
void Node::State::hear(const Event& event, Instant now, Decisions& out) {
  if constexpr (std::is_constructible_v<vip::Event, const Event&>) {
    hear_vip(event, now, out);
  } else if constexpr (std::is_constructible_v<vip::ClientEvent, const Event&>) {
    hear_clients(event, now, out);
  } else {
    absorb(supervisor.step(event, now), now, out);
  }
}

// What follows.

void Node::State::absorb(membership::Outcome outcome, Instant now, Decisions& out) {
  out.take(outcome.actions);
  for (const auto& news : outcome.news) absorb_news(news, now, out);
}

void Node::State::absorb(lb_supervisor::Outcome outcome, Instant now, Decisions& out) {
  out.take(outcome.actions);
  for (const auto& news : outcome.news) absorb_news(news, now, out);
}

void Node::State::absorb_news(const membership::News& news, Instant now, Decisions& out) {
  unsettled = true;
  if (const auto* gained = std::get_if<membership::RightGained>(&news)) {
    const auto whose = std::ranges::find_if(
        services, [&](const auto& service) { return service.claims(gained->key); });
    note(out, now, EventKind::lease, "won the lease of " + gained->key.text(), {},
         FailoverPhase::lease_won,
         whose == services.end() ? std::nullopt : std::optional(whose->config().name));
  } else if (const auto* regained = std::get_if<membership::RightRegained>(&news)) {
    for (auto& service : services)
      if (service.claims(regained->key)) service.announce_again(now, out);
  } else if (const auto* lost = std::get_if<membership::RightLost>(&news)) {
    ++counters["rights_lost"];
    note(out, now, EventKind::lease, "lost the lease of " + lost->key.text(), lost->reason);
    have_recorded("lost the lease of " + lost->key.text(), now);
  } else if (const auto* denied = std::get_if<membership::RightDenied>(&news)) {
    note(out, now, EventKind::lease, "waiting for the lease of " + denied->key.text(),
         denied->reason);
  } else if (std::holds_alternative<membership::ViewChanged>(news)) {
    plan_due = true;
  } else if (const auto* arrived = std::get_if<membership::OrderArrived>(&news)) {
    take_order(arrived->order, now, out);
  } else if (const auto* answered = std::get_if<membership::OrderAnswered>(&news)) {
    pass_on(answered->answer, out);
  } else if (const auto* ended = std::get_if<membership::OrderEnded>(&news)) {
    note(out, now, EventKind::order, describe(ended->order.subject) + " has ended",
         "its time is over");
  } else if (std::holds_alternative<membership::StagedAgreed>(news)) {
    staged_agreed = true;
  } else if (const auto* refused = std::get_if<membership::DatagramRefused>(&news)) {
    ++counters["datagrams_refused." + refused->reason];
  } else if (const auto* clash = std::get_if<membership::Conflict>(&news)) {
    ++counters["name_conflicts"];
    if (conflict != clash->sentence || now >= conflict_at + conflict_patience)
      note(out, now, EventKind::member, clash->sentence);
    conflict = clash->sentence;
    conflict_at = now;
  }
}

void Node::State::absorb_news(const lb_supervisor::News& news, Instant now, Decisions& out) {
  unsettled = true;
  const auto find = [&](const ServiceName& name) {
    return std::ranges::find_if(services, [&](const auto& s) { return s.config().name == name; });
  };
  if (std::holds_alternative<lb_supervisor::HaproxyReady>(news)) {
    note(out, now, EventKind::haproxy, "HAProxy is warm");
  } else if (const auto* serving = std::get_if<lb_supervisor::HaproxyServing>(&news)) {
    if (const auto service = find(serving->service); service != services.end()) {
      service->haproxy_serving(now, out);
    }
  } else if (const auto* failed = std::get_if<lb_supervisor::HaproxyFailed>(&news)) {
    ++counters["haproxy_failures"];
    note(out, now, EventKind::haproxy,
         maintenance ? "HAProxy failed; it is left as it is until the maintenance ends"
                     : "HAProxy failed; restarting it",
         failed->how);
    for (const auto& name : failed->served) {
      if (const auto service = find(name); service != services.end()) {
        service->haproxy_failed(failed->how, now, out);
      }
    }
  } else if (const auto* not_ready = std::get_if<lb_supervisor::HaproxyNotReady>(&news)) {
    note(out, now, EventKind::haproxy, "HAProxy can't be made ready", not_ready->reason);
  } else if (const auto* examination = std::get_if<lb_supervisor::HaproxyExamined>(&news)) {
    haproxy_examined(examination->refusal, now, out);
  } else if (std::holds_alternative<lb_supervisor::HaproxyReplaced>(news)) {
    ++counters["haproxy_reloads"];
    note(out, now, EventKind::haproxy,
         "another HAProxy took over with the changed config; the old one drains");
  } else if (std::holds_alternative<lb_supervisor::HaproxyAmended>(news)) {
    note(out, now, EventKind::haproxy, "HAProxy took the changed kube-apiservers as it runs");
  } else if (const auto* kept = std::get_if<lb_supervisor::HaproxyNotReplaced>(&news)) {
    ++counters["haproxy_reloads_failed"];
    note(out, now, EventKind::haproxy, "HAProxy goes on with the config that it had", kept->reason);
  }
}

/// Lets everything follow from everything until nothing changes.
void Node::State::settle(Instant now, Decisions& out) {
  absorb(member.step(now), now, out);
  absorb(supervisor.step(now), now, out);
  for (int round = 0; round < settle_rounds_max; ++round) {
    unsettled = false;
    attend_to_evidence(now, out);
    answer_returns(now, out);
    look_for_holders(now);
    journal_view(now, out);
    obey_maintenance(now, out);
    obey_plan(now, out);
    converge(now, out);
    tell_report(now, out);
    coordinate(now, out);
    if (!unsettled) break;
  }
  if (leaving) leave(now, out);
  attend_to_clients(now, out);
  attend_to_staged(now, out);
}

/// Whoever has an address of ours is heard by those who would take it next.
void Node::State::look_for_holders(Instant now) {
  for (auto& service : services) {
    const ServiceName& name = service.config().name;
    bool held = false;
    bool contested = false;
    for (const auto& one : member.view().members) {
      if (one.name == options.self || !takes_part(one)) continue;
      for (const auto& report : one.report.services) {
        if (report.service != name) continue;
        contested = contested || report.contested;
        held = held ||
               (report.vip.state == membership::ResourceState::started && !differs_in(one, name));
      }
    }
    if (contested) {
      service.others_wait();
    } else {
      service.others_hold(held, now);
    }
  }
}

/// Maintenance freezes plans, and takes our hands off what runs here. By our own copy of the
/// orders, too, before anybody has told us anything: a node that comes back obeys first.
void Node::State::obey_maintenance(Instant now, Decisions& out) {
  const auto& orders = member.view().record.orders;
  const bool ordered = find_order(orders, membership::Subject::maintenance()) != nullptr;
  if (std::exchange(maintenance, ordered) == ordered) return;
  for (auto& service : services) service.leave_alone(ordered);
  absorb(supervisor.leave_alone(ordered ? "the cluster is in maintenance" : "", now), now, out);
}

/// What the plan in force wants of this node. Without a plan: what was inherited, if anything.
void Node::State::obey_plan(Instant now, Decisions&) {
  const auto& plan = member.view().plan;
  if (!plan) return;
  for (auto& service : services) {
    ServiceHere::Wanted wanted;
    for (const auto& assignment : plan->assignments) {
      if (assignment.service != service.config().name) continue;
      wanted = {assignment.vip == options.self, assignment.haproxy == options.self,
                assignment.moved && assignment.vip == options.self};
    }
    if (wanted.vip && !service.wanted().vip) takeovers.begin(service.config().name, now);
    if (!wanted.vip) takeovers.drop(service.config().name);
    service.want(wanted);
  }
}

void Node::State::converge(Instant now, Decisions& out) {
  for (auto& service : services) {
    service.converge(surroundings(now), now, out);
  }
  // Safety: fences were closed by actions that stand before the datagrams made here.
  for (const auto& key : std::exchange(out.releases, {}))
    absorb(member.release(key, now), now, out);
  for (const auto& key : std::exchange(out.claims, {})) absorb(member.claim(key, now), now, out);
  for (const auto& name : std::exchange(out.rest, {})) supervisor.rest(name);
  for (const auto& name : std::exchange(out.serve, {})) {
    if (!supervisor.serves(name)) absorb(supervisor.serve(name), now, out);
  }
  std::set<membership::LeaseKey> free;
  for (const auto& service : services) service.add_free(free, now);
  if (free != witness.free) unsettled = true;
}

void Node::State::tell_report(Instant now, Decisions& out) {
  if (supervisor.fitness().fit) {
    unfit_since.reset();
  } else if (!unfit_since) {
    unfit_since = now;
  }
  unfit_told = unfit_since && now >= *unfit_since + unfit_patience;
  membership::NodeReport report;
  for (const auto& service : services) {
    auto part = service.report(now);
    part.haproxy_fit = !unfit_told;
    // Not known yet is no reason against this node.
    part.healthy_api_servers =
        supervisor.healthy_api_servers(part.service).value_or(part.api_servers);
    report.services.push_back(std::move(part));
  }
  absorb(member.tell(std::move(report), now), now, out);
}

/// A coordinator that has only just come to hear a majority, at its start or after a time without,
/// waits until everybody is here and has reported, or long enough to know that somebody is not: it
/// would move what a peer still holds. (To be alive is not enough: the report may come a datagram
/// later.) So does one that doesn't know the standing orders yet; membership sees to it that this
/// takes no longer than a lease.
bool Node::State::may_plan(Instant now) const {
  if (member.view().record.state == membership::RecordState::unread) return false;
  if (now >= may_plan_from()) return true;
  // Who said good-bye has nothing left to tell.
  const auto& alone = member.view().alone;
  if (alone && alone->stands_in && alone->other == membership::OtherIs::left) return true;
  return std::ranges::all_of(member.view().members, [](const auto& one) {
    return one.report_heard.has_value() && takes_part(one);
  });
}

Instant Node::State::may_plan_from() const {
  return quorate_since.value_or(started) + options.config.timing.lease;
}

void Node::State::coordinate(Instant now, Decisions& out) {
  if (!member.view().quorate) {
    quorate_since.reset();
  } else if (!quorate_since) {
    quorate_since = now;
  }
  if (!member.view().coordinating) {
    planned = false;
    return;
  }
  const auto again = coordination.next_deadline();
  const bool due = plan_due || !planned || (again && now >= *again);
  if (!due || leaving || !may_plan(now)) return;
  plan_due = false;
  const auto before = member.view().plan;
  auto assignments = coordination.assignments(member.view(), now);
  const bool same = before && std::ranges::equal(before->assignments, assignments, same_placement);
  if (planned && same) return;
  planned = true;
  for (const auto& assignment : assignments) {
    const auto told = before ? std::ranges::find(before->assignments, assignment.service,
                                                 &membership::Assignment::service)
                             : decltype(before->assignments.begin()){};
    if (before && told != before->assignments.end() && same_placement(*told, assignment)) continue;
    note(out, now, EventKind::placement,
         assignment.service.text() + " is to be " +
             (assignment.vip ? "on " + assignment.vip->text() : "nowhere"),
         assignment.reason, FailoverPhase::placement_decided, assignment.service);
  }
  absorb(member.publish(std::move(assignments), now), now, out);
  unsettled = true;
}

/// Says goodbye when nothing acts any more, and ends when the kernel has confirmed it.
void Node::State::leave(Instant now, Decisions& out) {
  if (exited) return;
  const auto released = [](const ServiceHere& service) {
    return std::ranges::all_of(service.holders(), [](const auto& holder) {
      return holder.status().state == vip::HolderState::released;
    });
  };
  const auto silent = [](const ServiceHere& service) { return !service.claimed(); };
  const bool patient = now < leave_until;
  if (!left && (!patient || std::ranges::all_of(services, silent))) {
    left = true;
    absorb(member.leave(now), now, out);
  }
  if (!left || (patient && !std::ranges::all_of(services, released))) return;
  exited = true;
  out.actions.emplace_back(Exit{0});
}

/// Who is heard again after its death may have slept through the end of its lease, and have spoken
/// for an address as it awoke: neighbours believe who spoke last (LEASE.md, rule 17).
void Node::State::answer_returns(Instant now, Decisions& out) {
  const auto& members = member.view().members;
  for (std::size_t i = 0; i < members.size() && i < seen.members.size(); ++i) {
    if (seen.members[i].liveness != Liveness::dead || members[i].liveness == Liveness::dead)
      continue;
    for (auto& service : services) service.announce_again(now, out);
  }
}

std::optional<Instant> Node::State::next_deadline() const {
  std::optional<Instant> next;
  const auto sooner = [&](std::optional<Instant> instant) {
    if (instant && (!next || *instant < *next)) next = instant;
  };
  sooner(member.next_deadline());
  sooner(supervisor.next_deadline());
  for (const auto& service : services) sooner(service.next_deadline());
  for (const auto& one : clients) sooner(one.next_deadline());
  if (tie_breaker && !leaving) sooner(tie_breaker->next_deadline());
  if (unfit_since && !unfit_told) sooner(*unfit_since + unfit_patience);
  if (member.view().coordinating) {
    // Before it may plan there is nothing that it could do about what is over.
    if (may_plan(stepped_at)) {
      sooner(coordination.next_deadline());
    } else if (stepped_at < may_plan_from()) {
      sooner(may_plan_from());
    }
  }
  if (leaving && !exited) sooner(leave_until);
  sooner(readers_due());
  sooner(recording_due);
  return next;
}

// The face.

Node::Node(NodeOptions options, Instant now)
    : state_(std::make_unique<State>(std::move(options), now)) {
  state_->next_due = state_->next_deadline();
}
Node::~Node() = default;
Node::Node(Node&&) noexcept = default;
Node& Node::operator=(Node&&) noexcept = default;

Actions Node::step(const Event& event, Instant now) {
  Decisions out;
  const auto due = state_->next_due;
  // What was overdue when the last step ended can't have been done before now.
  if (due && now >= *due) state_->loop_lag.observe(now - std::max(*due, state_->stepped_at));
  state_->stepped_at = now;
  std::visit([&](const auto& happened) { state_->hear(happened, now, out); }, event);
  state_->settle(now, out);
  state_->tell_service_manager(out);
  state_->write_journal(out);
  state_->tell_readers(now, out);
  state_->keep_recording_if_due(now, out);
  state_->next_due = state_->next_deadline();
  return std::move(out.actions);
}

std::optional<Instant> Node::next_deadline() const {
  return state_->next_due;
}

Status Node::status(Instant now) const {
  return state_->status(now);
}

}  // namespace hapx::appliance
