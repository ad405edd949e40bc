// SPDX-License-Identifier: Apache-2.0
#include "membership/record.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "config/assert.hpp"
#include "membership/ballot_bytes.hpp"
#include "membership/bytes.hpp"
#include "membership/promise_memory.hpp"

namespace hapx::membership {

namespace {

constexpr std::array<std::uint8_t, 8> magic = {'h', 'a', 'p', 'x', 'r', 'e', 'c', 'd'};
constexpr std::uint32_t layout_of_majorities = 1;  ///< no floor: all is known up to its own name
constexpr std::uint32_t layout_with_floor = 2;
constexpr std::size_t checksum_bytes = 8;

/// Where the subject is, or would be.
template <class Entries>
auto place_of(Entries& entries, const Subject& subject) {
  return std::ranges::lower_bound(
      entries, subject, {}, [](const auto& entry) -> const Subject& { return entry.subject; });
}

template <class Entries>
auto find_entry(const Entries& entries, const Subject& subject) {
  const auto at = place_of(entries, subject);
  return at != entries.end() && at->subject == subject ? &*at : nullptr;
}

/// Whole subjects, each once and in order.
template <class Entries>
bool is_in_order(const Entries& entries) {
  const auto is_before = [](const auto& a, const auto& b) { return a.subject < b.subject; };
  return std::ranges::all_of(entries, [](const auto& e) { return is_whole(e.subject); }) &&
         std::ranges::adjacent_find(entries, [&](const auto& a, const auto& b) {
           return !is_before(a, b);
         }) == entries.end();
}

std::string what_is_so(const StandingOrder& order) {
  const std::string until = order.until ? " until " + to_string(*order.until) : "";
  const std::string& node = order.subject.node.text();
  switch (order.subject.kind) {
    case OrderKind::standby:
      return node + " is in standby" + until;
    case OrderKind::maintenance:
      return "the cluster is in maintenance" + until;
    case OrderKind::ban:
      return order.subject.service.text() + " is banned from " + node + until;
  }
  return {};
}

std::string what_was_lifted(const Subject& subject, bool was_there) {
  const std::string& node = subject.node.text();
  switch (subject.kind) {
    case OrderKind::standby:
      return node + (was_there ? " is in standby no more" : " is not in standby");
    case OrderKind::maintenance:
      return was_there ? "the maintenance has ended" : "the cluster is not in maintenance";
    case OrderKind::ban: {
      const std::string from = node.empty() ? "any node" : node;
      return subject.service.text() +
             (was_there ? " is banned from " + from + " no more" : " is not banned from " + from);
    }
  }
  return {};
}

bool is_lifted(const Subject& lifted, const Subject& standing) {
  if (lifted == standing) return true;
  return lifted.kind == OrderKind::ban && lifted.node.empty() && standing.kind == OrderKind::ban &&
         standing.service == lifted.service;
}

void write_utc(ByteWriter& writer, Utc moment) {
  writer.u64(static_cast<std::uint64_t>(moment.time_since_epoch().count()));
}

Utc read_utc(ByteReader& reader) {
  return Utc(Duration(static_cast<std::int64_t>(reader.u64())));
}

void write_id(ByteWriter& writer, const RecordId& id) {
  write_ballot(writer, id.ballot);
  writer.u64(id.version);
}

RecordId read_id(ByteReader& reader) {
  RecordId id;
  id.ballot = read_ballot(reader);
  id.version = reader.u64();
  return id;
}

void write_subject(ByteWriter& writer, const Subject& subject) {
  writer.u8(static_cast<std::uint8_t>(subject.kind));
  writer.text(subject.node.text());
  writer.text(subject.service.text());
}

/// Absent: there is no such kind.
std::optional<Subject> read_subject(ByteReader& reader) {
  const std::uint8_t kind = reader.u8();
  if (kind > static_cast<std::uint8_t>(OrderKind::ban)) return std::nullopt;
  Subject subject;
  subject.kind = static_cast<OrderKind>(kind);
  subject.node = NodeName(reader.text(name_bytes_max));
  subject.service = ServiceName(reader.text(name_bytes_max));
  return subject;
}

void write_order(ByteWriter& writer, const StandingOrder& order) {
  write_subject(writer, order.subject);
  writer.text(order.by);
  write_utc(writer, order.since);
  writer.u8(order.until ? 1 : 0);
  if (order.until) write_utc(writer, *order.until);
}

/// Absent: there is no such order.
std::optional<StandingOrder> read_order(ByteReader& reader) {
  auto subject = read_subject(reader);
  if (!subject) return std::nullopt;
  StandingOrder order;
  order.subject = *std::move(subject);
  order.by = reader.text(by_bytes_max);
  order.since = read_utc(reader);
  if (reader.u8() != 0) order.until = read_utc(reader);
  const bool sane = is_sane(order.since) && (!order.until || is_sane(*order.until));
  if (!reader.ok() || !sane) return std::nullopt;
  return order;
}

void write_record(ByteWriter& writer, const Record& record) {
  write_id(writer, record.id);
  writer.u32(static_cast<std::uint32_t>(record.orders.size()));
  for (const StandingOrder& order : record.orders) write_order(writer, order);
  if (!record.floor) return;
  write_id(writer, *record.floor);
  for (const StandingOrder& order : record.orders) {
    writer.u8(order.given ? 1 : 0);
    if (order.given) write_id(writer, *order.given);
  }
  writer.u32(static_cast<std::uint32_t>(record.lifted.size()));
  for (const LiftedOrder& lifted : record.lifted) {
    write_subject(writer, lifted.subject);
    write_id(writer, lifted.lifted);
  }
}

/// What is above the floor. False: it is no such thing.
bool read_above_floor(ByteReader& reader, Record& record) {
  record.floor = read_id(reader);
  for (StandingOrder& order : record.orders)
    if (reader.u8() != 0) order.given = read_id(reader);
  const std::uint32_t count = reader.u32();
  if (!reader.ok() || count > record_entries_max) return false;
  for (std::uint32_t i = 0; i < count; ++i) {
    auto subject = read_subject(reader);
    if (!subject) return false;
    record.lifted.push_back({*std::move(subject), read_id(reader)});
  }
  return true;
}

std::optional<Record> read_record(ByteReader& reader, std::uint32_t layout) {
  Record record;
  record.id = read_id(reader);
  const std::uint32_t count = reader.u32();
  if (!reader.ok() || count > record_entries_max) return std::nullopt;
  for (std::uint32_t i = 0; i < count; ++i) {
    auto order = read_order(reader);
    if (!order) return std::nullopt;
    record.orders.push_back(*std::move(order));
  }
  if (layout == layout_with_floor && !read_above_floor(reader, record)) return std::nullopt;
  if (!reader.ok() || !is_sound(record)) return std::nullopt;
  return record;
}

}  // namespace

bool is_whole(const Subject& subject) {
  const bool needs_node = subject.kind != OrderKind::maintenance;
  const bool needs_service = subject.kind == OrderKind::ban;
  return subject.node.empty() != needs_node && subject.service.empty() != needs_service;
}

const StandingOrder* find_order(const StandingOrders& orders, const Subject& subject) {
  return find_entry(orders, subject);
}

const LiftedOrder* find_lifted(const LiftedOrders& lifted, const Subject& subject) {
  return find_entry(lifted, subject);
}

bool is_sound(const Record& record) {
  const RecordId& floor = record.known_up_to();
  const auto is_above_floor = [&](const RecordId& id) { return floor < id && id <= record.id; };
  if (record.orders.size() + record.lifted.size() > record_entries_max) return false;
  if (!is_in_order(record.orders) || !is_in_order(record.lifted)) return false;
  return (!record.floor || floor < record.id) &&
         std::ranges::all_of(record.orders,
                             [&](const StandingOrder& order) {
                               return !order.given || is_above_floor(*order.given);
                             }) &&
         std::ranges::all_of(record.lifted, [&](const LiftedOrder& lifted) {
           return is_above_floor(lifted.lifted) &&
                  find_order(record.orders, lifted.subject) == nullptr;
         });
}

std::string describe(const Subject& subject) {
  switch (subject.kind) {
    case OrderKind::standby:
      return "standby of " + subject.node.text();
    case OrderKind::maintenance:
      return "maintenance";
    case OrderKind::ban:
      return "ban of " + subject.service.text() + " from " +
             (subject.node.empty() ? "any node" : subject.node.text());
  }
  return {};
}

std::string to_sentence(const StandingOrder& order) {
  return what_is_so(order) + " (by " + order.by + ")";
}

std::string origin_of(const StandingOrder& order) {
  return "by " + order.by + (order.until ? ", until " + to_string(*order.until) : "");
}

ChangedOrders apply(const RecordChange& change, const StandingOrders& orders, Utc now) {
  ChangedOrders changed{orders, false, {}};
  if (change.verb == RecordChange::Verb::lift) {
    const auto gone = std::erase_if(changed.orders, [&](const StandingOrder& order) {
      return is_lifted(change.subject, order.subject);
    });
    changed.sentence = what_was_lifted(change.subject, gone > 0);
    return changed;
  }
  StandingOrder order{change.subject, change.by, now, {}};
  if (change.time) order.until = now + *change.time;
  changed.sentence = what_is_so(order);
  const auto at = place_of(changed.orders, change.subject);
  if (at != changed.orders.end() && at->subject == change.subject) {
    *at = std::move(order);
  } else if (orders.size() >= standing_orders_max) {
    changed.refused = true;
    changed.sentence = "there are " + std::to_string(orders.size()) +
                       " standing orders already, lift one of them first";
  } else {
    changed.orders.insert(at, std::move(order));
  }
  return changed;
}

std::vector<std::uint8_t> encode_record(const KeptRecord& kept, const RecordOwner& owner) {
  ByteWriter writer;
  writer.raw(magic);
  const bool has_floor = kept.record && kept.record->floor;
  writer.u32(has_floor ? layout_with_floor : layout_of_majorities);
  writer.text(owner.cluster.text());
  writer.text(owner.node.text());
  write_ballot(writer, kept.promised);
  writer.u8(kept.record ? 1 : 0);
  if (kept.record) {
    HAPX_ASSERT(is_sound(*kept.record));
    write_record(writer, *kept.record);
  }
  std::vector<std::uint8_t> bytes = std::move(writer).take();
  ByteWriter checksum;
  checksum.u64(fnv1a(bytes));
  const std::vector<std::uint8_t> tail = std::move(checksum).take();
  bytes.insert(bytes.end(), tail.begin(), tail.end());
  HAPX_ASSERT(bytes.size() <= record_bytes_max);
  return bytes;
}

DecodedRecord decode_record(std::span<const std::uint8_t> bytes, const RecordOwner& owner) {
  if (bytes.empty()) return {};
  const DecodedRecord unreadable{RecordFinding::unreadable, {}};
  if (bytes.size() < checksum_bytes || bytes.size() > record_bytes_max) return unreadable;
  const auto body = bytes.first(bytes.size() - checksum_bytes);
  if (ByteReader(bytes.last(checksum_bytes)).u64() != fnv1a(body)) return unreadable;
  ByteReader reader(body);
  if (reader.raw<8>() != magic) return unreadable;
  const std::uint32_t layout = reader.u32();
  if (layout != layout_of_majorities && layout != layout_with_floor) return unreadable;
  const RecordOwner found{ClusterName(reader.text(name_bytes_max)),
                          NodeName(reader.text(name_bytes_max))};
  KeptRecord kept;
  kept.promised = read_ballot(reader);
  if (reader.u8() != 0) {
    kept.record = read_record(reader, layout);
    if (!kept.record) return unreadable;
  }
  if (!reader.ok() || reader.position() != body.size()) return unreadable;
  if (found != owner) return {RecordFinding::foreign, {}};
  return {RecordFinding::intact, std::move(kept)};
}

std::string_view remark_on(RecordFinding finding) {
  switch (finding) {
    case RecordFinding::absent:
    case RecordFinding::intact:
      return {};
    case RecordFinding::unreadable:
      return "this node's copy of the record is damaged; the other nodes fill it again";
    case RecordFinding::foreign:
      return "the copy of the record here is another node's; the other nodes fill it again";
  }
  return {};
}

}  // namespace hapx::membership
