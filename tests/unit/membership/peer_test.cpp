// SPDX-License-Identifier: Apache-2.0
// Freshness, silence, and the parts that are put together.
#include "membership/peer.hpp"

#include <gtest/gtest.h>

#include "membership/coordinator_watch.hpp"
#include "membership/order_desk.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;

Instant at(Duration since_boot) {
  return Instant(10s + since_boot);
}
constexpr Timing lan{50ms, 300ms};

TEST(ReplayWindow, accepts_each_counter_once_in_any_order) {
  ReplayWindow window;
  EXPECT_FALSE(window.accept(0));
  EXPECT_TRUE(window.accept(1));
  EXPECT_FALSE(window.accept(1));
  EXPECT_TRUE(window.accept(5));
  EXPECT_TRUE(window.accept(3));
  EXPECT_FALSE(window.accept(3));
  EXPECT_TRUE(window.accept(2));
  EXPECT_TRUE(window.accept(2000));
  EXPECT_FALSE(window.accept(5));
  EXPECT_TRUE(window.accept(2000 - 1023));
  EXPECT_FALSE(window.accept(2000 - 1024));  // too old to tell
  EXPECT_FALSE(window.accept(2000));
}

TEST(ReplayWindow, begins_with_everything_before_seen) {
  ReplayWindow window(100);
  EXPECT_FALSE(window.accept(100));
  EXPECT_FALSE(window.accept(99));
  EXPECT_TRUE(window.accept(101));
  EXPECT_FALSE(window.accept(50));
}

TEST(FailureDetector, silence_turns_alive_into_suspect_into_dead) {
  FailureDetector detector(lan);
  EXPECT_EQ(detector.liveness(at(0ms)), Liveness::unheard);
  EXPECT_FALSE(detector.next_deadline(at(0ms)).has_value());
  detector.heard(at(0ms));
  EXPECT_EQ(detector.liveness(at(124ms)), Liveness::alive);
  EXPECT_EQ(detector.next_deadline(at(124ms)), at(125ms));
  EXPECT_EQ(detector.liveness(at(125ms)), Liveness::suspect);
  EXPECT_EQ(detector.next_deadline(at(125ms)), at(300ms));
  EXPECT_TRUE(detector.present(at(300ms) - 1ns));
  EXPECT_EQ(detector.liveness(at(300ms)), Liveness::dead);
  EXPECT_FALSE(detector.next_deadline(at(300ms)).has_value());
  detector.heard(at(400ms));
  EXPECT_EQ(detector.liveness(at(400ms)), Liveness::alive);
  detector.left();
  EXPECT_EQ(detector.liveness(at(400ms)), Liveness::dead);
}

struct PeerTest : ::testing::Test {
  Random random{3};
  Peer peer{[] {
              NodeConfig node;
              node.name = NodeName("b");
              return node;
            }(),
            lan};

  static Envelope envelope(std::uint64_t incarnation, std::uint64_t counter,
                           std::uint8_t boot = 1) {
    Envelope out{NodeName("b"), {}, {incarnation}, counter};
    out.boot.bytes[0] = boot;
    return out;
  }
  Peer::Reception receive(const Envelope& from, std::uint64_t response, Instant now) {
    Beat beat;
    beat.response = response;
    const Peer::Reception reception = peer.receive(from, beat, 0, now, random);
    if (reception == Peer::Reception::current || reception == Peer::Reception::promoted)
      peer.heard(beat, NodeName("a"), {1}, now);
    return reception;
  }
};

TEST_F(PeerTest, a_process_is_believed_once_it_has_answered_our_challenge) {
  EXPECT_EQ(receive(envelope(7, 1), 0, at(0ms)), Peer::Reception::unproven);
  EXPECT_FALSE(peer.current().has_value());
  const std::uint64_t challenge = peer.challenge(random);
  EXPECT_NE(challenge, 0U);
  EXPECT_EQ(receive(envelope(7, 2), challenge + 1, at(1ms)), Peer::Reception::unproven);
  EXPECT_EQ(receive(envelope(7, 3), challenge, at(2ms)), Peer::Reception::promoted);
  EXPECT_EQ(receive(envelope(7, 3), challenge, at(2ms)), Peer::Reception::replayed);
  EXPECT_EQ(receive(envelope(7, 2), 0, at(2ms)), Peer::Reception::replayed);
  EXPECT_EQ(receive(envelope(7, 4), 0, at(3ms)), Peer::Reception::current);
}

