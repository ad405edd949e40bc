// SPDX-License-Identifier: Apache-2.0
#include "appliance/scheduler_choice.hpp"

#include <algorithm>
#include <vector>

#include "config/assert.hpp"

namespace hapx::appliance {
namespace {

/// In the order of their names, byte by byte: node10 before node2, Z before a.
using Candidates = std::vector<NodeName>;

Candidates candidates_of(const ServiceScores& scores) {
  Candidates candidates;
  for (const auto& [name, score] : scores.nodes) {
    if (score.candidate()) candidates.push_back(name);
  }
  return candidates;
}

/// Where nobody sees any, nothing is dropped.
void keep_best_connected(const ServiceFacts& service, Candidates& candidates) {
  const auto healthy = [&](const NodeName& node) {
    return readiness_of(service, node).healthy_api_servers;
  };
  std::uint32_t most = 0;
  for (const NodeName& node : candidates) most = std::max(most, healthy(node));
  std::erase_if(candidates, [&](const NodeName& node) { return is_outseen(service, node, most); });
}

void keep_highest_score(const ServiceScores& scores, Candidates& candidates) {
  const auto total = [&](const NodeName& node) { return scores.nodes.at(node).total; };
  const Score highest = total(*std::ranges::max_element(candidates, {}, total));
  std::erase_if(candidates, [&](const NodeName& node) { return total(node) < highest; });
}

void keep_least_loaded(const Load& load, Candidates& candidates) {
  const auto loaded = [&](const NodeName& node) { return load_of(load, node); };
  const unsigned least = loaded(*std::ranges::min_element(candidates, {}, loaded));
  std::erase_if(candidates, [&](const NodeName& node) { return loaded(node) > least; });
}

Choice choose_vip(const ServiceFacts& service, const std::optional<NodeName>& current,
                  const ServiceScores& scores, const Load& load) {
  Candidates candidates = candidates_of(scores);
  const auto includes_current = [&] {
    return current && std::ranges::find(candidates, *current) != candidates.end();
  };
  const auto settle = [](const NodeName& node, DecidedBy decided_by) {
    return Choice{.vip = node, .haproxy = std::nullopt, .decided_by = decided_by};
  };

  if (candidates.empty()) return {};
  if (candidates.size() == 1) return settle(candidates.front(), DecidedBy::sole_candidate);
  keep_best_connected(service, candidates);
  if (candidates.size() == 1) return settle(candidates.front(), DecidedBy::api_servers);
  keep_highest_score(scores, candidates);
  if (candidates.size() == 1) return settle(candidates.front(), DecidedBy::score);

  // Equals. A score above 0 means that somebody wants it there, so it stays; else load is spread.
  const bool wanted = scores.nodes.at(candidates.front()).total > Score(0);
  if (wanted && includes_current()) return settle(*current, DecidedBy::current_node);
  keep_least_loaded(load, candidates);
  if (candidates.size() == 1) return settle(candidates.front(), DecidedBy::load);
  if (includes_current()) return settle(*current, DecidedBy::current_node);
  return settle(candidates.front(), DecidedBy::name);
}

/// Where the VIP is to be, and nowhere else.
std::optional<NodeName> choose_haproxy(const PresentResource& haproxy, const ServiceScores& scores,
                                       const std::optional<NodeName>& vip) {
  if (!haproxy.managed()) return haproxy.at;
  if (haproxy.must_stop || !vip) return std::nullopt;
  const NodeScore& there = scores.nodes.at(*vip);
  return there.available() && there.haproxy >= Score(0) ? vip : std::nullopt;
}

}  // namespace

bool is_outseen(const ServiceFacts& service, const NodeName& node, std::uint32_t most) {
  const std::uint32_t healthy = readiness_of(service, node).healthy_api_servers;
  const bool ordered = service.moved_to == node && healthy > 0;
  return healthy < most && !ordered;
}

unsigned load_of(const Load& load, const NodeName& node) {
  const auto found = load.find(node);
  return found == load.end() ? 0 : found->second;
}

void add_load(const Choice& choice, Load& load) {
  if (choice.vip) ++load[*choice.vip];
  if (choice.haproxy) ++load[*choice.haproxy];
}

Choice choose(const ServiceFacts& service, const PresentService& running,
              const ServiceScores& scores, const Load& load) {
  Choice choice;
  if (!running.vip.managed()) {
    choice.vip = running.vip.at;
    choice.decided_by = DecidedBy::unmanaged;
  } else if (running.vip.must_stop) {
    choice.decided_by = DecidedBy::must_stop;
  } else {
    choice = choose_vip(service, running.vip.at, scores, load);
    HAPX_ASSERT(!choice.vip || scores.nodes.at(*choice.vip).candidate());
  }
  choice.haproxy = choose_haproxy(running.haproxy, scores, choice.vip);
  return choice;
}

}  // namespace hapx::appliance
