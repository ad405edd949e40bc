// SPDX-License-Identifier: Apache-2.0
#include "vip/tie_breaker.hpp"

#include <gtest/gtest.h>

namespace hapx::vip {
namespace {

using namespace std::chrono_literals;
using Pace = TieBreaker::Pace;

const InterfaceName eth0("eth0");
const IpAddress gateway = ipv4(10, 0, 0, 1);
const MacAddress mac{{2, 0, 0, 0, 0, 1}};

Instant at(Duration after) {
  return Instant(1000s + after);
}

AddressClaimed claimed(ClaimKind kind, const IpAddress& address = gateway,
                       const InterfaceName& interface = eth0) {
  return {interface, {address, mac, {}, kind}, {}};
}

struct TieBreakerTest : testing::Test {
  TieBreaker tie_breaker{{gateway, eth0}, 50ms};

  bool asks(Pace pace, Instant now) { return tie_breaker.ask(pace, now).has_value(); }
  void answer(Instant now) { tie_breaker.hear(claimed(ClaimKind::answer), now); }
};

TEST_F(TieBreakerTest, IsAskedSeldomInPeace) {
  const auto probe = tie_breaker.ask(Pace::seldom, at(0s));
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->address, gateway);
  EXPECT_EQ(probe->interface, eth0);
  EXPECT_FALSE(asks(Pace::seldom, at(9s)));
  EXPECT_EQ(tie_breaker.next_deadline(), at(10s));
  EXPECT_TRUE(asks(Pace::seldom, at(10s)));
}

TEST_F(TieBreakerTest, IsAskedAtOnceAndWithEveryHeartbeatWhenItMatters) {
  EXPECT_TRUE(asks(Pace::seldom, at(0s)));
  EXPECT_TRUE(asks(Pace::with_heartbeats, at(1s)));
  EXPECT_FALSE(asks(Pace::with_heartbeats, at(1s + 49ms)));
  EXPECT_TRUE(asks(Pace::with_heartbeats, at(1s + 50ms)));
}

TEST_F(TieBreakerTest, AnAnswerIsWorthItsQuestion) {
  EXPECT_FALSE(tie_breaker.answered());
  EXPECT_TRUE(asks(Pace::with_heartbeats, at(0s)));
  answer(at(3ms));
  EXPECT_EQ(tie_breaker.answered(), at(0s));
}

TEST_F(TieBreakerTest, OfSeveralQuestionsTheOldestIsAnswered) {
  EXPECT_TRUE(asks(Pace::with_heartbeats, at(0ms)));
  EXPECT_TRUE(asks(Pace::with_heartbeats, at(50ms)));
  answer(at(51ms));
  EXPECT_EQ(tie_breaker.answered(), at(0ms)) << "it may have been the first that was answered";
  answer(at(52ms));
  EXPECT_EQ(tie_breaker.answered(), at(0ms)) << "nothing was asked since";
}

TEST_F(TieBreakerTest, AnAnswerThatTakesTooLongIsNone) {
  EXPECT_TRUE(asks(Pace::seldom, at(0s)));
  answer(at(1s));
  EXPECT_FALSE(tie_breaker.answered());
  EXPECT_TRUE(asks(Pace::seldom, at(10s)));
  EXPECT_TRUE(asks(Pace::with_heartbeats, at(15s)));
  answer(at(15s + 1ms));
  EXPECT_EQ(tie_breaker.answered(), at(15s)) << "the question of five seconds ago is forgotten";
}

TEST_F(TieBreakerTest, WhatOthersSayIsNoAnswer) {
  EXPECT_TRUE(asks(Pace::seldom, at(0s)));
  tie_breaker.hear(claimed(ClaimKind::answer, ipv4(10, 0, 0, 2)), at(1ms));
  tie_breaker.hear(claimed(ClaimKind::answer, gateway, InterfaceName("eth1")), at(1ms));
  for (const auto kind : {ClaimKind::announcement, ClaimKind::question, ClaimKind::probe})
    tie_breaker.hear(claimed(kind), at(1ms));
  EXPECT_FALSE(tie_breaker.answered()) << "that it speaks doesn't prove that it hears us";
}

/// RFC 4861, 7.2.4: who has no address of its own is answered with a word to all.
TEST_F(TieBreakerTest, OfIpv6TheAnswerGoesToAll) {
  const IpAddress six{Family::ipv6, {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
  TieBreaker other({six, eth0}, 50ms);
  EXPECT_TRUE(other.ask(Pace::seldom, at(0s)));
  other.hear(claimed(ClaimKind::announcement, six), at(1ms));
  EXPECT_EQ(other.answered(), at(0s));
}

TEST_F(TieBreakerTest, SaysWhatIsWrong) {
  EXPECT_EQ(tie_breaker.trouble(), "");
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(asks(Pace::seldom, at(i * 10s)));
  EXPECT_EQ(tie_breaker.trouble(), "");
  EXPECT_TRUE(asks(Pace::seldom, at(20s)));
  EXPECT_EQ(tie_breaker.trouble(), "doesn't answer");
  answer(at(20s + 1ms));
  EXPECT_EQ(tie_breaker.trouble(), "");
  tie_breaker.hear(ProbeFailed{eth0, gateway, {ErrorKind::absent, "eth0 is not there", 0}},
                   at(21s));
  EXPECT_EQ(tie_breaker.trouble(), "can't be asked: eth0 is not there");
  tie_breaker.hear(ProbeSent{eth0, gateway}, at(22s));
  EXPECT_EQ(tie_breaker.trouble(), "");
}

TEST_F(TieBreakerTest, AQuestionThatWasNotSentIsNotAnswered) {
  EXPECT_TRUE(asks(Pace::with_heartbeats, at(0s)));
  tie_breaker.hear(ProbeFailed{eth0, gateway, {ErrorKind::failed, "no buffer", 105}}, at(0s));
  EXPECT_TRUE(asks(Pace::with_heartbeats, at(50ms)));
  answer(at(51ms));
  EXPECT_EQ(tie_breaker.answered(), at(50ms));
}

}  // namespace
}  // namespace hapx::vip
