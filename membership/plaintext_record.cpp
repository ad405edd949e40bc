// SPDX-License-Identifier: Apache-2.0
#include "membership/plaintext_record.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "membership/promise_memory.hpp"

namespace hapx::membership {

namespace {

std::uint64_t to_wire(Utc moment) {
  return static_cast<std::uint64_t>(moment.time_since_epoch().count());
}

/// Each check that fails makes the whole datagram malformed.
class RecordDecoder {
 public:
  RecordDecoder(NodeName sender, Incarnation incarnation)
      : sender_(std::move(sender)), incarnation_(incarnation) {}

  [[nodiscard]] bool ok() const { return ok_; }

  void read(const wire::Datagram& in, Message& out) {
    for (const auto& item : in.record_reads()) {
      if (item.number() == 0) ok_ = false;
      out.record_reads.push_back({{item.round(), sender_, incarnation_}, item.number()});
    }
    for (const auto& item : in.record_answers()) out.record_answers.push_back(answer(item, out.to));
    for (const auto& item : in.record_told()) out.record_told.push_back(part(item));
    for (const auto& item : in.record_written()) {
      out.record_written.push_back(part(item));
      // Safety: nobody writes in another's name.
      const Ballot& ballot = out.record_written.back().id.ballot;
      if (ballot.node != sender_ || ballot.incarnation != incarnation_) ok_ = false;
    }
    for (const auto& item : in.record_changes()) out.orders.push_back(change(item));
  }

 private:
  std::string bounded(const std::string& text, std::size_t max) {
    if (text.size() > max) ok_ = false;
    return text.substr(0, max);
  }
  Ballot ballot(const wire::Ballot& in) {
    return {in.round(), NodeName(bounded(in.node(), name_bytes_max)),
            Incarnation{in.incarnation()}};
  }
  RecordId id(const wire::RecordId& in) { return {ballot(in.ballot()), in.version()}; }
  RecordAnswer answer(const wire::RecordAnswer& in, const NodeName& to) {
    RecordAnswer out{
        {in.round(), to, Incarnation{in.incarnation()}}, in.number(), ballot(in.promised()), {}};
    if (in.has_has()) out.has = id(in.has());
    return out;
  }
  Subject subject(std::uint32_t kind, const std::string& node, const std::string& service) {
    const auto known = static_cast<std::uint32_t>(OrderKind::ban);
    if (kind > known) ok_ = false;
    return {static_cast<OrderKind>(std::min(kind, known)), NodeName(bounded(node, name_bytes_max)),
            ServiceName(bounded(service, name_bytes_max))};
  }
  Utc utc(std::uint64_t value) {
    const auto max = static_cast<std::uint64_t>(utc_max.time_since_epoch().count());
    if (value > max) ok_ = false;
    return Utc(Duration(static_cast<Duration::rep>(std::min(value, max))));
  }
  RecordPart part(const wire::RecordPart& in) {
    if (in.count() > record_entries_max || in.lifted_count() > record_entries_max ||
        in.index() > in.count() || in.has_order() != (in.index() < in.count()))
      ok_ = false;
    RecordPart out{id(in.id()), in.index(), in.count(), {}, in.filling(), {}, in.lifted_count()};
    if (in.has_floor()) out.floor = id(in.floor());
    if (in.has_order()) out.order = order(in.order());
    if (in.has_lifted()) {
      const wire::LiftedOrder& from = in.lifted();
      if (in.has_order() || from.index() >= in.lifted_count()) ok_ = false;
      out.index += std::min(from.index(), in.lifted_count());
      out.lifted = {subject(from.kind(), from.node(), from.service()), id(from.lifted())};
      if (!is_whole(out.lifted->subject)) ok_ = false;
    }
    return out;
  }
  StandingOrder order(const wire::StandingOrder& in) {
    StandingOrder out{subject(in.kind(), in.node(), in.service()),
                      bounded(in.by(), by_bytes_max),
                      utc(in.since()),
                      {}};
    if (in.has_until()) out.until = utc(in.until());
    if (in.has_given()) out.given = id(in.given());
    if (!is_whole(out.subject)) ok_ = false;
    return out;
  }
  Order change(const wire::RecordChange& in) {
    RecordChange out;
    out.verb = in.lift() ? RecordChange::Verb::lift : RecordChange::Verb::give;
    out.subject = subject(in.kind(), in.node(), in.service());
    out.by = bounded(in.by(), by_bytes_max);
    if (in.has_time()) {
      const auto max = static_cast<std::uint64_t>(order_time_max.count());
      if (in.time() > max) ok_ = false;
      out.time = Duration(static_cast<Duration::rep>(std::min(in.time(), max)));
    }
    const bool all_bans = in.lift() && out.subject.kind == OrderKind::ban &&
                          out.subject.node.empty() && !out.subject.service.empty();
    if (!is_whole(out.subject) && !all_bans) ok_ = false;
    const NodeName from(bounded(in.from(), name_bytes_max));
    if (from.empty()) ok_ = false;
    return {in.id(), from, std::move(out)};
  }

