// SPDX-License-Identifier: Apache-2.0
// Two clerks and a store: LEASE.md, rule 27.
#include "membership/arbiter.hpp"

#include <gtest/gtest.h>

#include "arbiter_store.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;
using Store = testing::ArbiterStore;

constexpr Timing timing{50ms, 300ms};
const LeaseKey vip("10.0.0.20");
const LeaseKey other_vip("10.0.0.21");

Instant at(Duration since) {
  return Instant(1h) + since;
}

/// A node's side: its clerk, and the ballots that it tries.
struct Clerk {
  explicit Clerk(const std::string& name, std::uint64_t incarnation = 1)
      : session{NodeName(name), {}}, arbiter(session, timing) {
    session.boot.bytes[0] = static_cast<std::uint8_t>(name.back());
    arbiter = Arbiter(session, timing);
    ballot = {1, session.node, {incarnation}};
  }

  void look(Store& store, Instant now) {
    (void)arbiter.hear(store.carry_out(arbiter.ask({}, now)), now);
  }
  Arbiter::Reply ask(Store& store, const std::vector<Arbiter::Question>& questions, Instant now) {
    return arbiter.hear(store.carry_out(arbiter.ask(questions, now)), now);
  }
  [[nodiscard]] Prepare prepare(const LeaseKey& key = vip) const { return {key, ballot, {}}; }
  Proposal proposal(const LeaseKey& key = vip, Duration lease = timing.lease) {
    return {key, ballot, ++sequence, lease, false, {}};
  }
  /// Asks, and again if it has to; the vote.
  PrepareAnswer prepared(Store& store, Instant now) {
    Arbiter::Reply reply = ask(store, {prepare()}, now);
    if (reply.answers.empty()) reply = ask(store, {prepare()}, now);
    return std::get<PrepareAnswer>(reply.answers.at(0));
  }
  ProposalAnswer proposed(Store& store, Instant now) {
    Arbiter::Reply reply = ask(store, {proposal()}, now);
    if (reply.answers.empty()) reply = ask(store, {proposal()}, now);
    return std::get<ProposalAnswer>(reply.answers.at(0));
  }
  void win(Store& store, Instant now) {
    ASSERT_EQ(prepared(store, now).vote, Vote::yes);
    ASSERT_EQ(proposed(store, now).vote, Vote::yes);
  }
  /// Goes above what it was told.
  void go_above(const Ballot& seen) { ballot.round = seen.round + 1; }

  Session session;
  Arbiter arbiter;
  Ballot ballot;
  std::uint64_t sequence = 0;
};

struct ArbiterTest : ::testing::Test {
  ArbiterTest() {
    a.look(store, at(0ms));
    b.look(store, at(0ms));
    b.ballot.round = 2;
  }

  Store store;
  Clerk a{"node1"};
  Clerk b{"node2"};
};

TEST_F(ArbiterTest, looks_before_anything_is_asked) {
  Clerk fresh("node1");
  EXPECT_FALSE(fresh.arbiter.knows());
  EXPECT_FALSE(fresh.arbiter.answers(at(0ms)));
  const AskArbiter ask = fresh.arbiter.ask({fresh.prepare()}, at(0ms));
  EXPECT_TRUE(ask.swaps.empty()) << "nobody knows what is promised";
  EXPECT_TRUE(fresh.arbiter.is_busy());
  (void)fresh.arbiter.hear(store.carry_out(ask), at(4ms));
  EXPECT_TRUE(fresh.arbiter.knows());
  EXPECT_TRUE(fresh.arbiter.answers(at(4ms)));
}

TEST_F(ArbiterTest, measures_its_commits_when_it_looks) {
  EXPECT_FALSE(a.arbiter.slowest_commit());
  ASSERT_EQ(a.arbiter.next_look(), at(0ms)) << "the first measure comes at once";
  (void)a.arbiter.hear(store.carry_out(a.arbiter.ask({}, at(10ms))), at(17ms));
  EXPECT_EQ(a.arbiter.slowest_commit(), 7ms);
  (void)a.arbiter.hear(store.carry_out(a.arbiter.ask({}, at(20ms))), at(22ms));
  EXPECT_EQ(a.arbiter.slowest_commit(), 7ms) << "the slowest";
  for (int i = 0; i < 10; ++i)
    (void)a.arbiter.hear(store.carry_out(a.arbiter.ask({}, at(30ms))), at(33ms));
  EXPECT_EQ(a.arbiter.slowest_commit(), 3ms) << "of the last ten";
}

