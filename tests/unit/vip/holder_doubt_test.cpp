// SPDX-License-Identifier: Apache-2.0
// What a holder does when another node may have its address, unheard.
#include <algorithm>
#include <variant>

#include <gtest/gtest.h>

#include "vip/holder.hpp"

namespace hapx::vip {
namespace {

using namespace std::chrono_literals;

const InterfaceName eth0("eth0");
const IpAddress address = ipv4(10, 0, 0, 5);
const MacAddress theirs{{2, 0, 0, 0, 0, 9}};
constexpr Duration lease = 300ms;

Instant at(Duration after) {
  return Instant(1000s + after);
}

template <class Kind, class List>
int count(const List& list) {
  return static_cast<int>(std::ranges::count_if(
      list, [](const auto& each) { return std::holds_alternative<Kind>(each); }));
}

struct DoubtTest : testing::Test {
  Holder holder{{{address, 24}, eth0}, lease, 7};

  void SetUp() override {
    (void)holder.step(LinkChanged{eth0, true, true, 3, {}}, at(0s));
    (void)holder.step(FenceArmed{}, at(0s));
  }
  /// Lets it survey until then, every question being sent; how many there were.
  int survey(Instant& now, Instant until) {
    int asked = 0;
    for (; now < until; now += 10ms) {
      for (const auto& action : holder.survey(now).actions) {
        EXPECT_TRUE(std::holds_alternative<Probe>(action));
        ++asked;
        (void)holder.step(ProbeSent{eth0, address}, now);
      }
    }
    return asked;
  }
  void hold(Instant now) {
    (void)holder.acquire(now + lease, Proof::held_by_us, now);
    (void)holder.step(AddressAdded{eth0, address}, now);
    (void)holder.serve(now);
  }
  Outcome claim(ClaimKind kind, Instant now) {
    return holder.step(AddressClaimed{eth0, {address, theirs, {}, kind}, {}}, now);
  }
};

TEST_F(DoubtTest, ASurveyAsksThreeTimesOverALease) {
  Instant now = at(1s);
  EXPECT_EQ(survey(now, at(1s + lease)), 3);
  EXPECT_FALSE(holder.found_free(at(1s + lease - 1ms)));
  EXPECT_TRUE(holder.found_free(at(1s + lease)));
  EXPECT_EQ(holder.status().state, HolderState::released) << "it adds nothing";
}

TEST_F(DoubtTest, WhatWasFoundIsGoodForAThirdOfALease) {
  Instant now = at(1s);
  survey(now, at(1s + lease + 10ms));
  (void)holder.survey(at(1s + lease + 99ms));
  EXPECT_TRUE(holder.found_free(at(1s + lease + 99ms)));
  (void)holder.survey(at(1s + lease + 100ms));
  EXPECT_FALSE(holder.found_free(at(1s + lease + 100ms)));
}

TEST_F(DoubtTest, WhoeverAnswersOrAsksIsWaitedFor) {
  for (const auto kind : {ClaimKind::answer, ClaimKind::probe, ClaimKind::announcement}) {
    Holder fresh{{{address, 24}, eth0}, lease, 7};
    std::swap(holder, fresh);
    SetUp();
    Instant now = at(1s);
    survey(now, at(1s + 150ms));
    const auto out = claim(kind, now);
    EXPECT_EQ(count<Contested>(out.news), 1);
    const Instant heard = now;
    // Who answers may be a kernel whose hapxd has died; who asks wants it.
    const Duration patience = kind == ClaimKind::probe ? Probing::again_after : lease / 3;
    EXPECT_EQ(survey(now, heard + patience), 0);
    EXPECT_EQ(survey(now, heard + patience + lease), 3);
    EXPECT_TRUE(holder.found_free(now));
  }
}

TEST_F(DoubtTest, OfTwoThatAskAtOnceOneWaitsLonger) {
  holder.doubt({true, true});
  Instant now = at(1s);
  survey(now, at(1s + 150ms));
  (void)claim(ClaimKind::probe, now);
  const Instant heard = now;
  EXPECT_EQ(survey(now, heard + Probing::again_after + 2 * lease), 0);
  EXPECT_EQ(survey(now, heard + Probing::again_after + 3 * lease), 3);
}

TEST_F(DoubtTest, WhatASurveyFoundNeedsNoQuestionsMore) {
  Instant now = at(1s);
  survey(now, at(1s + lease));
  const auto out = holder.acquire(now + lease, Proof::asked, now);
  EXPECT_EQ(count<AddAddress>(out.actions), 1);
  EXPECT_FALSE(holder.found_free(now));
}

TEST_F(DoubtTest, InDoubtTheHolderAsksEverySecond) {
  hold(at(1s));
  holder.doubt({true, false});
  int asked = 0;
  for (Instant now = at(1s); now < at(5s + 50ms); now += 50ms) {
    (void)holder.extend(now + lease, now);
    asked += count<Probe>(holder.step(now).actions);
  }
  EXPECT_EQ(asked, 4);
  holder.doubt({});
  (void)holder.extend(at(7s), at(5s + 60ms));
  (void)holder.step(at(6s + 500ms));
  EXPECT_EQ(count<Probe>(holder.step(at(6s + 900ms)).actions), 0);
}

TEST_F(DoubtTest, TheLaterOneInTheFileGivesWay) {
  for (const bool gives_way : {false, true}) {
    Holder fresh{{{address, 24}, eth0}, lease, 7};
    std::swap(holder, fresh);
    SetUp();
    hold(at(1s));
    holder.doubt({true, gives_way});
    EXPECT_EQ(count<CloseFence>(claim(ClaimKind::answer, at(1s + 150ms)).actions), 0)
        << "it may be the last word of one that has just heard that it holds no more";
    EXPECT_EQ(count<Probe>(holder.step(at(1s + 250ms)).actions), gives_way ? 1 : 0);
    const auto out = claim(ClaimKind::answer, at(1s + 251ms));
    EXPECT_EQ(count<CloseFence>(out.actions), gives_way ? 1 : 0);
    EXPECT_EQ(holder.status().state, gives_way ? HolderState::releasing : HolderState::held);
  }
}

TEST_F(DoubtTest, WhoOnlyAsksIsAnsweredAndNotGivenWay) {
  hold(at(1s));
  holder.doubt({true, true});
  const auto out = claim(ClaimKind::probe, at(1s + 150ms));
  EXPECT_EQ(count<CloseFence>(out.actions), 0);
  EXPECT_EQ(holder.status().state, HolderState::held);
}

}  // namespace
}  // namespace hapx::vip
