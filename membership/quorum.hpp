// SPDX-License-Identifier: Apache-2.0
// Are these votes enough?
//
// More than half of the configured votes decide, whether or not their owners are alive: any two
// majorities share a voter, and that voter is where two rivals meet. Every place that asks
// "enough?" asks here, and nowhere else is a vote counted. Knows nothing of what is voted on, nor
// of time, other than that instants can be ordered.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "config/archived.hpp"
#include "config/cluster_config.hpp"
#include "config/ids.hpp"
#include "config/time.hpp"

namespace hapx::membership {

enum class Verdict : std::uint8_t {
  won,      ///< more than half said yes
  lost,     ///< whatever the others say, it can't be more than half any more
  pending,  ///< it depends on those who have not answered
};

/// Who votes, and with how many votes.
using Votes = std::map<NodeName, unsigned>;
[[nodiscard]] Votes votes_of(const std::vector<NodeConfig>& nodes);
/// What an arbiter is called among the voters. No node's name has a colon in it. Other endpoints
/// may be another store, with another memory: so they are another voter.
[[nodiscard]] NodeName voter_of(const ArbiterConfig& arbiter);
[[nodiscard]] bool is_arbiter(const NodeName& voter);
/// With an arbiter's.
[[nodiscard]] Votes votes_of(const ClusterConfig& config);

/// Safety: half is not enough.
[[nodiscard]] constexpr bool is_more_than_half(unsigned votes, unsigned total) {
  return 2 * votes > total;
}

/// Those whose majority decides. While one list of voters succeeds another, these are two, and what
/// is decided needs a majority of each (LEASE.md, rule 22).
class Electorate {
 public:
  explicit Electorate(const std::vector<NodeConfig>& nodes)
      : Electorate(std::vector{votes_of(nodes)}) {}
  /// Several lists at once. One without a vote never has a majority.
  explicit Electorate(std::vector<Votes> lists) : lists_(std::move(lists)) {}

  /// More than half of all configured votes.
  [[nodiscard]] bool is_majority(const std::set<NodeName>& nodes) const {
    return is_majority_where([&](const NodeName& node) { return nodes.contains(node); });
  }
  /// Likewise, of those for whom `holds` is true.
  template <class Holds>
  [[nodiscard]] bool is_majority_where(const Holds& holds) const {
    return std::ranges::all_of(lists_, [&](const Votes& list) {
      unsigned votes = 0;
      unsigned total = 0;
      for (const auto& [node, weight] : list) {
        total += weight;
        if (holds(node)) votes += weight;
      }
      return is_more_than_half(votes, total);
    });
  }
  [[nodiscard]] Verdict judge(const std::set<NodeName>& yes, const std::set<NodeName>& no) const;

  /// Each voter backs us until an instant: until when does a majority? The k-th newest.
  [[nodiscard]] std::optional<Instant> backed_until(
      const std::map<NodeName, Instant>& backed) const;
  /// Each voter is free from an instant on: from when on is a majority? Absent: never, as known.
  [[nodiscard]] std::optional<Instant> free_from(const std::map<NodeName, Instant>& free) const;

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(lists_);
  }

  std::vector<Votes> lists_;
};

}  // namespace hapx::membership