TEST_F(ArbiterTest, looks_again_after_a_lease_until_what_is_promised_stands_still) {
  const auto looks_again_in = [&](Instant now) {
    b.look(store, now);
    return b.arbiter.next_look() - now;
  };
  EXPECT_EQ(looks_again_in(at(10ms)), timing.lease) << "it has just begun";
  EXPECT_EQ(looks_again_in(at(700ms)), Arbiter::look_interval);
  a.win(store, at(800ms));
  EXPECT_EQ(looks_again_in(at(5s)), timing.lease) << "something was promised";
  ASSERT_EQ(a.proposed(store, at(5100ms)).vote, Vote::yes);
  EXPECT_EQ(looks_again_in(at(5300ms)), timing.lease) << "and again";
  EXPECT_EQ(looks_again_in(at(5600ms)), timing.lease) << "since the last change a lease has passed";
  EXPECT_EQ(looks_again_in(at(5900ms)), Arbiter::look_interval);
}

TEST_F(ArbiterTest, votes_as_any_voter_does) {
  a.win(store, at(10ms));
  EXPECT_EQ(b.prepared(store, at(20ms)).vote, Vote::no);
  EXPECT_EQ(b.proposed(store, at(21ms)).vote, Vote::no);
}

TEST_F(ArbiterTest, rule_27_a_challenger_waits_for_t_from_its_own_first_look) {
  a.win(store, at(10ms));
  const PrepareAnswer refused = b.prepared(store, at(200ms));
  ASSERT_EQ(refused.vote, Vote::no);
  ASSERT_TRUE(refused.lease);
  EXPECT_EQ(refused.lease->remaining, timing.lease) << "it saw it for the first time";
  b.go_above(refused.promised);
  EXPECT_EQ(b.prepared(store, at(200ms) + timing.lease - 1ns).vote, Vote::no);
  EXPECT_EQ(b.prepared(store, at(200ms) + timing.lease).vote, Vote::yes);
}

TEST_F(ArbiterTest, a_look_long_ago_spares_the_wait_if_nothing_has_changed_since) {
  a.win(store, at(10ms));
  b.look(store, at(50ms));
  b.ballot.round = 2;
  EXPECT_EQ(b.prepared(store, at(50ms) + timing.lease).vote, Vote::yes);
  EXPECT_EQ(b.proposed(store, at(60ms) + timing.lease).vote, Vote::yes);
}

TEST_F(ArbiterTest, rule_27_a_renewal_that_was_not_seen_makes_the_swap_fail) {
  a.win(store, at(10ms));
  b.look(store, at(50ms));
  ASSERT_EQ(a.proposed(store, at(300ms)).vote, Vote::yes);
  const PrepareAnswer refused = b.prepared(store, at(400ms));
  EXPECT_EQ(refused.vote, Vote::no) << "it judged by what was there no more";
  EXPECT_EQ(refused.lease->remaining, timing.lease);
  EXPECT_EQ(b.prepared(store, at(400ms) + timing.lease).vote, Vote::yes) << "counted from there";
}

TEST_F(ArbiterTest, of_two_that_ask_at_once_one_wins) {
  const AskArbiter first = a.arbiter.ask({a.prepare()}, at(10ms));
  const AskArbiter second = b.arbiter.ask({b.prepare()}, at(10ms));
  const auto won = a.arbiter.hear(store.carry_out(first), at(12ms));
  const auto lost = b.arbiter.hear(store.carry_out(second), at(12ms));
  ASSERT_EQ(won.answers.size(), 1U);
  EXPECT_EQ(std::get<PrepareAnswer>(won.answers[0]).vote, Vote::yes);
  EXPECT_TRUE(lost.answers.empty());
  EXPECT_EQ(lost.again, std::set{vip});
}

