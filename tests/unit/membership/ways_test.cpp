// SPDX-License-Identifier: Apache-2.0
// One member hears another by two ways: each datagram counts once, and each way is known apart.
#include <algorithm>
#include <optional>

#include <gtest/gtest.h>

#include "membership/member.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;

const NodeName first("node1");
const NodeName second("node2");

/// Two members and what is on its way between them.
class WaysTest : public testing::Test {
 protected:
  WaysTest() {
    config_.name = ClusterName("demo");
    config_.timing = {50ms, 300ms};
    config_.nodes = {{first, ipv4(192, 168, 4, 11), Role::full, 1, {ipv4(10, 0, 0, 11)}},
                     {second, ipv4(192, 168, 4, 12), Role::full, 1, {ipv4(10, 0, 0, 12)}}};
    for (std::size_t i = 0; i < 2; ++i) {
      MemberOptions options;
      options.config = config_;
      options.self = config_.nodes[i].name;
      options.boot.bytes[0] = static_cast<std::uint8_t>(i + 1);
      options.incarnation = {100 + i};
      options.keys.first.fill(7);
      options.seed = i + 1;
      members_[i].emplace(std::move(options), now_);
    }
    run(1s);
  }

  /// Everybody wakes in time and hears what the other said, by the ways that carry.
  void run(Duration duration) {
    const Instant end = now_ + duration;
    while (now_ < end) {
      for (std::size_t i = 0; i < 2; ++i) take(i, members_[i]->step(now_));
      now_ += 1ms;
    }
  }

  void take(std::size_t from, Outcome outcome) {
    for (const News& item : outcome.news)
      if (const auto* refused = std::get_if<DatagramRefused>(&item))
        refusals_.push_back(refused->reason);
    for (const Action& action : outcome.actions) {
      const auto* datagram = std::get_if<SendDatagram>(&action);
      if (datagram == nullptr) continue;
      const std::size_t to = 1 - from;
      EXPECT_EQ(datagram->to.address, config_.nodes[to].ways().at(datagram->way));
      if (!carries_[datagram->way]) continue;
      const DatagramArrived arrived{{config_.nodes[from].ways().at(datagram->way), 7405},
                                    datagram->bytes};
      said_.push_back(arrived);
      take(to, members_[to]->step(arrived, now_));
    }
  }

  [[nodiscard]] const MemberView& seen_by_first() const { return members_[0]->view().members[1]; }

  ClusterConfig config_;
  Instant now_{1000s};
  std::array<std::optional<Member>, 2> members_;
  std::array<bool, 2> carries_{true, true};
  std::vector<std::string> refusals_;
  std::vector<DatagramArrived> said_;
};

TEST_F(WaysTest, both_are_heard_and_no_copy_is_refused) {
  EXPECT_EQ(seen_by_first().ways, (std::vector{Liveness::alive, Liveness::alive}));
  refusals_.clear();
  run(1s);
  EXPECT_TRUE(refusals_.empty()) << refusals_.front();
}

TEST_F(WaysTest, without_one_the_other_keeps_the_peer_alive) {
  for (const std::size_t silent : {0U, 1U}) {
    carries_ = {true, true};
    carries_[silent] = false;
    run(1s);
    EXPECT_EQ(seen_by_first().liveness, Liveness::alive);
    EXPECT_TRUE(members_[0]->view().quorate);
    EXPECT_EQ(seen_by_first().ways[silent], Liveness::dead);
    EXPECT_EQ(seen_by_first().ways[1 - silent], Liveness::alive);
  }
}

TEST_F(WaysTest, without_both_the_peer_is_dead) {
  carries_ = {false, false};
  run(1s);
  EXPECT_EQ(seen_by_first().liveness, Liveness::dead);
}

TEST_F(WaysTest, a_recording_is_refused_by_the_way_by_which_it_had_come) {
  const DatagramArrived recorded = said_.back();
  const std::size_t to = recorded.from.address == config_.nodes[0].address ||
                                 recorded.from.address == config_.nodes[0].links[0]
                             ? 1
                             : 0;
  refusals_.clear();
  take(to, members_[to]->step(recorded, now_));
  EXPECT_EQ(refusals_, std::vector<std::string>{"replayed"});
}

TEST_F(WaysTest, another_sender_than_the_files_is_refused) {
  DatagramArrived forged = said_.back();
  forged.from.address = ipv4(10, 0, 0, 99);
  refusals_.clear();
  take(0, members_[0]->step(forged, now_));
  take(1, members_[1]->step(forged, now_));
  EXPECT_EQ(std::ranges::count(refusals_, "wrong address"), 1) << refusals_.size();
}

}  // namespace
}  // namespace hapx::membership
