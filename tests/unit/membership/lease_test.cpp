// SPDX-License-Identifier: Apache-2.0
// The holder's side by hand: rules 6 to 12 of the lease, each with the hole that it closes.
#include "membership/lease.hpp"

#include <gtest/gtest.h>

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;

const LeaseKey key("10.0.0.100");
const NodeName a("a");
const NodeName b("b");
const NodeName c("c");
constexpr Duration T = 300ms;

Instant at(Duration since_boot) {
  return Instant(10s + since_boot);
}

std::vector<NodeConfig> three() {
  std::vector<NodeConfig> nodes(3);
  nodes[0].name = a;
  nodes[1].name = b;
  nodes[2].name = c;
  return nodes;
}

struct LeaseTest : ::testing::Test {
  Session self{a, {}};
  Electorate electorate{three()};
  Lease lease{key, self, {77}, electorate, {50ms, T}, 0, 42};

  PrepareAnswer granted(const NodeName& voter) {
    const Prepare prepare = *lease.prepare_for(voter);
    return {key, prepare.ballot, Vote::yes, prepare.ballot, {}, {}};
  }
  static ProposalAnswer accepted(const Proposal& proposal) {
    return {key, proposal.ballot, proposal.sequence, Vote::yes, proposal.ballot, {}, {}};
  }
  static ProposalAnswer refused(const Proposal& proposal, const Ballot& promised) {
    return {key, proposal.ballot, proposal.sequence, Vote::no, promised, {}, {}};
  }
  /// Up to the state in which proposals are made, granted by a and b.
  void win_prepare(Instant now) {
    lease.claim(now);
    const auto from_a = granted(a);
    const auto from_b = granted(b);
    lease.answered(a, from_a, now);
    lease.answered(b, from_b, now);
    ASSERT_TRUE(lease.take_urgency());
  }
  /// Up to holding, since `now`.
  void hold(Instant now) {
    win_prepare(now);
    const auto to_a = *lease.proposal_for(a, now);
    const auto to_b = *lease.proposal_for(b, now);
    lease.answered(a, accepted(to_a), now);
    lease.answered(b, accepted(to_b), now);
    ASSERT_TRUE(lease.right().has_value());
  }
  LeaseTold told(const NodeName& node, Duration remaining) {
    return {{4, node, {1}}, {}, remaining};
  }
};

TEST_F(LeaseTest, a_majority_of_grants_and_then_of_acceptances_makes_a_right) {
  lease.claim(at(0ms));
  EXPECT_TRUE(lease.take_urgency());
  ASSERT_TRUE(lease.prepare_for(c).has_value());
  EXPECT_FALSE(lease.proposal_for(a, at(0ms)).has_value());
  lease.answered(a, granted(a), at(1ms));
  EXPECT_FALSE(lease.prepare_for(a).has_value());  // it has granted
  EXPECT_FALSE(lease.proposal_for(a, at(1ms)).has_value());
  lease.answered(c, granted(c), at(1ms));
  EXPECT_TRUE(lease.take_urgency());
  const auto to_a = lease.proposal_for(a, at(1ms));
  const auto to_b = lease.proposal_for(b, at(1ms));
  ASSERT_TRUE(to_a && to_b);
  EXPECT_EQ(to_a->lease, T);
  lease.answered(a, accepted(*to_a), at(2ms));
  EXPECT_FALSE(lease.right().has_value());
  lease.answered(b, accepted(*to_b), at(2ms));
  ASSERT_TRUE(lease.right().has_value());
}

TEST_F(LeaseTest, rule_6_the_right_counts_from_before_the_asking_however_late_the_answer) {
  win_prepare(at(0ms));
  const auto to_a = *lease.proposal_for(a, at(0ms));
  const auto to_b = *lease.proposal_for(b, at(0ms));
  lease.answered(a, accepted(to_a), at(200ms));
  lease.answered(b, accepted(to_b), at(200ms));
  ASSERT_TRUE(lease.right().has_value());
  EXPECT_EQ(lease.right()->until, at(0ms) + right_of(T));
}

