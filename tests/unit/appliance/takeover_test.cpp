// SPDX-License-Identifier: Apache-2.0
// The books of takeovers, by hand.
#include "appliance/takeover.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include <gtest/gtest.h>

#include "appliance/histogram.hpp"

namespace hapx::appliance {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

const NodeName lost("lost");
const NodeName self("self");
const NodeName third("third");
const ServiceName api("api");

Instant at(std::int64_t ms) {
  return Instant(std::chrono::seconds(1000)) + milliseconds(ms);
}

struct Books : testing::Test {
  Books() {
    takeovers.coordinates(third, at(-1000));
    takeovers.holds(api, lost);
  }

  /// From the plan on, a millisecond for each phase.
  void win(std::int64_t from) {
    takeovers.begin(api, at(from));
    takeovers.reached(api, FailoverPhase::lease_won, at(from + 1));
    takeovers.reached(api, FailoverPhase::address_asked, at(from + 2));
    takeovers.reached(api, FailoverPhase::address_added, at(from + 3));
    takeovers.reached(api, FailoverPhase::haproxy_serving, at(from + 4));
  }

  void announce(std::int64_t from) {
    takeovers.reached(api, FailoverPhase::announcing, at(from));
    takeovers.reached(api, FailoverPhase::announced, at(from + 1));
  }

  [[nodiscard]] Duration length(FailoverPhase phase) const {
    const auto found = takeovers.times().phases.find(phase);
    return found == takeovers.times().phases.end() ? Duration(-1) : found->second.sum;
  }

