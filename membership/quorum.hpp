// SPDX-License-Identifier: Apache-2.0
// Are these votes enough?
//
// More than half of the configured votes decide, whether or not their owners are alive: any two
// majorities share a voter, and that voter is where two rivals meet. Every place that asks
// "enough?" asks here, and nowhere else is a vote counted. Knows nothing of what is voted on, nor
// of time, other than that instants can be ordered.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

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
class Electorate {
 public:
  explicit Electorate(const std::vector<NodeConfig>& nodes);

  [[nodiscard]] unsigned votes_of(const NodeName& node) const;  ///< 0 if it doesn't vote
  [[nodiscard]] unsigned total() const { return total_; }

  /// Safety: more than half of all configured votes; half is not enough.
  [[nodiscard]] bool is_majority(unsigned votes) const { return 2 * votes > total_; }
  [[nodiscard]] Verdict judge(const std::set<NodeName>& yes, const std::set<NodeName>& no) const;

  /// Each voter backs us until an instant: until when does a majority? The k-th newest.
  [[nodiscard]] std::optional<Instant> backed_until(
      const std::map<NodeName, Instant>& backed) const;
  /// Each voter is free from an instant on: from when on is a majority? Absent: never, as known.
  [[nodiscard]] std::optional<Instant> free_from(const std::map<NodeName, Instant>& free) const;

 private:
  std::map<NodeName, unsigned> votes_;
  unsigned total_ = 0;
};

}  // namespace hapx::membership