TEST_F(LeaseTest, rule_6_what_is_sent_again_is_another_sequence_with_an_instant_of_its_own) {
  win_prepare(at(0ms));
  const auto first = *lease.proposal_for(b, at(0ms));
  const auto again = *lease.proposal_for(b, at(50ms));
  EXPECT_NE(first.sequence, again.sequence);
  const auto to_a = *lease.proposal_for(a, at(50ms));
  lease.answered(a, accepted(to_a), at(51ms));
  // The late answer is to the first: worth what the first was worth.
  lease.answered(b, accepted(first), at(60ms));
  EXPECT_EQ(lease.right()->until, at(0ms) + right_of(T));
  lease.answered(b, accepted(again), at(61ms));
  EXPECT_EQ(lease.right()->until, at(50ms) + right_of(T));
}

TEST_F(LeaseTest, rule_6_an_answer_counts_once_and_only_from_whom_was_asked) {
  win_prepare(at(0ms));
  const auto to_b = *lease.proposal_for(b, at(0ms));
  lease.answered(b, accepted(to_b), at(1ms));
  lease.answered(b, accepted(to_b), at(1ms));  // doubled
  lease.answered(c, accepted(to_b), at(1ms));  // c was asked nothing under this sequence
  EXPECT_FALSE(lease.right().has_value());
}

TEST_F(LeaseTest, rule_7_the_right_is_shorter_than_the_promise_by_the_drift_of_two_clocks) {
  hold(at(0ms));
  const Duration right = lease.right()->until - at(0ms);
  EXPECT_EQ(right, right_of(T));
  // The holder's clock 10 % slow, the voter's 10 % fast: still over before the promise.
  EXPECT_LT(right * 10 / 9, T * 10 / 11);
}

TEST_F(LeaseTest, rule_7_the_right_is_the_kth_newest_of_the_voters) {
  hold(at(0ms));
  const auto to_c = *lease.proposal_for(c, at(50ms));
  lease.answered(c, accepted(to_c), at(51ms));
  EXPECT_EQ(lease.right()->until, at(0ms) + right_of(T));  // one voter alone extends nothing
  const auto to_a = *lease.proposal_for(a, at(100ms));
  lease.answered(a, accepted(to_a), at(101ms));
  EXPECT_EQ(lease.right()->until, at(50ms) + right_of(T));
}

TEST_F(LeaseTest, rule_7_a_right_ends_at_its_instant) {
  hold(at(0ms));
  const Instant end = lease.right()->until;
  EXPECT_EQ(lease.next_deadline(), end);
  lease.pass_time(end - 1ns);
  EXPECT_TRUE(lease.right().has_value());
  lease.pass_time(end);
  EXPECT_FALSE(lease.right().has_value());
  EXPECT_EQ(lease.loss(), "no majority of the votes renewed it in time");
  EXPECT_TRUE(lease.prepare_for(b).has_value());  // and it begins anew
}

TEST_F(LeaseTest, rule_7_answers_that_come_after_the_end_of_what_they_are_worth_make_no_right) {
  win_prepare(at(0ms));
  const auto to_a = *lease.proposal_for(a, at(0ms));
  const auto to_b = *lease.proposal_for(b, at(0ms));
  lease.answered(a, accepted(to_a), at(1s));
  lease.answered(b, accepted(to_b), at(1s));
  EXPECT_FALSE(lease.right().has_value());
}

TEST_F(LeaseTest, rule_8_after_a_release_no_answer_to_the_old_ballot_counts) {
  hold(at(0ms));
  const auto to_a = *lease.proposal_for(a, at(50ms));
  const auto to_b = *lease.proposal_for(b, at(50ms));
  const auto releases = lease.release();
  ASSERT_EQ(releases.size(), 1U);
  EXPECT_EQ(releases.front().ballot, to_a.ballot);
  lease.answered(a, accepted(to_a), at(51ms));
  lease.answered(b, accepted(to_b), at(51ms));
  EXPECT_FALSE(lease.right().has_value());
  lease.claim(at(52ms));
  lease.answered(a, accepted(to_a), at(53ms));
  lease.answered(b, accepted(to_b), at(53ms));
  EXPECT_FALSE(lease.right().has_value());
}