  NodeName sender_;
  Incarnation incarnation_;
  bool ok_ = true;
};

}  // namespace

void to_wire(const Ballot& ballot, wire::Ballot& out) {
  out.set_round(ballot.round);
  out.set_node(ballot.node.text());
  out.set_incarnation(ballot.incarnation.value);
}

namespace {

void to_wire(const RecordId& id, wire::RecordId& out) {
  to_wire(id.ballot, *out.mutable_ballot());
  out.set_version(id.version);
}

/// Whatever names its kind, node and service.
template <class Wire>
void to_wire(const Subject& subject, Wire& out) {
  out.set_kind(static_cast<std::uint32_t>(subject.kind));
  out.set_node(subject.node.text());
  out.set_service(subject.service.text());
}

}  // namespace

void to_wire(const RecordRead& read, wire::RecordRead& out) {
  out.set_round(read.ballot.round);
  out.set_number(read.number);
}

void to_wire(const RecordAnswer& answer, wire::RecordAnswer& out) {
  out.set_round(answer.ballot.round);
  out.set_incarnation(answer.ballot.incarnation.value);
  out.set_number(answer.number);
  to_wire(answer.promised, *out.mutable_promised());
  if (answer.has) to_wire(*answer.has, *out.mutable_has());
}

/// An earlier hapx takes a part that tells of a lifted order for one that tells of nothing.
void to_wire(const RecordPart& part, wire::RecordPart& out) {
  to_wire(part.id, *out.mutable_id());
  out.set_index(std::min(part.index, part.count));
  out.set_count(part.count);
  out.set_filling(part.filling);
  if (part.floor) to_wire(*part.floor, *out.mutable_floor());
  out.set_lifted_count(part.lifted_count);
  if (part.lifted) {
    wire::LiftedOrder& lifted = *out.mutable_lifted();
    to_wire(part.lifted->subject, lifted);
    to_wire(part.lifted->lifted, *lifted.mutable_lifted());
    lifted.set_index(part.index - part.count);
  }
  if (!part.order) return;
  wire::StandingOrder& order = *out.mutable_order();
  to_wire(part.order->subject, order);
  order.set_by(part.order->by);
  order.set_since(to_wire(part.order->since));
  if (part.order->until) order.set_until(to_wire(*part.order->until));
  if (part.order->given) to_wire(*part.order->given, *order.mutable_given());
}

std::vector<ChangeOrder> changes_of(const Message& message) {
  std::vector<ChangeOrder> changes;
  for (const Order& order : message.orders)
    if (const auto* change = std::get_if<RecordChange>(&order.what))
      changes.push_back({order.id, order.from, *change});
  return changes;
}

void to_wire(const ChangeOrder& order, wire::RecordChange& out) {
  out.set_id(order.id);
  out.set_from(order.from.text());
  out.set_lift(order.change.verb == RecordChange::Verb::lift);
  to_wire(order.change.subject, out);
  out.set_by(order.change.by);
  if (order.change.time) out.set_time(static_cast<std::uint64_t>(order.change.time->count()));
}

bool from_wire(const wire::Datagram& in, const NodeName& sender, Incarnation incarnation,
               Message& out) {
  RecordDecoder decoder(sender, incarnation);
  decoder.read(in, out);
  return decoder.ok();
}

}  // namespace hapx::membership
