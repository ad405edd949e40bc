// SPDX-License-Identifier: Apache-2.0
#include "membership/record_writer.hpp"

#include <algorithm>
#include <utility>

#include "config/assert.hpp"

namespace hapx::membership {

RecordWriter::RecordWriter(const std::vector<NodeConfig>& nodes, Electorate electorate,
                           const Timing& timing)
    : electorate_(std::move(electorate)), timing_(timing) {
  for (const NodeConfig& node : nodes) nodes_[node.name];
}

void RecordWriter::begin(const Ballot& ballot, const std::optional<Record>& own, Instant now) {
  end();
  ballot_ = ballot;
  // Time enough for two turns of a disk that is well; one that hangs costs a lease (decision 0014).
  stale_from_ = now + timing_.lease;
  if (own) contents_[own->id] = own->orders;
  ask_once_more();
}

void RecordWriter::end() {
  ballot_.reset();
  for (auto& [name, node] : nodes_) node = Node{};
  contents_.clear();
  current_.reset();
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
  if (answer.promised > *ballot_) {
    if (!seen_above_ || *seen_above_ < answer.promised) seen_above_ = answer.promised;
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
  judge_reading();
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
  if (!ballot_ || current_) return;
  // Limit: one content of each node, and our own.
  if (contents_.size() > nodes_.size() && !contents_.contains(record.id)) return;
  contents_[record.id] = std::move(record.orders);
  if (state_ == RecordState::stale) orders_ = contents_.rbegin()->second;
  judge_reading();
  look_for_blanks();
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

const StandingOrders* RecordWriter::content_of(const RecordId& id) const {
  const auto found = contents_.find(id);
  return found == contents_.end() ? nullptr : &found->second;
}

void RecordWriter::judge_reading() {
  if (!ballot_ || current_ || !has_read_enough()) return;
  std::optional<RecordId> newest;
  for (const auto& [name, node] : nodes_)
    if (node.number == number_ && node.has && (!newest || *newest < *node.has)) newest = node.has;
  if (!newest) {  // the first start: there is nothing to lose
    current_ = Record{{*ballot_, 1}, {}};
    come_into_force({});
  } else {
    const StandingOrders* content = content_of(*newest);
    if (content == nullptr) return;  // parts of it are still on their way
    current_ = Record{{*ballot_, newest->version}, *content};
    std::set<NodeName> copies;
    for (const auto& [name, node] : nodes_)
      if (node.number == number_ && node.has == newest) copies.insert(name);
    if (electorate_.is_majority(copies)) come_into_force(current_->orders);
  }
  unsettled_[current_->id.version] = current_->orders;
  contents_.clear();
  speak_at_once();
}

/// Safety: a version counts when a majority of all votes has it, or a later one of ours, on disk.
void RecordWriter::judge_writing() {
  if (!current_) return;
  auto settled = unsettled_.end();
  for (auto at = unsettled_.begin(); at != unsettled_.end(); ++at) {
    std::set<NodeName> copies;
    for (const auto& [name, node] : nodes_)
      if (node.has && node.has->ballot == *ballot_ && node.has->version >= at->first)
        copies.insert(name);
    if (electorate_.is_majority(copies)) settled = at;
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
  ++current_->id.version;
  current_->orders = std::move(orders);
  unsettled_[current_->id.version] = current_->orders;
  speak_at_once();
  return current_->id.version;
}

/// Availability over orders: who can't read goes on with the newest that it sees.
void RecordWriter::pass_time(Instant now) {
  if (!ballot_ || state_ != RecordState::unread || now < stale_from_) return;
  state_ = RecordState::stale;
  if (current_)
    orders_ = current_->orders;
  else if (!contents_.empty())
    orders_ = contents_.rbegin()->second;
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
  const bool told =
      node.number == number_ && (current_ || !node.has || content_of(*node.has) != nullptr);
  const bool wanted =
      !current_ || !has_read_enough() || (node.known && !node.has && !node.blank_since);
  if (told || !wanted || (node.ask_again && now < *node.ask_again)) return std::nullopt;
  pause_after(node, node.ask_again, now);
  return RecordRead{*ballot_, number_};
}

std::optional<RecordWriter::Write> RecordWriter::write_for(const NodeName& name, Instant now) {
  const auto found = nodes_.find(name);
  if (!current_ || found == nodes_.end()) return std::nullopt;
  Node& node = found->second;
  if (node.has && *node.has >= current_->id) return std::nullopt;
  const bool blank = node.known && !node.has;
  // Safety: those who were asked since it said that it is blank know whatever it has forgotten.
  if (blank && (!node.blank_since || *node.blank_since >= number_ || !has_read_enough()))
    return std::nullopt;
  if (node.write_again && now < *node.write_again) return std::nullopt;
  pause_after(node, node.write_again, now);
  return Write{*current_, blank ? number_ : 0};
}

}  // namespace hapx::membership
