// SPDX-License-Identifier: Apache-2.0
// What is played on the segments: the frames that an end sends, and what it makes of those it sees.
#include <algorithm>
#include <array>

#include "appliance/doctor/dhcp.hpp"
#include "appliance/doctor/wire_end.hpp"
#include "vip/claim.hpp"

namespace hapx::appliance::doctor {
namespace {

using std::chrono::milliseconds;

/// When the rounds of a phase begin: of who asks or claims, and of who visits the one that claims.
constexpr std::array<Duration, 3> rounds{milliseconds(100), milliseconds(600), milliseconds(1100)};
constexpr Duration visit_later = milliseconds(250);
/// So many rounds have what need not be said three times.
constexpr unsigned rounds_of_few = 2;
/// Of one end, whatever the other asks.
constexpr unsigned answers_max = 20;
constexpr std::size_t vips_asked_max = 8;
/// Ethernet, PPPoE, common tunnels, the least of IPv6; and those of jumbo frames.
constexpr std::array<unsigned, 9> usual_sizes{9000, 8900, 4000, 2000, 1500, 1492, 1450, 1400, 1280};

unsigned& at(FrameCounts& counts, FrameKind kind) {
  return counts[static_cast<std::size_t>(kind)];
}

template <class List, class Item>
void add_new(List& list, const Item& item, std::size_t most) {
  if (list.size() < most && std::ranges::find(list, item) == list.end()) list.push_back(item);
}

std::vector<unsigned> sizes_up_to(unsigned mtu) {
  std::vector<unsigned> sizes{mtu};
  for (const unsigned size : usual_sizes) {
    if (size < mtu) sizes.push_back(size);
  }
  return sizes;
}

/// To one host instead of all.
Frame to_one(Frame frame, const MacAddress& mac) {
  std::ranges::copy(mac.bytes, frame.begin());
  return frame;
}

bool is_asked_for(const Segment& segment, const IpAddress& address) {
  return address == segment.claimed ||
         std::ranges::find(segment.drawn, address) != segment.drawn.end() ||
         std::ranges::find(segment.vips, address, &Cidr::address) != segment.vips.end();
}

}  // namespace

bool WireEnd::claims_now() const {
  return phase_ == (is_first() ? WirePhase::first_claims : WirePhase::second_claims);
}

bool WireEnd::may_claim(const Stage& stage) const {
  if (!stage.segment.is_given) return true;
  const auto is_taken = [&](const SegmentEnd& end) {
    return std::ranges::find(end.claimants, stage.segment.claimed, &Claimant::address) !=
           end.claimants.end();
  };
  return stage.there && !is_taken(stage.here) && !is_taken(*stage.there);
}

IpAddress WireEnd::speaker(const Stage& stage) const {
  const IpAddress none{stage.segment.family, {}};
  const bool has_own = stage.here.own.family == none.family && stage.here.own != none;
  return has_own ? stage.here.own : stand_in_address(none.family, is_first());
}

IpAddress WireEnd::listener(const Stage& stage) const {
  const IpAddress none{stage.segment.family, {}};
  const bool has_own = stage.there->own.family == none.family && stage.there->own != none;
  return has_own ? stage.there->own : stand_in_address(none.family, !is_first());
}

std::optional<Instant> WireEnd::next_round() const {
  if (phase_ == WirePhase::meeting || phase_ == WirePhase::over || round_ >= rounds.size()) {
    return std::nullopt;
  }
  const bool visits = phase_ != WirePhase::asking && !claims_now();
  return phase_since_ + rounds[round_] + (visits ? visit_later : Duration::zero());
}

void WireEnd::play_due(Instant now, WireOrders& out) {
  for (auto due = next_round(); due && *due <= now; due = next_round()) {
    const unsigned round = round_++;
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      Stage& stage = stages_[i];
      if (!stage.here.trouble.empty() || !stage.there || !stage.there->trouble.empty()) continue;
      if (phase_ == WirePhase::asking) {
        ask(stage, i, round, out);
      } else if (claims_now()) {
        claim(stage, i, round, out);
      } else {
        visit(stage, i, out);
      }
    }
  }
}

void WireEnd::ask(Stage& stage, std::size_t index, unsigned round, WireOrders& out) {
  const MacAddress& mac = stage.here.mac;
  out.emplace_back(SendFrame{index, vip::probe_frame(mac, stage.segment.claimed)});
  if (round >= rounds_of_few) return;
  // A VIP that is held must not be probed: its holder takes that for a rival's claim.
  const auto ask_for = [&](const IpAddress& address) {
    out.emplace_back(SendFrame{index, vip::question_frame(mac, speaker(stage), address)});
  };
  for (const IpAddress& address : stage.segment.drawn) ask_for(address);
  std::uint32_t asked = 0;
  for (const Cidr& vip : stage.segment.vips) {
    if (asked == vips_asked_max) break;
    ask_for(vip.address);
    if (is_first() && stage.segment.family == Family::ipv4) {
      const auto transaction = static_cast<std::uint32_t>(options_.incarnation) + asked;
      out.emplace_back(SendFrame{
          index, discover_frame(mac, vip.address, transaction, options_.incarnation + asked)});
    }
    ++asked;
  }
}

