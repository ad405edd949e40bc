// SPDX-License-Identifier: Apache-2.0
#include "appliance/doctor/wire_end.hpp"

#include <algorithm>
#include <utility>

#include "config/assert.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::doctor {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration beat = milliseconds(200);
/// Who hasn't spoken for so long isn't there just now, or any more.
constexpr Duration silence_while_meeting = seconds(2);
constexpr Duration silence_max = seconds(5);
/// Whoever hears us says so within a beat; more is a firewall, or a path of one direction.
constexpr Duration unheard_max = seconds(5);
constexpr Duration phase_length = seconds(2);
/// For frames that are on their way, and for a process that has to wait for its turn.
constexpr Duration grace = milliseconds(300);
constexpr Duration last_words = seconds(1);
constexpr Duration test_length_max = seconds(20);

}  // namespace

WireEnd::WireEnd(Options options, Instant now)
    : options_(std::move(options)), began_(now), phase_since_(now), speak_at_(now) {
  const auto segments = segments_of(options_.config, options_.self);
  HAPX_ASSERT(segments && segments->size() == options_.notes.size());
  for (std::size_t i = 0; i < segments->size(); ++i) {
    stages_.push_back({(*segments)[i], options_.notes[i], std::nullopt, false});
  }
  for (const auto& node : options_.config.nodes) {
    const bool is_asked_for = !options_.peer || *options_.peer == node.name;
    if (node.name != options_.self && node.role == Role::full && is_asked_for) {
      candidates_.push_back(node.name);
    }
  }
}

WireOrders WireEnd::step(const WireEvent& event, Instant now) {
  WireOrders out;
  if (over_) return out;
  std::visit([&](const auto& each) { on(each, now, out); }, event);
  move_on(now);
  play_due(now, out);
  end_if_due(now);
  if (over_) speak_at_ = now;
  speak_if_due(now, out);
  return out;
}

void WireEnd::on(const WordHeard& event, Instant now, WireOrders& out) {
  if (std::ranges::find(candidates_, event.from) == candidates_.end()) return;
  Heard& heard = heard_[event.from];
  if (heard.incarnation != event.incarnation) heard = {now, now, event.incarnation, {}};
  heard.last = now;
  heard.word = event.word;
  if (phase_ == WirePhase::meeting) {
    choose_partner(now);
    meet_if_possible(now, out);
  }
  const bool is_of_partner = partner_ == event.from && partner_incarnation_ == event.incarnation;
  if (phase_ != WirePhase::meeting && is_of_partner) take_notes(event.word);
}

/// Of several that are free, all take the one that stands first in the file, so two of three agree.
void WireEnd::choose_partner(Instant now) {
  partner_.reset();
  for (const NodeName& candidate : candidates_) {
    const auto found = heard_.find(candidate);
    if (found == heard_.end() || now - found->second.last > silence_while_meeting) continue;
    const NodeName& to = found->second.word.to;
    if (!to.empty() && to != options_.self) continue;
    partner_ = candidate;
    partner_incarnation_ = found->second.incarnation;
    return;
  }
}

void WireEnd::meet_if_possible(Instant now, WireOrders& out) {
  if (!partner_) return;
  const WireWord& word = heard_.at(*partner_).word;
  if (word.to != options_.self || word.hears != options_.incarnation) return;
  if (!is_first() && word.phase == WirePhase::meeting) return;
  const std::uint64_t seed = is_first() ? options_.incarnation : partner_incarnation_;
  std::vector<IpAddress> given = is_first() ? options_.given : word.given;
  const auto& further = is_first() ? word.given : options_.given;
  for (const IpAddress& address : further) {
    const auto known = std::ranges::find(given, address.family, &IpAddress::family);
    if (known != given.end() && *known != address) {
      disagreement_ =
          "one was given " + to_string(*known) + " to test with, the other " + to_string(address);
    }
    given.push_back(address);
  }
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    draw_addresses(stages_[i].segment, options_.config, seed, given);
    if (stages_[i].segment.family == Family::ipv6) {
      out.emplace_back(ListenFor{i, stages_[i].segment.claimed});
    }
  }
  met_at_ = now;
  enter(disagreement_.empty() ? WirePhase::asking : WirePhase::over, now);
}

void WireEnd::take_notes(const WireWord& word) {
  for (Stage& stage : stages_) {
    const Segment& segment = stage.segment;
    if (segment.interface != word.interface || segment.family != word.family) continue;
    stage.there = word.notes;
    stage.is_done_there = stage.is_done_there || word.is_done;
  }
  partner_is_done_ = partner_is_done_ || word.is_done;
  partner_has_ours_ = partner_has_ours_ || word.has_yours;
}

void WireEnd::on(const Woken& /*event*/, Instant now, WireOrders& /*out*/) {
  if (phase_ == WirePhase::meeting) choose_partner(now);
}

