// SPDX-License-Identifier: Apache-2.0
#include "vip/holder.hpp"

#include <algorithm>
#include <utility>

#include "config/assert.hpp"

namespace hapx::vip {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr unsigned removal_attempts_max = 5;
constexpr Duration removal_retry_interval = seconds(1);
/// A renewal that is refused once may succeed the next time; twice is a failure.
constexpr unsigned renewal_refusals_max = 2;

/// With the filter as the fence the address's lifetime is only the backstop.
constexpr Duration backstop_renewal_interval = seconds(1);
constexpr Duration backstop_lifetime_min = seconds(2);

/// Of a routed address it is how long BIRD goes on for a dead hapxd: at least a lease, so that it
/// never ends before the right does, and no more.
constexpr Duration routed_lifetime_min = seconds(1);

/// With the lifetime as the fence: valid_lft 1 ends an address 1.0 to 1.25 s after its last
/// renewal.
constexpr Duration fence_lifetime = seconds(1);
constexpr Duration fence_renewal_interval = milliseconds(250);
/// What must be left of the right for a renewal by the lifetime fence: 1.25 s of the kernel's ticks
/// on a clock that runs up to 10 % slow. The address is then gone before the voters' promise ends,
/// for every lease of lifetime_lease_min or more and every pair of clocks that drift_permille
/// covers: the promise outlives the right by at least T(1/1.1 - 0.815/r), where r is our clock's
/// rate, and the address the right by at most 1.25 s - 1.125 s/r.
constexpr Duration fence_right_min = milliseconds(1125);

}  // namespace

std::string_view to_string(HolderState state) {
  switch (state) {
    case HolderState::released:
      return "released";
    case HolderState::asking:
      return "asking";
    case HolderState::acquiring:
      return "acquiring";
    case HolderState::held:
      return "held";
    case HolderState::releasing:
      break;
  }
  return "releasing";
}

std::string_view to_string(FenceKind kind) {
  switch (kind) {
    case FenceKind::pending:
      return "pending";
    case FenceKind::bpf:
      return "bpf";
    case FenceKind::lifetime:
      break;
  }
  return "lifetime";
}

Holder::Holder(VipConfig vip, Duration lease, std::uint64_t seed)
    : vip_(std::move(vip)), lease_(lease), seed_(seed) {}

// What stands in the way.

std::optional<std::string> Holder::link_obstacle() const {
  if (!link_ || !link_->present) return "interface " + vip_.interface.text() + " is not there";
  if (!link_->carrier) return "interface " + vip_.interface.text() + " has no carrier";
  return std::nullopt;
}

std::optional<std::string> Holder::fence_obstacle() const {
  if (fence_ == FenceKind::pending) return "the fence is not armed yet";
  if (fence_ == FenceKind::lifetime && lease_ < lifetime_lease_min) {
    return "the kernel has no filter for us (" + fence_reason_ +
           "), and address lifetimes as the fence need a lease of 1.5s or more";
  }
  return std::nullopt;
}

std::optional<std::string> Holder::obstacle() const {
  if (auto reason = link_obstacle()) return reason;
  if (auto reason = routing_obstacle()) return reason;
  return fence_obstacle();
}

Duration Holder::lifetime() const {
  if (fence_ == FenceKind::lifetime) return fence_lifetime;
  // Routers are sent here as long as it is here, also when nobody renews it any more.
  if (vip_.is_routed())
    return std::max<Duration>(std::chrono::ceil<seconds>(lease_), routed_lifetime_min);
  return std::max<Duration>(std::chrono::ceil<seconds>(lease_) + seconds(1), backstop_lifetime_min);
}

Duration Holder::renewal_interval() const {
  return fence_ == FenceKind::lifetime || vip_.is_routed() ? fence_renewal_interval
                                                           : backstop_renewal_interval;
}

/// Safety: with the lifetime fence no renewal carries the address past the voters' promise.
bool Holder::may_add(Instant until, Instant now) const {
  return fence_ != FenceKind::lifetime || until - now >= fence_right_min;
}

std::optional<Instant> Holder::until() const {
  if (const auto* asking = std::get_if<Asking>(&state_)) return asking->until;
  return acting_until();
}

std::optional<Instant> Holder::acting_until() const {
  if (const auto* acquiring = std::get_if<Acquiring>(&state_)) return acquiring->until;
  if (const auto* held = std::get_if<Held>(&state_)) return held->until;
  return std::nullopt;
}

// The changes of state.

void Holder::become_acquiring(Acquiring acquiring, Instant now, Outcome& out) {
  const Instant until = acquiring.until;
  acting_since_ = now;
  state_ = acquiring;
  out.actions.emplace_back(ExtendDeadline{vip_.address.address, until});
  if (may_add(until, now)) ask_for_address(until, now, out);
}

