// SPDX-License-Identifier: Apache-2.0
#include "membership/arbiter.hpp"

#include <algorithm>
#include <utility>

#include "config/assert.hpp"
#include "membership/promise_bytes.hpp"

namespace hapx::membership {

namespace {

constexpr std::string_view lease_prefix = "leases/";
constexpr std::string_view mark_prefix = "nodes/";
constexpr std::uint8_t layout_version = 1;

std::string entry_of(const LeaseKey& key) {
  return std::string(lease_prefix) + key.text();
}

/// With the remaining time in the place of the instant: it is counted by whoever reads it.
std::vector<std::uint8_t> encode(Promise promise, Instant now) {
  if (promise.accepted) {
    const Duration left = std::clamp(promise.accepted->expiry - now, Duration{0}, lease_max);
    promise.accepted->expiry = Instant(left);
  }
  ByteWriter writer;
  writer.u8(layout_version);
  write_promise(writer, promise);
  writer.u64(fnv1a(writer.bytes()));
  return std::move(writer).take();
}

std::optional<Promise> decode(const std::vector<std::uint8_t>& value, const LeaseKey& key,
                              Instant now) {
  constexpr std::size_t checksum_bytes = 8;
  if (value.size() <= checksum_bytes) return std::nullopt;
  const auto body = std::span(value).first(value.size() - checksum_bytes);
  if (ByteReader(std::span(value).last(checksum_bytes)).u64() != fnv1a(body)) return std::nullopt;
  ByteReader reader(body);
  if (reader.u8() != layout_version) return std::nullopt;
  auto promise = read_promise(reader, key);
  if (!promise || reader.position() != body.size()) return std::nullopt;
  if (promise->accepted) {
    const Duration left = promise->accepted->expiry.time_since_epoch();
    if (left < Duration{0} || left > lease_max) return std::nullopt;
    promise->accepted->expiry = now + left;
  }
  return promise;
}

const LeaseKey& key_of(const Arbiter::Question& question) {
  return std::visit([](const auto& asked) -> const LeaseKey& { return asked.key; }, question);
}

PrepareAnswer abstention(const Prepare& prepare, Duration left) {
  return {prepare.key, prepare.ballot, Vote::abstains, {}, {}, left};
}

ProposalAnswer abstention(const Proposal& proposal, Duration left) {
  return {proposal.key, proposal.ballot, proposal.sequence, Vote::abstains, {}, {}, left};
}

}  // namespace

Arbiter::Arbiter(Session self, const Timing& timing) : self_(std::move(self)), timing_(timing) {}

const Arbiter::Known* Arbiter::find(const LeaseKey& key) const {
  const auto found = known_.find(key);
  return found == known_.end() ? nullptr : &found->second;
}

bool Arbiter::concerns(const LeaseKey& key) const {
  const Known* known = find(key);
  const bool is_ours =
      known != nullptr && known->promise.accepted && known->promise.accepted->session() == self_;
  return is_ours || (under_way_ && under_way_->keys.contains(key));
}

/// Safety: by the rules of any voter, on what the store had when it was last read.
void Arbiter::judge_questions(Asked& asked, const LeaseKey& key, Instant now) const {
  asked.answers.clear();
  asked.value.clear();
  const Known* known = find(key);
  Promise promise;
  promise.key = key;
  if (known != nullptr) promise = known->promise;
  const Instant speaks_from =
      std::max(abstain_until_, known != nullptr ? known->abstain_until : Instant{});
  bool is_new = false;
  for (const Question& question : asked.questions) {
    if (const auto* release = std::get_if<Release>(&question)) {
      Promise after = released(promise, *release, self_);
      if (after == promise) continue;
      promise = std::move(after);
      is_new = true;
      continue;
    }
    const auto answer = [&](const auto& what) {
      if (now < speaks_from) {
        asked.answers.emplace_back(abstention(what, speaks_from - now));
        return;
      }
      auto judged = judge(promise, what, self_, now);
      if (judged.remember) promise = *std::move(judged.remember);
      is_new = is_new || promise != (known != nullptr ? known->promise : Promise{key, {}, {}, {}});
      asked.answers.emplace_back(std::move(judged.answer));
    };
    if (const auto* prepare = std::get_if<Prepare>(&question)) answer(*prepare);
    if (const auto* proposal = std::get_if<Proposal>(&question)) answer(*proposal);
  }
  if (is_new) asked.value = encode(promise, now);
}

AskArbiter Arbiter::ask(const std::vector<Question>& questions, Instant now) {
  HAPX_ASSERT(!under_way_);
  UnderWay& way = under_way_.emplace(UnderWay{++ticket_, now, {}, false, false});
  if (seen_)
    for (const Question& question : questions)
      way.keys[key_of(question)].questions.push_back(question);
  AskArbiter ask{way.ticket, {}, right_of(timing_.lease)};
  for (auto& [key, asked] : way.keys) {
    judge_questions(asked, key, now);
    if (asked.value.empty()) continue;
    const Known* known = find(key);
    ask.swaps.push_back({entry_of(key), known != nullptr ? known->revision : 0, asked.value});
  }
  way.measures = seen_ && way.keys.empty();
  if (way.measures) {
    const auto& boot = self_.boot.bytes;
    ask.swaps.push_back({std::string(mark_prefix) + self_.node.text(), mark_revision_,
                         std::vector<std::uint8_t>(boot.begin(), boot.end())});
  }
  way.writes = !ask.swaps.empty();
  return ask;
}

/// Safety: a store that was replaced, or restored from a backup, doesn't know what it promised: as
/// any voter without memory it abstains for as long as any promise may last (LEASE.md, rule 5).
void Arbiter::note_store(const ArbiterAnswered& answered, Instant now) {
  const bool is_another = seen_ && (answered.store != store_ || answered.revision < revision_);
  if (is_another) {
    known_.clear();
    mark_revision_ = 0;
    abstain_until_ = now + lease_max;
  }
  if (is_another || !seen_) changed_ = now;
  store_ = answered.store;
  revision_ = answered.revision;
  seen_ = true;
}

/// Safety: what is there for the first time is promised from now on, however long it has been
/// there; what was there before, and is the same, from when it was first seen.
void Arbiter::note_entries(const std::vector<ArbiterEntry>& entries, Instant now) {
  std::map<LeaseKey, Known> fresh;
  const std::string mark = std::string(mark_prefix) + self_.node.text();
  mark_revision_ = 0;
  for (const ArbiterEntry& entry : entries) {
    if (entry.key == mark) mark_revision_ = entry.revision;
    if (!entry.key.starts_with(lease_prefix)) continue;
    const LeaseKey key(entry.key.substr(lease_prefix.size()));
    const auto before = known_.find(key);
    if (before != known_.end() && before->second.revision == entry.revision) {
      fresh[key] = std::move(before->second);
      continue;
    }
    changed_ = now;
    auto promise = decode(entry.value, key, now);
    Known known{entry.revision, entry.value, {}, {}};
    known.promise.key = key;
    if (promise)
      known.promise = *std::move(promise);
    else
      known.abstain_until = now + lease_max;
    fresh[key] = std::move(known);
  }
  // Somebody has removed what was promised.
  for (const auto& [key, known] : known_) {
    if (fresh.contains(key) || known.revision == 0) continue;
    Known gone;
    gone.promise.key = key;
    gone.abstain_until = now + lease_max;
    fresh[key] = std::move(gone);
  }
  for (auto& [key, known] : known_)
    if (known.revision == 0 && !fresh.contains(key)) fresh[key] = std::move(known);
  known_ = std::move(fresh);
}

/// What is promised counts from when it was first read. So whoever may have to take over reads it
/// again until it stands still: the other node writes for as long as it lacks our vote, and what it
/// wrote last, read only when it is gone, would have to be waited for once more.
Duration Arbiter::until_next_look(const UnderWay& way, Instant now) const {
  if (way.keys.empty() && !way.measures) return Duration{0};
  const bool stands_still = now - changed_ >= 2 * timing_.lease;
  return stands_still ? look_interval : std::min<Duration>(timing_.lease, look_interval);
}

Arbiter::Reply Arbiter::hear(const ArbiterAnswered& answered, Instant now) {
  if (!under_way_ || answered.ticket != under_way_->ticket) return {};
  UnderWay way = *std::exchange(under_way_, std::nullopt);
  failing_since_.reset();
  note_store(answered, now);
  note_entries(answered.entries, now);
  trouble_.clear();
  if (now < abstain_until_)
    trouble_ =
        "another etcd than before answers, or one that was restored: its vote doesn't count "
        "for " +
        hapx::to_string(lease_max);
  if (way.writes && answered.swapped) note_commit(now - way.asked);
  next_look_ = now + until_next_look(way, now);

  Reply reply;
  for (auto& [key, asked] : way.keys) {
    const Known* known = find(key);
    const bool is_written = known != nullptr && !asked.value.empty() && known->value == asked.value;
    // Nothing was to be written, or it turned out otherwise: what does the store's present say?
    if (!is_written) judge_questions(asked, key, now);
    if (is_written || asked.value.empty()) {
      std::ranges::move(asked.answers, std::back_inserter(reply.answers));
      continue;
    }
    for (const Question& question : asked.questions) {
      if (const auto* release = std::get_if<Release>(&question))
        reply.releases.push_back(*release);
      else
        reply.again.insert(key);
    }
  }
  return reply;
}

void Arbiter::hear(const ArbiterFailed& failed, Instant now) {
  if (!under_way_ || failed.ticket != under_way_->ticket) return;
  if (!failing_since_) failing_since_ = under_way_->asked;
  under_way_.reset();
  trouble_ = failed.error.sentence;
  next_look_ = now + retry_interval;
}

bool Arbiter::answers(Instant now) const {
  return seen_ && now >= abstain_until_ &&
         (!failing_since_ || now < *failing_since_ + timing_.lease);
}

std::optional<Instant> Arbiter::next_deadline(Instant now) const {
  std::optional<Instant> earliest;
  const auto consider = [&](Instant instant) {
    if (instant > now) earliest = std::min(earliest.value_or(instant), instant);
  };
  if (!under_way_) earliest = next_look_;
  if (failing_since_) consider(*failing_since_ + timing_.lease);
  consider(abstain_until_);
  return earliest;
}

void Arbiter::note_commit(Duration took) {
  commits_.at(commits_seen_++ % commits_.size()) = took;
}

std::optional<Duration> Arbiter::slowest_commit() const {
  if (commits_seen_ == 0) return std::nullopt;
  return *std::max_element(
      commits_.begin(),
      commits_.begin() + static_cast<std::ptrdiff_t>(std::min(commits_seen_, commits_.size())));
}

}  // namespace hapx::membership
