// SPDX-License-Identifier: Apache-2.0
#include "membership/quorum.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>

#include "membership/bytes.hpp"

namespace hapx::membership {

namespace {

constexpr std::string_view voter_prefix = "etcd:";

using Weighted = std::vector<std::pair<Instant, unsigned>>;

unsigned total_of(const Votes& list) {
  unsigned total = 0;
  for (const auto& [node, votes] : list) total += votes;
  return total;
}

/// The instant at which the votes, added up in order, first are a majority.
std::optional<Instant> first_majority(const Weighted& ordered, unsigned total) {
  unsigned votes = 0;
  for (const auto& [instant, weight] : ordered) {
    votes += weight;
    if (is_more_than_half(votes, total)) return instant;
  }
  return std::nullopt;
}

Weighted weigh(const std::map<NodeName, Instant>& instants, const Votes& list) {
  Weighted weighted;
  for (const auto& [node, instant] : instants) {
    const auto found = list.find(node);
    if (found != list.end()) weighted.emplace_back(instant, found->second);
  }
  return weighted;
}

Verdict judge_one(const Votes& list, const std::set<NodeName>& yes, const std::set<NodeName>& no) {
  unsigned for_it = 0;
  unsigned possible = 0;
  for (const auto& [node, votes] : list) {
    if (yes.contains(node)) for_it += votes;
    if (yes.contains(node) || !no.contains(node)) possible += votes;
  }
  const unsigned total = total_of(list);
  if (is_more_than_half(for_it, total)) return Verdict::won;
  return is_more_than_half(possible, total) ? Verdict::pending : Verdict::lost;
}

}  // namespace

Votes votes_of(const std::vector<NodeConfig>& nodes) {
  Votes list;
  for (const NodeConfig& node : nodes) list[node.name] = node.votes;
  return list;
}

NodeName voter_of(const ArbiterConfig& arbiter) {
  std::vector<Endpoint> endpoints = arbiter.etcd.endpoints;
  std::ranges::sort(endpoints);
  ByteWriter writer;
  for (const Endpoint& endpoint : endpoints) writer.text(hapx::to_string(endpoint));
  constexpr std::string_view digits = "0123456789abcdef";
  std::uint64_t hash = fnv1a(std::move(writer).take());
  std::string name(voter_prefix);
  for (int i = 0; i < 16; ++i, hash >>= 4U) name += digits[hash & 0xfU];
  return NodeName(std::move(name));
}

bool is_arbiter(const NodeName& voter) {
  return voter.text().starts_with(voter_prefix);
}

Votes votes_of(const ClusterConfig& config) {
  Votes list = votes_of(config.nodes);
  if (config.arbiter) list[voter_of(*config.arbiter)] = 1;
  return list;
}

Verdict Electorate::judge(const std::set<NodeName>& yes, const std::set<NodeName>& no) const {
  Verdict all = Verdict::won;
  for (const Votes& list : lists_) {
    const Verdict one = judge_one(list, yes, no);
    if (one == Verdict::lost || all == Verdict::lost)
      all = Verdict::lost;
    else if (one == Verdict::pending)
      all = Verdict::pending;
  }
  return all;
}

/// The list that backs us for the shortest time decides.
std::optional<Instant> Electorate::backed_until(const std::map<NodeName, Instant>& backed) const {
  std::optional<Instant> until;
  for (const Votes& list : lists_) {
    Weighted weighted = weigh(backed, list);
    std::sort(weighted.begin(), weighted.end(), std::greater<>());
    const auto one = first_majority(weighted, total_of(list));
    if (!one) return std::nullopt;
    until = std::min(until.value_or(*one), *one);
  }
  return until;
}

std::optional<Instant> Electorate::free_from(const std::map<NodeName, Instant>& free) const {
  std::optional<Instant> from;
  for (const Votes& list : lists_) {
    Weighted weighted = weigh(free, list);
    std::sort(weighted.begin(), weighted.end());
    const auto one = first_majority(weighted, total_of(list));
    if (!one) return std::nullopt;
    from = std::max(from.value_or(*one), *one);
  }
  return from;
}

}  // namespace hapx::membership
