// SPDX-License-Identifier: Apache-2.0
#include "membership/record_writer.hpp"

#include <algorithm>
#include <utility>

#include "config/assert.hpp"
#include "membership/record_merge.hpp"

namespace hapx::membership {

RecordWriter::RecordWriter(const std::vector<NodeConfig>& nodes, Electorate electorate,
                           const Timing& timing, Differing differing)
    : votes_(votes_of(nodes)),
      electorate_(std::move(electorate)),
      timing_(timing),
      differing_(differing) {
  for (const NodeConfig& node : nodes) nodes_[node.name];
}

void RecordWriter::count_by(Electorate electorate) {
  electorate_ = std::move(electorate);
  if (ballot_) judge();
}

void RecordWriter::begin(const Ballot& ballot, const std::optional<Record>& own, Instant now) {
  end();
  ballot_ = ballot;
  // Time enough for two turns of a disk that is well; one that hangs costs a lease (decision 0014).
  stale_from_ = now + timing_.lease;
  if (own) contents_[own->id] = *own;
  ask_once_more();
}

void RecordWriter::end() {
  ballot_.reset();
  for (auto& [name, node] : nodes_) node = Node{};
  contents_.clear();
  current_.reset();
  knows_all_ = false;
  unsettled_.clear();
  settled_version_ = 0;
  seen_above_.reset();
  state_ = RecordState::unread;
  orders_.clear();
  urgent_ = false;
}

void RecordWriter::began_anew(const NodeName& name) {
  const auto found = nodes_.find(name);
  if (found != nodes_.end()) found->second = Node{};
}

void RecordWriter::ask_once_more() {
  ++number_;
  speak_at_once();
}

void RecordWriter::speak_at_once() {
  for (auto& [name, node] : nodes_) {
    node.ask_again.reset();
    node.write_again.reset();
    node.pause = Duration{0};
  }
  urgent_ = true;
}

void RecordWriter::pause_after(Node& node, std::optional<Instant>& again, Instant now) const {
  node.pause = std::clamp(2 * node.pause, timing_.heartbeat, pause_max);
  again = now + node.pause;
}

void RecordWriter::answered(const NodeName& name, const RecordAnswer& answer) {
  const auto found = nodes_.find(name);
  if (!ballot_ || answer.ballot != *ballot_ || found == nodes_.end()) return;
  // It has promised at least what it took.
  const Ballot above = std::max(answer.promised, answer.has ? answer.has->ballot : Ballot{});
  if (above > *ballot_) {
    if (!seen_above_ || *seen_above_ < above) seen_above_ = above;
    return;
  }
  // What is told to a reading counts when the promise to it is on disk.
  if (answer.number != 0 && answer.promised != *ballot_) return;
  Node& node = found->second;
  node.known = true;
  node.pause = Duration{0};
  if (answer.number != 0) node.number = std::max(node.number, answer.number);
  if (answer.has) {
    // A later word may come first: what a copy has only grows, unless it is blank again.
    if (!node.has || *node.has < *answer.has) node.has = answer.has;
    node.blank_since.reset();
  } else {
    node.has.reset();
    if (answer.number == 0) {  // it took no write, because this process of it has not said so yet
      node.number = 0;
      node.blank_since.reset();
      node.ask_again.reset();
      urgent_ = true;
    } else if (!node.blank_since) {
      node.blank_since = answer.number;
    }
  }
  judge();
}

void RecordWriter::judge() {
  judge_reading();
  merge_late_copies();
  look_for_blanks();
  judge_writing();
}

/// Whoever has said that it is blank to the present reading is filled after another one.
void RecordWriter::look_for_blanks() {
  if (!current_) return;
  for (const auto& [name, node] : nodes_)
    if (node.blank_since == number_) return ask_once_more();
}

void RecordWriter::told(Record record) {
  if (!ballot_ || record.id.ballot == *ballot_) return;
  if (current_ && differing_ == Differing::newest_counts) return;
  const RecordId id = record.id;
  contents_.insert_or_assign(id, std::move(record));
  // Limit: one content of each node, and our own; a late word of an earlier reading gives way.
  if (contents_.size() > nodes_.size() + 1) {
    contents_.erase(std::ranges::find_if(contents_, [&](const auto& content) {
      return content.first != id && std::ranges::none_of(nodes_, [&](const auto& each) {
               return each.second.has == content.first;
             });
    }));
  }
  if (state_ == RecordState::stale && !current_) orders_ = newest_seen();
  judge();
}

/// Safety: copies of a majority of all votes, blank ones left out; or every node's word, when
/// nobody can know more (LEASE.md, rule 20).
bool RecordWriter::has_read_enough() const {
  std::set<NodeName> copies;
  bool all = true;
  for (const auto& [name, node] : nodes_) {
    const bool answered = node.known && node.number == number_;
    if (answered && node.has) copies.insert(name);
    all = all && answered;
  }
  return all || electorate_.is_majority(copies);
}

const Record* RecordWriter::content_of(const RecordId& id) const {
  const auto found = contents_.find(id);
  return found == contents_.end() ? nullptr : &found->second;
}

/// What the copies that were told make together with the newest of them; absent: parts of one are
/// still on their way.
std::optional<Record> RecordWriter::joined_with(const Record& newest) const {
  Record joined = newest;
  if (differing_ == Differing::newest_counts) return joined;
  for (const auto& [name, node] : nodes_) {
    if (node.number != number_ || !node.has) continue;
    const Record* content = content_of(*node.has);
    if (content == nullptr) return std::nullopt;
    joined = merge(joined, *content);
  }
  return joined;
}

void RecordWriter::judge_reading() {
  if (!ballot_ || current_ || !has_read_enough()) return;
  std::optional<RecordId> newest;
  for (const auto& [name, node] : nodes_)
    if (node.number == number_ && node.has && (!newest || *newest < *node.has)) newest = node.has;
  Record joined;
  bool is_in_force = !newest;  // the first start: there is nothing to lose
  if (newest) {
    const Record* content = content_of(*newest);
    if (content == nullptr) return;  // parts of it are still on their way
    auto with_others = joined_with(*content);
    if (!with_others) return;
    joined = *std::move(with_others);
    std::set<NodeName> copies;
    for (const auto& [name, node] : nodes_)
      if (node.number == number_ && node.has == newest) copies.insert(name);
    is_in_force = joined == *content && electorate_.is_majority(copies);
  }
  for (auto& [name, node] : nodes_) node.is_merged = node.known && node.number == number_;
  knows_all_ = differing_ == Differing::newest_counts;
  judge_knowledge();
  spread(std::move(joined), newest ? newest->version : 1);
  if (is_in_force) come_into_force(current_->orders);
  if (differing_ == Differing::newest_counts) contents_.clear();
}

/// A copy that is told when enough were read already: what it has and ours hasn't goes into the
/// next version.
void RecordWriter::merge_late_copies() {
  if (!current_ || differing_ == Differing::newest_counts) return;
  Record joined = *current_;
  for (auto& [name, node] : nodes_) {
    if (node.is_merged || !node.known || node.number == 0) continue;
    if (node.has && node.has->ballot != *ballot_) {
      const Record* content = content_of(*node.has);
      if (content == nullptr) continue;  // parts of it are still on their way
      joined = merge(joined, *content);
    }
    node.is_merged = true;
  }
  judge_knowledge();
  if (joined != *current_) spread(std::move(joined), current_->id.version + 1);
}

/// Safety: what a node promised to us it takes from nobody below us any more; so once all who vote
/// have told what they have, nothing is given or lifted below our name but by us, and lifted orders
/// can be forgotten. Whoever doesn't vote never writes alone.
void RecordWriter::judge_knowledge() {
  if (knows_all_) return;
  knows_all_ = std::ranges::all_of(nodes_, [this](const auto& each) {
    const auto& [name, node] = each;
    return node.is_merged || votes_.at(name) == 0;
  });
}

/// All nodes are to have this content now.
void RecordWriter::spread(Record content, std::uint64_t version) {
  const RecordId id{*ballot_, version};
  current_ = within_limits(knows_all_ ? all_known(std::move(content), id)
                                      : renamed(std::move(content), id));
  unsettled_[version] = current_->orders;
  speak_at_once();
}

/// Whose disk has this version of ours, or a later one.
std::set<NodeName> RecordWriter::who_has(std::uint64_t version) const {
  std::set<NodeName> copies;
  for (const auto& [name, node] : nodes_)
    if (node.has && node.has->ballot == *ballot_ && node.has->version >= version)
      copies.insert(name);
  return copies;
}

/// Safety: a version counts when a majority has it, or a later one of ours, on disk.
void RecordWriter::judge_writing() {
  if (!current_) return;
  auto settled = unsettled_.end();
  for (auto at = unsettled_.begin(); at != unsettled_.end(); ++at) {
    if (electorate_.is_majority(who_has(at->first))) settled = at;
  }
  if (settled == unsettled_.end()) return;
  settled_version_ = settled->first;
  come_into_force(settled->second);
  unsettled_.erase(unsettled_.begin(), std::next(settled));
}

void RecordWriter::come_into_force(const StandingOrders& orders) {
  orders_ = orders;
  state_ = RecordState::read;
}

std::uint64_t RecordWriter::replace(StandingOrders orders) {
  HAPX_ASSERT(current_.has_value() && !is_full());
  // Safety: within a ballot a version never gets a second content (LEASE.md, rule 18).
  const std::uint64_t version = current_->id.version + 1;
  Record next = succeed(*current_, {*ballot_, version}, std::move(orders));
  spread(std::move(next), version);
  return version;
}

bool RecordWriter::has_room() const {
  return current_->orders.size() + current_->lifted.size() < record_entries_max;
}

std::vector<NodeName> RecordWriter::done_without(std::uint64_t version) const {
  std::vector<NodeName> without;
  if (!ballot_) return without;
  const std::set<NodeName> copies = who_has(version);
  if (Electorate(std::vector{votes_}).is_majority(copies)) return without;
  for (const auto& [name, votes] : votes_)
    if (votes > 0 && !copies.contains(name)) without.push_back(name);
  return without;
}

/// Availability over orders: who can't read goes on with the newest that it sees.
void RecordWriter::pass_time(Instant now) {
  if (!ballot_ || state_ != RecordState::unread || now < stale_from_) return;
  state_ = RecordState::stale;
  if (current_)
    orders_ = current_->orders;
  else
    orders_ = newest_seen();
}

StandingOrders RecordWriter::newest_seen() const {
  if (contents_.empty()) return {};
  Record joined = contents_.rbegin()->second;
  if (differing_ == Differing::merged)
    for (const auto& [id, content] : contents_) joined = merge(joined, content);
  return std::move(joined.orders);
}

std::optional<Instant> RecordWriter::next_deadline() const {
  if (!ballot_ || state_ != RecordState::unread) return std::nullopt;
  return stale_from_;
}

bool RecordWriter::take_urgency() {
  return std::exchange(urgent_, false);
}

std::optional<RecordRead> RecordWriter::read_for(const NodeName& name, Instant now) {
  const auto found = nodes_.find(name);
  if (!ballot_ || found == nodes_.end()) return std::nullopt;
  Node& node = found->second;
  // What was told is of no use without its content.
  const bool is_done = differing_ == Differing::merged ? node.is_merged : current_.has_value();
  const bool told =
      node.number == number_ && (is_done || !node.has || content_of(*node.has) != nullptr);
  const bool wanted = !current_ || !has_read_enough() ||
                      (node.known && !node.has && !node.blank_since) ||
                      (differing_ == Differing::merged && !node.is_merged);
  if (told || !wanted || (node.ask_again && now < *node.ask_again)) return std::nullopt;
  pause_after(node, node.ask_again, now);
  return RecordRead{*ballot_, number_};
}

std::optional<RecordWriter::Write> RecordWriter::write_for(const NodeName& name, Instant now) {
  const auto found = nodes_.find(name);
  if (!current_ || found == nodes_.end()) return std::nullopt;
  Node& node = found->second;
  if (node.has && *node.has >= current_->id) return std::nullopt;
  // Safety: what may have been written there without us is read before it is overwritten.
  if (differing_ == Differing::merged && !node.is_merged) return std::nullopt;
  const bool blank = node.known && !node.has;
  // Safety: those who were asked since it said that it is blank know whatever it has forgotten.
  if (blank && (!node.blank_since || *node.blank_since >= number_ || !has_read_enough()))
    return std::nullopt;
  if (node.write_again && now < *node.write_again) return std::nullopt;
  pause_after(node, node.write_again, now);
  return Write{*current_, blank ? number_ : 0};
}

}  // namespace hapx::membership