TEST_F(LeaseTest, rule_8_acting_again_needs_a_new_prepare_under_a_new_ballot) {
  hold(at(0ms));
  const Ballot old = lease.right()->ballot;
  static_cast<void>(lease.release());
  EXPECT_FALSE(lease.claimed());
  EXPECT_FALSE(lease.proposal_for(a, at(1ms)).has_value());
  lease.claim(at(1ms));
  ASSERT_TRUE(lease.prepare_for(a).has_value());
  EXPECT_GT(lease.prepare_for(a)->ballot, old);
  EXPECT_FALSE(lease.proposal_for(a, at(1ms)).has_value());
}

TEST_F(LeaseTest, rule_9_a_process_that_has_proposed_nothing_releases_nothing) {
  lease.claim(at(0ms));
  EXPECT_TRUE(lease.release().empty());
}

TEST_F(LeaseTest, rule_10_hearing_a_holder_with_a_higher_ballot_ends_the_right_at_once) {
  hold(at(0ms));
  lease.heard_holder({9, b, {1}}, T, at(10ms));
  EXPECT_FALSE(lease.right().has_value());
  EXPECT_EQ(lease.loss(), "b holds it under a higher ballot");
}

TEST_F(LeaseTest, rule_10_a_holder_with_a_lower_ballot_ends_nothing) {
  lease = Lease(key, self, {77}, electorate, {50ms, T}, 20, 42);
  hold(at(0ms));
  lease.heard_holder({9, b, {1}}, T, at(10ms));
  EXPECT_TRUE(lease.right().has_value());
}

/// Resumed after a pause, it may have prepared above the new holder: that is no right to go on.
TEST_F(LeaseTest, rule_10_compares_with_the_ballot_that_won_the_right_not_with_a_newer_prepare) {
  hold(at(0ms));
  const auto to_b = *lease.proposal_for(b, at(50ms));
  lease.answered(b, refused(to_b, {30, c, {1}}), at(51ms));
  ASSERT_EQ(lease.prepare_for(b)->ballot.round, 31U);
  lease.heard_holder({30, c, {1}}, T, at(52ms));
  EXPECT_FALSE(lease.right().has_value());
}

TEST_F(LeaseTest, rule_10_a_refusal_alone_ends_nothing) {
  hold(at(0ms));
  const auto to_b = *lease.proposal_for(b, at(50ms));
  lease.answered(b, refused(to_b, {30, c, {1}}), at(51ms));
  EXPECT_TRUE(lease.right().has_value());
  EXPECT_EQ(lease.right()->until, at(0ms) + right_of(T));
}

TEST_F(LeaseTest, rule_11_a_holder_that_one_voter_refused_prepares_again_above_it_at_once) {
  hold(at(0ms));
  const auto to_c = *lease.proposal_for(c, at(50ms));
  lease.answered(c, refused(to_c, {30, c, {1}}), at(51ms));
  EXPECT_TRUE(lease.take_urgency());
  ASSERT_TRUE(lease.prepare_for(b).has_value());
  EXPECT_EQ(lease.prepare_for(b)->ballot.round, 31U);
}

/// Where a node has two processes, two may hold, each by one of them, and refuse each other.
TEST_F(LeaseTest, rule_11_a_holder_goes_above_at_once_four_times_in_a_heartbeat_at_most) {
  hold(at(0ms));
  const auto to_c = *lease.proposal_for(c, at(50ms));
  lease.answered(c, refused(to_c, {30, c, {1}}), at(51ms));
  ASSERT_TRUE(lease.take_urgency());
  const Ballot ballot = lease.prepare_for(b)->ballot;
  lease.answered(b, PrepareAnswer{key, ballot, Vote::no, {40, c, {1}}, {}, {}}, at(52ms));
  EXPECT_FALSE(lease.take_urgency());
  EXPECT_FALSE(lease.prepare_for(b).has_value());
  EXPECT_EQ(lease.next_deadline(), at(51ms) + 12500us);
  lease.pass_time(at(51ms) + 12500us);
  EXPECT_TRUE(lease.take_urgency());
  EXPECT_EQ(lease.prepare_for(b)->ballot.round, 41U);
  EXPECT_TRUE(lease.right().has_value());
}

