// SPDX-License-Identifier: Apache-2.0
// The voter by hand: rules 1 to 5 of the lease, each with the hole that it closes.
#include "membership/voter.hpp"

#include <gtest/gtest.h>

#include "config/cluster_config.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;

const LeaseKey key("10.0.0.100");
constexpr Duration T = 300ms;

Session session(const std::string& node, std::uint8_t boot = 1) {
  Session out{NodeName(node), {}};
  out.boot.bytes[0] = boot;
  return out;
}
Ballot ballot(std::uint64_t round, const std::string& node, std::uint64_t incarnation = 1) {
  return {round, NodeName(node), {incarnation}};
}
Instant at(Duration since_boot) {
  return Instant(since_boot);
}

struct VoterTest : ::testing::Test {
  Voter voter{PromiseMemory({ClusterName("c"), NodeName("v"), {}}), {key}, Instant{}};

  PrepareAnswer prepare(const Ballot& b, Instant now, std::uint8_t boot = 1) {
    return *voter.prepare({key, b}, session(b.node.text(), boot), now).answer;
  }
  ProposalAnswer propose(const Ballot& b, std::uint64_t sequence, Instant now, Duration lease = T,
                         std::uint8_t boot = 1) {
    return *voter.propose({key, b, sequence, lease, false}, session(b.node.text(), boot), now)
                .answer;
  }
  void release(const Ballot& b, Instant now) {
    static_cast<void>(voter.release({key, b}, session(b.node.text()), now));
  }
  const Promise& promise() { return *voter.memory().find(key); }
};

TEST_F(VoterTest, rule_1_a_key_is_promised_to_one_session_at_a_time_not_to_who_wrote_last) {
  ASSERT_EQ(propose(ballot(1, "a"), 1, at(0ms)).vote, Vote::yes);
  const ProposalAnswer refused = propose(ballot(9, "b"), 1, at(299ms));
  EXPECT_EQ(refused.vote, Vote::no);
  ASSERT_TRUE(refused.lease.has_value());
  EXPECT_EQ(refused.lease->ballot, ballot(1, "a"));
  EXPECT_EQ(refused.lease->remaining, 1ms);
  EXPECT_EQ(promise().accepted->session(), session("a"));
  EXPECT_EQ(propose(ballot(9, "b"), 2, at(300ms)).vote, Vote::yes);
}

TEST_F(VoterTest, rule_1_a_rebooted_node_is_another_session) {
  ASSERT_EQ(propose(ballot(1, "a"), 1, at(0ms), T, 1).vote, Vote::yes);
  EXPECT_EQ(propose(ballot(2, "a"), 1, at(100ms), T, 2).vote, Vote::no);
  EXPECT_EQ(prepare(ballot(2, "a"), at(100ms), 2).vote, Vote::no);
}

TEST_F(VoterTest, rule_1_no_proposal_below_the_promise) {
  ASSERT_EQ(prepare(ballot(5, "b"), at(0ms)).vote, Vote::yes);
  const ProposalAnswer refused = propose(ballot(4, "a"), 1, at(1ms));
  EXPECT_EQ(refused.vote, Vote::no);
  EXPECT_EQ(refused.promised, ballot(5, "b"));
  EXPECT_FALSE(promise().accepted.has_value());
}

/// Without the raise, a proposal of the same session's older ballot would be accepted afterwards,
/// and a late release of that one would then forget what the newer one was promised.
TEST_F(VoterTest, rule_1_accepting_raises_the_promise) {
  ASSERT_EQ(propose(ballot(2, "a"), 1, at(0ms)).vote, Vote::yes);
  EXPECT_EQ(promise().promised, ballot(2, "a"));
  EXPECT_EQ(propose(ballot(1, "a"), 7, at(1ms)).vote, Vote::no);
  release(ballot(1, "a"), at(2ms));
  ASSERT_TRUE(promise().accepted.has_value());
  EXPECT_EQ(promise().accepted->ballot, ballot(2, "a"));
}

TEST_F(VoterTest, rule_1_a_retired_ballot_is_not_accepted) {
  ASSERT_EQ(propose(ballot(2, "a"), 1, at(0ms)).vote, Vote::yes);
  release(ballot(2, "a"), at(1ms));
  EXPECT_EQ(propose(ballot(2, "a"), 2, at(2ms)).vote, Vote::no);  // a straggler
  EXPECT_EQ(prepare(ballot(2, "a"), at(2ms)).vote, Vote::no);
  EXPECT_FALSE(promise().accepted.has_value());
  EXPECT_EQ(propose(ballot(3, "a"), 1, at(3ms)).vote, Vote::yes);
}

