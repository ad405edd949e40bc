// SPDX-License-Identifier: Apache-2.0
#include "vip/tie_breaker.hpp"

#include <algorithm>

namespace hapx::vip {

namespace {

/// What a probe is answered by: of IPv6 the answer goes to all, for it has nobody's address as its
/// source (RFC 4861, 7.2.4).
bool is_answer(const Claim& claim) {
  if (claim.kind == ClaimKind::answer) return true;
  return claim.kind == ClaimKind::announcement && claim.address.family == Family::ipv6;
}

}  // namespace

std::optional<Probe> TieBreaker::ask(Pace pace, Instant now) {
  if (pace == Pace::with_heartbeats && pace_ == Pace::seldom) next_ = std::min(next_, now);
  pace_ = pace;
  if (now < next_) return std::nullopt;
  next_ = now + (pace == Pace::seldom ? seldom_gap : heartbeat_);
  if (!open_ || now - *open_ >= answer_patience) open_ = now;
  unanswered_ = std::min(unanswered_ + 1, unanswered_max + 1);
  return Probe{config_.interface, config_.address};
}

void TieBreaker::hear(const Event& event, Instant now) {
  const auto is_ours = [&](const InterfaceName& interface, const IpAddress& address) {
    return interface == config_.interface && address == config_.address;
  };
  if (const auto* sent = std::get_if<ProbeSent>(&event)) {
    if (is_ours(sent->interface, sent->address)) failure_.clear();
  } else if (const auto* failed = std::get_if<ProbeFailed>(&event)) {
    if (!is_ours(failed->interface, failed->address)) return;
    failure_ = failed->error.sentence;
    open_.reset();
  } else if (const auto* claimed = std::get_if<AddressClaimed>(&event)) {
    if (!is_ours(claimed->interface, claimed->claim.address)) return;
    if (!is_answer(claimed->claim) || !open_) return;
    if (now - *open_ < answer_patience) answered_ = open_;
    open_.reset();
    unanswered_ = 0;
  }
}

std::string TieBreaker::trouble() const {
  if (!failure_.empty()) return "can't be asked: " + failure_;
  if (unanswered_ > unanswered_max - 1) return "doesn't answer";
  return {};
}

}  // namespace hapx::vip
