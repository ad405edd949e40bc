// SPDX-License-Identifier: Apache-2.0
#include "membership/peer.hpp"

#include <algorithm>
#include <utility>

namespace hapx::membership {

namespace {

constexpr std::size_t superseded_max = 16;

}  // namespace

Peer::Reception Peer::receive(const Envelope& envelope, const std::optional<Beat>& beat,
                              std::size_t way, Instant now, Random& random) {
  if (current_ && current_->incarnation == envelope.incarnation &&
      current_->boot == envelope.boot) {
    const bool is_new_here = ways_.size() > 1 && ways_[way].window.accept(envelope.counter);
    if (is_new_here) ways_[way].detector.heard(now);
    if (!window_.accept(envelope.counter))
      return is_new_here ? Reception::another_way : Reception::replayed;
    overtaken_ = !window_.is_newest(envelope.counter);
    return Reception::current;
  }
  // Liveness: when who replaced it is silent, it may prove itself like anybody: that was a clone.
  const bool heard = detector_.present(now);
  if (heard &&
      std::find(superseded_.begin(), superseded_.end(), envelope.incarnation) != superseded_.end())
    return Reception::superseded;
  if (heard && current_ && current_->boot != envelope.boot) return Reception::rival;

  if (challenge_ != 0 && beat && beat->response == challenge_) {
    promote(envelope);
    ways_[way].window = ReplayWindow(envelope.counter);
    ways_[way].detector.heard(now);
    return Reception::promoted;
  }
  if (challenge_ == 0) challenge_ = random.next() | 1U;
  return Reception::unproven;
}

/// Safety: only a process that repeated a number of our making becomes current, so no recording of
/// an earlier process can take its node's place.
void Peer::promote(const Envelope& envelope) {
  std::erase(superseded_, envelope.incarnation);
  if (current_) superseded_.push_back(current_->incarnation);
  if (superseded_.size() > superseded_max) superseded_.pop_front();
  current_ = envelope;
  window_ = ReplayWindow(envelope.counter);
  for (Way& each : ways_) each.window = {};
  overtaken_ = false;
  challenge_ = 0;
  hears_us_ = false;
  hears_our_namesake_ = false;
  hears_.clear();
  has_report_version_ = 0;
  has_plan_.reset();
  orders_may_be_stale_ = false;
  electorate_ = {};
  staged_ = 0;
  config_ = 0;
  config_parts_.clear();
  assembly_ = {};
}

void Peer::heard(const Beat& beat, const NodeName& self, Incarnation incarnation, Instant now) {
  detector_.heard(now);
  if (beat.leaving) detector_.left();
  if (overtaken_) return;
  const bool heard_us_before = hears_us_;
  hears_us_ = false;
  has_report_version_ = 0;
  hears_.clear();
  for (const Hearing& hearing : beat.hears) {
    hears_.push_back(hearing.node);
    if (hearing.node != self) continue;
    if (hearing.incarnation == incarnation) {
      hears_us_ = true;
      hears_our_namesake_ = false;
      has_report_version_ = hearing.report_version;
    } else if (heard_us_before) {
      hears_our_namesake_ = true;
    }
  }
  has_plan_ = beat.plan;
  orders_may_be_stale_ = beat.orders_may_be_stale;
  staged_ = beat.staged;
  if (std::exchange(config_, beat.config) != beat.config) config_parts_.clear();
}

bool Peer::add(const ConfigTold& told) {
  if (told.config != config_ || config_parts_.size() >= told.count) return false;
  config_parts_.emplace(told.index, told.part);
  return config_parts_.size() == told.count;
}

std::vector<ConfigPart> Peer::config_parts() const {
  std::vector<ConfigPart> parts;
  for (const auto& [index, part] : config_parts_) parts.push_back(part);
  return parts;
}

bool Peer::add(const ReportPart& part, Instant now) {
  auto services = assembly_.add(part.version, part.index, part.count, part.service);
  if (!services) return false;
  report_.services = std::move(*services);
  report_heard_ = now;
  return true;
}

std::uint64_t Peer::challenge(Random& random) {
  if (!current_ && challenge_ == 0) challenge_ = random.next() | 1U;
  return challenge_;
}

}  // namespace hapx::membership
