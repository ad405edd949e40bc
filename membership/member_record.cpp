// SPDX-License-Identifier: Apache-2.0
// How does a member keep the record: its own copy, and all of it while it coordinates?
#include <algorithm>
#include <utility>

#include "config/assert.hpp"
#include "config/wording.hpp"
#include "membership/member_state.hpp"

namespace hapx::membership {

namespace {

/// Asking our own copy settles in three rounds: read, written, in force; more is a bug.
constexpr int record_rounds_max = 8;

/// An order that is given now may last for another year.
constexpr Utc now_max = utc_max - order_time_max;

}  // namespace

std::optional<Utc> Member::State::time_of_day(Instant now) const {
  if (!utc_offset) return std::nullopt;
  return std::clamp(Utc(now.time_since_epoch() + *utc_offset), Utc{}, now_max);
}

/// REQUIRES: utc_offset. Neither is so large that the difference would not fit.
Instant Member::State::instant_of(Utc moment) const {
  return Instant(moment.time_since_epoch() - *utc_offset);
}

/// What other nodes say of the record: questions to our copy, and answers to our reading.
void Member::State::take_record(const Peer& peer, const Message& message) {
  const NodeName& name = peer.node().name;
  RecordInbox& inbox = record_inboxes[name];
  const bool is_bygone = succession.kinship(peer.electorate()) == Kinship::predecessor;
  for (const RecordRead& read : message.record_reads)
    if (!is_bygone) copy.read(name, read);
  for (const RecordPart& part : message.record_written)
    if (auto whole = inbox.written.add(part); whole && !is_bygone)
      copy.write(name, std::move(whole->record), whole->filling);
  for (const RecordPart& part : message.record_told) {
    auto whole = inbox.told.add(part);
    if (!whole) continue;
    writer.told(std::move(whole->record));
  }
  for (const RecordAnswer& answer : message.record_answers) writer.answered(name, answer);
}

/// The whole life of the record within one call: begins and ends with our right to coordinate,
/// asks and answers our own copy, and says what others should know at once.
void Member::State::keep_record(Instant now) {
  if (left) return;
  const Lease* lease = coordinator_lease;
  if (!coordinating(now)) {
    if (writer.ballot()) writer.end();
    changes.clear();  // whoever asked hears "unknown", and so it is
  } else if (writer.ballot() != lease->right()->ballot) {
    changes.clear();
    writer.begin(lease->right()->ballot, copy.durable().record, now);
  }
  writer.pass_time(now);
  for (int i = 0; i < record_rounds_max; ++i) {
    end_orders(now);
    take_up_changes(now);
    answer_changes();
    if (const auto read = writer.read_for(options.self, now)) copy.read(options.self, *read);
    if (const auto write = writer.write_for(options.self, now))
      copy.write(options.self, write->record, write->filling);
    const bool calm = !tell_copy();
    if (auto store = copy.take_store(now)) actions.emplace_back(std::move(*store));
    if (writer.take_urgency()) {
      for (const Peer& peer : peers)
        if (peer.current()) say_record(peer, now);
    } else if (calm) {
      break;
    }
  }
  if (writer.seen_above())
    claim_of(LeaseKey::coordinator()).lease.go_above(*writer.seen_above(), now);
  refresh_record(now);
}

/// What our copy has to say. True: some of it to ourselves.
bool Member::State::tell_copy() {
  bool heard = false;
  for (RecordCopy::Told& told : copy.take_answers()) {
    if (told.to == options.self) {
      heard = true;
      if (told.with_content) writer.told(*copy.durable().record);
      writer.answered(options.self, told.answer);
      continue;
    }
    const Peer* peer = find_peer(told.to);
    if (peer == nullptr || !peer->current()) continue;
    Message& message = message_to(*peer);
    if (told.with_content) message.record_told = parts_of(*copy.durable().record, 0);
    message.record_answers.push_back(told.answer);
  }
  return heard;
}

void Member::State::say_record(const Peer& peer, Instant now) {
  if (silenced(now)) return;
  Message& message = message_to(peer);
  const NodeName& name = peer.node().name;
  if (const auto read = writer.read_for(name, now)) message.record_reads = {*read};
  if (const auto write = writer.write_for(name, now))
    message.record_written = parts_of(write->record, write->filling);
}

/// An order whose time is over ends by a write (LEASE.md, rule 21).
void Member::State::end_orders(Instant now) {
  const auto earliest = next_order_end();
  if (!earliest || now < *earliest) return;
  StandingOrders left_over = writer.coming();
  std::erase_if(left_over, [&](const StandingOrder& order) {
    const bool over = order.until && instant_of(*order.until) <= now;
    if (over) news.push_back(OrderEnded{order});
    return over;
  });
  static_cast<void>(writer.replace(std::move(left_over)));
}

std::optional<Instant> Member::State::next_order_end() const {
  if (!utc_offset || !writer.writable() || writer.is_full()) return std::nullopt;
  std::optional<Utc> earliest;
  for (const StandingOrder& order : writer.coming())
    if (order.until) earliest = earliest ? std::min(*earliest, *order.until) : *order.until;
  return earliest ? std::optional(instant_of(*earliest)) : std::nullopt;
}

/// Changes wait for the record to be read, in the order in which they came.
void Member::State::take_up_changes(Instant now) {
  for (Change& change : changes) {
    if (change.version) continue;
    if (!writer.writable()) {
      if (writer.state() == RecordState::unread) return;
      change.refusal =
          "the record can't be written yet: neither copies of a majority nor all nodes have "
          "answered";
      continue;
    }
    const auto utc = time_of_day(now);
    if (!utc) {
      change.refusal = "the time of day is not known here yet";
      continue;
    }
    if (writer.is_full()) return;
    ChangedOrders changed = apply(std::get<RecordChange>(change.order.what), writer.coming(), *utc);
    if (changed.orders.size() > writer.coming().size() && !writer.has_room()) {
      changed.refused = true;
      changed.sentence =
          "no more orders can be kept until the other node is heard: too many were given and "
          "lifted without it";
    }
    if (changed.refused) {
      change.refusal = std::move(changed.sentence);
      continue;
    }
    change.sentence = std::move(changed.sentence);
    change.version = writer.replace(std::move(changed.orders));
  }
}

/// Empty, unless the order was settled by this node's vote alone.
std::string Member::State::said_alone(std::uint64_t version) const {
  std::vector<std::string> unheard;
  for (const NodeName& name : writer.done_without(version)) unheard.push_back(name.text());
  if (unheard.empty()) return {};
  return ", on this node only: " + joined(unheard) + (unheard.size() > 1 ? " are" : " is") +
         " not heard";
}

/// Safety: an order is acknowledged when a majority has it on disk, and not before.
void Member::State::answer_changes() {
  for (auto at = changes.begin(); at != changes.end();) {
    const bool settled = at->version && *at->version <= writer.settled_version();
    if (!settled && at->refusal.empty()) {
      ++at;
      continue;
    }
    give_answer({at->order.id, at->order.from,
                 settled ? OrderOutcome::accepted : OrderOutcome::refused,
                 settled ? at->sentence + said_alone(*at->version) : at->refusal});
    at = changes.erase(at);
  }
}

/// Brings what the house knows of the orders in line with what is in force.
void Member::State::refresh_record(Instant now) {
  const auto update = [this](auto& field, const auto& value) {
    if (field == value) return;
    field = value;
    view_changed = true;
  };
  RecordState state = RecordState::read;
  if (writer.ballot()) {
    state = writer.state();
  } else if (const auto* known = watch.current(now)) {
    const Peer* peer = find_peer(known->ballot.node);
    if (peer != nullptr && peer->orders_may_be_stale()) state = RecordState::stale;
  }
  update(view.record.state, state);
  static const StandingOrders none;
  const auto& own = copy.durable().record;
  if (writer.ballot() && state != RecordState::unread)
    update(view.record.orders, writer.orders());
  else
    update(view.record.orders, own ? own->orders : none);
  update(view.record.trouble, copy.trouble(now));
}

Outcome Member::step(const RecordStored& stored, Instant now) {
  state_->pass_time(now);
  state_->copy.stored(stored);
  return state_->finish(now);
}

Outcome Member::step(const RecordStoreFailed& failed, Instant now) {
  state_->pass_time(now);
  state_->copy.failed(failed, now);
  return state_->finish(now);
}

Outcome Member::step(const WallClockSet& clock, Instant now) {
  state_->pass_time(now);
  // More than a century away from 1970 is no offset, and would not fit.
  const Duration limit = utc_max.time_since_epoch();
  state_->utc_offset = std::clamp(clock.offset, -limit, limit);
  return state_->finish(now);
}

Outcome Member::keep(Order order, Instant now) {
  HAPX_ASSERT(std::holds_alternative<RecordChange>(order.what));
  State& state = *state_;
  state.pass_time(now);
  if (state.changes.size() >= State::changes_max) {
    state.give_answer({order.id, order.from, OrderOutcome::refused,
                       "too many orders are on their way, try again"});
  } else {
    state.changes.push_back({std::move(order), std::nullopt, {}, {}});
  }
  return state.finish(now);
}

}  // namespace hapx::membership
