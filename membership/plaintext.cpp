// SPDX-License-Identifier: Apache-2.0
#include "membership/plaintext.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "config/assert.hpp"
#include "membership/plaintext_clients.hpp"
#include "membership/plaintext_record.hpp"
#include "membership/plaintext_workbench.hpp"
#include "membership/promise_memory.hpp"

namespace hapx::membership {

namespace {

/// Longest duration that is told at all; a lease's is bounded by the voter.
constexpr std::uint64_t duration_max =
    static_cast<std::uint64_t>(Duration(std::chrono::hours(24 * 3650)).count());
/// A tag of one byte and a length of at most two, rounded up.
constexpr std::size_t item_overhead = 4;

// ---- values to wire ----

/// The first `max` bytes, and no half character (UTF-8) at the end.
std::string clip(const std::string& text, std::size_t max) {
  if (text.size() <= max) return text;
  std::size_t end = max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

std::uint64_t to_wire(Duration duration) {
  return static_cast<std::uint64_t>(std::max(duration, Duration{0}).count());
}

void to_wire(const PlanId& plan, wire::PlanId& out) {
  to_wire(plan.ballot, *out.mutable_ballot());
  out.set_number(plan.number);
}

void to_wire(const Beat& beat, wire::Beat& out) {
  for (const Hearing& hearing : beat.hears) {
    wire::Hearing& hears = *out.add_hears();
    hears.set_node(hearing.node.text());
    hears.set_incarnation(hearing.incarnation.value);
    hears.set_report_version(hearing.report_version);
  }
  if (beat.coordinator) {
    to_wire(beat.coordinator->ballot, *out.mutable_coordinator()->mutable_ballot());
    out.mutable_coordinator()->set_remaining(to_wire(beat.coordinator->remaining));
  }
  if (beat.plan) to_wire(*beat.plan, *out.mutable_plan());
  out.set_challenge(beat.challenge);
  out.set_response(beat.response);
  if (beat.rival) out.set_rival(beat.rival->value);
  out.set_leaving(beat.leaving);
  out.set_orders_may_be_stale(beat.orders_may_be_stale);
  out.set_config(beat.config);
  out.set_staged(beat.staged);
}

void to_wire(const Prepare& prepare, wire::Prepare& out) {
  out.set_key(prepare.key.text());
  out.set_round(prepare.ballot.round);
  if (prepare.plan) to_wire(*prepare.plan, *out.mutable_plan());
}

void to_wire(const Proposal& proposal, wire::Proposal& out) {
  out.set_key(proposal.key.text());
  out.set_round(proposal.ballot.round);
  out.set_sequence(proposal.sequence);
  out.set_lease(to_wire(proposal.lease));
  out.set_held(proposal.held);
  if (proposal.plan) to_wire(*proposal.plan, *out.mutable_plan());
}

void to_wire(const Release& release, wire::Release& out) {
  out.set_key(release.key.text());
  out.set_round(release.ballot.round);
}

wire::Vote to_wire(Vote vote) {
  switch (vote) {
    case Vote::yes:
      return wire::YES;
    case Vote::no:
      return wire::NO;
    case Vote::abstains:
      return wire::ABSTAINS;
  }
  return wire::NO;
}

template <class Answer>
void answer_to_wire(const Answer& answer, wire::Answer& out) {
  out.set_key(answer.key.text());
  out.set_round(answer.ballot.round);
  out.set_incarnation(answer.ballot.incarnation.value);
  out.set_vote(to_wire(answer.vote));
  to_wire(answer.promised, *out.mutable_promised());
  if (answer.lease) {
    to_wire(answer.lease->ballot, *out.mutable_lease()->mutable_ballot());
    out.mutable_lease()->set_boot(answer.lease->boot.bytes.data(), answer.lease->boot.bytes.size());
    out.mutable_lease()->set_remaining(to_wire(answer.lease->remaining));
  }
  out.set_abstention(to_wire(answer.abstention));
}

void to_wire(const PrepareAnswer& answer, wire::Answer& out) {
  answer_to_wire(answer, out);
}

void to_wire(const ProposalAnswer& answer, wire::Answer& out) {
  answer_to_wire(answer, out);
  out.set_sequence(answer.sequence);
}

void to_wire(const ResourceReport& resource, wire::Resource& out) {
  out.set_state(static_cast<std::uint32_t>(resource.state));
  out.set_monitor_says_stopped(resource.monitor_says_stopped);
  out.set_fail_count(resource.fail_count);
  out.set_since_last_failure(to_wire(resource.since_last_failure));
}

void to_wire(const ReportPart& part, wire::ReportPart& out) {
  out.set_version(part.version);
  out.set_index(part.index);
  out.set_count(part.count);
  if (!part.service) return;
  wire::Service& service = *out.mutable_service();
  service.set_name(part.service->service.text());
  to_wire(part.service->vip, *service.mutable_vip());
  to_wire(part.service->haproxy, *service.mutable_haproxy());
  service.set_link_up(part.service->link_up);
  service.set_haproxy_fit(part.service->haproxy_fit);
  service.set_moved_here(part.service->moved_here);
  service.set_healthy_api_servers(part.service->healthy_api_servers);
  service.set_api_servers(part.service->api_servers);
  service.set_obstacle(clip(part.service->obstacle, obstacle_bytes_max));
  service.set_contested(part.service->contested);
}

void to_wire(const PlanPart& part, wire::PlanPart& out) {
  to_wire(part.plan, *out.mutable_plan());
  out.set_index(part.index);
  out.set_count(part.count);
  if (!part.assignment) return;
  wire::Assignment& assignment = *out.mutable_assignment();
  assignment.set_service(part.assignment->service.text());
  if (part.assignment->vip) assignment.set_vip(part.assignment->vip->text());
  if (part.assignment->haproxy) assignment.set_haproxy(part.assignment->haproxy->text());
  assignment.set_moved(part.assignment->moved);
  assignment.set_reason(clip(part.assignment->reason, reason_bytes_max));
}

/// Each kind of order has a message of its own: who doesn't know one ignores it.
template <class What>
struct OrderOf {
  std::uint64_t id;
  NodeName from;
  What what;
};

template <class What>
std::vector<OrderOf<What>> orders_of(const Message& message) {
  std::vector<OrderOf<What>> orders;
  for (const Order& order : message.orders)
    if (const auto* what = std::get_if<What>(&order.what))
      orders.push_back({order.id, order.from, *what});
  return orders;
}

void to_wire(const OrderOf<Move>& order, wire::Order& out) {
  out.set_id(order.id);
  out.set_from(order.from.text());
  out.set_service(order.what.service.text());
  if (order.what.to) out.set_to(order.what.to->text());
}

void to_wire(const OrderOf<Cleanup>& order, wire::Cleanup& out) {
  out.set_id(order.id);
  out.set_from(order.from.text());
  out.set_service(order.what.service.text());
}

void to_wire(const OrderAnswer& answer, wire::OrderAnswer& out) {
  out.set_id(answer.id);
  out.set_accepted(answer.outcome == OrderOutcome::accepted);
  out.set_sentence(clip(answer.sentence, sentence_bytes_max));
}

void to_wire(const ConfigTold& told, wire::ConfigTold& out) {
  out.set_config(told.config);
  out.set_index(told.index);
  out.set_count(told.count);
  out.set_name(clip(told.part.name, config_part_bytes_max));
  out.set_fingerprint(told.part.fingerprint);
}

/// Fills datagrams one after the other, first come first packed.
class Packer {
 public:
  Packer(const Message& message, std::size_t bytes_max) : message_(message), bytes_max_(bytes_max) {
    begin();
  }

  template <class Item, class Wire>
  void add(const std::vector<Item>& items,
           google::protobuf::RepeatedPtrField<Wire>* (wire::Datagram::*field)()) {
    for (const Item& item : items) {
      Wire* added = (current().*field)()->Add();
      to_wire(item, *added);
      if (fits(*added)) continue;
      (current().*field)()->RemoveLast();
      flush();
      begin();
      added = (current().*field)()->Add();
      to_wire(item, *added);
      HAPX_ASSERT(fits(*added));
    }
  }
  /// REQUIRES: nothing was added yet.
  void add(const Beat& beat) {
    to_wire(beat, *current().mutable_beat());
    HAPX_ASSERT(fits(current().beat()));
  }
  std::vector<std::vector<std::uint8_t>> finish() && {
    if (items_ > 0) flush();
    return std::move(packed_);
  }

 private:
  [[nodiscard]] wire::Datagram& current() { return workbench_.datagram(); }
  void begin() {
    current().Clear();
    current().set_to(message_.to.text());
    current().set_electorate(message_.electorate.generation);
    current().set_voters(message_.electorate.list);
    current().set_succeeds(message_.electorate.succeeds);
    size_ = current().ByteSizeLong();
    items_ = 0;
  }
  /// Counts the item that was added last; false: there is no room for it.
  template <class Wire>
  [[nodiscard]] bool fits(const Wire& added) {
    const std::size_t bytes = added.ByteSizeLong() + item_overhead;
    if (size_ + bytes > bytes_max_) return false;
    size_ += bytes;
    ++items_;
    return true;
  }
  void flush() {
    std::vector<std::uint8_t> bytes(current().ByteSizeLong());
    HAPX_ASSERT(bytes.size() <= bytes_max_);
    current().SerializeWithCachedSizesToArray(bytes.data());
    packed_.push_back(std::move(bytes));
  }

  const Message& message_;
  std::size_t bytes_max_;
  Workbench workbench_;
  std::size_t size_ = 0;
  std::size_t items_ = 0;
  std::vector<std::vector<std::uint8_t>> packed_;
};

}  // namespace

std::vector<std::vector<std::uint8_t>> encode(const Message& message, std::size_t bytes_max) {
  HAPX_ASSERT(bytes_max >= plaintext_bytes_min);
  Packer packer(message, bytes_max);
  using wire::Datagram;
  if (message.beat) packer.add(*message.beat);
  packer.add(message.releases, &Datagram::mutable_releases);
  packer.add(message.proposal_answers, &Datagram::mutable_proposal_answers);
  packer.add(message.prepare_answers, &Datagram::mutable_prepare_answers);
  packer.add(message.proposals, &Datagram::mutable_proposals);
  packer.add(message.prepares, &Datagram::mutable_prepares);
  packer.add(message.plan_parts, &Datagram::mutable_plan_parts);
  packer.add(message.report_parts, &Datagram::mutable_report_parts);
  packer.add(message.record_answers, &Datagram::mutable_record_answers);
  packer.add(message.record_reads, &Datagram::mutable_record_reads);
  packer.add(message.record_told, &Datagram::mutable_record_told);
  packer.add(message.record_written, &Datagram::mutable_record_written);
  packer.add(orders_of<Move>(message), &Datagram::mutable_orders);
  packer.add(changes_of(message), &Datagram::mutable_record_changes);
  packer.add(orders_of<Cleanup>(message), &Datagram::mutable_cleanups);
  packer.add(message.order_answers, &Datagram::mutable_order_answers);
  packer.add(message.config_told, &Datagram::mutable_config_told);
  packer.add(message.clients_told, &Datagram::mutable_clients_told);
  return std::move(packer).finish();
}

namespace {

// ---- wire to values: each check that fails makes the whole datagram malformed ----

class Decoder {
 public:
  Decoder(NodeName sender, Incarnation incarnation)
      : sender_(std::move(sender)), incarnation_(incarnation) {}

