// SPDX-License-Identifier: Apache-2.0
// The record as a value, and its bytes in a file.
#include "membership/record.hpp"

#include <gtest/gtest.h>

#include "membership/ballot_bytes.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;

const NodeName node1("node1"), node2("node2");
const ServiceName kube("kube");
const Utc noon{1'795'873'017s};
const RecordOwner owner{ClusterName("world"), node1};

RecordChange give(const Subject& subject, std::optional<Duration> time = {}) {
  return {RecordChange::Verb::give, subject, "root@node2", time};
}
RecordChange lift(const Subject& subject) {
  return {RecordChange::Verb::lift, subject, "root@node2", {}};
}

KeptRecord rich() {
  KeptRecord kept;
  kept.promised = {9, node2, {7}};
  kept.record = Record{{{8, node1, {5}}, 4}, {}};
  for (const auto& change : {give(Subject::standby(node1), 30min), give(Subject::maintenance()),
                             give(Subject::ban(kube, node2))})
    kept.record->orders = apply(change, kept.record->orders, noon).orders;
  return kept;
}

/// By a node that had not heard the other one.
Record written_alone() {
  const RecordId floor{{3, node1, {5}}, 4};
  const RecordId above{{8, node2, {6}}, 3};
  Record record = *rich().record;
  record.id = {{8, node2, {6}}, 4};
  record.floor = floor;
  record.orders[0].given = above;
  record.lifted = {{Subject::ban(kube, node1), record.id}};
  return record;
}

TEST(Record, an_order_says_who_when_and_until_when) {
  const ChangedOrders changed = apply(give(Subject::standby(node1), 30min), {}, noon);
  ASSERT_EQ(changed.orders.size(), 1U);
  EXPECT_EQ(changed.orders[0].by, "root@node2");
  EXPECT_EQ(changed.orders[0].since, noon);
  EXPECT_EQ(changed.orders[0].until, noon + 30min);
  EXPECT_EQ(changed.sentence, "node1 is in standby until 2026-11-28T14:06:57Z");
  EXPECT_EQ(origin_of(changed.orders[0]), "by root@node2, until 2026-11-28T14:06:57Z");
  EXPECT_EQ(apply(give(Subject::maintenance()), {}, noon).sentence,
            "the cluster is in maintenance");
}

TEST(Record, an_order_that_is_given_again_replaces_the_first) {
  auto orders = apply(give(Subject::standby(node1), 30min), {}, noon).orders;
  orders = apply(give(Subject::standby(node1)), orders, noon + 1min).orders;
  ASSERT_EQ(orders.size(), 1U);
  EXPECT_EQ(orders[0].since, noon + 1min);
  EXPECT_FALSE(orders[0].until.has_value());
}

TEST(Record, lifting_ends_exactly_what_is_named) {
  auto orders = rich().record->orders;
  EXPECT_EQ(apply(lift(Subject::standby(node2)), orders, noon).orders, orders);
  EXPECT_EQ(apply(lift(Subject::standby(node2)), orders, noon).sentence, "node2 is not in standby");
  orders = apply(lift(Subject::standby(node1)), orders, noon).orders;
  EXPECT_EQ(find_order(orders, Subject::standby(node1)), nullptr);
  EXPECT_NE(find_order(orders, Subject::maintenance()), nullptr);
}

TEST(Record, a_ban_is_lifted_from_one_node_or_from_all) {
  StandingOrders orders;
  for (const auto& subject : {Subject::ban(kube, node1), Subject::ban(kube, node2),
                              Subject::ban(ServiceName("other"), node1)})
    orders = apply(give(subject), orders, noon).orders;
  EXPECT_EQ(apply(lift(Subject::ban(kube, node1)), orders, noon).orders.size(), 2U);
  const auto all = apply(lift(Subject::ban(kube, {})), orders, noon);
  ASSERT_EQ(all.orders.size(), 1U);
  EXPECT_EQ(all.orders[0].subject.service, ServiceName("other"));
  EXPECT_EQ(all.sentence, "kube is banned from any node no more");
}

TEST(Record, more_orders_than_the_limit_are_refused) {
  StandingOrders orders;
  for (std::size_t i = 0; i < standing_orders_max; ++i)
    orders = apply(give(Subject::standby(NodeName("n" + std::to_string(i)))), orders, noon).orders;
  ASSERT_EQ(orders.size(), standing_orders_max);
  const auto refused = apply(give(Subject::standby(node1)), orders, noon);
  EXPECT_TRUE(refused.refused);
  EXPECT_EQ(refused.orders, orders);
  EXPECT_FALSE(apply(give(Subject::standby(NodeName("n3"))), orders, noon).refused);
}

TEST(Record, is_sound_if_nothing_is_out_of_place) {
  const RecordId floor{{3, node1, {5}}, 4};
  const RecordId above{{8, node2, {6}}, 3};
  const Record sound = written_alone();
  EXPECT_TRUE(is_sound(sound));
  EXPECT_TRUE(is_sound(*rich().record));
  std::vector<Record> unsound(9, sound);
  std::swap(unsound[0].orders[0], unsound[0].orders[1]);
  unsound[1].orders[1] = unsound[1].orders[0];
  unsound[2].orders[0].subject.node = NodeName();
  unsound[3].orders[0].given = floor;
  unsound[4].orders[0].given = RecordId{above.ballot, sound.id.version + 1};
  unsound[5].floor = sound.id;
  unsound[6].floor.reset();
  unsound[7].lifted[0].subject = sound.orders[0].subject;
  unsound[8].lifted.assign(record_entries_max, sound.lifted[0]);
  for (const Record& record : unsound) EXPECT_FALSE(is_sound(record));
}

TEST(Record, of_two_names_the_one_of_the_higher_ballot_is_newer) {
  const RecordId older{{3, node1, {9}}, 99};
  const RecordId newer{{4, node1, {1}}, 1};
  EXPECT_LT(older, newer);
  EXPECT_LT(newer, (RecordId{newer.ballot, 2}));
}

TEST(RecordFile, is_read_back_as_it_was_written) {
  for (const KeptRecord& kept : {rich(), KeptRecord{}, KeptRecord{{3, node1, {1}}, {}},
                                 KeptRecord{{9, node2, {7}}, written_alone()}}) {
    const auto decoded = decode_record(encode_record(kept, owner), owner);
    EXPECT_EQ(decoded.finding, RecordFinding::intact);
    EXPECT_EQ(decoded.kept, kept);
  }
  EXPECT_EQ(decode_record({}, owner).finding, RecordFinding::absent);
}

TEST(RecordFile, of_another_node_or_cluster_is_none) {
  const auto bytes = encode_record(rich(), owner);
  for (const RecordOwner& other :
       {RecordOwner{ClusterName("world"), node2}, RecordOwner{ClusterName("other"), node1}}) {
    const auto decoded = decode_record(bytes, other);
    EXPECT_EQ(decoded.finding, RecordFinding::foreign);
    EXPECT_EQ(decoded.kept, KeptRecord{});
    EXPECT_FALSE(remark_on(decoded.finding).empty());
  }
}

TEST(RecordFile, torn_at_any_byte_or_with_any_bit_turned_is_recognized) {
  for (const KeptRecord& kept : {rich(), KeptRecord{{9, node2, {7}}, written_alone()}}) {
    auto bytes = encode_record(kept, owner);
    for (std::size_t length = 1; length < bytes.size(); ++length) {
      const auto torn = decode_record(std::span(bytes).first(length), owner);
      EXPECT_EQ(torn.finding, RecordFinding::unreadable) << length;
      EXPECT_EQ(torn.kept, KeptRecord{});
    }
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] ^= 0x10U;
      EXPECT_EQ(decode_record(bytes, owner).finding, RecordFinding::unreadable) << i;
      bytes[i] ^= 0x10U;
    }
  }
}

