// SPDX-License-Identifier: Apache-2.0
// Which standing orders are in force, and how do new ones get into the record?
//
// The coordinator's side. Under each ballot of its lease it first reads: asks every node for its
// copy, until those that have one are a majority, or until every node has answered (then nobody can
// know more; if none has a copy, this is the first start). The newest copy is what was in force.
// It is written back under its own ballot; then orders may follow, each as the next version of the
// whole, and each counts when a majority has it on disk.
//
//             begin                enough copies             a majority has it
//    Idle ----------> Reading -----------------> Writing --------------------> in force
//      ^                 |                          |  ^
//      | end (anywhere)  | patience                 |  | a change: the next version
//      |                 v                          +--+
//      +-------------  stale: goes on with the newest that it sees, and reads on
//
// If a majority told the very same copy, that is on enough disks already, and is in force without
// waiting for the write. If the disks or the nodes that know more don't answer within the patience,
// services matter more than orders: planning begins with what is seen, said to be stale.
//
// A copy that turns out blank later is filled only after reading once more, under the next number:
// so whatever it has forgotten was not what the others are bound to (LEASE.md, rule 20).
//
// Two nodes that may each count a majority alone (count_by) may have written apart. There no copy
// is taken for the newest: all that are told are merged, and what a node tells later than the
// majority that counts goes into the next version (rule 26).
//
// It sends nothing: asked for a node, it says what is to be said to it now.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/archived.hpp"
#include "config/cluster_config.hpp"
#include "membership/message.hpp"
#include "membership/quorum.hpp"
#include "membership/record.hpp"
#include "membership/view.hpp"

namespace hapx::membership {

/// What becomes of copies that differ.
enum class Differing : std::uint8_t {
  newest_counts,  ///< only a majority of all votes writes: the newest has whatever is in force
  merged,         ///< a node may have written alone: each may have what no other has
};

class RecordWriter {
 public:
  /// Limit: contents that a majority doesn't have yet; a change beyond that is refused.
  static constexpr std::size_t unsettled_max = 16;
  /// Whoever doesn't answer is asked again after a heartbeat, then ever slower, up to this.
  static constexpr Duration pause_max = std::chrono::seconds(1);

  RecordWriter(const std::vector<NodeConfig>& nodes, Electorate electorate, const Timing& timing,
               Differing differing = Differing::newest_counts);

  /// Another majority decides from now on. What is in force stays so; what is not is judged by it.
  void count_by(Electorate electorate);

  /// We coordinate under `ballot` from now on. `own`: our own copy, the newest that is at hand.
  void begin(const Ballot& ballot, const std::optional<Record>& own, Instant now);
  /// We don't coordinate any more.
  void end();
  [[nodiscard]] const std::optional<Ballot>& ballot() const { return ballot_; }

  /// That node has a new process: who knows what has become of its copy?
  void began_anew(const NodeName& node);
  void answered(const NodeName& node, const RecordAnswer& answer);
  /// The content that a node told with its answer to our reading.
  void told(Record record);
  void pass_time(Instant now);
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  /// True once after each change that nodes should hear of at once, not with the next beat.
  [[nodiscard]] bool take_urgency();
  /// What to say to this node now. Saying it is noted: the next time comes after a pause.
  [[nodiscard]] std::optional<RecordRead> read_for(const NodeName& node, Instant now);
  struct Write {
    const Record& record;
    std::uint64_t filling = 0;  ///< of a blank copy: the number of the reading without it
  };
  [[nodiscard]] std::optional<Write> write_for(const NodeName& node, Instant now);

  /// A node has promised a higher ballot than ours: the lease must go above it (rule 19).
  [[nodiscard]] const std::optional<Ballot>& seen_above() const { return seen_above_; }

  [[nodiscard]] RecordState state() const { return state_; }
  /// In force: what a majority has, or, stale, the newest that is seen.
  [[nodiscard]] const StandingOrders& orders() const { return orders_; }

  /// Whether changes may be asked for.
  [[nodiscard]] bool writable() const { return current_.has_value(); }
  /// What is in force once everything that is on its way has arrived. REQUIRES: writable().
  [[nodiscard]] const StandingOrders& coming() const { return current_->orders; }
  /// Too much is on its way to a majority.
  [[nodiscard]] bool is_full() const { return unsettled_.size() >= unsettled_max; }
  /// Limit: of orders and lifted orders that not all nodes have heard of there is room for one more
  /// (record_entries_max). Lifting takes no room. REQUIRES: writable().
  [[nodiscard]] bool has_room() const;
  /// Replaces the orders; the version under which they travel. REQUIRES: writable(), not is_full().
  [[nodiscard]] std::uint64_t replace(StandingOrders orders);
  /// The newest version that a majority has; 0: none of ours yet.
  [[nodiscard]] std::uint64_t settled_version() const { return settled_version_; }
  /// Those who vote and don't have this version on disk, if only who counts alone could do without
  /// them; none once a majority of all votes has it.
  [[nodiscard]] std::vector<NodeName> done_without(std::uint64_t version) const;

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(votes_, electorate_, ballot_, stale_from_, number_, nodes_, contents_, current_,
         knows_all_, unsettled_, settled_version_, seen_above_, state_, orders_, urgent_);
  }

  struct Node {
    std::uint64_t number = 0;                  ///< of the reading that it answered last
    bool known = false;                        ///< it has answered under this ballot
    std::optional<RecordId> has;               ///< absent and known: blank
    std::optional<std::uint64_t> blank_since;  ///< to which reading it said so first
    bool is_merged = false;                    ///< ours has all that it told under this ballot
    std::optional<Instant> ask_again;
    std::optional<Instant> write_again;
    Duration pause{0};
  };

  void ask_once_more();
  void judge();
  void judge_reading();
  void merge_late_copies();
  void judge_knowledge();
  void judge_writing();
  void spread(Record content, std::uint64_t version);
  void look_for_blanks();
  void come_into_force(const StandingOrders& orders);
  [[nodiscard]] const Record* content_of(const RecordId& id) const;
  [[nodiscard]] std::optional<Record> joined_with(const Record& newest) const;
  [[nodiscard]] StandingOrders newest_seen() const;
  [[nodiscard]] std::set<NodeName> who_has(std::uint64_t version) const;
  [[nodiscard]] bool has_read_enough() const;
  void speak_at_once();
  void pause_after(Node& node, std::optional<Instant>& again, Instant now) const;

  Votes votes_;
  Electorate electorate_;
  Timing timing_;
  Differing differing_;
  std::optional<Ballot> ballot_;
  Instant stale_from_{};
  std::uint64_t number_ = 0;  ///< of the reading; never the same twice in this process
  std::map<NodeName, Node> nodes_;
  std::map<RecordId, Record> contents_;  ///< read; at most one of each node, and our own
  std::optional<Record> current_;        ///< what we want all nodes to have
  bool knows_all_ = false;  ///< that anybody may have written before us, and nobody else will
  std::map<std::uint64_t, StandingOrders> unsettled_;  ///< versions that no majority has yet
  std::uint64_t settled_version_ = 0;
  std::optional<Ballot> seen_above_;
  RecordState state_ = RecordState::unread;
  StandingOrders orders_;
  bool urgent_ = false;
};

}  // namespace hapx::membership