TEST_F(ArbiterTest, a_release_frees_the_key_at_once_and_retires_its_ballot) {
  a.win(store, at(10ms));
  ASSERT_TRUE(a.arbiter.concerns(vip));
  (void)a.ask(store, {Release{vip, a.ballot}}, at(20ms));
  EXPECT_FALSE(a.arbiter.concerns(vip));
  EXPECT_EQ(b.prepared(store, at(21ms)).vote, Vote::yes);
  EXPECT_EQ(a.prepared(store, at(22ms)).vote, Vote::no) << "that ballot is given up";
}

TEST_F(ArbiterTest, a_release_that_failed_is_asked_again) {
  a.win(store, at(10ms));
  const AskArbiter late = a.arbiter.ask({Release{vip, a.ballot}}, at(20ms));
  store.entries["leases/10.0.0.20"].revision = ++store.revision;
  const auto reply = a.arbiter.hear(store.carry_out(late), at(22ms));
  EXPECT_EQ(reply.releases, (std::vector{Release{vip, a.ballot}}));
}

TEST_F(ArbiterTest, another_process_of_the_same_boot_goes_on_at_once) {
  a.win(store, at(10ms));
  Clerk next("node1", 2);
  next.look(store, at(30ms));
  next.ballot.round = 2;
  EXPECT_EQ(next.prepared(store, at(31ms)).vote, Vote::yes);
  EXPECT_EQ(next.proposed(store, at(32ms)).vote, Vote::yes);
}

TEST_F(ArbiterTest, another_boot_of_the_same_node_waits) {
  a.win(store, at(10ms));
  Clerk rebooted("node1", 2);
  rebooted.session.boot.bytes[1] = 1;
  rebooted.arbiter = Arbiter(rebooted.session, timing);
  rebooted.look(store, at(30ms));
  rebooted.ballot.round = 2;
  EXPECT_EQ(rebooted.prepared(store, at(31ms)).vote, Vote::no);
}

TEST_F(ArbiterTest, what_was_executed_twice_counts_once_and_counts) {
  const AskArbiter ask = a.arbiter.ask({a.prepare()}, at(10ms));
  (void)store.carry_out(ask);
  const ArbiterAnswered second = store.carry_out(ask);
  ASSERT_FALSE(second.swapped);
  const auto reply = a.arbiter.hear(second, at(12ms));
  ASSERT_EQ(reply.answers.size(), 1U);
  EXPECT_EQ(std::get<PrepareAnswer>(reply.answers[0]).vote, Vote::yes);
}

TEST_F(ArbiterTest, what_was_given_up_may_have_been_done) {
  const AskArbiter lost = a.arbiter.ask({a.prepare()}, at(10ms));
  a.arbiter.hear(ArbiterFailed{lost.ticket, {}}, at(254ms));
  (void)store.carry_out(lost);  // after all
  EXPECT_TRUE(
      a.arbiter.hear(ArbiterAnswered{lost.ticket, true, store.id, store.revision, {}}, at(260ms))
          .answers.empty())
      << "nobody waits for that answer any more";
  EXPECT_EQ(a.prepared(store, at(300ms)).vote, Vote::yes);
}

TEST_F(ArbiterTest, fails_for_a_lease_before_its_vote_is_not_reckoned_with) {
  const AskArbiter lost = a.arbiter.ask({a.prepare()}, at(10ms));
  a.arbiter.hear(ArbiterFailed{lost.ticket, {ErrorKind::unavailable, "no answer"}}, at(20ms));
  EXPECT_EQ(a.arbiter.trouble(), "no answer");
  EXPECT_TRUE(a.arbiter.answers(at(309ms)));
  EXPECT_EQ(a.arbiter.next_deadline(at(20ms)), at(310ms));
  EXPECT_FALSE(a.arbiter.answers(at(310ms)));
  a.look(store, at(600ms));
  EXPECT_TRUE(a.arbiter.answers(at(600ms)));
  EXPECT_EQ(a.arbiter.trouble(), "");
}

