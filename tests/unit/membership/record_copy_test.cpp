// SPDX-License-Identifier: Apache-2.0
// A node's copy of the record, asked by hand.
#include "membership/record_copy.hpp"

#include <gtest/gtest.h>

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;

const NodeName a("a"), b("b");
const Utc noon{1'795'873'017s};

Ballot ballot(std::uint64_t round, const NodeName& node = a) {
  return {round, node, {1}};
}

Record record(const Ballot& by, std::uint64_t version, const std::string& standby = "x") {
  return {{by, version}, {{Subject::standby(NodeName(standby)), "me", noon, {}}}};
}

class Copy : public testing::Test {
 protected:
  static KeptRecord filled() { return {ballot(1), record(ballot(1), 1)}; }

  /// Puts what is wanted on disk; false: nothing is.
  bool store() {
    const auto wanted = copy_.take_store(now_);
    if (!wanted) return false;
    copy_.stored({wanted->ticket});
    return true;
  }
  std::optional<RecordCopy::Told> answer() {
    const auto told = copy_.take_answers();
    EXPECT_LE(told.size(), 1U);
    return told.empty() ? std::nullopt : std::optional(told.front());
  }

  Instant now_{1s};
  RecordCopy copy_{filled(), {ClusterName("world"), NodeName("me")}};
};

TEST_F(Copy, a_reading_is_answered_when_its_promise_is_on_disk) {
  copy_.read(a, {ballot(2), 7});
  EXPECT_FALSE(answer().has_value());
  const auto wanted = copy_.take_store(now_);
  ASSERT_TRUE(wanted.has_value());
  EXPECT_FALSE(answer().has_value()) << "it is on its way to the disk, not there";
  copy_.stored({wanted->ticket});
  const auto told = answer();
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->answer, (RecordAnswer{ballot(2), 7, ballot(2), RecordId{ballot(1), 1}}));
  EXPECT_TRUE(told->with_content);
  EXPECT_FALSE(answer().has_value()) << "once";
}

TEST_F(Copy, a_promise_that_is_on_disk_is_told_again_at_once) {
  copy_.read(a, {ballot(2), 7});
  store();
  static_cast<void>(answer());
  copy_.read(a, {ballot(2), 8});
  EXPECT_FALSE(store());
  EXPECT_EQ(answer()->answer.number, 8U);
}

TEST_F(Copy, a_write_below_the_promise_is_refused) {
  copy_.read(b, {ballot(3, b), 1});
  store();
  static_cast<void>(answer());
  copy_.write(a, record(ballot(2), 5), 0);
  EXPECT_EQ(answer()->answer.promised, ballot(3, b));
  EXPECT_FALSE(store());
  EXPECT_EQ(copy_.durable().record->id, (RecordId{ballot(1), 1}));
}

/// The promise needn't be on disk to bind: it is, before anybody relies on it.
TEST_F(Copy, a_write_below_a_promise_that_is_on_its_way_is_refused_too) {
  copy_.read(b, {ballot(3, b), 1});
  copy_.write(a, record(ballot(2), 5), 0);
  EXPECT_EQ(answer()->to, a);
}

TEST_F(Copy, a_write_is_acknowledged_when_it_is_on_disk) {
  copy_.write(a, record(ballot(2), 5), 0);
  EXPECT_FALSE(answer().has_value());
  ASSERT_TRUE(store());
  EXPECT_EQ(answer()->answer.has, (RecordId{ballot(2), 5}));
  EXPECT_EQ(copy_.durable().promised, ballot(2));
  copy_.write(a, record(ballot(2), 5), 0);
  EXPECT_FALSE(store()) << "it is there already";
  EXPECT_TRUE(answer().has_value()) << "but the first answer may be lost";
}

TEST_F(Copy, a_version_never_gets_a_second_content) {
  copy_.write(a, record(ballot(2), 5, "first"), 0);
  store();
  copy_.write(a, record(ballot(2), 5, "second"), 0);
  copy_.write(a, record(ballot(2), 4, "older"), 0);
  EXPECT_FALSE(store());
  EXPECT_EQ(*copy_.durable().record, record(ballot(2), 5, "first"));
}

