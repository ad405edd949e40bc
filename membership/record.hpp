// SPDX-License-Identifier: Apache-2.0
// What do operators want until further notice?
//
// Standing orders: a node is in standby, the cluster is in maintenance, a service is banned from a
// node. They are kept in one small value, the record, that every node has a copy of on its disk. It
// is replaced as a whole: each content has a name, (ballot of the coordinator that wrote it,
// version), and of two names the higher one is the newer. This file knows the value, how an order
// changes it, and its bytes in a file; who may write it is said in record_copy and record_writer,
// and what two contents make that were written apart, in record_merge.
//
// An order that is given for a time ends at an instant of UTC, which the coordinator alone judges.
// What the orders mean is for the scheduler to know, one floor above.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/ids.hpp"
#include "config/time.hpp"
#include "membership/ballot.hpp"
#include "membership/succession.hpp"

namespace hapx::membership {

/// Limit: so many standing orders are kept at the same time; one more is refused.
inline constexpr std::size_t standing_orders_max = 64;
/// Limit: orders and lifted orders in one content. Two nodes apart may each give all that one may.
inline constexpr std::size_t record_entries_max = 2 * standing_orders_max;
/// Longest text that says who gave an order; a longer one is cut.
inline constexpr std::size_t by_bytes_max = 64;
/// An order is given for a time between these two, or until it is lifted.
inline constexpr Duration order_time_min = std::chrono::seconds(1);
inline constexpr Duration order_time_max = std::chrono::hours(24 * 365);

enum class OrderKind : std::uint8_t {
  standby,      ///< this node is to hold nothing
  maintenance,  ///< nothing is to be moved, started or stopped, anywhere
  ban,          ///< this service is not to be on this node
};

/// What an order is about. There is at most one standing order of each subject.
struct Subject {
  OrderKind kind = OrderKind::standby;
  NodeName node;        ///< of standby and ban
  ServiceName service;  ///< of ban

  [[nodiscard]] static Subject standby(NodeName node) {
    return {OrderKind::standby, std::move(node), {}};
  }
  [[nodiscard]] static Subject maintenance() { return {OrderKind::maintenance, {}, {}}; }
  [[nodiscard]] static Subject ban(ServiceName service, NodeName node) {
    return {OrderKind::ban, std::move(node), std::move(service)};
  }