TEST_F(PeerTest, a_recording_of_an_earlier_process_takes_nobodys_place) {
  const std::uint64_t first = peer.challenge(random);
  ASSERT_EQ(receive(envelope(7, 1), first, at(0ms)), Peer::Reception::promoted);
  ASSERT_EQ(receive(envelope(8, 1), 0, at(10ms)), Peer::Reception::unproven);
  const std::uint64_t second = peer.challenge(random);
  ASSERT_EQ(receive(envelope(8, 2), second, at(11ms)), Peer::Reception::promoted);
  // Everything that 7 ever sent, its proof included:
  EXPECT_EQ(receive(envelope(7, 1), first, at(20ms)), Peer::Reception::superseded);
  // A recording from before our own time, unknown to us:
  EXPECT_EQ(receive(envelope(6, 1), first, at(20ms)), Peer::Reception::unproven);
  EXPECT_EQ(peer.current()->incarnation, Incarnation{8});
  EXPECT_EQ(receive(envelope(8, 3), 0, at(21ms)), Peer::Reception::current);
}

TEST_F(PeerTest, another_session_gets_no_hearing_while_the_first_is_heard) {
  ASSERT_EQ(receive(envelope(7, 1), peer.challenge(random), at(0ms)), Peer::Reception::promoted);
  EXPECT_EQ(receive(envelope(8, 1, 2), 0, at(299ms)), Peer::Reception::rival);
  EXPECT_EQ(receive(envelope(8, 2, 2), 0, at(300ms)), Peer::Reception::unproven);
  EXPECT_EQ(receive(envelope(8, 3, 2), peer.challenge(random), at(301ms)),
            Peer::Reception::promoted);
}

TEST_F(PeerTest, who_was_replaced_by_a_clone_is_heard_again_when_the_clone_is_silent) {
  const std::uint64_t first = peer.challenge(random);
  ASSERT_EQ(receive(envelope(7, 1), first, at(0ms)), Peer::Reception::promoted);
  EXPECT_EQ(receive(envelope(8, 1, 2), 0, at(300ms)), Peer::Reception::unproven);
  ASSERT_EQ(receive(envelope(8, 2, 2), peer.challenge(random), at(301ms)),
            Peer::Reception::promoted);
  EXPECT_EQ(receive(envelope(7, 2), 0, at(600ms)), Peer::Reception::superseded);
  EXPECT_EQ(receive(envelope(7, 1), first, at(601ms)), Peer::Reception::unproven) << "a recording";
  EXPECT_EQ(receive(envelope(7, 3), peer.challenge(random), at(602ms)), Peer::Reception::promoted);
  EXPECT_EQ(receive(envelope(8, 3, 2), 0, at(603ms)), Peer::Reception::superseded);
  EXPECT_EQ(receive(envelope(7, 4), 0, at(604ms)), Peer::Reception::current);
}

TEST_F(PeerTest, whom_a_peer_hears_under_our_name) {
  ASSERT_EQ(receive(envelope(7, 1), peer.challenge(random), at(0ms)), Peer::Reception::promoted);
  Beat beat;
  beat.hears = {{NodeName("a"), {99}, 0}};  // an earlier process of ours: it doesn't know us yet
  peer.heard(beat, NodeName("a"), {1}, at(1ms));
  EXPECT_FALSE(peer.hears_us());
  EXPECT_FALSE(peer.hears_our_namesake());
  beat.hears = {{NodeName("a"), {1}, 4}};
  peer.heard(beat, NodeName("a"), {1}, at(2ms));
  EXPECT_TRUE(peer.hears_us());
  EXPECT_EQ(peer.has_report_version(), 4U);
  beat.hears = {{NodeName("a"), {99}, 0}};  // it knew us, and now another
  peer.heard(beat, NodeName("a"), {1}, at(3ms));
  EXPECT_TRUE(peer.hears_our_namesake());
}