void Holder::become_held(const Acquiring& before, Instant now, Outcome& out) {
  Held held{before.until, before.asked_at, false, 0, Announcement(++seed_)};
  if (before.serving) held.announcement.begin(now);
  state_ = std::move(held);
  out.news.emplace_back(Started{});
  announce_if_due(now, out);
}

/// The reflex. The order matters: from the first action on, nothing of ours passes.
void Holder::let_go(Outcome& out) {
  rivals_.give_up();
  ask_again_at_.reset();
  out.actions.emplace_back(CloseFence{vip_.address.address});
  ask_for_removal(out);
  state_ = Releasing{};
}

void Holder::end_holding(std::string reason, Outcome& out) {
  told_.last_error = reason;
  let_go(out);
  out.news.emplace_back(HoldingEnded{std::move(reason)});
}

void Holder::ask_for_address(Instant until, Instant now, Outcome& out) {
  HAPX_ASSERT(until > now);
  if (auto* acquiring = std::get_if<Acquiring>(&state_)) acquiring->asked_at = now;
  if (auto* held = std::get_if<Held>(&state_)) held->renewed_at = now;
  out.actions.emplace_back(AddAddress{vip_.interface, vip_.address, lifetime()});
  ++adds_unanswered_;
}

void Holder::ask_for_removal(Outcome& out) {
  out.actions.emplace_back(RemoveAddress{vip_.interface, vip_.address});
  if (vip_.is_routed()) out.actions.emplace_back(Withdraw{vip_.address.address});
  ++removes_unanswered_;
}

void Holder::announce_if_due(Instant now, Outcome& out) {
  auto* held = std::get_if<Held>(&state_);
  if (held == nullptr || now >= held->until || !held->announcement.active()) return;
  const bool defends = rivals_.take_defence_due(now);
  if (!held->announcement.take_due(now) && !defends) return;
  if (vip_.is_routed()) {
    out.actions.emplace_back(Advertise{vip_.interface, vip_.address.address});
  } else {
    out.actions.emplace_back(Announce{vip_.interface, vip_.address.address});
  }
}

// What the node says.

Outcome Holder::acquire(Instant until, Proof proof, Instant now) {
  if (this->until()) return extend(until, now);
  Outcome out;
  auto reason = obstacle();
  if (!reason && until <= now) reason = "the right was over before it could be used";
  if (reason) {
    told_.last_error = *reason;
    out.news.emplace_back(StartFailed{{ErrorKind::unavailable, *reason, 0}});
    return out;
  }
  if (found_free(now)) rivals_.settle(now);
  end_survey();
  // Who has just yielded is not to fight for it as soon as he may.
  const bool yields = vip_.on_conflict == OnConflict::yield && rivals_.present(now) != nullptr;
  if (!vip_.is_routed() && (proof == Proof::none || yields)) {
    become_asking(until, now, out);
  } else {
    become_acquiring(Acquiring{until}, now, out);
  }
  return out;
}

Outcome Holder::extend(Instant until, Instant now) {
  Outcome out;
  if (until <= now) return out;
  if (auto* asking = std::get_if<Asking>(&state_)) {
    asking->until = std::max(asking->until, until);
    ask_if_due(now, out);
  } else if (auto* acquiring = std::get_if<Acquiring>(&state_)) {
    acquiring->until = std::max(acquiring->until, until);
    out.actions.emplace_back(ExtendDeadline{vip_.address.address, acquiring->until});
    if (adds_unanswered_ == 0 && may_add(acquiring->until, now)) {
      ask_for_address(acquiring->until, now, out);
    }
  } else if (auto* held = std::get_if<Held>(&state_)) {
    held->until = std::max(held->until, until);
    out.actions.emplace_back(ExtendDeadline{vip_.address.address, held->until});
    const bool due = held->renewal_due || now - held->renewed_at >= renewal_interval();
    if (due && may_add(held->until, now)) {
      held->renewal_due = false;
      ask_for_address(held->until, now, out);
    }
    announce_if_due(now, out);
  }
  return out;
}

Outcome Holder::release(Instant /*now*/) {
  Outcome out;
  if (until()) let_go(out);
  return out;
}

Outcome Holder::lose(const std::string& reason, Instant now) {
  Outcome out = release(now);
  if (!out.actions.empty()) told_.last_error = reason;
  return out;
}