  friend bool operator==(const Subject&, const Subject&) = default;
  friend auto operator<=>(const Subject&, const Subject&) = default;
};

/// Instants of orders lie between 1970 and the year 2200; whatever else a clock says, or bytes, is
/// wrong.
inline constexpr Utc utc_max{std::chrono::seconds(7'258'118'400)};
[[nodiscard]] constexpr bool is_sane(Utc moment) {
  return Utc{} <= moment && moment <= utc_max;
}

/// A subject names what its kind needs, and nothing else.
[[nodiscard]] bool is_whole(const Subject& subject);

/// The name of a content. Of two the higher one is newer.
struct RecordId {
  Ballot ballot;  ///< of the coordinator that wrote it
  std::uint64_t version = 0;

  friend bool operator==(const RecordId&, const RecordId&) = default;
  friend auto operator<=>(const RecordId&, const RecordId&) = default;
};

struct StandingOrder {
  Subject subject;
  std::string by;  ///< who gave it; printable, at most by_bytes_max
  Utc since;
  std::optional<Utc> until;  ///< absent: until it is lifted
  /// The content that gave it; absent: the floor of the content that it is in, or one below.
  std::optional<RecordId> given{};

  friend bool operator==(const StandingOrder&, const StandingOrder&) = default;
  friend auto operator<=>(const StandingOrder&, const StandingOrder&) = default;
};

/// In the order of their subjects, each subject once.
using StandingOrders = std::vector<StandingOrder>;

[[nodiscard]] const StandingOrder* find_order(const StandingOrders& orders, const Subject& subject);

/// "standby of node1", "maintenance", "ban of kube from node2".
[[nodiscard]] std::string describe(const Subject& subject);
/// "node1 is in standby until 2026-11-28T15:00:00Z (by root@node2)".
[[nodiscard]] std::string to_sentence(const StandingOrder& order);
/// "by root@node2, until 2026-11-28T15:00:00Z".
[[nodiscard]] std::string origin_of(const StandingOrder& order);

/// That an order doesn't stand any more, for whoever still has it.
struct LiftedOrder {
  Subject subject;
  RecordId lifted;  ///< the content that lifted it

  friend bool operator==(const LiftedOrder&, const LiftedOrder&) = default;
};

/// In the order of their subjects, each subject once.
using LiftedOrders = std::vector<LiftedOrder>;

[[nodiscard]] const LiftedOrder* find_lifted(const LiftedOrders& lifted, const Subject& subject);

/// Whoever writes a content knows all that was ever written up to some name: the content's floor.
/// What was given at or below that, and isn't here, was lifted. Above it each order says when it
/// was given, and a lifted one when it was lifted (LEASE.md, rule 26).
struct Record {
  RecordId id;
  StandingOrders orders;
  std::optional<RecordId> floor{};  ///< absent: its own name, as of all that a majority writes
  LiftedOrders lifted{};            ///< above the floor

  [[nodiscard]] const RecordId& known_up_to() const { return floor ? *floor : id; }

  friend bool operator==(const Record&, const Record&) = default;
};

/// It is within its limits, in order, and names nothing that is above its own name, nor anything
/// at or below its floor.
[[nodiscard]] bool is_sound(const Record& record);

/// What an operator asks of the record.
struct RecordChange {
  enum class Verb : std::uint8_t { give, lift };

  Verb verb = Verb::give;
  Subject subject;  ///< of a lifted ban also without a node: on all of them
  std::string by;
  std::optional<Duration> time;  ///< of an order that is given: for how long

  friend bool operator==(const RecordChange&, const RecordChange&) = default;
};

/// Gives an order, or lifts it. Both may be done twice.
struct ChangedOrders {
  StandingOrders orders;
  bool refused = false;
  std::string sentence;  ///< what is so from then on, or why not
};
[[nodiscard]] ChangedOrders apply(const RecordChange& change, const StandingOrders& orders,
                                  Utc now);

/// What a node keeps on its disk. A node without a record is *blank*: it may have been emptied, so
/// what it doesn't know proves nothing (LEASE.md, rule 20).
struct KeptRecord {
  Ballot promised;  ///< it takes no write below this; round 0: none
  std::optional<Record> record;
  std::optional<KeptElectorate>
      electorate{};  ///< beside it: who votes; absent: ever since the first start

  friend bool operator==(const KeptRecord&, const KeptRecord&) = default;
};

/// Whose copy it is. One that belongs to somebody else is none.
struct RecordOwner {
  ClusterName cluster;
  NodeName node;

  friend bool operator==(const RecordOwner&, const RecordOwner&) = default;
};

/// No file of ours is longer.
inline constexpr std::size_t record_bytes_max = 48 * std::size_t{1024};

/// REQUIRES: the record is sound. What has no floor is written as an earlier hapx wrote it, and is
/// read by it.
[[nodiscard]] std::vector<std::uint8_t> encode_record(const KeptRecord& kept,
                                                      const RecordOwner& owner);

/// What the bytes of the file turned out to be.
enum class RecordFinding : std::uint8_t {
  absent,      ///< no file, or an empty one
  unreadable,  ///< torn, or of another layout
  foreign,     ///< of another node or cluster
  intact,
};

struct DecodedRecord {
  RecordFinding finding = RecordFinding::absent;
  KeptRecord kept;  ///< filled if intact; else a blank node's
};

/// Total on any input.
[[nodiscard]] DecodedRecord decode_record(std::span<const std::uint8_t> bytes,
                                          const RecordOwner& owner);

/// For the log: what is to be said of a file that isn't as it should be; empty: nothing.
[[nodiscard]] std::string_view remark_on(RecordFinding finding);

}  // namespace hapx::membership