TEST_F(ArbiterTest, a_promise_to_the_same_session_is_never_shortened) {
  a.ballot.round = 3;
  (void)a.prepared(store, at(10ms));
  (void)a.ask(store, {a.proposal(vip, 2s)}, at(10ms));
  (void)a.ask(store, {a.proposal(vip, 100ms)}, at(20ms));
  b.look(store, at(30ms));
  b.ballot.round = 4;
  EXPECT_EQ(b.prepared(store, at(30ms) + 1900ms).vote, Vote::no);
  EXPECT_EQ(b.prepared(store, at(30ms) + 2s).vote, Vote::yes);
}

TEST_F(ArbiterTest, many_keys_travel_in_one_question) {
  const AskArbiter ask = a.arbiter.ask({a.prepare(vip), a.prepare(other_vip)}, at(10ms));
  EXPECT_EQ(ask.swaps.size(), 2U);
  const auto reply = a.arbiter.hear(store.carry_out(ask), at(12ms));
  EXPECT_EQ(reply.answers.size(), 2U);
}

// ---- a store without memory ----

TEST_F(ArbiterTest, rule_5_another_store_abstains_for_as_long_as_any_promise_may_last) {
  a.win(store, at(10ms));
  b.look(store, at(50ms));
  Store restored;
  restored.id = 8;
  b.look(restored, at(400ms));
  EXPECT_FALSE(b.arbiter.answers(at(400ms)));
  EXPECT_NE(b.arbiter.trouble(), "");
  const PrepareAnswer answer = b.prepared(restored, at(500ms));
  EXPECT_EQ(answer.vote, Vote::abstains);
  EXPECT_EQ(answer.abstention, lease_max - 100ms);
  EXPECT_EQ(b.prepared(restored, at(400ms) + lease_max).vote, Vote::yes);
}

TEST_F(ArbiterTest, rule_5_so_does_a_store_that_has_gone_back) {
  a.win(store, at(10ms));
  b.look(store, at(50ms));
  store.revision = 1;
  store.entries.clear();
  EXPECT_EQ(b.prepared(store, at(400ms)).vote, Vote::abstains);
  EXPECT_EQ(b.prepared(store, at(400ms) + lease_max).vote, Vote::yes);
}

TEST_F(ArbiterTest, rule_5_and_a_key_that_somebody_has_removed) {
  a.win(store, at(10ms));
  b.look(store, at(50ms));
  store.entries.erase("leases/10.0.0.20");
  ++store.revision;
  EXPECT_EQ(b.prepared(store, at(400ms)).vote, Vote::abstains);
  EXPECT_EQ(
      std::get<PrepareAnswer>(b.ask(store, {b.prepare(other_vip)}, at(401ms)).answers.at(0)).vote,
      Vote::yes)
      << "the others are as they were";
  EXPECT_EQ(b.prepared(store, at(400ms) + lease_max).vote, Vote::yes);
}

TEST_F(ArbiterTest, rule_5_and_one_that_somebody_has_written_who_is_not_hapx) {
  for (const std::vector<std::uint8_t>& value :
       {std::vector<std::uint8_t>{}, std::vector<std::uint8_t>{'x'},
        std::vector<std::uint8_t>(64, 0), std::vector<std::uint8_t>(900, 0xff)}) {
    Store touched;
    Clerk clerk("node1");
    touched.entries["leases/10.0.0.20"] = {"leases/10.0.0.20", 1, value};
    clerk.look(touched, at(0ms));
    EXPECT_EQ(clerk.prepared(touched, at(10ms)).vote, Vote::abstains);
    EXPECT_EQ(clerk.prepared(touched, at(0ms) + lease_max).vote, Vote::yes);
  }
}

TEST_F(ArbiterTest, an_altered_entry_is_none) {
  a.win(store, at(10ms));
  const auto whole = store.entries["leases/10.0.0.20"];
  for (std::size_t i = 0; i < whole.value.size(); ++i) {
    Store touched = store;
    touched.entries["leases/10.0.0.20"].value[i] ^= 1U;
    Clerk clerk("node2");
    clerk.look(touched, at(20ms));
    EXPECT_EQ(clerk.prepared(touched, at(21ms)).vote, Vote::abstains) << "byte " << i;
  }
}

}  // namespace
}  // namespace hapx::membership