Outcome Holder::serve(Instant now) {
  Outcome out;
  if (auto* acquiring = std::get_if<Acquiring>(&state_)) acquiring->serving = true;
  if (auto* held = std::get_if<Held>(&state_); held != nullptr && !held->announcement.active()) {
    held->announcement.begin(now);
    announce_if_due(now, out);
  }
  return out;
}

void Holder::stop_serving() {
  if (auto* acquiring = std::get_if<Acquiring>(&state_)) acquiring->serving = false;
  if (auto* held = std::get_if<Held>(&state_)) held->announcement.stop();
  rivals_.give_up();
}

Outcome Holder::announce_again(Instant now) {
  Outcome out;
  if (auto* held = std::get_if<Held>(&state_); held != nullptr && held->announcement.active()) {
    held->announcement.begin(now);
    announce_if_due(now, out);
  }
  return out;
}

Outcome Holder::adopt(std::optional<Instant> deadline, Instant now) {
  HAPX_ASSERT(std::holds_alternative<Released>(state_));
  Outcome out;
  if (!deadline || *deadline <= now) {
    let_go(out);
    return out;
  }
  fence_ = FenceKind::bpf;  // its deadlines are in force: that is how we know this one
  state_ = Held{*deadline, now, true, 0, Announcement(++seed_)};
  return out;
}

// What the world says.

Outcome Holder::step(const Event& event, Instant now) {
  Outcome out;
  std::visit([&](const auto& happened) { on(happened, now, out); }, event);
  return out;
}

void Holder::on(const AddressAdded& event, Instant now, Outcome& out) {
  if (event.interface != vip_.interface || event.address != vip_.address.address) return;
  if (adds_unanswered_ > 0) --adds_unanswered_;
  if (auto* held = std::get_if<Held>(&state_)) held->refusals = 0;
  // The answer to an older request, asked before a release that is still under way, proves nothing.
  if (adds_unanswered_ > 0 || removes_unanswered_ > 0) return;
  if (const auto* acquiring = std::get_if<Acquiring>(&state_)) {
    become_held(Acquiring(*acquiring), now, out);
  }
}

void Holder::on(const AddressRefused& event, Instant now, Outcome& out) {
  if (event.interface != vip_.interface || event.address != vip_.address.address) return;
  if (event.operation == AddressRefused::Operation::add) {
    if (adds_unanswered_ > 0) --adds_unanswered_;
    if (adds_unanswered_ == 0 && removes_unanswered_ == 0) on_add_refused(event.error, out);
  } else {
    if (removes_unanswered_ > 0) --removes_unanswered_;
    on_remove_refused(event.error, now, out);
  }
}

void Holder::on_add_refused(const Error& error, Outcome& out) {
  if (const auto* acquiring = std::get_if<Acquiring>(&state_)) {
    told_.last_error = error.sentence;
    if (acquiring->been_held) {
      let_go(out);
    } else {
      out.actions.emplace_back(CloseFence{vip_.address.address});
      state_ = Released{};  // it was never there, so there is nothing to take off
    }
  } else if (auto* held = std::get_if<Held>(&state_)) {
    told_.last_error = error.sentence;
    held->renewal_due = true;
    ++held->refusals;
    if (error.kind != ErrorKind::absent && held->refusals < renewal_refusals_max) return;
    let_go(out);
  } else {
    return;
  }
  if (error.kind == ErrorKind::absent) {
    out.news.emplace_back(LinkLost{error.sentence});
  } else {
    out.news.emplace_back(StartFailed{error});
  }
}

void Holder::on_remove_refused(const Error& error, Instant now, Outcome& out) {
  auto* releasing = std::get_if<Releasing>(&state_);
  if (releasing == nullptr) return;
  told_.last_error = error.sentence;
  if (releasing->attempts == 1) out.news.emplace_back(StopFailed{error});
  if (releasing->attempts < removal_attempts_max)
    releasing->retry_at = now + removal_retry_interval;
}

void Holder::on(const AddressRemoved& event, Instant now, Outcome& out) {
  if (event.interface != vip_.interface || event.address != vip_.address.address) return;
  const bool asked = removes_unanswered_ > 0;
  if (asked) --removes_unanswered_;
  if (std::holds_alternative<Releasing>(state_)) {
    if (removes_unanswered_ > 0) return;
    state_ = Released{};
    out.news.emplace_back(Stopped{});
  } else if (auto* held = std::get_if<Held>(&state_); held != nullptr && !asked) {
    ++told_.taken_away;
    told_.last_error = "the address went without our asking";
    out.news.emplace_back(TakenAway{});
    if (leaves_away_) return let_go(out);
    if (now >= held->until) return end_holding("the right ended", out);
    // Or it would be announced again before HAProxy serves again.
    if (vip_.is_routed() && !held->announcement.active())
      out.actions.emplace_back(Withdraw{vip_.address.address});
    become_acquiring(Acquiring{held->until, held->announcement.active(), true}, now, out);
  }
}