  [[nodiscard]] bool ok() const { return ok_; }

  Message message(const wire::Datagram& in) {
    Message out;
    out.to = node(in.to());
    out.electorate = {in.electorate(), in.voters(), in.succeeds()};
    if (in.has_beat()) out.beat = beat(in.beat());
    for (const auto& item : in.prepares())
      out.prepares.push_back({key(item.key()), own_ballot(item.round()), wanted_by(item)});
    for (const auto& item : in.proposals())
      out.proposals.push_back({key(item.key()), own_ballot(item.round()), item.sequence(),
                               duration(item.lease()), item.held(), wanted_by(item)});
    for (const auto& item : in.releases())
      out.releases.push_back({key(item.key()), own_ballot(item.round())});
    for (const auto& item : in.prepare_answers())
      out.prepare_answers.push_back({key(item.key()), asked_ballot(item, out.to), vote(item.vote()),
                                     ballot(item.promised()), told(item),
                                     duration(item.abstention())});
    for (const auto& item : in.proposal_answers())
      out.proposal_answers.push_back({key(item.key()), asked_ballot(item, out.to), item.sequence(),
                                      vote(item.vote()), ballot(item.promised()), told(item),
                                      duration(item.abstention())});
    for (const auto& item : in.report_parts()) out.report_parts.push_back(report_part(item));
    for (const auto& item : in.plan_parts()) out.plan_parts.push_back(plan_part(item));
    for (const auto& item : in.orders()) out.orders.push_back(order(item));
    for (const auto& item : in.order_answers())
      out.order_answers.push_back({item.id(), out.to,
                                   item.accepted() ? OrderOutcome::accepted : OrderOutcome::refused,
                                   bounded(item.sentence(), sentence_bytes_max)});
    if (!from_wire(in, sender_, incarnation_, out)) ok_ = false;
    if (!clients_from_wire(in, out)) ok_ = false;
    for (const auto& item : in.cleanups())
      out.orders.push_back(
          {item.id(), node(item.from()), Cleanup{service(item.service()), out.to}});
    for (const auto& item : in.config_told()) out.config_told.push_back(config_told(item));
    return out;
  }