TEST_F(LeaseTest, rule_11_a_straggling_refusal_of_the_prepare_counts_as_well) {
  lease.claim(at(0ms));
  const Prepare prepare = *lease.prepare_for(c);
  const auto from_a = granted(a);
  const auto from_b = granted(b);
  lease.answered(a, from_a, at(1ms));
  lease.answered(b, from_b, at(1ms));
  static_cast<void>(lease.take_urgency());
  lease.answered(c, PrepareAnswer{key, prepare.ballot, Vote::no, {8, c, {1}}, {}, {}}, at(2ms));
  EXPECT_TRUE(lease.take_urgency());
  EXPECT_EQ(lease.prepare_for(a)->ballot.round, 9U);
}

TEST_F(LeaseTest, rule_11_a_loser_waits_for_the_told_time_and_a_little) {
  lease.claim(at(0ms));
  const Ballot ballot = lease.prepare_for(b)->ballot;
  lease.answered(b, PrepareAnswer{key, ballot, Vote::no, {}, told(c, 120ms), {}}, at(1ms));
  EXPECT_EQ(lease.denial(), "c is still promised it");
  lease.answered(c, PrepareAnswer{key, ballot, Vote::no, {}, told(c, 80ms), {}}, at(1ms));
  // a, which has not answered, is counted as never free: then c is the first of two at 81 ms, b
  // the second at 121 ms.
  ASSERT_TRUE(lease.next_deadline().has_value());
  EXPECT_GE(*lease.next_deadline(), at(121ms));
  EXPECT_LE(*lease.next_deadline(), at(123ms));
  EXPECT_FALSE(lease.prepare_for(a).has_value());
  lease.pass_time(*lease.next_deadline());
  EXPECT_TRUE(lease.take_urgency());
  ASSERT_TRUE(lease.prepare_for(a).has_value());
  EXPECT_GT(lease.prepare_for(a)->ballot, ballot);
}

TEST_F(LeaseTest, rule_11_a_release_ends_the_wait) {
  lease.claim(at(0ms));
  const Ballot ballot = lease.prepare_for(b)->ballot;
  lease.answered(b, PrepareAnswer{key, ballot, Vote::no, {}, told(c, 120ms), {}}, at(1ms));
  lease.answered(c, PrepareAnswer{key, ballot, Vote::no, {}, told(c, 120ms), {}}, at(1ms));
  ASSERT_FALSE(lease.prepare_for(a).has_value());
  lease.heard_news(at(2ms));
  EXPECT_TRUE(lease.take_urgency());
  EXPECT_TRUE(lease.prepare_for(a).has_value());
}

TEST_F(LeaseTest, rule_11_our_own_sessions_lease_does_not_block) {
  lease.claim(at(0ms));
  auto from_a = granted(a);
  auto from_b = granted(b);
  from_a.lease = LeaseTold{{1, a, {1}}, self.boot, 200ms};
  from_b.lease = from_a.lease;
  lease.answered(a, from_a, at(1ms));
  lease.answered(b, from_b, at(1ms));
  EXPECT_TRUE(lease.proposal_for(c, at(1ms)).has_value());
}

TEST_F(LeaseTest, rule_11_candidates_that_collide_step_back_and_do_not_chase_each_other) {
  lease.claim(at(0ms));
  Instant now = at(0ms);
  int at_once = 0;
  for (int i = 0; i < 20; ++i) {
    if (!lease.prepare_for(b)) {
      now = *lease.next_deadline();
      lease.pass_time(now);
    }
    static_cast<void>(lease.take_urgency());
    const Ballot ballot = lease.prepare_for(b)->ballot;
    const Ballot above{ballot.round + 1, c, {1}};
    lease.answered(b, PrepareAnswer{key, ballot, Vote::no, above, {}, {}}, now);
    if (lease.take_urgency()) ++at_once;
  }
  EXPECT_EQ(at_once, 1);
  EXPECT_GT(now - at(0ms), 50ms);
  EXPECT_LT(now - at(0ms), 5s);
}

