// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/etcd.hpp"

#include <gtest/gtest.h>

namespace hapx::appliance::sim {
namespace {

using namespace std::chrono_literals;
using membership::ArbiterAnswered;
using membership::AskArbiter;

const std::vector<std::uint8_t> mine{1, 2, 3};
const std::vector<std::uint8_t> yours{4, 5};

const NodeName n1("n1");
const NodeName n2("n2");

ArbiterAnswered look(Etcd& etcd) {
  return etcd.transact({7, {}, 100ms});
}

TEST(EtcdTest, AWriteNeedsTheEntryAsItIs) {
  Etcd etcd(1);
  EXPECT_TRUE(look(etcd).entries.empty());
  EXPECT_TRUE(look(etcd).swapped) << "nothing was expected of it";

  const ArbiterAnswered first = etcd.transact({8, {{"a", 0, mine}}, 100ms});
  EXPECT_EQ(first.ticket, 8U);
  EXPECT_TRUE(first.swapped);
  ASSERT_EQ(first.entries.size(), 1U);
  EXPECT_EQ(first.entries[0], (membership::ArbiterEntry{"a", first.revision, mine}));

  const ArbiterAnswered again = etcd.transact({9, {{"a", 0, yours}}, 100ms});
  EXPECT_FALSE(again.swapped) << "it is there";
  EXPECT_EQ(again.entries, first.entries) << "a failed one tells what is there";
  EXPECT_EQ(again.revision, first.revision);

  const ArbiterAnswered next = etcd.transact({10, {{"a", first.revision, yours}}, 100ms});
  EXPECT_TRUE(next.swapped);
  EXPECT_GT(next.revision, first.revision);
  EXPECT_EQ(next.entries[0].value, yours);
  EXPECT_FALSE(etcd.transact({11, {{"a", first.revision, mine}}, 100ms}).swapped);
}

TEST(EtcdTest, ATransactionIsDoneWholeOrNotAtAll) {
  Etcd etcd(1);
  static_cast<void>(etcd.transact({1, {{"a", 0, mine}}, 100ms}));
  const ArbiterAnswered half = etcd.transact({2, {{"b", 0, yours}, {"a", 0, yours}}, 100ms});
  EXPECT_FALSE(half.swapped);
  ASSERT_EQ(half.entries.size(), 1U);
  EXPECT_EQ(half.entries[0].value, mine);
  const auto known = half.entries[0].revision;
  const ArbiterAnswered both = etcd.transact({3, {{"b", 0, yours}, {"a", known, yours}}, 100ms});
  EXPECT_TRUE(both.swapped);
  ASSERT_EQ(both.entries.size(), 2U);
  EXPECT_EQ(both.entries[0].revision, both.entries[1].revision);
}

TEST(EtcdTest, ARestoredOneIsAnotherAndKnowsLess) {
  bool forgot_all = false;
  bool forgot_some = false;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Etcd etcd(seed);
    std::int64_t revision = 0;
    for (int i = 0; i < 50; ++i)
      revision = etcd.transact({1, {{"a", revision, mine}}, 100ms}).revision;
    const ArbiterAnswered before = look(etcd);
    etcd.begin_restore();
    EXPECT_FALSE(etcd.has_leader());
    etcd.set_leader(true);
    EXPECT_FALSE(etcd.has_leader()) << "it can't be hurried";
    etcd.end_restore();
    EXPECT_TRUE(etcd.has_leader());
    const ArbiterAnswered after = look(etcd);
    EXPECT_NE(after.store, before.store);
    EXPECT_LT(after.revision, before.revision);
    forgot_all = forgot_all || after.entries.empty();
    forgot_some = forgot_some || !after.entries.empty();
  }
  EXPECT_TRUE(forgot_all);
  EXPECT_TRUE(forgot_some);
}

TEST(EtcdTest, InFairWeatherEveryQuestionIsAnsweredSoonAndOnce) {
  Etcd etcd(3);
  for (int i = 0; i < 1000; ++i) {
    const Course course = etcd.draw_course({});
    ASSERT_TRUE(course.there && course.back);
    EXPECT_FALSE(course.again);
    EXPECT_LE(*course.there + course.commit + *course.back, 21ms);
  }
}

TEST(EtcdTest, InBadWeatherQuestionsAndAnswersAreLostAndDoubled) {
  Etcd etcd(3);
  int lost = 0;
  int answers_lost = 0;
  int doubled = 0;
  for (int i = 0; i < 1000; ++i) {
    const Course course = etcd.draw_course({200, 100, 50us, 5ms});
    lost += course.there ? 0 : 1;
    answers_lost += course.back ? 0 : 1;
    doubled += course.again ? 1 : 0;
  }
  EXPECT_GT(lost, 150);
  EXPECT_LT(lost, 250);
  EXPECT_GT(answers_lost, 150);
  EXPECT_LT(answers_lost, 250);
  EXPECT_GT(doubled, 40);
  EXPECT_LT(doubled, 160);
}

TEST(EtcdTest, ASlowOneTakesAboutAsLongAsTold) {
  Etcd etcd(3);
  etcd.set_slow(100ms);
  for (int i = 0; i < 1000; ++i) {
    const Course course = etcd.draw_course({});
    EXPECT_GE(course.commit, 75ms);
    EXPECT_LE(course.commit, 125ms);
  }
  etcd.set_slow(0ms);
  EXPECT_LE(etcd.draw_course({}).commit, 20ms);
}

TEST(EtcdTest, ACutIsOfOneNode) {
  Etcd etcd(1);
  etcd.cut(n1);
  EXPECT_FALSE(etcd.carries(n1));
  EXPECT_TRUE(etcd.carries(n2));
  etcd.cut(n2);
  etcd.heal(n1);
  EXPECT_TRUE(etcd.carries(n1));
  EXPECT_FALSE(etcd.carries(n2));
  etcd.heal_all();
  EXPECT_TRUE(etcd.carries(n2));
}

TEST(EtcdTest, TheSameSeedIsTheSameStory) {
  Etcd one(42);
  Etcd two(42);
  Etcd other(43);
  EXPECT_EQ(one.id(), two.id());
  EXPECT_NE(one.id(), other.id());
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const Course course = one.draw_course({});
    EXPECT_EQ(course.commit, two.draw_course({}).commit);
    differs = differs || course.commit != other.draw_course({}).commit;
  }
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace hapx::appliance::sim
