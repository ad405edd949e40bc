// SPDX-License-Identifier: Apache-2.0
// Each checker is given a history that breaks its sentence, written by hand, and one beside it that
// comes close and does not. That the same checkers also trip on a bug in a whole world is shown in
// planted_bugs_test.cpp.
#include "appliance/sim/checkers.hpp"

#include <gtest/gtest.h>

#include "membership/quorum.hpp"

namespace hapx::appliance::sim {
namespace {

using namespace std::chrono_literals;
using membership::BootId;
using membership::LeaseKey;
using membership::Session;

const NodeName n1("n1");
const NodeName n2("n2");
const NodeName n3("n3");
const IpAddress vip = ipv4(192, 168, 4, 20);
const LeaseKey key = LeaseKey::of(vip);
const Session s1{n1, BootId{{1}}};
const Session s2{n2, BootId{{2}}};

ClusterConfig three_nodes() {
  ClusterConfig config;
  for (const NodeName& name : {n1, n2, n3}) config.nodes.push_back({name, {}, Role::full, 1});
  ServiceConfig service;
  service.name = ServiceName("kube-apiserver");
  service.vips = {{{vip, 27}, InterfaceName("eth1")}};
  config.services = {service};
  return config;
}

ClusterConfig two_nodes_and_an_arbiter() {
  ClusterConfig config = three_nodes();
  config.nodes.pop_back();
  config.arbiter.emplace();
  return config;
}

Moment at(Duration since) {
  return Moment(since);
}

/// A promise of a voter whose clock is right.
Promised promised(Duration now, const NodeName& voter, const Session& to, Duration until) {
  return {{voter, BootId{{3}}}, key, to, at(until), Instant(now), Instant(until)};
}

Excused excused_holder(const NodeName& node, Duration until) {
  return {node, Excused::As::holder, at(until)};
}

Excused excused_voter(const NodeName& node, Duration until) {
  return {node, Excused::As::voter, at(until)};
}

/// Feeds one checker and keeps what it finds.
template <class Checker>
class Feed {
 public:
  explicit Feed(Checker checker) : checker_(std::move(checker)) {}
  Feed& operator()(Duration since, const Fact& fact) {
    checker_.see(at(since), fact, found_);
    return *this;
  }
  [[nodiscard]] std::size_t found() const { return found_.size(); }