TEST_F(VoterTest, rule_1_the_same_session_prolongs_under_a_new_incarnation) {
  ASSERT_EQ(propose(ballot(1, "a", 11), 1, at(0ms)).vote, Vote::yes);
  const PrepareAnswer granted = prepare(ballot(2, "a", 22), at(10ms));
  EXPECT_EQ(granted.vote, Vote::yes);
  ASSERT_TRUE(granted.lease.has_value());
  EXPECT_EQ(granted.lease->session(), session("a"));
  EXPECT_EQ(propose(ballot(2, "a", 22), 1, at(11ms)).vote, Vote::yes);
}

TEST_F(VoterTest, rule_2_a_promise_is_never_shortened) {
  ASSERT_EQ(propose(ballot(1, "a"), 1, at(0ms), 2s).vote, Vote::yes);
  ASSERT_EQ(propose(ballot(1, "a"), 2, at(10ms), 100ms).vote, Vote::yes);
  EXPECT_EQ(promise().accepted->expiry, at(2s));
  EXPECT_EQ(propose(ballot(9, "b"), 1, at(1999ms)).vote, Vote::no);
}

TEST_F(VoterTest, rule_2_a_late_sequence_does_not_shorten_either) {
  ASSERT_EQ(propose(ballot(1, "a"), 2, at(50ms)).vote, Vote::yes);
  ASSERT_EQ(propose(ballot(1, "a"), 1, at(51ms)).vote, Vote::yes);
  EXPECT_EQ(promise().accepted->sequence, 2U);
  EXPECT_GE(promise().accepted->expiry, at(350ms));
}

TEST_F(VoterTest, rule_3_a_prepare_against_a_lease_tells_it_and_raises_nothing) {
  ASSERT_EQ(propose(ballot(1, "a"), 1, at(0ms)).vote, Vote::yes);
  const PrepareAnswer told = prepare(ballot(50, "b"), at(100ms));
  EXPECT_EQ(told.vote, Vote::no);
  EXPECT_EQ(told.promised, ballot(1, "a"));
  ASSERT_TRUE(told.lease.has_value());
  EXPECT_EQ(told.lease->session(), session("a"));
  EXPECT_EQ(told.lease->remaining, 200ms);
  // The healthy holder is not disturbed.
  EXPECT_EQ(promise().promised, ballot(1, "a"));
  EXPECT_EQ(propose(ballot(1, "a"), 2, at(110ms)).vote, Vote::yes);
}

TEST_F(VoterTest, rule_3_otherwise_a_prepare_raises_and_is_idempotent) {
  EXPECT_EQ(prepare(ballot(3, "a"), at(0ms)).vote, Vote::yes);
  EXPECT_EQ(prepare(ballot(3, "a"), at(1ms)).vote, Vote::yes);
  const PrepareAnswer refused = prepare(ballot(2, "b"), at(2ms));
  EXPECT_EQ(refused.vote, Vote::no);
  EXPECT_EQ(refused.promised, ballot(3, "a"));
  EXPECT_FALSE(refused.lease.has_value());
}

TEST_F(VoterTest, rule_4_a_release_forgets_only_its_own_ballot) {
  ASSERT_EQ(propose(ballot(1, "a"), 1, at(0ms)).vote, Vote::yes);
  ASSERT_EQ(propose(ballot(2, "a"), 2, at(1ms)).vote, Vote::yes);
  release(ballot(1, "a"), at(2ms));  // late: the session has won again since
  ASSERT_TRUE(promise().accepted.has_value());
  EXPECT_EQ(propose(ballot(9, "b"), 1, at(3ms)).vote, Vote::no);
  release(ballot(2, "a"), at(4ms));
  EXPECT_EQ(propose(ballot(9, "b"), 2, at(5ms)).vote, Vote::yes);
}

TEST_F(VoterTest, rule_4_a_release_of_somebody_else_forgets_nothing) {
  ASSERT_EQ(propose(ballot(1, "a"), 1, at(0ms)).vote, Vote::yes);
  static_cast<void>(voter.release({key, ballot(1, "a")}, session("b"), at(1ms)));
  static_cast<void>(voter.release({key, ballot(1, "a")}, session("a", 2), at(1ms)));
  EXPECT_TRUE(promise().accepted.has_value());
}

