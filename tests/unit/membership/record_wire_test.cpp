// SPDX-License-Identifier: Apache-2.0
// The record in datagrams: said, understood, and put together again.
#include <gtest/gtest.h>

#include "membership/plaintext.hpp"
#include "membership/record_assembly.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;

const NodeName node1("node1"), node2("node2");
const ServiceName kube("kube");
const Utc noon{1'795'873'017s};

RecordChange give(const Subject& subject, std::optional<Duration> time = {}) {
  return {RecordChange::Verb::give, subject, "root@node2", time};
}
RecordChange lift(const Subject& subject) {
  return {RecordChange::Verb::lift, subject, "root@node2", {}};
}

Record three_orders() {
  Record record{{{8, node1, {5}}, 4}, {}};
  for (const auto& change : {give(Subject::standby(node1), 30min), give(Subject::maintenance()),
                             give(Subject::ban(kube, node2))})
    record.orders = apply(change, record.orders, noon).orders;
  return record;
}

/// By a node that had not heard the other one.
Record written_alone(const Ballot& ballot) {
  Record record = three_orders();
  record.floor = record.id;
  record.id = {ballot, 5};
  record.orders[1].given = record.id;
  record.lifted = {{Subject::standby(node2), record.id}, {Subject::ban(kube, node1), record.id}};
  return record;
}

TEST(RecordOnTheWire, everything_is_understood_as_it_was_said) {
  const Ballot ours{4, node1, {11}};
  const Ballot theirs{3, node2, {22}};
  Message message;
  message.to = node2;
  message.record_reads = {{ours, 3}};
  message.record_answers = {{theirs, 2, theirs, RecordId{ours, 6}}, {theirs, 0, ours, {}}};
  message.record_told = parts_of(three_orders(), 0);
  message.record_written = parts_of({{ours, 8}, {}}, 5);
  for (const RecordPart& part : parts_of(written_alone(theirs), 0))
    message.record_told.push_back(part);
  Beat beat;
  beat.orders_may_be_stale = true;
  message.beat = beat;
  for (const auto& change : {give(Subject::ban(kube, node2), 1h), lift(Subject::ban(kube, {})),
                             lift(Subject::maintenance())})
    message.orders.push_back({7, node1, change});
  const auto plaintexts = encode(message, 2700);
  ASSERT_EQ(plaintexts.size(), 1U);
  const auto decoded = decode(plaintexts.front(), node1, {11});
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(*decoded, message);
}

TEST(RecordOnTheWire, nobody_writes_in_anothers_name) {
  Message message;
  message.to = node2;
  message.record_written = parts_of({{{4, node1, {11}}, 8}, {}}, 0);
  const auto bytes = encode(message, 1350).front();
  EXPECT_TRUE(decode(bytes, node1, {11}).has_value());
  EXPECT_FALSE(decode(bytes, node1, {12}).has_value());
  EXPECT_FALSE(decode(bytes, NodeName("node3"), {11}).has_value());
}

TEST(RecordOnTheWire, one_that_was_written_alone_is_put_together_in_any_order) {
  const Record record = written_alone({9, node1, {11}});
  auto parts = parts_of(record, 3);
  ASSERT_EQ(parts.size(), 5U);
  std::ranges::reverse(parts);
  RecordAssembly assembly;
  std::optional<RecordAssembly::Whole> whole;
  for (const RecordPart& part : parts) {
    EXPECT_FALSE(whole.has_value());
    whole = assembly.add(part);
  }
  ASSERT_TRUE(whole.has_value());
  EXPECT_EQ(whole->record, record);
  EXPECT_EQ(whole->filling, 3U);
}

TEST(RecordOnTheWire, one_that_nobody_writes_is_none) {
  Record odd = written_alone({9, node1, {11}});
  odd.orders[1].given = RecordId{odd.id.ballot, odd.id.version + 1};
  RecordAssembly assembly;
  for (const RecordPart& part : parts_of(odd, 0)) EXPECT_FALSE(assembly.add(part).has_value());
}

TEST(RecordOnTheWire, a_full_record_travels_in_many_datagrams) {
  Record record{{{4, node1, {11}}, 8}, {}};
  for (std::size_t i = 0; i < standing_orders_max; ++i) {
    const std::string name = std::string(60, 'x') + std::to_string(10 + i);
    record.orders.push_back({Subject::ban(ServiceName(name), NodeName(name)),
                             std::string(by_bytes_max, 'w'), noon, noon + 1h});
  }
  Message message;
  message.to = node2;
  message.record_written = parts_of(record, 0);
  RecordAssembly assembly;
  std::size_t whole = 0;
  for (int twice = 0; twice < 2; ++twice) {
    for (const auto& bytes : encode(message, 1024)) {
      const auto decoded = decode(bytes, node1, {11});
      ASSERT_TRUE(decoded.has_value());
      for (const RecordPart& part : decoded->record_written) {
        const auto put_together = assembly.add(part);
        if (!put_together) continue;
        EXPECT_EQ(put_together->record, record);
        ++whole;
      }
    }
  }
  EXPECT_EQ(whole, 2U);
}

}  // namespace
}  // namespace hapx::membership