bool WireEnd::is_first() const {
  for (const auto& node : options_.config.nodes) {
    if (node.name == options_.self) return true;
    if (node.name == partner_) return false;
  }
  return true;
}

void WireEnd::enter(WirePhase phase, Instant now) {
  phase_ = phase;
  phase_since_ = now;
  round_ = 0;
  speak_at_ = now;
}

void WireEnd::move_on(Instant now) {
  if (phase_ == WirePhase::meeting || phase_ == WirePhase::over) return;
  if (is_first()) {
    if (now < phase_since_ + phase_length) return;
    enter(static_cast<WirePhase>(static_cast<int>(phase_) + 1), now);
  } else if (heard_.at(*partner_).word.phase > phase_) {
    enter(heard_.at(*partner_).word.phase, now);
  }
}

bool WireEnd::is_done(Instant now) const {
  return phase_ == WirePhase::over && now >= phase_since_ + grace;
}

bool WireEnd::has_theirs() const {
  const auto is_open = [](const Stage& stage) { return stage.there && !stage.is_done_there; };
  return partner_is_done_ && std::ranges::none_of(stages_, is_open);
}

void WireEnd::end_if_due(Instant now) {
  if (phase_ == WirePhase::meeting) {
    for (const auto& [name, heard] : heard_) {
      const bool speaks_to_us = heard.word.to.empty() || heard.word.to == options_.self;
      const bool hears_us = heard.word.hears == options_.incarnation;
      if (!speaks_to_us || hears_us || now - heard.last > silence_while_meeting) continue;
      if (now - heard.first < unheard_max) continue;
      partner_ = name;
      failed_ = Meeting::not_heard;
    }
    if (!failed_ && now >= began_ + options_.patience) {
      const bool is_busy = std::ranges::any_of(heard_, [&](const auto& entry) {
        const WireWord& word = entry.second.word;
        return !word.to.empty() && word.to != options_.self;
      });
      failed_ = is_busy ? Meeting::elsewhere : Meeting::nobody;
    }
    over_ = failed_.has_value();
    return;
  }
  if (is_done(now) && has_theirs()) {
    if (!partner_done_at_) partner_done_at_ = now;
    over_ = partner_has_ours_ || now >= *partner_done_at_ + last_words;
    return;
  }
  const bool is_lost =
      now - heard_.at(*partner_).last > silence_max || now > met_at_ + test_length_max;
  if (!is_lost) return;
  failed_ = Meeting::lost;
  over_ = true;
}

Instant WireEnd::next_deadline() const {
  return std::min(speak_at_, next_round().value_or(speak_at_));
}

WireWord WireEnd::word_about(const Stage* stage, Instant now) const {
  WireWord word;
  if (partner_) word.to = *partner_;
  word.phase = phase_;
  word.is_done = is_done(now);
  word.has_yours = has_theirs();
  word.given = options_.given;
  if (stage == nullptr) return word;
  word.interface = stage->segment.interface;
  word.family = stage->segment.family;
  word.notes = stage->here;
  return word;
}

void WireEnd::speak_if_due(Instant now, WireOrders& out) {
  if (now < speak_at_) return;
  speak_at_ = now + beat;
  for (const NodeName& candidate : candidates_) {
    const auto heard = heard_.find(candidate);
    const bool is_there =
        heard != heard_.end() && now - heard->second.last <= silence_while_meeting;
    const auto say = [&](const Stage* stage) {
      WireWord word = word_about(stage, now);
      if (is_there) word.hears = heard->second.incarnation;
      out.emplace_back(SendWord{candidate, std::move(word)});
    };
    if (phase_ == WirePhase::meeting || partner_ != candidate) {
      say(nullptr);
      continue;
    }
    // The last words are said twice, since nobody asks for them again.
    for (int times = over_ ? 2 : 1; times > 0; --times) {
      for (const Stage& stage : stages_) say(&stage);
    }
  }
}

WireFacts WireEnd::facts() const {
  WireFacts facts;
  const NodeName other = partner_.value_or(candidates_.empty() ? NodeName{} : candidates_.front());
  facts.meeting = failed_.value_or(phase_ == WirePhase::meeting ? Meeting::nobody : Meeting::met);
  facts.here_is_first = is_first();
  const std::size_t here = facts.here_is_first ? 0 : 1;
  facts.nodes[here] = options_.self;
  facts.nodes[1 - here] = other;
  facts.disagreement = disagreement_;
  for (const Stage& stage : stages_) {
    SegmentFacts one;
    one.segment = stage.segment;
    one.ends[here] = stage.here;
    one.ends[1 - here] = stage.there.value_or(SegmentEnd{});
    one.other_knows_it = stage.there.has_value();
    facts.segments.push_back(std::move(one));
  }
  return facts;
}

}  // namespace hapx::appliance::doctor