/// It was sent before the other one, when that peer had not heard of our present process.
TEST_F(PeerTest, a_beat_that_was_overtaken_takes_nothing_back) {
  ASSERT_EQ(receive(envelope(7, 1), peer.challenge(random), at(0ms)), Peer::Reception::promoted);
  Beat beat;
  beat.hears = {{NodeName("a"), {1}, 4}};
  ASSERT_EQ(receive(envelope(7, 3), 0, at(1ms)), Peer::Reception::current);
  peer.heard(beat, NodeName("a"), {1}, at(1ms));
  ASSERT_TRUE(peer.hears_us());
  beat.hears = {{NodeName("a"), {99}, 0}};
  ASSERT_EQ(receive(envelope(7, 2), 0, at(2ms)), Peer::Reception::current);
  peer.heard(beat, NodeName("a"), {1}, at(2ms));
  EXPECT_TRUE(peer.hears_us());
  EXPECT_FALSE(peer.hears_our_namesake());
  ASSERT_EQ(peer.receive(envelope(7, 4), beat, 0, at(3ms), random), Peer::Reception::current);
  peer.heard(beat, NodeName("a"), {1}, at(3ms));
  EXPECT_TRUE(peer.hears_our_namesake());
}

TEST(Assembly, puts_the_newest_version_together_from_parts_in_any_order) {
  Assembly<std::uint64_t, int> assembly;
  EXPECT_FALSE(assembly.add(2, 1, 2, 11).has_value());
  EXPECT_FALSE(assembly.add(1, 0, 1, 99).has_value());  // older
  EXPECT_FALSE(assembly.add(2, 1, 2, 11).has_value());  // doubled
  EXPECT_EQ(assembly.complete(), std::nullopt);
  EXPECT_EQ(assembly.add(2, 0, 2, 10), (std::vector<int>{10, 11}));
  EXPECT_EQ(assembly.complete(), 2U);
  EXPECT_FALSE(assembly.add(2, 0, 2, 10).has_value());  // again: told once
  EXPECT_FALSE(assembly.add(3, 0, 2, 20).has_value());
  EXPECT_EQ(assembly.add(4, 0, 0, std::nullopt), std::vector<int>{});  // an empty one
  EXPECT_FALSE(assembly.add(5, 0, entries_max + 1, 1).has_value());
}

TEST(CoordinatorWatch, hearsay_never_outlives_a_release_that_was_heard) {
  CoordinatorWatch watch;
  const Ballot ballot{3, NodeName("a"), {1}};
  watch.heard(ballot, at(300ms));
  ASSERT_NE(watch.current(at(10ms)), nullptr);
  watch.released(ballot);
  EXPECT_EQ(watch.current(at(10ms)), nullptr);
  watch.heard_from_others(ballot, at(300ms), at(11ms));
  EXPECT_EQ(watch.current(at(11ms)), nullptr);
  watch.heard_from_others({4, NodeName("b"), {1}}, at(300ms), at(12ms));
  ASSERT_NE(watch.current(at(12ms)), nullptr);
  EXPECT_FALSE(watch.current(at(12ms))->first_hand);
  EXPECT_EQ(watch.current(at(300ms)), nullptr);
}

TEST(CoordinatorWatch, each_waits_half_a_heartbeat_for_each_one_before_it) {
  CoordinatorWatch watch;
  EXPECT_EQ(watch.turn(0, 50ms, at(0ms)), at(0ms));
  EXPECT_EQ(watch.turn(2, 50ms, at(10ms)), at(50ms));
  watch.not_vacant();
  EXPECT_EQ(watch.turn(1, 50ms, at(100ms)), at(125ms));
}

TEST(OrderDesk, recognizes_an_order_that_comes_again) {
  OrderDesk desk;
  const Order order{5, NodeName("b"), Move{ServiceName("s"), std::nullopt}};
  EXPECT_TRUE(desk.receive(order).is_new);
  EXPECT_FALSE(desk.receive(order).is_new);
  EXPECT_FALSE(desk.receive(order).answer.has_value());
  desk.remember({5, NodeName("b"), OrderOutcome::accepted, "done"});
  EXPECT_EQ(desk.receive(order).answer->sentence, "done");
}

TEST(OrderDesk, has_a_bound) {
  OrderDesk desk;
  for (std::uint64_t id = 1; id <= OrderDesk::given_max; ++id)
    EXPECT_TRUE(desk.give({id, {}, Move{ServiceName("s"), {}}}, at(0ms)));
  EXPECT_FALSE(desk.give({99, {}, Move{ServiceName("s"), {}}}, at(0ms)));
  EXPECT_EQ(desk.expire(at(2999ms)).size(), 0U);
  EXPECT_EQ(desk.expire(at(3s)).size(), OrderDesk::given_max);
  EXPECT_FALSE(desk.next_deadline().has_value());
}

}  // namespace
}  // namespace hapx::membership