TEST_F(Copy, what_comes_during_a_store_is_gathered_for_the_next) {
  copy_.write(a, record(ballot(2), 5), 0);
  const auto first = copy_.take_store(now_);
  for (std::uint64_t version = 6; version < 9; ++version)
    copy_.write(a, record(ballot(2), version), 0);
  EXPECT_FALSE(copy_.take_store(now_).has_value()) << "one at a time";
  copy_.stored({first->ticket});
  EXPECT_FALSE(answer().has_value()) << "of the newest that was written";
  ASSERT_TRUE(store());
  EXPECT_EQ(answer()->answer.has, (RecordId{ballot(2), 8}));
}

TEST_F(Copy, a_store_that_fails_is_tried_again_after_a_pause) {
  copy_.write(a, record(ballot(2), 5), 0);
  const auto first = copy_.take_store(now_);
  copy_.failed({first->ticket, {ErrorKind::failed, "no room", 28}}, now_);
  EXPECT_EQ(copy_.trouble(now_), "no room");
  EXPECT_FALSE(answer().has_value());
  EXPECT_FALSE(copy_.take_store(now_).has_value());
  EXPECT_EQ(copy_.next_deadline(), now_ + RecordCopy::store_pause);
  now_ += RecordCopy::store_pause;
  ASSERT_TRUE(store());
  EXPECT_EQ(copy_.trouble(now_), "");
  EXPECT_TRUE(answer().has_value());
  EXPECT_FALSE(copy_.next_deadline().has_value());
}

TEST_F(Copy, an_outcome_of_another_store_means_nothing) {
  copy_.write(a, record(ballot(2), 5), 0);
  static_cast<void>(copy_.take_store(now_));
  copy_.stored({99});
  copy_.failed({99, {}}, now_);
  EXPECT_FALSE(answer().has_value());
  EXPECT_EQ(copy_.trouble(now_), "");
}

TEST_F(Copy, a_disk_that_does_not_answer_is_named) {
  copy_.write(a, record(ballot(2), 5), 0);
  static_cast<void>(copy_.take_store(now_));
  EXPECT_EQ(copy_.trouble(now_), "");
  EXPECT_EQ(copy_.trouble(now_ + RecordCopy::store_pause), "the disk doesn't answer");
}

class BlankCopy : public Copy {
 protected:
  void SetUp() override { copy_ = RecordCopy({}, {ClusterName("world"), NodeName("me")}); }
};

TEST_F(BlankCopy, says_that_it_is_blank) {
  copy_.read(a, {ballot(2), 7});
  ASSERT_TRUE(store());
  EXPECT_EQ(answer()->answer, (RecordAnswer{ballot(2), 7, ballot(2), {}}));
}

TEST_F(BlankCopy, takes_no_write_that_does_not_know_that_it_is_blank) {
  copy_.write(a, record(ballot(2), 5), 0);
  EXPECT_FALSE(store());
  EXPECT_EQ(answer()->answer.has, std::nullopt);
  copy_.read(a, {ballot(2), 7});
  store();
  static_cast<void>(answer());
  for (const std::uint64_t filling : {0U, 6U, 7U}) {  // of no later reading
    copy_.write(a, record(ballot(2), 5), filling);
    EXPECT_FALSE(store());
    EXPECT_EQ(answer()->answer.has, std::nullopt);
  }
}

TEST_F(BlankCopy, is_filled_after_a_reading_that_came_after_its_answer) {
  copy_.read(a, {ballot(2), 7});
  store();
  static_cast<void>(answer());
  copy_.read(a, {ballot(2), 8});  // asked again, it said so before
  static_cast<void>(answer());
  copy_.write(a, record(ballot(2), 5), 8);
  ASSERT_TRUE(store());
  EXPECT_EQ(answer()->answer.has, (RecordId{ballot(2), 5}));
  copy_.write(a, record(ballot(2), 6), 0);
  ASSERT_TRUE(store()) << "from then on as any other";
  EXPECT_EQ(copy_.durable().record->id.version, 6U);
}

/// The process that said it is gone, and with it what it may have promised since.
TEST_F(BlankCopy, is_not_filled_by_what_was_told_to_another_process) {
  copy_.read(a, {ballot(2), 7});
  store();
  static_cast<void>(answer());
  copy_ = RecordCopy({}, {ClusterName("world"), NodeName("me")});
  copy_.write(a, record(ballot(2), 5), 8);
  EXPECT_FALSE(store());
}

}  // namespace
}  // namespace hapx::membership
