// SPDX-License-Identifier: Apache-2.0
// When does a node have recorded what it was told and has decided, and what if the disk won't?
//
// That what is recorded is decided again alike, every story demands at its end (story.hpp).
#include <gmock/gmock.h>

#include "story.hpp"

namespace hapx::appliance::sim {
namespace {

using testing::HasSubstr;

class Recorded : public Story {
 protected:
  [[nodiscard]] std::uint64_t count(const NodeName& node, const char* counter) const {
    return world_->status(node).counters.at(counter);
  }
  Respond ask_for_one(const NodeName& node) {
    const auto request = world_->request(node, "POST", "/v1/recording", "");
    EXPECT_TRUE(world_->run_until([&] { return world_->answer(request) != nullptr; }, 4s));
    const Respond* answer = world_->answer(request);
    return answer != nullptr ? *answer : Respond();
  }
};

TEST_F(Recorded, AFailoverIsRecordedByWhoTookOver) {
  begin(cluster(3));
  EXPECT_EQ(count(n1, "recordings") + count(n2, "recordings") + count(n3, "recordings"), 0U);
  const NodeName before = *holder();
  world_->power_off(before);
  world_->run_for(1s);
  const NodeName next = *holder();
  EXPECT_EQ(count(next, "recordings"), 0U) << "what comes of it is to be in it, too";
  world_->run_for(3s);
  EXPECT_EQ(count(next, "recordings"), 1U);
}

TEST_F(Recorded, AHandoverIsNone) {
  begin(cluster(3));
  place_on(n2);
  place_on(n1);
  world_->run_for(5s);
  for (const NodeName& node : {n1, n2, n3}) EXPECT_EQ(count(node, "recordings"), 0U);
}

TEST_F(Recorded, WhoLosesItsLeaseRecordsThat) {
  begin(cluster(3));
  const NodeName before = *holder();
  world_->cut_off(before);
  world_->run_for(4s);
  EXPECT_EQ(count(before, "recordings"), 1U);
  EXPECT_EQ(count(*holder(), "recordings"), 1U);
}

TEST_F(Recorded, ManyFailoversInARowAreInFewRecordings) {
  begin(cluster(3));
  for (int round = 0; round < 8; ++round) {
    const NodeName before = *holder();
    world_->cut_off(before);
    world_->run_for(1s);
    world_->heal_all();
    world_->run_for(1s);
  }
  for (const NodeName& node : {n1, n2, n3}) EXPECT_LE(count(node, "recordings"), 3U);
}

TEST_F(Recorded, WhoAsksGetsOne) {
  begin(cluster(2));
  const Respond answer = ask_for_one(n1);
  EXPECT_EQ(answer.status, 200U);
  EXPECT_THAT(answer.body, HasSubstr("recorded as "));
  EXPECT_EQ(count(n1, "recordings"), 1U);
}

TEST_F(Recorded, AFullDiskIsCountedAndHarmsNobody) {
  begin(cluster(3));
  for (const NodeName& node : {n1, n2, n3}) world_->fill_disk(node);
  const Respond answer = ask_for_one(n1);
  EXPECT_EQ(answer.status, 409U);
  EXPECT_EQ(count(n1, "recordings_failed"), 1U);
  world_->mark();
  world_->power_off(*holder());
  expect_outage_at_most(cluster(3).timing.lease + detection, 5s);
  EXPECT_EQ(count(*holder(), "recordings_failed") + count(*holder(), "recordings"),
            *holder() == n1 ? 2U : 1U);
}

}  // namespace
}  // namespace hapx::appliance::sim
