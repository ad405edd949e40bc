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
constexpr std::uint32_t layout_version = 1;
constexpr std::size_t checksum_bytes = 8;

/// Where the subject is, or would be.
template <class Orders>
auto place_of(Orders& orders, const Subject& subject) {
  return std::lower_bound(
      orders.begin(), orders.end(), subject,
      [](const StandingOrder& order, const Subject& wanted) { return order.subject < wanted; });
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

void write_order(ByteWriter& writer, const StandingOrder& order) {
  writer.u8(static_cast<std::uint8_t>(order.subject.kind));
  writer.text(order.subject.node.text());
  writer.text(order.subject.service.text());
  writer.text(order.by);
  write_utc(writer, order.since);
  writer.u8(order.until ? 1 : 0);
  if (order.until) write_utc(writer, *order.until);
}

/// Absent: there is no such order.
std::optional<StandingOrder> read_order(ByteReader& reader) {
  const std::uint8_t kind = reader.u8();
  if (kind > static_cast<std::uint8_t>(OrderKind::ban)) return std::nullopt;
  StandingOrder order;
  order.subject.kind = static_cast<OrderKind>(kind);
  order.subject.node = NodeName(reader.text(name_bytes_max));
  order.subject.service = ServiceName(reader.text(name_bytes_max));
  order.by = reader.text(by_bytes_max);
  order.since = read_utc(reader);
  if (reader.u8() != 0) order.until = read_utc(reader);
  const bool sane = is_sane(order.since) && (!order.until || is_sane(*order.until));
  if (!reader.ok() || !sane || !is_whole(order.subject)) return std::nullopt;
  return order;
}

std::optional<Record> read_record(ByteReader& reader) {
  Record record;
  record.id.ballot = read_ballot(reader);
  record.id.version = reader.u64();
  const std::uint32_t count = reader.u32();
  if (!reader.ok() || count > standing_orders_max) return std::nullopt;
  for (std::uint32_t i = 0; i < count; ++i) {
    auto order = read_order(reader);
    if (!order) return std::nullopt;
    if (i > 0 && !(record.orders.back().subject < order->subject)) return std::nullopt;
    record.orders.push_back(std::move(*order));
  }
  return record;
}

}  // namespace

bool is_whole(const Subject& subject) {
  const bool needs_node = subject.kind != OrderKind::maintenance;
  const bool needs_service = subject.kind == OrderKind::ban;
  return subject.node.empty() != needs_node && subject.service.empty() != needs_service;
}

const StandingOrder* find_order(const StandingOrders& orders, const Subject& subject) {
  const auto at = place_of(orders, subject);
  return at != orders.end() && at->subject == subject ? &*at : nullptr;
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
  writer.u32(layout_version);
  writer.text(owner.cluster.text());
  writer.text(owner.node.text());
  write_ballot(writer, kept.promised);
  writer.u8(kept.record ? 1 : 0);
  if (kept.record) {
    HAPX_ASSERT(kept.record->orders.size() <= standing_orders_max);
    write_ballot(writer, kept.record->id.ballot);
    writer.u64(kept.record->id.version);
    writer.u32(static_cast<std::uint32_t>(kept.record->orders.size()));
    for (const StandingOrder& order : kept.record->orders) write_order(writer, order);
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
  if (reader.raw<8>() != magic || reader.u32() != layout_version) return unreadable;
  const RecordOwner found{ClusterName(reader.text(name_bytes_max)),
                          NodeName(reader.text(name_bytes_max))};
  KeptRecord kept;
  kept.promised = read_ballot(reader);
  if (reader.u8() != 0) {
    kept.record = read_record(reader);
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