void WireEnd::send(Stage& stage, std::size_t index, FrameKind kind, Frame frame, WireOrders& out) {
  ++at(stage.here.sent, kind);
  out.emplace_back(SendFrame{index, std::move(frame)});
}

void WireEnd::claim(Stage& stage, std::size_t index, unsigned round, WireOrders& out) {
  if (!may_claim(stage)) return;
  const Segment& segment = stage.segment;
  const MacAddress& mac = stage.here.mac;
  const auto frames = vip::announcement_frames(mac, segment.claimed);
  const bool is_ipv4 = segment.family == Family::ipv4;
  send(stage, index, is_ipv4 ? FrameKind::announcement_request : FrameKind::advertisement,
       frames.front(), out);
  if (is_ipv4) send(stage, index, FrameKind::announcement_reply, frames.back(), out);
  IpHeads heads{mac, stage.there->mac, segment.claimed, listener(stage)};
  send(stage, index, FrameKind::from_address,
       note_frame(heads, {options_.incarnation, Note::Kind::from_address}), out);
  if (round >= rounds_of_few) return;
  heads.from = speaker(stage);
  for (const unsigned size : sizes_up_to(stage.here.mtu)) {
    const auto bytes = static_cast<std::uint16_t>(size);
    if (bytes < note_packet_bytes_min) continue;
    add_new(stage.here.sizes_sent, size, usual_sizes.size() + 1);
    out.emplace_back(
        SendFrame{index, note_frame(heads, {options_.incarnation, Note::Kind::sized, bytes})});
  }
}

void WireEnd::visit(Stage& stage, std::size_t index, WireOrders& out) {
  if (!may_claim(stage)) return;
  const MacAddress& mac = stage.here.mac;
  const IpAddress& claimed = stage.segment.claimed;
  const Frame question = vip::question_frame(mac, speaker(stage), claimed);
  send(stage, index, FrameKind::question, question, out);
  send(stage, index, FrameKind::question_to_one, to_one(question, stage.there->mac), out);
  const IpHeads heads{mac, stage.there->mac, speaker(stage), claimed};
  send(stage, index, FrameKind::to_address,
       note_frame(heads, {options_.incarnation, Note::Kind::to_address}), out);
}

void WireEnd::on(const FrameHeard& event, Instant now, WireOrders& out) {
  // What comes when the other has our last notes would be known here alone.
  if (phase_ == WirePhase::meeting || is_done(now) || event.segment >= stages_.size()) return;
  Stage& stage = stages_[event.segment];
  if (!stage.there) return;
  if (const auto note = parse_note(event.frame)) {
    if (note->incarnation != partner_incarnation_) return;
    switch (note->kind) {
      case Note::Kind::from_address:
        ++at(stage.here.seen, FrameKind::from_address);
        return;
      case Note::Kind::to_address:
        ++at(stage.here.seen, FrameKind::to_address);
        return;
      case Note::Kind::sized:
        add_new(stage.here.sizes_seen, unsigned{note->bytes}, usual_sizes.size() + 1);
        return;
    }
  }
  const auto sighting = sighting_of(event.frame, stage.segment.claimed);
  // While nobody claims it, an answer of the other's kernel is a claim like anybody's.
  const bool is_played = sighting && sighting->mac == stage.there->mac &&
                         (phase_ > WirePhase::asking || sighting->kind == FrameKind::question);
  if (is_played) return note_sighting(stage, event.segment, *sighting, out);
  note_claimant(stage, event.frame);
  if (stage.segment.family == Family::ipv4) note_offer(stage, event.frame);
}

void WireEnd::note_sighting(Stage& stage, std::size_t index, const Sighting& sighting,
                            WireOrders& out) {
  ++at(stage.here.seen, sighting.kind);
  if (sighting.source != sighting.mac) stage.here.seen_from = sighting.source;
  const bool is_question =
      sighting.kind == FrameKind::question || sighting.kind == FrameKind::question_to_one;
  if (!is_question || !claims_now() || !may_claim(stage)) return;
  if (at(stage.here.sent, FrameKind::answer) >= answers_max) return;
  send(stage, index, FrameKind::answer,
       vip::answer_frame(stage.here.mac, stage.segment.claimed, sighting.asker, sighting.asker_mac),
       out);
}

void WireEnd::note_claimant(Stage& stage, Bytes frame) {
  const auto claim = vip::parse_claim(frame);
  if (!claim || claim->kind == vip::ClaimKind::probe || claim->mac == stage.here.mac) return;
  if (!is_asked_for(stage.segment, claim->address)) return;
  add_new(stage.here.claimants, Claimant{claim->address, claim->mac}, claimants_max);
}

void WireEnd::note_offer(Stage& stage, Bytes frame) {
  const auto offer = parse_offer(frame);
  if (!offer) return;
  const std::uint64_t seed = is_first() ? options_.incarnation : partner_incarnation_;
  const bool was_asked =
      offer->transaction - static_cast<std::uint32_t>(seed) < std::uint32_t{vips_asked_max};
  const bool is_of_vip = std::ranges::find(stage.segment.vips, offer->offered, &Cidr::address) !=
                         stage.segment.vips.end();
  if (!was_asked && !is_of_vip) return;
  add_new(stage.here.offers, DhcpSight{offer->server, offer->offered, was_asked}, dhcp_sights_max);
}

}  // namespace hapx::appliance::doctor
