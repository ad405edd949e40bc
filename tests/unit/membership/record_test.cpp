// SPDX-License-Identifier: Apache-2.0
// The record as a value, and its bytes in a file.
#include "membership/record.hpp"

#include <gtest/gtest.h>

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

TEST(Record, of_two_names_the_one_of_the_higher_ballot_is_newer) {
  const RecordId older{{3, node1, {9}}, 99};
  const RecordId newer{{4, node1, {1}}, 1};
  EXPECT_LT(older, newer);
  EXPECT_LT(newer, (RecordId{newer.ballot, 2}));
}

TEST(RecordFile, is_read_back_as_it_was_written) {
  for (const KeptRecord& kept : {rich(), KeptRecord{}, KeptRecord{{3, node1, {1}}, {}}}) {
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

TEST(RecordFile, torn_at_any_byte_is_recognized) {
  const auto bytes = encode_record(rich(), owner);
  for (std::size_t length = 1; length < bytes.size(); ++length) {
    const auto torn = decode_record(std::span(bytes).first(length), owner);
    EXPECT_EQ(torn.finding, RecordFinding::unreadable) << length;
    EXPECT_EQ(torn.kept, KeptRecord{});
  }
}

TEST(RecordFile, with_any_bit_turned_is_recognized) {
  auto bytes = encode_record(rich(), owner);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] ^= 0x10U;
    EXPECT_EQ(decode_record(bytes, owner).finding, RecordFinding::unreadable) << i;
    bytes[i] ^= 0x10U;
  }
}

TEST(RecordFile, of_the_most_and_longest_orders_has_room) {
  KeptRecord kept = rich();
  kept.promised.node = NodeName(std::string(64, 'p'));
  kept.record->orders.clear();
  for (std::size_t i = 0; i < standing_orders_max; ++i) {
    const std::string name = std::string(62, 'x') + std::to_string(10 + i);
    kept.record->orders.push_back({Subject::ban(ServiceName(name), NodeName(name)),
                                   std::string(by_bytes_max, 'w'), noon, noon + 1h});
  }
  const auto decoded = decode_record(encode_record(kept, owner), owner);
  EXPECT_EQ(decoded.kept, kept);
}

}  // namespace
}  // namespace hapx::membership