  Takeovers takeovers;
};

TEST_F(Books, EachPhaseLastsFromTheEndOfTheOneBefore) {
  takeovers.silent(lost, at(0), at(125));
  takeovers.dead(lost, at(300));
  win(310);
  EXPECT_EQ(takeovers.from(api), lost);
  takeovers.served(api, TakeoverReason::node_lost, self);
  EXPECT_EQ(takeovers.from(api), std::nullopt) << "it is counted once";
  EXPECT_EQ(takeovers.times(), TakeoverTimes()) << "the story is not over";
  announce(320);
  EXPECT_EQ(length(FailoverPhase::peer_silent), milliseconds(125));
  EXPECT_EQ(length(FailoverPhase::peer_dead), milliseconds(175));
  EXPECT_EQ(length(FailoverPhase::lease_expired), Duration(-1)) << "somebody else coordinated";
  EXPECT_EQ(length(FailoverPhase::placement_decided), milliseconds(10));
  EXPECT_EQ(length(FailoverPhase::lease_won), milliseconds(1));
  EXPECT_EQ(length(FailoverPhase::haproxy_serving), milliseconds(1));
  EXPECT_EQ(length(FailoverPhase::announcing), milliseconds(6));
  EXPECT_EQ(length(FailoverPhase::announced), milliseconds(1));
  EXPECT_EQ(takeovers.times().whole.sum, milliseconds(321));
  EXPECT_EQ(takeovers.counts(api), (TakeoverCounts{{TakeoverReason::node_lost, 1}}));
}

TEST_F(Books, TheCoordinatorsLeaseIsAPhaseIfTheLostNodeHadIt) {
  takeovers.coordinates(lost, at(-500));
  takeovers.silent(lost, at(0), at(125));
  takeovers.dead(lost, at(300));
  takeovers.coordinates({}, at(301));
  takeovers.coordinates(third, at(305));
  takeovers.coordinates(self, at(306));  // only the first counts
  win(310);
  takeovers.served(api, TakeoverReason::node_lost, self);
  announce(320);
  EXPECT_EQ(length(FailoverPhase::lease_expired), milliseconds(5));
  EXPECT_EQ(length(FailoverPhase::placement_decided), milliseconds(5));
  EXPECT_EQ(takeovers.times().whole.sum, milliseconds(321));
}

TEST_F(Books, APlanThatComesBeforeOurOwnNoticeEndsWhatWasOpen) {
  takeovers.silent(lost, at(0), at(125));
  win(290);
  takeovers.dead(lost, at(300));
  takeovers.served(api, TakeoverReason::node_lost, self);
  announce(320);
  EXPECT_EQ(length(FailoverPhase::peer_dead), milliseconds(165));
  EXPECT_EQ(length(FailoverPhase::placement_decided), Duration(0));
  Duration sum{0};
  for (const auto& [phase, times] : takeovers.times().phases) sum += times.sum;
  EXPECT_EQ(sum, takeovers.times().whole.sum);
}

TEST_F(Books, WithSeveralAddressesTheLastOfEachPhaseCounts) {
  takeovers.silent(lost, at(0), at(125));
  takeovers.dead(lost, at(300));
  win(310);
  takeovers.reached(api, FailoverPhase::address_added, at(314));
  takeovers.reached(api, FailoverPhase::haproxy_serving, at(315));
  takeovers.served(api, TakeoverReason::node_lost, self);
  announce(320);
  EXPECT_EQ(length(FailoverPhase::address_added), milliseconds(2));
  announce(330);  // that of the second address changes nothing
  EXPECT_EQ(takeovers.times().whole.count(), 1U);
}

TEST_F(Books, AFailoverFromALivingNodeHasNoWholeTime) {
  win(310);
  takeovers.served(api, TakeoverReason::haproxy_failed, self);
  announce(320);
  EXPECT_EQ(takeovers.times().whole.count(), 0U);
  EXPECT_EQ(length(FailoverPhase::placement_decided), Duration(-1)) << "since when is not known";
  EXPECT_EQ(length(FailoverPhase::lease_won), milliseconds(1));
  EXPECT_EQ(takeovers.counts(api), (TakeoverCounts{{TakeoverReason::haproxy_failed, 1}}));
}

TEST_F(Books, AHandoverIsCountedAndToldAndNotTimed) {
  win(310);
  takeovers.served(api, TakeoverReason::ordered, self);
  EXPECT_TRUE(takeovers.last().empty()) << "the story is not over";
  announce(320);
  EXPECT_EQ(takeovers.times(), TakeoverTimes());
  EXPECT_EQ(takeovers.counts(api), (TakeoverCounts{{TakeoverReason::ordered, 1}}));
  ASSERT_EQ(takeovers.last().size(), 1U);
  const TakeoverStory& told = takeovers.last().front();
  EXPECT_EQ(told.service, api);
  EXPECT_EQ(told.from, lost);
  EXPECT_EQ(told.reason, TakeoverReason::ordered);
  EXPECT_EQ(told.announced, at(321));
  EXPECT_EQ(told.phases.front(), (PhaseTime{FailoverPhase::lease_won, milliseconds(1)}));
  EXPECT_EQ(told.phases.back(), (PhaseTime{FailoverPhase::announced, milliseconds(1)}));
}

TEST_F(Books, AServiceOfSeveralAddressesCameOnce) {
  win(310);
  takeovers.served(api, TakeoverReason::ordered, self);
  takeovers.served(api, TakeoverReason::preferred, self);
  EXPECT_EQ(takeovers.counts(api), (TakeoverCounts{{TakeoverReason::ordered, 1}}));
}

TEST_F(Books, TellsTheLastFewNewestFirst) {
  for (std::size_t i = 0; i < Takeovers::last_max + 3; ++i) {
    const auto from = static_cast<std::int64_t>(1000 * i);
    takeovers.holds(api, lost);
    win(from);
    takeovers.served(api, TakeoverReason::node_lost, self);
    announce(from + 10);
    takeovers.drop(api);
  }
  ASSERT_EQ(takeovers.last().size(), Takeovers::last_max);
  EXPECT_EQ(takeovers.last().front().announced,
            at(std::int64_t{1000} * (Takeovers::last_max + 2) + 11));
  EXPECT_EQ(takeovers.last().back().announced, at(3011));
}

TEST_F(Books, ANodeThatIsHeardAgainWasNotLost) {
  takeovers.silent(lost, at(0), at(125));
  takeovers.heard(lost);
  win(310);
  takeovers.served(api, TakeoverReason::node_lost, self);
  announce(320);
  EXPECT_EQ(takeovers.times().whole.count(), 0U);
}

TEST_F(Books, WhatIsNotFinishedIsNotCounted) {
  win(310);
  takeovers.drop(api);
  takeovers.served(api, TakeoverReason::node_lost, self);
  announce(320);
  EXPECT_EQ(takeovers.counts(api), TakeoverCounts());
  EXPECT_EQ(takeovers.times(), TakeoverTimes());
}

TEST_F(Books, WhoHeldItLastComesBackToIt) {
  win(310);
  takeovers.served(api, TakeoverReason::node_lost, self);
  announce(320);
  takeovers.drop(api);
  win(1310);
  takeovers.served(api, TakeoverReason::node_lost, self);
  announce(1320);
  EXPECT_EQ(takeovers.counts(api), (TakeoverCounts{{TakeoverReason::node_lost, 1}}));
  takeovers.drop(api);
  takeovers.holds(api, third);
  win(2310);
  takeovers.served(api, TakeoverReason::preferred, self);
  EXPECT_EQ(takeovers.counts(api),
            (TakeoverCounts{{TakeoverReason::node_lost, 1}, {TakeoverReason::preferred, 1}}));
}

TEST_F(Books, KeepsServicesApart) {
  const ServiceName web("web");
  takeovers.begin(web, at(0));  // nobody held it
  takeovers.reached(web, FailoverPhase::haproxy_serving, at(1));
  takeovers.served(web, TakeoverReason::node_lost, self);
  EXPECT_EQ(takeovers.counts(web), TakeoverCounts());
  win(310);
  takeovers.served(api, TakeoverReason::vip_failed, self);
  EXPECT_EQ(takeovers.counts(web), TakeoverCounts());
  EXPECT_EQ(takeovers.counts(api).size(), 1U);
}

TEST(TakeoverReason, HasAWordOfItsOwn) {
  std::set<std::string_view> words;
  for (const auto reason : all_takeover_reasons) words.insert(to_string(reason));
  EXPECT_EQ(words.size(), all_takeover_reasons.size());
  EXPECT_TRUE(is_failover(TakeoverReason::haproxy_failed));
  EXPECT_FALSE(is_failover(TakeoverReason::ordered));
}

TEST(Histogram, SortsIntoBucketsWithTheirUpperBounds) {
  Histogram times;
  times.observe(Duration(0));
  times.observe(microseconds(100));
  times.observe(microseconds(100) + Duration(1));
  times.observe(milliseconds(5000));
  times.observe(milliseconds(5001));
  times.observe(milliseconds(-3));
  EXPECT_EQ(times.counts.front(), 3U);
  EXPECT_EQ(times.counts[1], 1U);
  EXPECT_EQ(times.counts[Histogram::bounds.size() - 1], 1U);
  EXPECT_EQ(times.counts.back(), 1U);
  EXPECT_EQ(times.count(), 6U);
  EXPECT_EQ(times.sum, microseconds(200) + Duration(1) + milliseconds(10001));
  EXPECT_TRUE(std::ranges::is_sorted(Histogram::bounds));
}

}  // namespace
}  // namespace hapx::appliance
