// SPDX-License-Identifier: Apache-2.0
// What does a holder ask the segment, and what does it answer to others that claim the address?
#include <algorithm>

#include "vip/holder.hpp"

namespace hapx::vip {
namespace {

/// For so long after the address became ours.
constexpr Duration late_frames = std::chrono::milliseconds(100);
/// Whoever floods the segment with questions gets no flood of answers.
constexpr Duration answer_gap = std::chrono::milliseconds(10);

}  // namespace

void Holder::become_asking(Instant until, Instant now, Outcome& out) {
  Asking asking{until, Probing(lease_), {}};
  const Rival* rival = rivals_.present(now);
  asking.probing.begin(rival != nullptr ? std::max(now, rival->last + Probing::again_after) : now);
  state_ = asking;
  ask_if_due(now, out);
}

void Holder::ask_if_due(Instant now, Outcome& out) {
  auto* asking = std::get_if<Asking>(&state_);
  if (asking == nullptr || now >= asking->until) return;
  if (asking->probing.is_free(now)) {
    rivals_.settle(now);
    out.news.emplace_back(Unclaimed{});
    become_acquiring(Acquiring{asking->until}, now, out);
  } else if (asking->probing.take_due(now)) {
    out.actions.emplace_back(Probe{vip_.interface, vip_.address.address});
  }
}

Outcome Holder::survey(Instant now) {
  Outcome out;
  if (until()) return out;
  if (!survey_) survey_.emplace(lease_).begin(now);
  // What was found is good for as long as it takes to win the lease.
  if (survey_->is_free(now) && !survey_again_at_) survey_again_at_ = now + lease_ / Probing::probes;
  if (survey_again_at_ && now >= *survey_again_at_) {
    survey_again_at_.reset();
    survey_->begin(now);
  }
  if (survey_->take_due(now)) out.actions.emplace_back(Probe{vip_.interface, vip_.address.address});
  return out;
}

void Holder::end_survey() {
  survey_.reset();
  survey_again_at_.reset();
}

/// Who answers is asked again soon: it may be a kernel whose hapxd has died, which answers until
/// its deadline. Two that ask at the same time wait for each other, and the one that gives way
/// longer.
void Holder::hear_while_surveying(const AddressClaimed& event, Instant now, Outcome& out) {
  ++told_.claims;
  const Rivals::Heard heard = rivals_.hear(event.claim, event.frame, now);
  survey_again_at_.reset();
  const bool asks = event.claim.kind == ClaimKind::probe;
  const Duration in_turn = Probing::again_after + (doubt_.gives_way ? 2 * lease_ : Duration(0));
  survey_->begin(now + (asks ? in_turn : lease_ / Probing::probes));
  if (heard.begins) out.news.emplace_back(Contested{event.claim.mac, Contested::Response::wait});
}

void Holder::ask_again_if_due(Instant now, Outcome& out) {
  if (doubt_.doubts && !ask_again_at_ && std::holds_alternative<Held>(state_))
    ask_again_at_ = now + Probing::again_after;
  if (!ask_again_at_ || now < *ask_again_at_) return;
  ask_again_at_.reset();
  if (doubt_.doubts) ask_again_at_ = now + Probing::again_after;
  if (std::holds_alternative<Held>(state_))
    out.actions.emplace_back(Probe{vip_.interface, vip_.address.address});
}

void Holder::on(const ProbeSent& event, Instant now, Outcome& /*out*/) {
  if (event.interface != vip_.interface || event.address != vip_.address.address) return;
  if (survey_) survey_->sent(now);
  auto* asking = std::get_if<Asking>(&state_);
  if (asking == nullptr) return;
  asking->probing.sent(now);
  asking->trouble.clear();
}

void Holder::on(const ProbeFailed& event, Instant now, Outcome& /*out*/) {
  if (event.interface != vip_.interface || event.address != vip_.address.address) return;
  told_.last_error = event.error.sentence;
  if (survey_) survey_->failed(now);
  auto* asking = std::get_if<Asking>(&state_);
  if (asking == nullptr) return;
  asking->probing.failed(now);  // the next one is the retry
  asking->trouble = event.error.sentence;
}

void Holder::on(const AddressClaimed& event, Instant now, Outcome& out) {
  if (event.interface != vip_.interface || event.claim.address != vip_.address.address) return;
  if (!until()) {  // whoever has it now is in his right, as far as we know
    if (survey_) hear_while_surveying(event, now, out);
    return;
  }
  // Of the node that had it until now there may be frames on the way: whoever has it really is
  // heard when he is asked after that.
  if (acting_until() && now < acting_since_ + late_frames) {
    ask_again_at_ = acting_since_ + late_frames;
    return;
  }
  ++told_.claims;
  const Rivals::Heard heard = rivals_.hear(event.claim, event.frame, now);
  answer_claim(event.claim, heard, now, out);
}

void Holder::on(const AskedElsewhere& event, Instant now, Outcome& out) {
  if (event.interface != vip_.interface || event.inquiry.address != vip_.address.address) return;
  const auto* held = std::get_if<Held>(&state_);
  if (held == nullptr || !held->announcement.active() || now >= held->until) return;
  if (answered_at_ && now - *answered_at_ < answer_gap) return;
  answered_at_ = now;
  out.actions.emplace_back(AnnounceTo{vip_.interface, vip_.address.address, event.inquiry.asker,
                                      event.inquiry.asker_mac});
}

/// To the other one of two. Not to its first word: if heartbeats come through again, one of the two
/// has heard by them that it holds no more, and its word is of before.
bool Holder::is_to_give_way(Instant now) {
  if (!doubt_.doubts || !doubt_.gives_way) return false;
  const Duration gap = lease_ / Probing::probes;
  if (!disputed_since_ || now - *disputed_since_ > lease_) {
    disputed_since_ = now;
    ask_again_at_ = now + gap;
  }
  return now - *disputed_since_ >= gap;
}

void Holder::answer_claim(const Claim& claim, Rivals::Heard heard, Instant now, Outcome& out) {
  using Response = Contested::Response;
  const auto tell = [&](Response response) {
    if (heard.is_news) out.news.emplace_back(Contested{claim.mac, response});
  };
  if (auto* asking = std::get_if<Asking>(&state_)) {
    asking->probing.answered(now);
    tell(Response::wait);
  } else if (claim.kind == ClaimKind::probe) {
    tell(Response::answer);
  } else if (vip_.on_conflict == OnConflict::yield || is_to_give_way(now)) {
    told_.last_error = to_string(claim.mac) + " claims the address";
    let_go(out);
    out.news.emplace_back(Contested{claim.mac, Response::yield});
  } else {
    tell(Response::defend);
    auto* held = std::get_if<Held>(&state_);
    if (held == nullptr || !held->announcement.active()) return;
    rivals_.defend(now);
    // The first claim begins the announcements anew: of those a neighbour believes the last.
    if (heard.begins) held->announcement.begin(now);
    announce_if_due(now, out);
  }
}

}  // namespace hapx::vip