 private:
  Checker checker_;
  Violations found_;
};

TEST(OneKernelAnswersTest, TwoAtOneInstantTripIt) {
  Feed feed{OneKernelAnswers(three_nodes())};
  feed(1s, KernelAnswers{n1, vip, true})(2s, KernelAnswers{n2, vip, true});
  EXPECT_EQ(feed.found(), 1U);
  feed(2500ms, Tick{});
  EXPECT_EQ(feed.found(), 1U) << "one overlap is one violation";
}

TEST(OneKernelAnswersTest, OneAfterTheOtherAtTheSameInstantDoNot) {
  Feed feed{OneKernelAnswers(three_nodes())};
  feed(1s, KernelAnswers{n1, vip, true})(2s, KernelAnswers{n1, vip, false});
  feed(2s, KernelAnswers{n2, vip, true});
  EXPECT_EQ(feed.found(), 0U);
}

TEST(OneKernelAnswersTest, OtherAddressesAreOthers) {
  Feed feed{OneKernelAnswers(three_nodes())};
  feed(1s, KernelAnswers{n1, vip, true})(2s, KernelAnswers{n2, ipv4(10, 0, 0, 1), true});
  EXPECT_EQ(feed.found(), 0U);
}

TEST(OneKernelAnswersTest, AMachineThatWasPausedIsExcusedForALeaseOnly) {
  Feed feed{OneKernelAnswers(three_nodes())};
  feed(1s, KernelAnswers{n2, vip, true})(2s, excused_holder(n1, 2300ms));
  feed(2s, KernelAnswers{n1, vip, true})(2299ms, Tick{});
  EXPECT_EQ(feed.found(), 0U);
  feed(2300ms, Tick{});
  EXPECT_EQ(feed.found(), 1U);
}

TEST(OneKernelAnswersTest, TwoMayAnswerWhileTheVoterThatBothAskedIsExcused) {
  Feed feed{OneKernelAnswers(three_nodes())};
  feed(1s, KernelAnswers{n1, vip, true})(2s, excused_voter(n3, 2300ms));
  feed(2s, KernelAnswers{n2, vip, true})(2299ms, Tick{});
  EXPECT_EQ(feed.found(), 0U);
  feed(2300ms, Tick{});
  EXPECT_EQ(feed.found(), 1U);
}

TEST(OneKernelAnswersTest, OfTwoVotersOneThatIsExcusedExplainsNothing) {
  ClusterConfig two = three_nodes();
  two.nodes.pop_back();
  Feed feed{OneKernelAnswers(two)};
  feed(1s, excused_voter(n2, 9s))(1s, KernelAnswers{n1, vip, true})(2s,
                                                                    KernelAnswers{n2, vip, true});
  EXPECT_EQ(feed.found(), 1U);
}

TEST(OneKernelAnswersTest, OfTwoVotersAndAnArbiterOneThatIsExcusedExplainsTwo) {
  Feed feed{OneKernelAnswers(two_nodes_and_an_arbiter())};
  feed(1s, excused_voter(n2, 9s))(1s, KernelAnswers{n1, vip, true})(2s,
                                                                    KernelAnswers{n2, vip, true});
  EXPECT_EQ(feed.found(), 0U);
  feed(9s, Tick{});
  EXPECT_EQ(feed.found(), 1U);
}

TEST(ActsUnderLeaseTest, AnArbitersPromiseIsThatOfAVoter) {
  const ClusterConfig config = two_nodes_and_an_arbiter();
  Feed feed{ActsUnderLease(config)};
  feed(1s, promised(1s, n1, s1, 1300ms));
  feed(1s, promised(1s, membership::voter_of(*config.arbiter), s1, 1250ms));
  feed(1s, DeadlineExtended{s1, vip, at(1244ms)});
  EXPECT_EQ(feed.found(), 0U);
  feed(1s, DeadlineExtended{s1, vip, at(1251ms)});
  EXPECT_EQ(feed.found(), 1U) << "it was promised for less";
}

TEST(ActsUnderLeaseTest, TwoNodesNeedNoArbiterAndOneDoes) {
  Feed feed{ActsUnderLease(two_nodes_and_an_arbiter())};
  feed(1s, promised(1s, n1, s1, 1300ms))(1s, promised(1s, n2, s1, 1300ms));
  feed(1s, DeadlineExtended{s1, vip, at(1244ms)});
  EXPECT_EQ(feed.found(), 0U);
  feed(1100ms, promised(1100ms, n2, s2, 1400ms));
  EXPECT_EQ(feed.found(), 1U);
}

TEST(ActsUnderLeaseTest, TwoOfThreePromisesCarryADeadline) {
  Feed feed{ActsUnderLease(three_nodes())};
  feed(1s, promised(1s, n1, s1, 1300ms))(1s, promised(1s, n3, s1, 1301ms));
  feed(1s, DeadlineExtended{s1, vip, at(1244ms)});
  EXPECT_EQ(feed.found(), 0U);
}

TEST(ActsUnderLeaseTest, OneOfThreeDoesNot) {
  Feed feed{ActsUnderLease(three_nodes())};
  feed(1s, promised(1s, n1, s1, 1300ms))(1s, DeadlineExtended{s1, vip, at(1244ms)});
  EXPECT_EQ(feed.found(), 1U);
}

TEST(ActsUnderLeaseTest, ADeadlineThatOutlivesThePromisesTripsIt) {
  Feed feed{ActsUnderLease(three_nodes())};
  feed(1s, promised(1s, n1, s1, 1300ms))(1s, promised(1s, n3, s1, 1243ms));
  feed(1s, DeadlineExtended{s1, vip, at(1244ms)});
  EXPECT_EQ(feed.found(), 1U);
}

TEST(ActsUnderLeaseTest, PromisesToAnotherSessionDoNotCount) {
  Feed feed{ActsUnderLease(three_nodes())};
  feed(1s, promised(1s, n1, s1, 1300ms))(1s, promised(1s, n3, s2, 1300ms));
  feed(1s, DeadlineExtended{s1, vip, at(1244ms)});
  EXPECT_EQ(feed.found(), 1U);
}

TEST(ActsUnderLeaseTest, AReleaseWithAnOpenFenceTripsIt) {
  Feed feed{ActsUnderLease(three_nodes())};
  feed(1s, promised(1s, n1, s1, 1300ms))(1s, promised(1s, n3, s1, 1300ms));
  feed(1s, DeadlineExtended{s1, vip, at(1244ms)})(1100ms, PromiseForgotten{n3, key});
  EXPECT_EQ(feed.found(), 1U);
}

TEST(ActsUnderLeaseTest, AReleaseAfterTheFenceWasClosedDoesNot) {
  Feed feed{ActsUnderLease(three_nodes())};
  feed(1s, promised(1s, n1, s1, 1300ms))(1s, promised(1s, n3, s1, 1300ms));
  feed(1s, DeadlineExtended{s1, vip, at(1244ms)})(1100ms, FenceClosed{s1, vip});
  feed(1100ms, PromiseForgotten{n3, key})(1200ms, promised(1200ms, n3, s2, 1500ms));
  EXPECT_EQ(feed.found(), 0U);
}

TEST(ActsUnderLeaseTest, AMachineThatWasPausedIsExcusedForALeaseOnly) {
  Feed feed{ActsUnderLease(three_nodes())};
  feed(1s, excused_holder(n1, 1300ms))(1s, DeadlineExtended{s1, vip, at(1400ms)});
  EXPECT_EQ(feed.found(), 0U);
  feed(1300ms, promised(1300ms, n3, s2, 1600ms));
  EXPECT_EQ(feed.found(), 1U);
}

TEST(ActsUnderLeaseTest, AnExcusedVoterCountsAsOneThatPromised) {
  Feed feed{ActsUnderLease(three_nodes())};
  feed(1s, promised(1s, n1, s1, 1300ms))(1s, excused_voter(n3, 2s));
  feed(1s, DeadlineExtended{s1, vip, at(1244ms)})(1100ms, promised(1100ms, n3, s2, 1400ms));
  EXPECT_EQ(feed.found(), 0U);
  feed(1100ms, PromiseForgotten{n1, key});
  EXPECT_EQ(feed.found(), 1U) << "one vote of three is not enough";
}

TEST(VotersKeepPromisesTest, AnExcusedVoterMayPromiseAgainTooSoon) {
  Feed feed{VotersKeepPromises(three_nodes())};
  feed(1s, promised(1s, n3, s1, 1300ms))(1s, excused_voter(n3, 1200ms));
  feed(1100ms, promised(1100ms, n3, s2, 1400ms));
  EXPECT_EQ(feed.found(), 0U);
  feed(1200ms, promised(1200ms, n3, s1, 1500ms));
  EXPECT_EQ(feed.found(), 1U);
}

TEST(VotersKeepPromisesTest, ASecondSessionBeforeTheFirstEndsTripsIt) {
  Feed feed{VotersKeepPromises(three_nodes())};
  feed(1s, promised(1s, n3, s1, 1300ms))(1299ms, promised(1299ms, n3, s2, 1600ms));
  EXPECT_EQ(feed.found(), 1U);
}

TEST(VotersKeepPromisesTest, AfterItsEndOrAReleaseItMay) {
  Feed feed{VotersKeepPromises(three_nodes())};
  feed(1s, promised(1s, n3, s1, 1300ms))(1300ms, promised(1300ms, n3, s2, 1600ms));
  feed(1400ms, PromiseForgotten{n3, key})(1400ms, promised(1400ms, n3, s1, 1700ms));
  EXPECT_EQ(feed.found(), 0U);
}

TEST(VotersKeepPromisesTest, AShortenedPromiseTripsIt) {
  Feed feed{VotersKeepPromises(three_nodes())};
  feed(1s, promised(1s, n3, s1, 1300ms))(1050ms, promised(1050ms, n3, s1, 1299ms));
  EXPECT_EQ(feed.found(), 1U);
}

TEST(VotersKeepPromisesTest, ItsOwnClockDecidesWhileItRuns) {
  Promised first = promised(1s, n3, s1, 1300ms);
  Promised second = promised(1270ms, n3, s2, 1570ms);
  second.clock = Instant(1300ms);  // it was made to run faster
  EXPECT_EQ(Feed{VotersKeepPromises(three_nodes())}(1s, first)(1270ms, second).found(), 0U);
  second.clock = Instant(1299ms);
  EXPECT_EQ(Feed{VotersKeepPromises(three_nodes())}(1s, first)(1270ms, second).found(), 1U);
}

TEST(VotersKeepPromisesTest, AfterARebootTrueTimeDecides) {
  Promised after = promised(1200ms, n3, s2, 1500ms);
  after.voter.boot = BootId{{4}};
  after.clock = Instant(9h);
  Feed feed{VotersKeepPromises(three_nodes())};
  feed(1s, promised(1s, n3, s1, 1300ms))(1200ms, after);
  EXPECT_EQ(feed.found(), 1U);
}

TEST(AnnouncedWhenServingTest, NeedsTheAddressAndHaproxy) {
  Feed feed{AnnouncedWhenServing()};
  feed(1s, Announced{n1, vip, true, true});
  EXPECT_EQ(feed.found(), 0U);
  feed(1s, Announced{n1, vip, false, true});
  EXPECT_EQ(feed.found(), 1U);
  feed(1s, Announced{n1, vip, true, false});
  EXPECT_EQ(feed.found(), 2U);
}

StepEnded holding(bool deadline_ahead, bool removal_asked) {
  StepEnded step;
  step.node = n1;
  step.held = {{vip, deadline_ahead, removal_asked}};
  return step;
}

TEST(NothingIsTakenFromOthersTest, AnAddressForWhichAnotherHostAnswersTripsIt) {
  Feed feed{NothingIsTakenFromOthers()};
  feed(0ms, ForeignClaims{vip, true});
  feed(999ms, AddressTaken{n1, vip});
  EXPECT_EQ(feed.found(), 0U) << "it has only just come";
  feed(1000ms, AddressTaken{n1, vip});
  EXPECT_EQ(feed.found(), 1U);
  feed(2000ms, ForeignClaims{vip, false});
  feed(2001ms, AddressTaken{n1, vip});
  EXPECT_EQ(feed.found(), 1U);
}

TEST(NothingIsTakenFromOthersTest, WhatOneOfOursHadLatelyIsTakenOver) {
  Feed feed{NothingIsTakenFromOthers()};
  feed(0ms, KernelAnswers{n1, vip, true});
  feed(10ms, ForeignClaims{vip, true});
  feed(20'000ms, AddressTaken{n2, vip});
  feed(20'001ms, KernelAnswers{n1, vip, false});
  feed(50'000ms, AddressTaken{n2, vip});
  EXPECT_EQ(feed.found(), 0U);
  feed(50'002ms, AddressTaken{n2, vip});
  EXPECT_EQ(feed.found(), 1U);
  feed(50'003ms, Outlook{.chance = true});
  feed(50'004ms, AddressTaken{n2, vip});
  EXPECT_EQ(feed.found(), 1U);
}

TEST(NothingIsTakenFromOthersTest, WhoWasPausedDoesNotKnowHowLongAgoItWas) {
  Feed feed{NothingIsTakenFromOthers()};
  feed(0ms, ForeignClaims{vip, true});
  feed(30'000ms, excused_holder(n1, 31'000ms));
  feed(30'001ms, AddressTaken{n1, vip});
  EXPECT_EQ(feed.found(), 0U);
  feed(30'002ms, AddressTaken{n2, vip});
  EXPECT_EQ(feed.found(), 1U) << "another one was not";
  feed(60'000ms, AddressTaken{n1, vip});
  EXPECT_EQ(feed.found(), 2U) << "it has had the time to learn";
}

TEST(ReleaseIsReflexTest, AnAddressWithoutRightWhoseRemovalWasNotAskedForTripsIt) {
  Feed feed{ReleaseIsReflex()};
  feed(1s, holding(true, false))(2s, holding(false, true));
  EXPECT_EQ(feed.found(), 0U);
  feed(3s, holding(false, false));
  EXPECT_EQ(feed.found(), 1U);
}

StepEnded saying(bool vip_started, bool haproxy_started, bool addresses_known) {
  StepEnded step;
  step.node = n1;
  step.books = {{ServiceName("kube-apiserver"), vip_started, haproxy_started, addresses_known}};
  return step;
}

TEST(VipThenHaproxyTest, HaproxyWithoutTheAddressTripsIt) {
  Feed feed{VipThenHaproxy()};
  feed(1s, saying(true, true, true))(1s, saying(true, false, true))(1s,
                                                                    saying(false, false, false));
  EXPECT_EQ(feed.found(), 0U);
  feed(2s, saying(false, true, true));
  EXPECT_EQ(feed.found(), 1U);
  feed(3s, saying(true, true, false));
  EXPECT_EQ(feed.found(), 2U);
}

TEST(SleepsBetweenTest, ANodeThatSpinsTripsIt) {
  Feed feed{SleepsBetween()};
  StepEnded step;
  feed(1s, step);
  EXPECT_EQ(feed.found(), 0U);
  step.sleeps = false;
  feed(1s, step);
  EXPECT_EQ(feed.found(), 1U);
}

StepEnded having_said(const NodeName& node, unsigned datagrams) {
  StepEnded step;
  step.node = node;
  step.said = datagrams;
  return step;
}

TEST(NobodyFloodsTest, ANodeThatAnswersWithoutEndTripsIt) {
  Feed feed{NobodyFloods()};
  feed(1s, having_said(n1, NobodyFloods::said_max));
  EXPECT_EQ(feed.found(), 0U);
  feed(1050ms, having_said(n1, 1));
  EXPECT_EQ(feed.found(), 1U);
  feed(1060ms, having_said(n1, 1));
  EXPECT_EQ(feed.found(), 1U) << "one flood is one violation";
}

TEST(NobodyFloodsTest, ManyNodesOrMuchTimeAreNoFlood) {
  Feed feed{NobodyFloods()};
  feed(1s, having_said(n1, NobodyFloods::said_max))(1s, having_said(n2, NobodyFloods::said_max));
  feed(1100ms, having_said(n1, NobodyFloods::said_max));
  EXPECT_EQ(feed.found(), 0U);
}

TEST(ServedInTimeTest, NobodyServingForTheBoundTripsIt) {
  Feed feed{ServedInTime(three_nodes(), 2s)};
  feed(1s, Outlook{true, false})(3s, Tick{});
  EXPECT_EQ(feed.found(), 0U);
  feed(3001ms, Tick{});
  EXPECT_EQ(feed.found(), 1U);
}

TEST(ServedInTimeTest, NothingIsExpectedWithoutAStableMajorityOrSoonAfterAFault) {
  Feed feed{ServedInTime(three_nodes(), 2s)};
  feed(1s, Tick{})(9s, Tick{})(10s, Outlook{true, false})(11s, Disturbed{"a fault"});
  feed(12900ms, Tick{})(13s, Serving{vip, n1})(20s, Tick{});
  EXPECT_EQ(feed.found(), 0U);
  feed(21s, Serving{vip, std::nullopt})(24s, Tick{});
  EXPECT_EQ(feed.found(), 1U);
}

TEST(NothingMovesIdlyTest, AMoveLongAfterTheLastReasonTripsIt) {
  Feed feed{NothingMovesIdly(5s)};
  feed(1s, Disturbed{"a fault"})(6s, KernelAnswers{n1, vip, true});
  EXPECT_EQ(feed.found(), 0U);
  feed(6001ms, KernelAnswers{n1, vip, false});
  EXPECT_EQ(feed.found(), 1U);
}

TEST(NothingMovesIdlyTest, ALossyNetworkIsAReason) {
  Feed feed{NothingMovesIdly(5s)};
  feed(1s, Outlook{true, true})(60s, KernelAnswers{n1, vip, true});
  feed(70s, Outlook{true, false})(71s, KernelAnswers{n1, vip, false});
  EXPECT_EQ(feed.found(), 0U);
}

/// n1 and n2 take turns, `moves` times, and none of them answers in between.
void take_turns(Feed<MovesPerFault>& feed, Duration from, unsigned moves) {
  for (unsigned i = 0; i < moves; ++i) {
    const bool to_n2 = i % 2 == 0;
    feed(from + i * 1s, KernelAnswers{to_n2 ? n1 : n2, vip, false});
    feed(from + i * 1s, KernelAnswers{to_n2 ? n2 : n1, vip, true});
  }
}

TEST(DecidesTheSameAgainTest, ARecordingThatIsDecidedOtherwiseTripsIt) {
  DecidesTheSameAgain checker;
  Violations found;
  checker.see(Moment(1s), RecordingReplayed{n1, ""}, found);
  EXPECT_TRUE(found.empty());
  checker.see(Moment(2s), RecordingReplayed{n1, "at 2s Started: recorded Exit 0"}, found);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().checker, "DecidesTheSameAgain");
}

TEST(MovesPerFaultTest, AnAddressThatGoesToAndFroAfterOneFaultTripsIt) {
  Feed feed{MovesPerFault()};
  feed(1s, KernelAnswers{n1, vip, true})(2s, Disturbed{"a fault"});
  take_turns(feed, 3s, MovesPerFault::moves_at_once);
  EXPECT_EQ(feed.found(), 0U);
  feed(9s, KernelAnswers{n1, vip, false})(9s, KernelAnswers{n2, vip, false});
  feed(9s, KernelAnswers{n3, vip, true});
  EXPECT_EQ(feed.found(), 1U);
}

TEST(MovesPerFaultTest, EachThingThatIsDoneMayMoveItOnceMore) {
  Feed feed{MovesPerFault()};
  feed(1s, KernelAnswers{n1, vip, true});
  take_turns(feed, 2s, MovesPerFault::moves_at_once);
  for (Duration since = 20s; since < 40s; since += 2s) {
    feed(since, Disturbed{"a fault"})(since, KernelAnswers{n1, vip, false});
    feed(since, KernelAnswers{n2, vip, false})(since, KernelAnswers{n3, vip, true});
    feed(since + 1s, Disturbed{"another"})(since + 1s, KernelAnswers{n3, vip, false});
    feed(since + 1s, KernelAnswers{n1, vip, true});
  }
  EXPECT_EQ(feed.found(), 0U);
}

TEST(MovesPerFaultTest, ManyThingsThatAreDoneAtOnceAreNoStore) {
  Feed feed{MovesPerFault()};
  feed(1s, KernelAnswers{n1, vip, true});
  for (int i = 0; i < 100; ++i) feed(2s, Disturbed{"one of many"});
  take_turns(feed, 3s, MovesPerFault::moves_at_once + 1);
  EXPECT_EQ(feed.found(), 1U);
}

TEST(MovesPerFaultTest, SilenceAndComingBackIsNoMoveNorIsWhatChanceDoes) {
  Feed feed{MovesPerFault()};
  feed(1s, KernelAnswers{n1, vip, true});
  for (int i = 0; i < 20; ++i) {
    feed(2s, KernelAnswers{n1, vip, false})(2s, KernelAnswers{n1, vip, true});
  }
  feed(3s, Outlook{true, true});
  take_turns(feed, 4s, 20);
  feed(30s, Outlook{true, false});
  take_turns(feed, 31s, MovesPerFault::moves_at_once);
  EXPECT_EQ(feed.found(), 0U);
}

}  // namespace
}  // namespace hapx::appliance::sim