TEST_F(VoterTest, rule_4_a_release_retires_all_lower_ballots_and_never_lowers_the_promise) {
  ASSERT_EQ(propose(ballot(3, "a"), 1, at(0ms)).vote, Vote::yes);
  release(ballot(3, "a"), at(1ms));
  release(ballot(2, "a"), at(2ms));  // doubled, late
  EXPECT_EQ(promise().promised, ballot(3, "a"));
  ASSERT_EQ(promise().retired.size(), 1U);
  EXPECT_EQ(promise().retired.front().ballot, ballot(3, "a"));
}

/// It has begun anew, and hears a release before it has promised anything; the other has lost its
/// memory, too, and begins its rounds below.
TEST_F(VoterTest, rule_4_who_is_refused_for_a_release_is_told_above_what_to_go) {
  release(ballot(7, "a"), at(0ms));
  EXPECT_EQ(prepare(ballot(2, "a", 9), at(1ms)).promised, ballot(7, "a"));
  EXPECT_EQ(propose(ballot(2, "a", 9), 1, at(1ms)).promised, ballot(7, "a"));
  EXPECT_EQ(prepare(ballot(8, "a", 9), at(2ms)).vote, Vote::yes);
}

TEST_F(VoterTest, rule_5_abstaining_is_neither_yes_nor_no_and_says_how_long) {
  Voter shy(PromiseMemory({ClusterName("c"), NodeName("v"), {}}), {key}, at(5s));
  const auto prepared = shy.prepare({key, ballot(1, "a")}, session("a"), at(4s));
  EXPECT_EQ(prepared.answer->vote, Vote::abstains);
  EXPECT_EQ(prepared.answer->abstention, 1s);
  EXPECT_FALSE(prepared.store.has_value());
  const auto proposed = shy.propose({key, ballot(1, "a"), 1, T, false}, session("a"), at(4s));
  EXPECT_EQ(proposed.answer->vote, Vote::abstains);
  EXPECT_EQ(shy.prepare({key, ballot(1, "a")}, session("a"), at(5s)).answer->vote, Vote::yes);
}

TEST_F(VoterTest, rule_5_every_yes_is_stored_before_it_is_said) {
  const auto granted = voter.prepare({key, ballot(1, "a")}, session("a"), at(0ms));
  ASSERT_TRUE(granted.store.has_value());
  const auto accepted = voter.propose({key, ballot(1, "a"), 1, T, false}, session("a"), at(1ms));
  ASSERT_TRUE(accepted.store.has_value());
  EXPECT_NE(granted.store->slot, accepted.store->slot);  // written in turn
}

TEST_F(VoterTest, a_lease_longer_than_the_protocols_bound_or_of_no_length_is_refused) {
  EXPECT_EQ(propose(ballot(1, "a"), 1, at(0ms), lease_max + 1ns).vote, Vote::no);
  EXPECT_EQ(propose(ballot(1, "a"), 2, at(0ms), 0ns).vote, Vote::no);
  EXPECT_EQ(propose(ballot(1, "a"), 3, at(0ms), lease_max).vote, Vote::yes);
}

TEST_F(VoterTest, a_voter_without_room_says_nothing_and_forgets_nothing_that_is_unexpired) {
  for (std::size_t i = 0; i < promise_keys_max; ++i)
    ASSERT_TRUE(voter
                    .propose({LeaseKey("k" + std::to_string(i)), ballot(1, "a"), 1, T, false},
                             session("a"), at(0ms))
                    .answer.has_value());
  const LeaseKey more("one-more");
  EXPECT_FALSE(voter.prepare({more, ballot(1, "b")}, session("b"), at(299ms)).answer.has_value());
  // The state of a key that left the file is kept until it has expired, and no longer.
  EXPECT_EQ(voter.prepare({more, ballot(1, "b")}, session("b"), at(300ms)).answer->vote, Vote::yes);
}

TEST_F(VoterTest, keys_do_not_touch_each_other) {
  ASSERT_EQ(propose(ballot(1, "a"), 1, at(0ms)).vote, Vote::yes);
  EXPECT_EQ(
      voter.propose({LeaseKey("10.0.0.101"), ballot(1, "b"), 1, T, false}, session("b"), at(0ms))
          .answer->vote,
      Vote::yes);
}

}  // namespace
}  // namespace hapx::membership
