// SPDX-License-Identifier: Apache-2.0
// Which list of voters is in force, and by which does a peer count?
//
// Nodes and their votes form an electorate. It has a generation, which every message carries: two
// nodes that count majorities of different lists could each find one, and none of their voters in
// common. So one list succeeds another in steps (LEASE.md, rule 22):
//
//   settled under the old list --the file has another, stored before the first vote--> adopted:
//   votes no more for those who count by the old one, and counts a majority of each
//      --majorities of both have adopted it, or a peer has seen that--> settled under the new list
//
// Pure values: it is told what a peer says, and says what that makes of the peer and of us.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/archived.hpp"
#include "membership/quorum.hpp"

namespace hapx::membership {

/// By which list the sender of a message counts.
struct ElectorateTold {
  std::uint64_t generation = 0;  ///< from 1; 0: not told, by an earlier version of hapx
  std::uint64_t list = 0;        ///< a hash of the nodes and their votes
  std::uint64_t succeeds = 0;    ///< of the list before it, as long as that counts, too; 0: settled

  friend bool operator==(const ElectorateTold&, const ElectorateTold&) = default;
};

/// Limit: so many lists count at once; whoever adopts one more counts for nothing until that is
/// settled.
inline constexpr std::size_t lists_max = 8;

/// A hash of the list; never 0.
[[nodiscard]] std::uint64_t hash_of(const Votes& list);
/// How many votes have come or gone between the two lists.
[[nodiscard]] unsigned votes_between(const Votes& before, const Votes& after);

/// What a node keeps of it on its disk.
struct KeptElectorate {
  std::uint64_t generation = 1;
  Votes list;
  std::uint64_t succeeds = 0;  ///< as told
  /// The lists that count beside it, the one that it succeeds first; none though it succeeds one:
  /// we were never told which.
  std::vector<Votes> previous;

  friend bool operator==(const KeptElectorate&, const KeptElectorate&) = default;
};

/// What a process counts by that finds `kept` on its disk and `list` in its file: if the one on
/// disk was not settled, those before it count on. Safety: on disk before the first vote: whoever
/// has adopted a list never again votes for one who counts by the one before.
[[nodiscard]] KeptElectorate adopt(const std::optional<KeptElectorate>& kept, const Votes& list);

/// What another node's list is to ours.
enum class Kinship : std::uint8_t {
  same,         ///< it votes for us, and we for it
  successor,    ///< it has adopted the list that succeeds ours: we vote for it, it not for us
  predecessor,  ///< it has not adopted ours yet: it votes for us, we not for it
  foreign,      ///< neither counts for the other
};

class Succession {
 public:
  Succession(KeptElectorate kept, const NodeName& self);

  [[nodiscard]] const KeptElectorate& kept() const { return kept_; }
  [[nodiscard]] ElectorateTold told() const;
  /// Those whose majority decides for us.
  [[nodiscard]] const Electorate& electorate() const { return electorate_; }
  [[nodiscard]] bool settled() const { return kept_.succeeds == 0; }

  [[nodiscard]] Kinship kinship(const ElectorateTold& theirs) const;
  /// A peer, proven to be alive, says by which list it counts. True: ours has changed.
  [[nodiscard]] bool heard(const NodeName& from, const ElectorateTold& theirs);

  /// Who of all lists that count has not been heard to have adopted ours.
  [[nodiscard]] std::vector<NodeName> missing() const;

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(kept_, electorate_, list_, adopted_);
  }

  void settle_if_adopted();
  void settle();
  void count_anew();

  KeptElectorate kept_;
  Electorate electorate_;
  std::uint64_t list_;          ///< hash of kept_.list
  std::set<NodeName> adopted_;  ///< who counts by our list, whichever it counted by before
};

}  // namespace hapx::membership