/// As hapx wrote it before there were floors, and writes it where a majority counts.
TEST(RecordFile, of_an_earlier_hapx_is_read_and_written_alike) {
  ByteWriter writer;
  writer.raw(std::array<std::uint8_t, 8>{'h', 'a', 'p', 'x', 'r', 'e', 'c', 'd'});
  writer.u32(1);
  for (const std::string text : {"world", "node1"}) writer.text(text);
  write_ballot(writer, {9, node2, {7}});
  writer.u8(1);
  write_ballot(writer, {8, node1, {5}});
  writer.u64(4);
  writer.u32(1);
  writer.u8(0);
  for (const std::string text : {"node2", "", "root@node2"}) writer.text(text);
  writer.u64(static_cast<std::uint64_t>(noon.time_since_epoch().count()));
  writer.u8(0);
  writer.u64(fnv1a(writer.bytes()));
  const DecodedRecord decoded = decode_record(writer.bytes(), owner);
  ASSERT_EQ(decoded.finding, RecordFinding::intact);
  const Record record{{{8, node1, {5}}, 4}, {{Subject::standby(node2), "root@node2", noon, {}}}};
  EXPECT_EQ(decoded.kept, (KeptRecord{{9, node2, {7}}, record}));
  EXPECT_EQ(record.known_up_to(), record.id);
  const auto again = encode_record(decoded.kept, owner);
  EXPECT_TRUE(std::ranges::equal(again, writer.bytes()));
}

TEST(RecordFile, of_the_most_and_longest_entries_has_room) {
  const std::string longest(64, 'p');
  const Ballot ballot{7, NodeName(longest), {1}};
  KeptRecord kept{ballot, Record{{ballot, 9}, {}, RecordId{ballot, 1}, {}}};
  for (std::size_t i = 0; i < record_entries_max; ++i) {
    const std::string name = std::string(61, 'x') + std::to_string(100 + i);
    kept.record->orders.push_back({Subject::ban(ServiceName(name), NodeName(name)),
                                   std::string(by_bytes_max, 'w'), noon, noon + 1h,
                                   RecordId{ballot, 2}});
  }
  EXPECT_EQ(decode_record(encode_record(kept, owner), owner).kept, kept);
}

}  // namespace
}  // namespace hapx::membership
