// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "appliance/drill/outage.hpp"
#include "appliance/drill/statistics.hpp"

namespace hapx::appliance::drill {
namespace {

using std::chrono::milliseconds;

Instant at(int ms) {
  return Instant(std::chrono::hours(1) + milliseconds(ms));
}
Request served(int start, int latency = 1) {
  return {at(start), at(start + latency), Fate::served};
}
Request failed(int start, int latency = 1) {
  return {at(start), at(start + latency), Fate::failed};
}
Request pending(int start) {
  return {at(start), at(0), Fate::pending};
}

TEST(Outage, IsTheLongestTimeBetweenStartsOfServedRequests) {
  const std::vector<Request> requests{served(0),   served(5),   failed(10),  failed(15),
                                      served(300), served(305), failed(310), served(315)};
  const Service service = judge(requests, at(0), at(315));
  EXPECT_EQ(service.outage, milliseconds(295));
  EXPECT_EQ(service.dark_from, at(5));
  EXPECT_EQ(service.dark_until, at(300));
  EXPECT_EQ(service.requests, 8U);
  EXPECT_EQ(service.failed, 3U);
}

TEST(Outage, AnAnswerByRetransmissionDoesNotHideTheGapInWhichItBegan) {
  // Their first packets were lost; TCP sent them again a second later.
  const std::vector<Request> requests{served(0), served(5, 1001), served(10, 1001), pending(15),
                                      served(300)};
  const Service service = judge(requests, at(0), at(300));
  EXPECT_EQ(service.outage, milliseconds(300));
  EXPECT_EQ(service.late, 2U);
  EXPECT_EQ(service.failed, 0U);
  EXPECT_EQ(service.latency_maximum, milliseconds(1001));
}

TEST(Outage, AKilledHaproxyThatAnswersALittleLaterIsNoOutage) {
  const std::vector<Request> requests{served(0), served(5, 48), served(10, 43), served(15)};
  const Service service = judge(requests, at(0), at(15));
  EXPECT_EQ(service.outage, milliseconds(5));
  EXPECT_EQ(service.late, 0U);
  EXPECT_EQ(service.latency_maximum, milliseconds(48));
}

TEST(Outage, EdgesCount) {
  EXPECT_EQ(judge(std::vector{served(200), served(205)}, at(0), at(205)).outage, milliseconds(200));
  EXPECT_EQ(judge(std::vector{served(0), served(5)}, at(0), at(500)).outage, milliseconds(495));
  EXPECT_EQ(judge({}, at(0), at(100)).outage, milliseconds(100));
}

TEST(Outage, OnlyTheWindowCounts) {
  const std::vector<Request> requests{served(0), failed(5), served(400), served(405), served(900)};
  const Service service = judge(requests, at(400), at(405));
  EXPECT_EQ(service.requests, 2U);
  EXPECT_EQ(service.failed, 0U);
  EXPECT_EQ(service.outage, milliseconds(5));
}

TEST(Outage, TheClientsOwnSilenceIsTold) {
  const std::vector<Request> requests{served(0), served(5), served(105), served(110)};
  EXPECT_EQ(judge(requests, at(0), at(110)).longest_silence, milliseconds(100));
}

TEST(Statistics, MedianAndMaximum) {
  EXPECT_EQ(median({}), Duration::zero());
  EXPECT_EQ(maximum({}), Duration::zero());
  EXPECT_EQ(median({milliseconds(3), milliseconds(1), milliseconds(2)}), milliseconds(2));
  EXPECT_EQ(median({milliseconds(4), milliseconds(1), milliseconds(2), milliseconds(3)}),
            milliseconds(2));
  EXPECT_EQ(maximum({milliseconds(3), milliseconds(9), milliseconds(2)}), milliseconds(9));
}

TEST(Statistics, ReadableForPeople) {
  EXPECT_EQ(readable(std::chrono::microseconds(350)), "0.35 ms");
  EXPECT_EQ(readable(std::chrono::microseconds(4200)), "4.2 ms");
  EXPECT_EQ(readable(milliseconds(276)), "276 ms");
  EXPECT_EQ(readable(milliseconds(1670)), "1.67 s");
}

TEST(Outage, ARequestThatWasUnderWayWhenTheFaultStruckIsCutNotFailed) {
  const std::vector<Request> requests{served(0), failed(5), failed(10), served(15)};
  const Service service = judge(requests, at(0), at(15), at(8));
  EXPECT_EQ(service.cut, 1U);
  EXPECT_EQ(service.failed, 1U);
}

}  // namespace
}  // namespace hapx::appliance::drill
