// SPDX-License-Identifier: Apache-2.0
// What a hook is told, next and at all.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/document.hpp"
#include "appliance/hooks/message.hpp"
#include "appliance/hooks/round.hpp"

namespace hapx::appliance::hooks {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using How = Told::How;

HookConfig team() {
  HookConfig hook;
  hook.name = "team";
  hook.events = {EventKind::takeover, EventKind::quorum};
  return hook;
}

EventLine event(std::uint64_t number, EventKind kind = EventKind::takeover) {
  EventLine line;
  line.number = number;
  line.kind = to_string(kind);
  line.service = "kube-apiserver";
  line.sentence = "came here from node2 in 268.1 ms";
  line.reason = "failover: node-lost";
  line.at = "2026-11-28T13:36:57.042Z";
  return line;
}

class HookRound : public testing::Test {
 protected:
  /// The number of what is told now; 0: nothing.
  std::uint64_t next() {
    const auto telling = round_.next(now_);
    left_out_ = telling ? telling->left_out : 0;
    return telling ? telling->event.number : 0;
  }
  std::string end(How how = How::done) { return round_.ended({how, "nobody is there"}, now_); }

  Round round_{team()};
  Instant now_{seconds(100)};
  std::uint64_t left_out_ = 0;
};

TEST_F(HookRound, TellsOneAfterAnotherOfItsKinds) {
  EXPECT_EQ(next(), 0U);
  EXPECT_FALSE(round_.due());
  round_.add(event(1));
  round_.add(event(2, EventKind::backend));
  round_.add(event(3, EventKind::quorum));
  EXPECT_TRUE(round_.due());
  EXPECT_EQ(next(), 1U);
  EXPECT_EQ(next(), 0U) << "one is under way";
  EXPECT_FALSE(round_.due());
  EXPECT_EQ(end(), "hook team: takeover: told");
  EXPECT_EQ(next(), 3U);
  EXPECT_EQ(end(), "hook team: quorum: told");
  EXPECT_EQ(next(), 0U);
  EXPECT_FALSE(round_.due());
}

TEST_F(HookRound, TriesAgainWithGrowingPausesAndGivesUp) {
  round_.add(event(1));
  for (const int pause : {1, 2, 4, 8}) {
    ASSERT_EQ(next(), 1U);
    EXPECT_EQ(end(How::not_reached), "hook team: takeover: nobody is there; trying again in " +
                                         std::to_string(pause) + "s");
    EXPECT_EQ(round_.due(), now_ + seconds(pause));
    now_ += seconds(pause) - milliseconds(1);
    EXPECT_EQ(next(), 0U);
    now_ += milliseconds(1);
  }
  ASSERT_EQ(next(), 1U);
  EXPECT_EQ(end(How::not_reached),
            "hook team: takeover: nobody is there; not told after 5 attempts, 1 event left out by "
            "now");
  EXPECT_FALSE(round_.due());
  round_.add(event(2));
  EXPECT_EQ(next(), 2U) << "at once: it has not been tried";
  EXPECT_EQ(left_out_, 1U);
  EXPECT_EQ(end(), "hook team: takeover: told, and that 1 event before it were left out");
  round_.add(event(3));
  next();
  EXPECT_EQ(left_out_, 0U) << "it was told of that";
}

TEST_F(HookRound, DoesNotTryAgainWhatWasRefused) {
  round_.add(event(1));
  round_.add(event(2));
  next();
  EXPECT_EQ(end(How::refused),
            "hook team: takeover: nobody is there; not told, 1 event left out by now");
  EXPECT_EQ(next(), 2U);
}

TEST_F(HookRound, LeavesOutTheOldestWhereThereAreTooMany) {
  for (std::uint64_t i = 1; i <= Round::waiting_max + 3; ++i) round_.add(event(i));
  EXPECT_EQ(next(), 4U);
  EXPECT_EQ(left_out_, 3U);
}

TEST_F(HookRound, LeavesOutNothingThatWasBegun) {
  round_.add(event(1));
  ASSERT_EQ(next(), 1U);
  for (std::uint64_t i = 2; i <= Round::waiting_max + 1; ++i) round_.add(event(i));
  end(How::not_reached);
  for (std::uint64_t i = 1; i <= 10; ++i) round_.add(event(100 + i));
  EXPECT_EQ(next(), 0U) << "its pause goes on, whatever comes";
  now_ += seconds(1);
  EXPECT_EQ(next(), 1U);
  EXPECT_EQ(left_out_, 11U);
  EXPECT_EQ(end(), "hook team: takeover: told, and that 11 events before it were left out");
  EXPECT_EQ(next(), 13U);
  EXPECT_EQ(left_out_, 0U);
}

TEST_F(HookRound, ToldOfOneItIsNotToldOfWhatWasLeftOutMeanwhile) {
  round_.add(event(1));
  ASSERT_EQ(next(), 1U);
  for (std::uint64_t i = 2; i <= Round::waiting_max + 6; ++i) round_.add(event(i));
  EXPECT_EQ(end(), "hook team: takeover: told");
  EXPECT_EQ(next(), 8U);
  EXPECT_EQ(left_out_, 6U) << "that is for the next";
}

TEST_F(HookRound, WhatHappensAgainAndAgainWaitsOnce) {
  EventLine again = event(2);
  round_.add(event(1, EventKind::quorum));
  for (again.times = 1; again.times <= 200; ++again.times) round_.add(again);
  EXPECT_EQ(next(), 1U);
  end();
  const auto telling = round_.next(now_);
  ASSERT_TRUE(telling);
  EXPECT_EQ(telling->event.times, 200U);
  EXPECT_EQ(telling->left_out, 0U);
  again.times = 201;
  round_.add(again);
  end();
  EXPECT_EQ(next(), 2U) << "it was under way";
  EventLine other = event(2, EventKind::quorum);
  round_.add(other);
  end();
  EXPECT_EQ(next(), 2U) << "a hapxd that began anew counts anew";
}

TEST_F(HookRound, OfAChangedHookGoesOnWithWhatWasNotTold) {
  for (std::uint64_t i = 1; i <= Round::waiting_max + 2; ++i) round_.add(event(i));
  ASSERT_EQ(next(), 3U);
  HookConfig changed = team();
  changed.events = {EventKind::takeover};
  Round after(changed);
  after.take_over(round_);
  EXPECT_EQ(end(), "") << "what became of it is the other's to say";
  EXPECT_EQ(next(), 0U);
  const auto telling = after.next(now_);
  ASSERT_TRUE(telling);
  EXPECT_EQ(telling->event.number, 3U) << "it may be told twice, but not never";
  EXPECT_EQ(telling->left_out, 2U);
}

TEST(HookMessage, IsADocumentWithASentence) {
  const Message message = message_of(event(7), {"kube-demo", "node1"}, "team", 2, false);
  const std::string text =
      "kube-demo, node1: kube-apiserver: came here from node2 in 268.1 ms (failover: node-lost)";
  EXPECT_EQ(message.document,
            R"({"text":")" + text + R"(","cluster":"kube-demo","node":"node1","hook":"team",)" +
                R"("test":false,"leftOut":2,"event":{"number":7,"at":"2026-11-28T13:36:57.042Z",)" +
                R"("kind":"takeover","service":"kube-apiserver","phase":null,)" +
                R"("sentence":"came here from node2 in 268.1 ms","reason":"failover: node-lost",)" +
                R"("times":1}})");
  EXPECT_THAT(message.environment,
              ElementsAre("HAPX_TEXT=" + text, "HAPX_CLUSTER=kube-demo", "HAPX_NODE=node1",
                          "HAPX_EVENT=takeover", "HAPX_SERVICE=kube-apiserver"));
}

TEST(HookMessage, HasNothingThatATerminalObeys) {
  EventLine line = event(1);
  line.sentence = "evil\x1b[2J\nname\xff";
  const Message message = message_of(line, {"c", "n"}, "team", 0, false);
  EXPECT_THAT(message.environment.front(), HasSubstr("evil?[2J?name?"));
  EXPECT_THAT(message.document, Not(HasSubstr("\n")));
  const auto tree = tree_from_json(message.document);
  EXPECT_TRUE(tree) << tree.error().sentence;
}

TEST(HookMessage, OfATestSaysSo) {
  const EventLine line = test_event(team());
  EXPECT_EQ(line.kind, "takeover");
  const Message message = message_of(line, {"c", "n"}, "team", 0, true);
  EXPECT_THAT(message.document, HasSubstr("\"test\":true"));
  EXPECT_THAT(message.document, HasSubstr("this is a test of the hook team"));
}

}  // namespace
}  // namespace hapx::appliance::hooks
