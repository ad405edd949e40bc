// SPDX-License-Identifier: Apache-2.0
#include "appliance/service_here.hpp"

#include <algorithm>
#include <utility>

#include "config/assert.hpp"

namespace hapx::appliance {
namespace {

using membership::LeaseKey;
using membership::ResourceState;

/// For so long after a node of ours held an address its lease is proof enough that no other host
/// has it: one would have been heard. Well above any failover, well below what it takes to put a
/// new machine on the segment.
constexpr Duration proof_lasts = std::chrono::seconds(10);

/// Ages are reported in steps, so that a report changes only when something did.
constexpr Duration age_step = std::chrono::seconds(5);

bool held(const vip::Holder& holder) {
  return holder.status().state == vip::HolderState::held;
}

bool asks(const vip::Holder& holder) {
  return holder.status().state == vip::HolderState::asking;
}

/// Nothing of ours leaves under this address any more. Without the kernel's filter that is only so
/// when the address is gone.
bool silent(const vip::Holder& holder) {
  const auto status = holder.status();
  return status.state == vip::HolderState::released ||
         (status.state == vip::HolderState::releasing && status.fence == vip::FenceKind::bpf);
}

}  // namespace

ServiceHere::ServiceHere(const ServiceConfig& service, const ClusterConfig& cluster,
                         std::uint64_t seed)
    : service_(service), timing_(cluster.timing), scheduling_(cluster.scheduling) {
  for (const auto& vip : service.vips) {
    holders_.emplace_back(vip, cluster.timing.lease, seed++);
    keys_.push_back(LeaseKey::of(vip.address.address));
  }
  leave_alone(false);
}

void ServiceHere::leave_alone(bool yes) {
  left_alone_ = yes;
  stays_away_ = yes && !has_plan_ && !inherited_;
  for (auto& holder : holders_) holder.leave_away(yes || service_.on_fail.vip == OnFail::block);
}

void ServiceHere::note(Decisions& out, Instant now, EventKind kind,
                       std::optional<FailoverPhase> phase, std::string sentence,
                       std::string reason) const {
  out.entries.push_back({now, kind, service_.name, phase, std::move(sentence), std::move(reason)});
}

void ServiceHere::adopt(const IpAddress& address, std::optional<Instant> deadline, Instant now,
                        Decisions& out) {
  for (auto& holder : holders_) {
    if (holder.vip().address.address != address) continue;
    take(holder, holder.adopt(deadline, now), now, out);
    if (!deadline || *deadline <= now) continue;
    wanted_ = {true, true, false};
    inherited_ = true;
    adopted_ = true;
    note(out, now, EventKind::life, {}, "adopted " + to_string(address),
         "an earlier hapxd of this boot held it, and its lease has not ended");
  }
}

bool ServiceHere::expired(const Failures& failures, Instant now) const {
  const Duration timeout = scheduling_.failure_timeout;
  return failures.count > 0 && timeout > Duration(0) && now - failures.last >= timeout;
}

void ServiceHere::count(Failures& failures, Fatality fatality, Instant now) const {
  if (expired(failures, now)) failures.count = 0;
  failures.last = now;
  failures.count = fatality == Fatality::fatal
                       ? membership::fail_count_max
                       : std::min(failures.count + 1, membership::fail_count_max);
}

void ServiceHere::hear(const vip::Event& event, Instant now, Decisions& out) {
  if (const auto* link = std::get_if<vip::LinkChanged>(&event)) {
    links_[link->interface] = link->present && link->carrier;
  }
  for (auto& holder : holders_) take(holder, holder.step(event, now), now, out);
  if (const auto* sent = std::get_if<vip::AnnouncementSent>(&event)) announced(*sent, now, out);
}

void ServiceHere::others_hold(bool yes, Instant now) {
  if (others_hold_ && !yes) held_until_ = now;
  others_hold_ = yes;
}

void ServiceHere::others_wait() {
  others_hold_ = false;
  held_until_.reset();
}

/// In doubt a lease, which rests on evidence then, proves nothing more than the asking did.
vip::Proof ServiceHere::proof(const vip::Holder& holder, const Surroundings& around,
                              Instant now) const {
  if (holder.found_free(now)) return vip::Proof::asked;
  if (around.doubt.doubts) return vip::Proof::none;
  const bool lately = held_until_ && now - *held_until_ < proof_lasts;
  return others_hold_ || was_up_ || lately ? vip::Proof::held_by_us : vip::Proof::none;
}

void ServiceHere::announce_again(Instant now, Decisions& out) {
  for (vip::Holder& holder : holders_) take(holder, holder.announce_again(now), now, out);
}

bool ServiceHere::claims(const membership::LeaseKey& key) const {
  return std::ranges::find(keys_, key) != keys_.end();
}

/// The repetitions are no news.
void ServiceHere::announced(const vip::AnnouncementSent& event, Instant now, Decisions& out) {
  const bool ours = std::ranges::any_of(holders_, [&](const auto& holder) {
    return holder.vip().address.address == event.address && holder.status().serving;
  });
  if (!ours || !announced_.insert(event.address).second) return;
  note(out, now, EventKind::announcement, FailoverPhase::announced,
       to_string(event.address) + " is announced");
}

void ServiceHere::take(const vip::Holder& holder, vip::Outcome outcome, Instant now,
                       Decisions& out) {
  out.take(outcome.actions);
  for (const auto& news : outcome.news) take_news(holder, news, now, out);
}

/// What was held because it had been held is not taken once more for that.
void ServiceHere::end_adoption() {
  adopted_ = false;
  if (std::exchange(inherited_, false)) wanted_ = {};
}

void ServiceHere::take_news(const vip::Holder& holder, const vip::News& news, Instant now,
                            Decisions& out) {
  const std::string address = to_string(holder.vip().address.address);
  if (std::holds_alternative<vip::Started>(news)) {
    note(out, now, EventKind::address, FailoverPhase::address_added, address + " is here");
  } else if (const auto* failed = std::get_if<vip::StartFailed>(&news)) {
    if (failed->error.kind == ErrorKind::unavailable) return;  // an obstacle, told by converge
    count(vip_failures_, Fatality::fatal, now);
    vip_state_ = ResourceState::start_failed;
    start_error_ = failed->error.sentence;
    note(out, now, EventKind::address, {}, "can't add " + address, start_error_);
  } else if (const auto* stuck = std::get_if<vip::StopFailed>(&news)) {
    // With its fence closed the address is silent, as good as stopped; it ends with its lifetime.
    const bool is_silent = silent(holder);
    count(vip_failures_, is_silent ? Fatality::counted : Fatality::fatal, now);
    if (!is_silent) vip_state_ = ResourceState::stop_failed;
    start_error_ = stuck->error.sentence;
    note(out, now, EventKind::address, {}, "can't remove " + address, start_error_);
  } else if (std::holds_alternative<vip::TakenAway>(news)) {
    taken_away(address, now, out);
  } else if (const auto* ended = std::get_if<vip::HoldingEnded>(&news)) {
    end_adoption();
    note(out, now, EventKind::lease, {}, "stopped holding " + address, ended->reason);
  } else if (std::holds_alternative<vip::LinkLost>(news)) {
    end_adoption();
  } else if (std::holds_alternative<vip::Unclaimed>(news)) {
    note(out, now, EventKind::address, FailoverPhase::address_asked,
         "nobody else has " + address + "; adding it");
  } else if (const auto* rival = std::get_if<vip::Contested>(&news)) {
    contested(holder, *rival, now, out);
  } else if (std::holds_alternative<vip::Stopped>(news)) {
    if (vip_state_ == ResourceState::stop_failed) vip_state_ = ResourceState::stopped;
    note(out, now, EventKind::address, {}, address + " is gone from here");
  }
}

/// A VIP of ours has failed, and is left as it is.
bool ServiceHere::is_blocked() const {
  return stays_away_ ||
         (vip_state_ == ResourceState::monitor_failed && service_.on_fail.vip == OnFail::block);
}

void ServiceHere::taken_away(const std::string& address, Instant now, Decisions& out) {
  count(vip_failures_, Fatality::counted, now);
  stays_away_ = left_alone_;
  if (stays_away_ || service_.on_fail.vip != OnFail::ignore)
    vip_state_ = ResourceState::monitor_failed;
  const std::string what = "somebody removed " + address;
  if (service_.on_fail.vip == OnFail::block) {
    note(out, now, EventKind::address, {}, what + "; it stays away until a cleanup",
         "onFail is block");
  } else if (stays_away_) {
    note(out, now, EventKind::address, {}, what + "; it stays away until the maintenance ends",
         "nothing is started in maintenance");
  } else {
    note(out, now, EventKind::address, {}, what + "; adding it again");
  }
}

void ServiceHere::contested(const vip::Holder& holder, const vip::Contested& news, Instant now,
                            Decisions& out) {
  using Response = vip::Contested::Response;
  const std::string address = to_string(holder.vip().address.address);
  const std::string who = to_string(news.mac);
  switch (news.response) {
    case Response::wait:
      note(out, now, EventKind::address, {}, who + " has " + address + ", or wants it",
           "it is added when nobody else has it");
      break;
    case Response::answer:
      note(out, now, EventKind::address, {}, who + " asks whether anybody has " + address);
      break;
    case Response::defend:
      note(out, now, EventKind::address, {},
           who + " claims " + address + ", too; announcing it again", "onConflict is defend");
      break;
    case Response::yield:
      note(out, now, EventKind::address, {},
           who + " claims " + address + "; giving it up until nobody else has it",
           gives_way_ ? "the other node may have it, unheard, and keeps it: it is the file's first"
                      : "onConflict is yield");
      gave_way_ = gives_way_;
      break;
  }
}

void ServiceHere::haproxy_failed(const std::string& how, Instant now, Decisions& out) {
  if (haproxy_state_ != ResourceState::started) return;
  count(haproxy_failures_, Fatality::counted, now);
  haproxy_state_ = ResourceState::monitor_failed;
  // Safety: at once, for a repeated announcement may be due at this very instant.
  for (auto& holder : holders_) holder.stop_serving();
  moved_here_ = false;
  note(out, now, EventKind::haproxy, {}, "HAProxy failed here", how);
}

void ServiceHere::haproxy_serving(Instant now, Decisions& out) {
  // Pacemaker's `block`, `stop` and `standby` want the failure to stay visible; else it is cured.
  // Only what blocks is never over.
  const OnFail on_fail = service_.on_fail.haproxy;
  const bool cured = on_fail == OnFail::restart || on_fail == OnFail::ignore ||
                     (on_fail != OnFail::block && expired(haproxy_failures_, now));
  if (haproxy_state_ == ResourceState::monitor_failed && !cured) return;
  haproxy_state_ = ResourceState::started;
  note(out, now, EventKind::haproxy, FailoverPhase::haproxy_serving,
       "HAProxy serves " + service_.name.text());
}

bool ServiceHere::forget_failures(Instant now, Decisions& out) {
  const bool vip_fails =
      vip_state_ != ResourceState::stopped && vip_state_ != ResourceState::started;
  const bool haproxy_fails = haproxy_state_ == ResourceState::monitor_failed;
  if (!vip_fails && !haproxy_fails && vip_failures_.count + haproxy_failures_.count == 0) {
    return false;
  }
  note(out, now, EventKind::order, {}, "forgetting the failures of " + service_.name.text());
  vip_failures_ = {};
  haproxy_failures_ = {};
  start_error_.clear();
  if (vip_fails) {
    // What could not be stopped is there until the kernel says otherwise, and is stopped anew.
    const bool is_gone = std::ranges::all_of(holders_, silent);
    vip_state_ = is_gone ? ResourceState::stopped : ResourceState::started;
  }
  if (haproxy_fails) {
    // Asked to serve again, the supervisor says at once whether HAProxy does.
    haproxy_state_ = ResourceState::stopped;
    out.rest.push_back(service_.name);
  }
  return true;
}

std::string ServiceHere::obstacle_to_holding(const Surroundings& around, Instant now) const {
  if (around.leaving) return "hapxd is ending";
  if (adopted_) return {};  // the world has not told us yet how it is; the old right bounds this
  for (const auto& holder : holders_) {
    if (auto obstacle = holder.obstacle()) return *obstacle;
  }
  const bool barred = vip_failures_.count >= membership::fail_count_max;
  if (barred && !expired(vip_failures_, now)) return start_error_;
  return {};
}

void ServiceHere::converge(const Surroundings& around, Instant now, Decisions& out) {
  gives_way_ = around.doubt.doubts && around.doubt.gives_way;
  for (auto& holder : holders_) {
    holder.doubt(around.doubt);
    take(holder, holder.step(now), now, out);
  }
  survey(around, now, out);
  const std::string before = std::exchange(obstacle_, obstacle_to_holding(around, now));
  const bool newly_wanted = wanted_.vip && !std::exchange(was_wanted_, wanted_.vip);
  if (wanted_.vip && !obstacle_.empty() && (obstacle_ != before || newly_wanted)) {
    note(out, now, EventKind::address, {}, "can't hold " + service_.name.text() + " here",
         obstacle_);
  }
  if (wanted_.vip && obstacle_.empty() && !std::exchange(gave_way_, false)) {
    raise(around, now, out);
  } else {
    lower(now, out);
  }
  waits_for_ = claimant(now);
  keep_haproxy_books(now, out);
}

/// Who keeps us from adding an address.
std::string ServiceHere::claimant(Instant now) const {
  for (const auto& holder : holders_) {
    if (!asks(holder)) continue;
    const std::string address = to_string(holder.vip().address.address);
    if (const auto* rival = holder.rivals().present(now)) {
      return address + " is at " + to_string(rival->mac) + "; it is added when nobody else has it";
    }
    const std::string trouble = holder.status().asking_trouble;
    if (!trouble.empty()) return "can't ask whether anybody has " + address + ": " + trouble;
  }
  return {};
}

/// Begins while it is not known yet whether the other node is gone, nor what the plan will be then;
/// goes on where the service is wanted.
void ServiceHere::survey(const Surroundings& around, Instant now, Decisions& out) {
  if (!around.asks)
    asks_since_.reset();
  else if (!asks_since_)
    asks_since_ = now;
  const bool soon = asks_since_ && now - *asks_since_ < 2 * timing_.lease;
  for (auto& holder : holders_) {
    if (around.asks && (wanted_.vip || soon) && !holder.obstacle()) {
      take(holder, holder.survey(now), now, out);
    } else {
      holder.end_survey();
    }
  }
}

void ServiceHere::add_free(std::set<LeaseKey>& free, Instant now) const {
  for (std::size_t i = 0; i < holders_.size(); ++i)
    if (holders_[i].found_free(now)) free.insert(keys_[i]);
}

/// Claims what is not claimed, and holds what is ours.
void ServiceHere::raise(const Surroundings& around, Instant now, Decisions& out) {
  if (!std::exchange(claimed_, true)) {
    out.claims.insert(out.claims.end(), keys_.begin(), keys_.end());
  }
  const bool all_ours = std::ranges::all_of(keys_, [&](const LeaseKey& key) {
    const auto right = around.rights.find(key);
    return right != around.rights.end() && now < right->second;
  });
  for (std::size_t i = 0; i < holders_.size(); ++i) {
    auto& holder = holders_[i];
    // The lease is kept, so that nobody else starts it either.
    if (is_blocked() && !held(holder)) continue;
    const auto until = holder.status().until;
    if (all_ours) {
      const Instant right = around.rights.at(keys_[i]);
      if (until && *until >= right) continue;
      take(holder, holder.acquire(right, proof(holder, around, now), now), now, out);
      if (!until) tell_what_is_asked(holder, now, out);
    } else if (!adopted_) {
      // An address without its sisters' leases is not held.
      take(holder, holder.release(now), now, out);
    }
  }
  const bool known = std::ranges::none_of(
      holders_, [](const auto& holder) { return holder.obstacle().has_value(); });
  if (all_ours && known) adopted_ = false;
  const bool up = std::ranges::all_of(holders_, held);
  if ((!all_ours && !adopted_) || std::ranges::any_of(holders_, asks)) {
    vip_state_ = ResourceState::stopped;
  } else if (up) {
    vip_state_ = ResourceState::started;
    if (wanted_.moved && !was_up_) moved_here_ = true;
  }
  if (was_up_ && !up) held_until_ = now;
  was_up_ = up;
}

void ServiceHere::tell_what_is_asked(const vip::Holder& holder, Instant now, Decisions& out) const {
  const std::string address = to_string(holder.vip().address.address);
  if (asks(holder)) {
    note(out, now, EventKind::address, {}, "asking whether anybody else has " + address,
         "no node of ours had it in the last 10s");
  } else {
    note(out, now, EventKind::address, FailoverPhase::address_asked, "adding " + address);
  }
}

/// Stops in reverse order; gives each key back when its holder is silent.
void ServiceHere::lower(Instant now, Decisions& out) {
  if (haproxy_state_ == ResourceState::started) haproxy_state_ = ResourceState::stopped;
  for (auto& holder : holders_) take(holder, holder.release(now), now, out);
  adopted_ = false;
  if (!std::ranges::all_of(holders_, silent)) return;
  if (std::exchange(claimed_, false)) {
    out.releases.insert(out.releases.end(), keys_.begin(), keys_.end());
  }
  if (std::exchange(was_up_, false)) held_until_ = now;
  moved_here_ = false;
  if (vip_state_ != ResourceState::stop_failed) vip_state_ = ResourceState::stopped;
  if (haproxy_state_ != ResourceState::monitor_failed || !wanted_.vip) {
    haproxy_state_ = ResourceState::stopped;
  }
}

/// HAProxy is one process for all services and always warm; serving is an entry in the books of its
/// supervisor, which answers at once if it is warm, and again whenever it becomes so.
void ServiceHere::keep_haproxy_books(Instant now, Decisions& out) {
  const bool serve =
      was_up_ && wanted_.vip && wanted_.haproxy && vip_state_ == ResourceState::started;
  (serve ? out.serve : out.rest).push_back(service_.name);
  if (!serve && haproxy_state_ == ResourceState::started) haproxy_state_ = ResourceState::stopped;
  for (auto& holder : holders_) {
    const IpAddress& address = holder.vip().address.address;
    if (haproxy_state_ != ResourceState::started) {
      holder.stop_serving();
      announced_.erase(address);
    } else if (!holder.status().serving) {
      note(out, now, EventKind::announcement, FailoverPhase::announcing,
           "announcing " + to_string(address));
      take(holder, holder.serve(now), now, out);
    }
  }
}

std::optional<Instant> ServiceHere::next_deadline() const {
  std::optional<Instant> next;
  for (const auto& holder : holders_) {
    const auto deadline = holder.next_deadline();
    if (deadline && (!next || *deadline < *next)) next = deadline;
  }
  return next;
}

membership::ServiceReport ServiceHere::report(Instant now) const {
  const auto resource = [&](ResourceState state, const Failures& failures) {
    membership::ResourceReport report;
    report.state = state;
    // Whether a present failure is over depends on `onFail`, and so is for the scheduler to say.
    const bool fails = state != ResourceState::stopped && state != ResourceState::started;
    const bool over = expired(failures, now) && !fails;
    report.fail_count = over ? 0 : failures.count;
    // What is left alone stays where it is also if it is gone, and so comes back there.
    report.monitor_says_stopped = !(left_alone_ && state == ResourceState::monitor_failed);
    if (report.fail_count > 0)
      report.since_last_failure = (now - failures.last) / age_step * age_step;
    return report;
  };
  membership::ServiceReport report;
  report.service = service_.name;
  report.vip = resource(vip_state_, vip_failures_);
  report.haproxy = resource(haproxy_state_, haproxy_failures_);
  report.link_up = std::ranges::all_of(service_.vips, [&](const VipConfig& vip) {
    const auto link = links_.find(vip.interface);
    // What was inherited is up until we are told otherwise.
    return link == links_.end() ? adopted_ : link->second;
  });
  report.moved_here = moved_here_;
  if (!adopted_) {
    for (const auto& holder : holders_) {
      if (auto obstacle = holder.obstacle()) report.obstacle = *obstacle;
    }
  }
  report.contested = std::ranges::any_of(holders_, [&](const auto& holder) {
    const bool waits = asks(holder) || holder.vip().on_conflict == OnConflict::yield;
    return waits && !held(holder) && holder.rivals().present(now) != nullptr;
  });
  report.api_servers = static_cast<std::uint32_t>(service_.api_servers.size());
  return report;
}

std::optional<Instant> ServiceHere::right_until() const {
  std::optional<Instant> until;
  for (const auto& holder : holders_) {
    const auto right = holder.status().until;
    if (!right) return std::nullopt;
    if (!until || *right < *until) until = right;
  }
  return until;
}

}  // namespace hapx::appliance
