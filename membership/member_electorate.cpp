// SPDX-License-Identifier: Apache-2.0
// Who votes, and when may another configuration change that? (LEASE.md, rule 22)
#include <algorithm>
#include <variant>

#include "config/wording.hpp"
#include "membership/member_state.hpp"

namespace hapx::membership {

namespace {

bool has(const std::vector<NodeConfig>& nodes, const NodeName& name) {
  return std::ranges::find(nodes, name, &NodeConfig::name) != nodes.end();
}

}  // namespace

/// Hears by which list a peer counts. False: by none that has to do with ours, so that what it says
/// besides is not for us.
bool Member::State::counts_by_kin(Peer& peer, const ElectorateTold& told, Instant now) {
  peer.counts_by(told);
  if (succession.heard(peer.node().name, told)) {
    copy.keep(succession.kept());
    for (auto& [key, claim] : claims) claim.lease.count_by(succession.electorate());
    writer.count_by(succession.electorate());
  }
  const bool is_foreign = succession.kinship(told) == Kinship::foreign;
  // Liveness: it counts by what we would take, in another line of descent: more than to be there
  // with the same file is not asked of it.
  if (is_foreign && staging && told.list == staging->hash) staging->heard[peer.node().name] = now;
  for (MemberView& member : view.members) {
    if (member.name != peer.node().name || member.counts_otherwise == is_foreign) continue;
    member.counts_otherwise = is_foreign;
    view_changed = true;
  }
  return !is_foreign;
}

/// A node that only the staged configuration names: all that we want to know is whether it is
/// there. Limit: that may be a recording; nothing but the wait for it rests on this.
bool Member::State::hear_candidate(const NodeName& sender, const DatagramArrived& datagram,
                                   Instant now) {
  if (!staging) return false;
  const auto& nodes = staging->config.nodes;
  const auto node = std::ranges::find(nodes, sender, &NodeConfig::name);
  if (node == nodes.end()) return false;
  const auto ways = node->ways();
  if (std::ranges::find(ways, datagram.from.address) == ways.end()) return false;
  const auto result = codec.open(datagram.bytes);
  const auto* opened = std::get_if<Opened>(&result);
  if (opened == nullptr || opened->message.to != options.self) return false;
  staging->heard[sender] = now;
  return true;
}

/// Whoever is asked again soon must not have voted otherwise within the time of any lease.
bool Member::State::may_tell_staged(Instant now) const {
  return succession.settled() && now >= counting_since + lease_max;
}

/// Liveness: where somebody has adopted it, it is in force; and whoever finds itself alone with a
/// list that is not settled takes any other: all those before count on.
bool Member::State::is_in_use(std::uint64_t list) const {
  const auto has_adopted = [&](const Peer& peer) {
    return peer.electorate().list == list &&
           peer.electorate().generation > succession.kept().generation;
  };
  return !succession.settled() || std::ranges::any_of(peers, has_adopted);
}

/// Safety: no two lists are in use that have not each a majority in common with the one between
/// them; so the next one waits until this one is settled, and every lease under the one before it
/// is over.
std::vector<std::string> Member::State::staged_waits_for(Instant now) const {
  if (is_in_use(staging->hash)) return {};
  std::vector<std::string> waits;
  if (!may_tell_staged(now))
    waits.emplace_back("this hapxd to have run for " + hapx::to_string(lease_max));
  std::set<NodeName> present{options.self};
  for (const Peer& peer : peers) {
    const NodeName& name = peer.node().name;
    if (!peer.detector().present(now)) continue;
    present.insert(name);
    if (!has(staging->config.nodes, name))
      waits.push_back(name.text() + ", which it doesn't name, to be ended");
    else if (peer.staged() != staging->config.fingerprint &&
             peer.config() != staging->config.fingerprint)
      waits.push_back(name.text() + " to be given the same file");
  }
  if (arbiter && arbiter->answers(now)) present.insert(arbiter_voter);
  if (!succession.electorate().is_majority(present)) waits.emplace_back("a quorum");
  std::vector<std::string> unheard;
  for (const NodeConfig& node : staging->config.nodes) {
    const auto heard = staging->heard.find(node.name);
    if (heard != staging->heard.end() && now - heard->second < options.config.timing.lease)
      present.insert(node.name);
    else if (!present.contains(node.name))
      unheard.push_back(node.name.text());
  }
  if (!Electorate(std::vector{staging->config.votes}).is_majority(present))
    waits.push_back(joined(unheard) + " to be heard");
  return waits;
}

void Member::State::refresh_electorate(Instant now) {
  ElectorateView fresh;
  fresh.generation = succession.kept().generation;
  fresh.settled = succession.settled();
  // An arbiter adopts nothing: it votes for whoever asks it.
  if (!fresh.settled) fresh.missing = succession.missing();
  std::erase_if(fresh.missing, is_arbiter);
  if (staging) {
    fresh.staged = true;
    fresh.storing = copy.durable().electorate != succession.kept();
    fresh.waits_for = staged_waits_for(now);
    const bool is_agreed = fresh.waits_for.empty() && !fresh.storing;
    if (is_agreed && !std::exchange(staging->agreed, true)) news.push_back(StagedAgreed{});
  }
  if (fresh == view.electorate) return;
  view.electorate = std::move(fresh);
  view_changed = true;
}

bool Member::is_in_use(const Votes& list) const {
  return state_->is_in_use(hash_of(list));
}

Outcome Member::stage(std::optional<StagedConfig> staged, Instant now) {
  State& state = *state_;
  state.pass_time(now);
  state.staging.reset();
  if (staged) {
    const std::uint64_t hash = hash_of(staged->votes);
    state.staging = State::Staging{*std::move(staged), hash};
  }
  for (Peer& peer : state.peers)
    if (peer.current()) state.beats_owed.insert(peer.node().name);
  return state.finish(now);
}

}  // namespace hapx::membership