TEST_F(LeaseTest, rule_5_an_abstention_is_no_vote_but_says_when_to_ask_again) {
  lease.claim(at(0ms));
  const Ballot ballot = lease.prepare_for(b)->ballot;
  lease.answered(b, PrepareAnswer{key, ballot, Vote::abstains, {}, {}, 4s}, at(0ms));
  lease.answered(c, PrepareAnswer{key, ballot, Vote::abstains, {}, {}, 3s}, at(0ms));
  EXPECT_FALSE(lease.right().has_value());
  EXPECT_FALSE(lease.proposal_for(a, at(1ms)).has_value());
  EXPECT_GE(*lease.next_deadline(), at(3s));
  EXPECT_EQ(lease.denial(), "a voter abstains, because it doesn't know what it has promised");
}

TEST_F(LeaseTest, answers_to_another_process_are_not_ours) {
  lease.claim(at(0ms));
  Ballot other = lease.prepare_for(b)->ballot;
  other.incarnation = {78};
  for (const NodeName& voter : {a, b, c})
    lease.answered(voter, PrepareAnswer{key, other, Vote::yes, other, {}, {}}, at(1ms));
  EXPECT_FALSE(lease.proposal_for(a, at(1ms)).has_value());
}

TEST_F(LeaseTest, held_is_said_only_while_it_is_true) {
  hold(at(0ms));
  EXPECT_TRUE(lease.proposal_for(b, at(1ms))->held);
  EXPECT_FALSE(lease.proposal_for(b, lease.right()->until)->held);
}

TEST_F(LeaseTest, a_claim_that_nobody_answers_says_so) {
  lease.claim(at(0ms));
  lease.pass_time(at(200ms));
  EXPECT_EQ(lease.denial(), "no majority of the votes answers");
}

TEST_F(LeaseTest, rule_25_evidence_stands_in_for_an_absent_vote_from_its_question_on) {
  std::vector<NodeConfig> two = three();
  two.pop_back();
  Lease of_two{key, self, {77}, Electorate{two}, {50ms, T}, 0, 42};
  of_two.claim(at(0ms));
  of_two.vouch(b, at(0ms), at(1ms));
  EXPECT_FALSE(of_two.proposal_for(a, at(1ms))) << "our own voter has not granted";
  const Prepare prepare = *of_two.prepare_for(a);
  of_two.answered(a, PrepareAnswer{key, prepare.ballot, Vote::yes, prepare.ballot, {}, {}},
                  at(2ms));
  const auto to_a = of_two.proposal_for(a, at(2ms));
  ASSERT_TRUE(to_a);
  of_two.answered(a, accepted(*to_a), at(2ms));
  EXPECT_FALSE(of_two.right()) << "granted is not accepted";
  of_two.vouch(b, at(0ms), at(3ms));
  ASSERT_TRUE(of_two.right());
  EXPECT_EQ(of_two.right()->until, at(0ms) + right_of(T));
  of_two.vouch(b, at(50ms), at(51ms));
  EXPECT_EQ(of_two.right()->until, at(2ms) + right_of(T)) << "no longer than our own voter's";
  of_two.vouch(b, at(20ms), at(52ms));  // an older question
  const auto again = of_two.proposal_for(a, at(60ms));
  of_two.answered(a, accepted(*again), at(60ms));
  EXPECT_EQ(of_two.right()->until, at(50ms) + right_of(T));
}

TEST_F(LeaseTest, rule_25_evidence_never_overrules_what_our_own_voter_has_promised) {
  std::vector<NodeConfig> two = three();
  two.pop_back();
  Lease of_two{key, self, {77}, Electorate{two}, {50ms, T}, 0, 42};
  of_two.claim(at(0ms));
  const Prepare prepare = *of_two.prepare_for(a);
  of_two.answered(
      a, PrepareAnswer{key, prepare.ballot, Vote::no, prepare.ballot, told(b, 200ms), {}}, at(0ms));
  for (Duration now = 0ms; now < 200ms; now += 10ms) {
    of_two.vouch(b, at(now), at(now));
    of_two.pass_time(at(now));
    EXPECT_FALSE(of_two.right());
    EXPECT_FALSE(of_two.proposal_for(a, at(now)));
  }
}

}  // namespace
}  // namespace hapx::membership