void Holder::on(const LinkChanged& event, Instant now, Outcome& out) {
  if (event.interface != vip_.interface) return;
  const bool was_up = !link_ || !link_obstacle();  // adopted before the link was known: it was up
  const bool moved = link_ && (link_->mac != event.mac || link_->index != event.index);
  link_ = event;
  const auto reason = link_obstacle();
  auto* held = std::get_if<Held>(&state_);
  if (!until()) return;
  if (reason) {
    if (was_up) {
      told_.last_error = *reason;
      out.news.emplace_back(LinkLost{*reason});
    }
    return;
  }
  if (held != nullptr && (!was_up || moved) && held->announcement.active()) {
    held->announcement.begin(now);
    announce_if_due(now, out);
  }
}

void Holder::on(const FenceArmed& /*event*/, Instant now, Outcome& out) {
  fence_ = FenceKind::bpf;
  fence_reason_.clear();
  const auto instant = acting_until();
  if (instant && *instant > now) {
    out.actions.emplace_back(ExtendDeadline{vip_.address.address, *instant});
  }
}

void Holder::on(const FenceUnavailable& event, Instant now, Outcome& out) {
  fence_ = FenceKind::lifetime;
  fence_reason_ = event.reason;
  if (!until()) return;
  if (auto reason = fence_obstacle()) return end_holding(std::move(*reason), out);
  const auto instant = acting_until();
  if (!instant) return;
  if (*instant <= now || !may_add(*instant, now)) {
    return end_holding("the fence was lost with too little of the right left", out);
  }
  ask_for_address(*instant, now, out);  // with the shorter lifetime
}

void Holder::on(const FenceRemoved& event, Instant /*now*/, Outcome& /*out*/) {
  ++told_.fence_removals;
  told_.last_error = "somebody removed the fence from " + event.interface.text();
}

void Holder::on(const AnnouncementSent& event, Instant /*now*/, Outcome& /*out*/) {
  if (event.interface != vip_.interface || event.address != vip_.address.address) return;
  ++told_.announcements;
}

void Holder::on(const AnnouncementFailed& event, Instant /*now*/, Outcome& /*out*/) {
  if (event.interface != vip_.interface || event.address != vip_.address.address) return;
  ++told_.announcement_failures;
  told_.last_error = event.error.sentence;  // the next one of the schedule is the retry
}

Outcome Holder::step(Instant now) {
  Outcome out;
  if (const auto instant = until(); instant && now >= *instant) {
    end_holding("the right ended without a renewal", out);
    return out;
  }
  ask_if_due(now, out);
  ask_again_if_due(now, out);
  announce_if_due(now, out);
  if (auto* releasing = std::get_if<Releasing>(&state_);
      releasing != nullptr && releasing->retry_at && now >= *releasing->retry_at) {
    ++releasing->attempts;
    releasing->retry_at.reset();
    ask_for_removal(out);
  }
  return out;
}

std::optional<Instant> Holder::next_deadline() const {
  if (const auto* asking = std::get_if<Asking>(&state_)) {
    const auto next = asking->probing.next_deadline();
    return next ? std::min(asking->until, *next) : asking->until;
  }
  if (const auto* acquiring = std::get_if<Acquiring>(&state_)) return acquiring->until;
  if (const auto* held = std::get_if<Held>(&state_)) {
    Instant first = held->until;
    for (const auto& next :
         {held->announcement.next_deadline(), rivals_.next_deadline(), ask_again_at_}) {
      if (next) first = std::min(first, *next);
    }
    return first;
  }
  std::optional<Instant> next = survey_again_at_;
  if (!next && survey_) next = survey_->next_deadline();
  if (const auto* releasing = std::get_if<Releasing>(&state_); releasing && releasing->retry_at)
    next = next ? std::min(*next, *releasing->retry_at) : releasing->retry_at;
  return next;
}

HolderStatus Holder::status() const {
  HolderStatus status = told_;
  status.state = static_cast<HolderState>(state_.index());
  status.fence = fence_;
  status.until = until();
  if (const auto* asking = std::get_if<Asking>(&state_)) status.asking_trouble = asking->trouble;
  const auto* acquiring = std::get_if<Acquiring>(&state_);
  const auto* held = std::get_if<Held>(&state_);
  status.assigned = held != nullptr;
  status.serving = (held != nullptr && held->announcement.active()) ||
                   (acquiring != nullptr && acquiring->serving);
  return status;
}

}  // namespace hapx::vip
