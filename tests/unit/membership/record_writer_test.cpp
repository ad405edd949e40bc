// SPDX-License-Identifier: Apache-2.0
// The coordinator's reading and writing of the record, answered by hand.
#include "membership/record_writer.hpp"

#include <gtest/gtest.h>

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;

const NodeName a("a"), b("b"), c("c");
const Ballot ours{5, a, {1}};
const Ballot older{4, c, {9}};
const Utc noon{1'795'873'017s};

StandingOrders orders(const std::string& standby) {
  return {{Subject::standby(NodeName(standby)), "me", noon, {}}};
}

class Writer : public testing::Test {
 protected:
  static std::vector<NodeConfig> nodes() {
    std::vector<NodeConfig> all;
    for (const NodeName& name : {a, b, c}) {
      NodeConfig node;
      node.name = name;
      all.push_back(node);
    }
    return all;
  }

  void begin(const std::optional<Record>& own = std::nullopt) { writer_.begin(ours, own, now_); }
  /// Answers a reading.
  void tell(const NodeName& node, const std::optional<RecordId>& has) {
    const auto read = writer_.read_for(node, now_);
    ASSERT_TRUE(read.has_value()) << node.text() << " is not asked";
    writer_.answered(node, {read->ballot, read->number, read->ballot, has});
  }
  void tell(const NodeName& node, const Record& record) {
    writer_.told(record);
    tell(node, record.id);
  }
  /// Takes the write that is meant for the node; what it was.
  std::optional<Record> write(const NodeName& node) {
    const auto write = writer_.write_for(node, now_);
    if (!write) return std::nullopt;
    Record written = write->record;
    writer_.answered(node, {ours, 0, ours, written.id});
    return written;
  }

  Instant now_{1s};
  RecordWriter writer_{nodes(), Electorate(nodes()), Timing{}};
  const Record v3{{older, 3}, orders("x")};
  const Record v4{{older, 4}, orders("y")};
};

TEST_F(Writer, copies_of_a_majority_that_are_alike_are_in_force_at_once) {
  begin(v3);
  EXPECT_EQ(writer_.state(), RecordState::unread);
  EXPECT_TRUE(writer_.take_urgency());
  tell(a, v3.id);
  EXPECT_EQ(writer_.state(), RecordState::unread);
  tell(b, v3.id);
  EXPECT_EQ(writer_.state(), RecordState::read);
  EXPECT_EQ(writer_.orders(), v3.orders);
  EXPECT_EQ(write(c)->id, (RecordId{ours, 3})) << "and is written under our own ballot";
}

/// The newest may be on too few disks: it counts when it is on enough.
TEST_F(Writer, the_newest_copy_is_in_force_when_a_majority_has_it) {
  begin(v3);
  tell(a, v3.id);
  tell(b, v4);
  EXPECT_EQ(writer_.state(), RecordState::unread);
  EXPECT_TRUE(writer_.writable());
  EXPECT_EQ(write(a)->orders, v4.orders);
  EXPECT_EQ(writer_.state(), RecordState::unread);
  EXPECT_EQ(write(b)->id, (RecordId{ours, 4}));
  EXPECT_EQ(writer_.state(), RecordState::read);
  EXPECT_EQ(writer_.orders(), v4.orders);
}

TEST_F(Writer, what_is_told_without_its_content_is_asked_for_again) {
  begin(v3);
  tell(a, v3.id);
  tell(b, v4.id);
  EXPECT_FALSE(writer_.writable());
  EXPECT_FALSE(writer_.read_for(b, now_).has_value()) << "not at once";
  now_ += Timing{}.heartbeat;
  EXPECT_TRUE(writer_.read_for(b, now_).has_value());
  writer_.told(v4);
  EXPECT_TRUE(writer_.writable());
}

TEST_F(Writer, all_blank_is_the_first_start) {
  begin();
  tell(a, std::nullopt);
  tell(b, std::nullopt);
  EXPECT_EQ(writer_.state(), RecordState::unread) << "c may know more";
  tell(c, std::nullopt);
  EXPECT_EQ(writer_.state(), RecordState::read);
  EXPECT_TRUE(writer_.orders().empty());
  EXPECT_FALSE(writer_.write_for(a, now_).has_value()) << "they are asked once more";
  for (const NodeName& node : {a, b, c}) tell(node, std::nullopt);
  EXPECT_EQ(writer_.write_for(a, now_)->filling, 2U);
  EXPECT_FALSE(writer_.read_for(b, now_).has_value()) << "and not for ever";
}

TEST_F(Writer, a_blank_copy_counts_for_nothing) {
  begin(v3);
  tell(a, v3.id);
  tell(b, std::nullopt);
  EXPECT_FALSE(writer_.writable()) << "a alone is no majority";
  tell(c, v4);
  EXPECT_TRUE(writer_.writable());
  EXPECT_EQ(writer_.coming(), v4.orders);
  EXPECT_FALSE(writer_.write_for(b, now_).has_value());
  tell(a, v3.id);
  tell(c, v4.id);
  EXPECT_EQ(writer_.write_for(b, now_)->filling, 2U);
}

TEST_F(Writer, when_every_node_has_answered_nobody_can_know_more) {
  begin(v3);
  tell(a, v3.id);
  tell(b, std::nullopt);
  tell(c, std::nullopt);
  ASSERT_TRUE(writer_.writable());
  EXPECT_EQ(writer_.state(), RecordState::unread);
  static_cast<void>(write(a));
  tell(a, RecordId{ours, 3});
  tell(b, std::nullopt);
  EXPECT_FALSE(write(b).has_value());
  tell(c, std::nullopt);
  EXPECT_TRUE(write(b).has_value());
  EXPECT_EQ(writer_.state(), RecordState::read);
  EXPECT_EQ(writer_.orders(), v3.orders);
}

/// What it has forgotten may bind somebody: the others are asked once more, and only then is it
/// filled.
TEST_F(Writer, a_copy_that_is_blank_later_is_filled_after_another_reading) {
  begin(v3);
  tell(a, v3.id);
  tell(b, v3.id);
  static_cast<void>(writer_.take_urgency());
  ASSERT_TRUE(writer_.write_for(c, now_).has_value());
  writer_.answered(c, {ours, 0, {}, std::nullopt});
  EXPECT_TRUE(writer_.take_urgency());
  EXPECT_FALSE(writer_.write_for(c, now_).has_value());
  tell(c, std::nullopt);
  EXPECT_FALSE(writer_.write_for(c, now_).has_value());
  tell(a, v3.id);
  tell(b, v3.id);
  EXPECT_EQ(writer_.write_for(c, now_)->filling, 2U);
  EXPECT_EQ(writer_.state(), RecordState::read) << "the orders were in force all the time";
  // A late answer of the first reading begins no third one.
  writer_.answered(c, {ours, 1, ours, std::nullopt});
  EXPECT_FALSE(writer_.read_for(a, now_).has_value());
}

TEST_F(Writer, a_node_with_a_new_process_is_asked_what_it_has) {
  begin(v3);
  tell(a, v3.id);
  tell(b, v3.id);
  for (const NodeName& node : {a, b, c}) static_cast<void>(write(node));
  EXPECT_FALSE(writer_.write_for(b, now_).has_value());
  writer_.began_anew(b);
  EXPECT_TRUE(writer_.write_for(b, now_).has_value());
  EXPECT_EQ(writer_.state(), RecordState::read);
}

TEST_F(Writer, who_hears_of_a_higher_ballot_says_so) {
  begin(v3);
  const Ballot higher{9, c, {3}};
  writer_.answered(b, {ours, 1, higher, v4.id});
  EXPECT_EQ(writer_.seen_above(), higher);
  EXPECT_FALSE(writer_.writable());
  writer_.begin({10, a, {1}}, v3, now_);
  EXPECT_FALSE(writer_.seen_above().has_value());
}

TEST_F(Writer, answers_to_another_ballot_count_for_nothing) {
  begin(v3);
  writer_.answered(a, {older, 1, older, v3.id});
  writer_.answered(b, {older, 1, older, v3.id});
  EXPECT_FALSE(writer_.writable());
}

TEST_F(Writer, without_answers_it_goes_on_with_what_it_sees_after_a_lease) {
  begin(v3);
  EXPECT_EQ(writer_.next_deadline(), now_ + Timing{}.lease);
  writer_.pass_time(now_ + Timing{}.lease - 1ns);
  EXPECT_EQ(writer_.state(), RecordState::unread);
  now_ += Timing{}.lease;
  writer_.pass_time(now_);
  EXPECT_EQ(writer_.state(), RecordState::stale);
  EXPECT_EQ(writer_.orders(), v3.orders);
  EXPECT_FALSE(writer_.writable()) << "what it can't read it must not overwrite";
  EXPECT_FALSE(writer_.next_deadline().has_value());
  // Later it is heard after all.
  tell(a, v3.id);
  tell(b, v4);
  static_cast<void>(write(a));
  static_cast<void>(write(b));
  EXPECT_EQ(writer_.state(), RecordState::read);
  EXPECT_EQ(writer_.orders(), v4.orders);
}

TEST_F(Writer, a_change_is_in_force_when_a_majority_has_it) {
  begin(v3);
  tell(a, v3.id);
  tell(b, v3.id);
  EXPECT_EQ(writer_.replace(orders("z")), 4U);
  EXPECT_EQ(writer_.orders(), v3.orders);
  EXPECT_EQ(writer_.coming(), orders("z"));
  static_cast<void>(write(a));
  EXPECT_EQ(writer_.orders(), v3.orders);
  static_cast<void>(write(c));
  EXPECT_EQ(writer_.orders(), orders("z"));
  EXPECT_EQ(writer_.settled_version(), 4U);
}

TEST_F(Writer, a_later_version_settles_the_earlier_ones) {
  begin(v3);
  tell(a, v3.id);
  tell(b, v3.id);
  EXPECT_EQ(writer_.replace(orders("4")), 4U);
  EXPECT_EQ(writer_.replace(orders("5")), 5U);
  EXPECT_EQ(write(a)->id.version, 5U);
  writer_.answered(b, {ours, 0, ours, RecordId{ours, 4}});
  EXPECT_EQ(writer_.settled_version(), 4U);
  EXPECT_EQ(writer_.orders(), orders("4"));
  EXPECT_EQ(write(b)->id.version, 5U);
  EXPECT_EQ(writer_.settled_version(), 5U);
}

TEST_F(Writer, so_many_versions_may_be_under_way) {
  begin(v3);
  tell(a, v3.id);
  tell(b, v3.id);
  while (!writer_.is_full()) static_cast<void>(writer_.replace(orders("z")));
  static_cast<void>(write(a));
  static_cast<void>(write(b));
  EXPECT_FALSE(writer_.is_full());
}

TEST_F(Writer, a_silent_node_is_asked_ever_more_slowly) {
  begin(v3);
  Duration longest{0};
  Instant asked = now_;
  for (Duration passed{0}; passed < 5s; passed += 5ms, now_ += 5ms) {
    if (!writer_.read_for(b, now_)) continue;
    longest = std::max(longest, now_ - asked);
    asked = now_;
  }
  EXPECT_EQ(longest, RecordWriter::pause_max);
}

TEST_F(Writer, a_cluster_of_one_needs_nobody_else) {
  NodeConfig alone;
  alone.name = a;
  writer_ = RecordWriter({alone}, Electorate({alone}), Timing{});
  begin(v3);
  tell(a, v3.id);
  EXPECT_EQ(writer_.state(), RecordState::read);
}

}  // namespace
}  // namespace hapx::membership
