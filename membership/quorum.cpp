// SPDX-License-Identifier: Apache-2.0
#include "membership/quorum.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace hapx::membership {

namespace {

using Weighted = std::vector<std::pair<Instant, unsigned>>;

/// The instant at which the votes, added up in order, first are a majority.
std::optional<Instant> first_majority(const Weighted& ordered, const Electorate& electorate) {
  unsigned votes = 0;
  for (const auto& [instant, weight] : ordered) {
    votes += weight;
    if (electorate.is_majority(votes)) return instant;
  }
  return std::nullopt;
}

Weighted weigh(const std::map<NodeName, Instant>& instants, const Electorate& electorate) {
  Weighted weighted;
  for (const auto& [node, instant] : instants)
    weighted.emplace_back(instant, electorate.votes_of(node));
  return weighted;
}

}  // namespace

Electorate::Electorate(const std::vector<NodeConfig>& nodes) {
  for (const NodeConfig& node : nodes) {
    votes_[node.name] = node.votes;
    total_ += node.votes;
  }
}

unsigned Electorate::votes_of(const NodeName& node) const {
  const auto found = votes_.find(node);
  return found == votes_.end() ? 0 : found->second;
}

Verdict Electorate::judge(const std::set<NodeName>& yes, const std::set<NodeName>& no) const {
  unsigned for_it = 0;
  unsigned possible = 0;
  for (const auto& [node, votes] : votes_) {
    if (yes.contains(node)) for_it += votes;
    if (yes.contains(node) || !no.contains(node)) possible += votes;
  }
  if (is_majority(for_it)) return Verdict::won;
  return is_majority(possible) ? Verdict::pending : Verdict::lost;
}

std::optional<Instant> Electorate::backed_until(const std::map<NodeName, Instant>& backed) const {
  Weighted weighted = weigh(backed, *this);
  std::sort(weighted.begin(), weighted.end(), std::greater<>());
  return first_majority(weighted, *this);
}

std::optional<Instant> Electorate::free_from(const std::map<NodeName, Instant>& free) const {
  Weighted weighted = weigh(free, *this);
  std::sort(weighted.begin(), weighted.end());
  return first_majority(weighted, *this);
}

}  // namespace hapx::membership