 private:
  std::string bounded(const std::string& text, std::size_t max) {
    if (text.size() > max) ok_ = false;
    return text.substr(0, max);
  }
  NodeName node(const std::string& text) {
    if (text.empty()) ok_ = false;
    return NodeName(bounded(text, name_bytes_max));
  }
  ServiceName service(const std::string& text) {
    if (text.empty()) ok_ = false;
    return ServiceName(bounded(text, name_bytes_max));
  }
  LeaseKey key(const std::string& text) {
    if (text.empty()) ok_ = false;
    return LeaseKey(bounded(text, key_bytes_max));
  }
  Duration duration(std::uint64_t value) {
    if (value > duration_max) ok_ = false;
    return Duration(static_cast<Duration::rep>(std::min(value, duration_max)));
  }
  template <class Claim>
  std::optional<PlanId> wanted_by(const Claim& in) {
    return in.has_plan() ? std::optional(plan_id(in.plan())) : std::nullopt;
  }
  Ballot own_ballot(std::uint64_t round) { return {round, sender_, incarnation_}; }
  static Ballot asked_ballot(const wire::Answer& answer, const NodeName& to) {
    return {answer.round(), to, Incarnation{answer.incarnation()}};
  }
  /// A ballot without a node is the one that was never promised.
  Ballot ballot(const wire::Ballot& in) {
    return {in.round(), NodeName(bounded(in.node(), name_bytes_max)),
            Incarnation{in.incarnation()}};
  }
  PlanId plan_id(const wire::PlanId& in) { return {ballot(in.ballot()), in.number()}; }
  Vote vote(wire::Vote in) {
    switch (in) {
      case wire::YES:
        return Vote::yes;
      case wire::ABSTAINS:
        return Vote::abstains;
      default:
        return Vote::no;  // Safety: a kind of vote that we don't know is not a yes.
    }
  }
  std::optional<LeaseTold> told(const wire::Answer& in) {
    if (!in.has_lease()) return std::nullopt;
    LeaseTold out;
    out.ballot = ballot(in.lease().ballot());
    out.remaining = duration(in.lease().remaining());
    const std::string& boot = in.lease().boot();
    if (boot.size() == out.boot.bytes.size())
      std::copy(boot.begin(), boot.end(), out.boot.bytes.begin());
    else
      ok_ = false;
    return out;
  }
  Beat beat(const wire::Beat& in) {
    Beat out;
    for (const auto& item : in.hears())
      out.hears.push_back({node(item.node()), {item.incarnation()}, item.report_version()});
    if (in.has_coordinator())
      out.coordinator = CoordinatorTold{ballot(in.coordinator().ballot()),
                                        duration(in.coordinator().remaining())};
    if (in.has_plan()) out.plan = plan_id(in.plan());
    out.challenge = in.challenge();
    out.response = in.response();
    if (in.has_rival()) out.rival = Incarnation{in.rival()};
    out.leaving = in.leaving();
    out.orders_may_be_stale = in.orders_may_be_stale();
    out.config = in.config();
    out.staged = in.staged();
    return out;
  }
  ResourceReport resource(const wire::Resource& in) {
    if (in.state() > static_cast<std::uint32_t>(ResourceState::monitor_failed)) ok_ = false;
    return {static_cast<ResourceState>(in.state()), in.monitor_says_stopped(),
            std::min(in.fail_count(), fail_count_max), duration(in.since_last_failure())};
  }
  void check_part(std::uint32_t index, std::uint32_t count, bool has_content) {
    if (count > entries_max || index > count || has_content != (index < count)) ok_ = false;
  }
  ReportPart report_part(const wire::ReportPart& in) {
    check_part(in.index(), in.count(), in.has_service());
    ReportPart out{in.version(), in.index(), in.count(), {}};
    if (!in.has_service()) return out;
    const wire::Service& from = in.service();
    out.service = ServiceReport{service(from.name()),
                                resource(from.vip()),
                                resource(from.haproxy()),
                                from.link_up(),
                                from.haproxy_fit(),
                                from.moved_here(),
                                from.healthy_api_servers(),
                                from.api_servers(),
                                bounded(from.obstacle(), obstacle_bytes_max),
                                from.contested()};
    return out;
  }
  PlanPart plan_part(const wire::PlanPart& in) {
    check_part(in.index(), in.count(), in.has_assignment());
    PlanPart out{plan_id(in.plan()), in.index(), in.count(), {}};
    if (!in.has_assignment()) return out;
    const wire::Assignment& from = in.assignment();
    Assignment assignment;
    assignment.service = service(from.service());
    if (from.has_vip()) assignment.vip = node(from.vip());
    if (from.has_haproxy()) assignment.haproxy = node(from.haproxy());
    assignment.moved = from.moved();
    assignment.reason = bounded(from.reason(), reason_bytes_max);
    out.assignment = std::move(assignment);
    return out;
  }
  ConfigTold config_told(const wire::ConfigTold& in) {
    if (in.count() > entries_max || in.index() >= in.count()) ok_ = false;
    return {in.config(),
            in.index(),
            in.count(),
            {bounded(in.name(), config_part_bytes_max), in.fingerprint()}};
  }
  Order order(const wire::Order& in) {
    Move move{service(in.service()), {}};
    if (in.has_to()) move.to = node(in.to());
    return {in.id(), node(in.from()), std::move(move)};
  }

  NodeName sender_;
  Incarnation incarnation_;
  bool ok_ = true;
};

}  // namespace

std::optional<Message> decode(std::span<const std::uint8_t> bytes, const NodeName& sender,
                              Incarnation incarnation) {
  Workbench workbench;
  wire::Datagram& datagram = workbench.datagram();
  if (!datagram.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  Decoder decoder(sender, incarnation);
  Message message = decoder.message(datagram);
  if (!decoder.ok()) return std::nullopt;
  return message;
}

}  // namespace hapx::membership
