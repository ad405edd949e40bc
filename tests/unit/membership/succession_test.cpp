// SPDX-License-Identifier: Apache-2.0
// One list of voters succeeds another, by hand.
#include "membership/succession.hpp"

#include <gtest/gtest.h>

#include "membership/voters_file.hpp"
#include "world.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;
using testing::World;

const NodeName a("a"), b("b"), c("c");
const Votes two{{a, 1}, {b, 1}};
const Votes three{{a, 1}, {b, 1}, {c, 1}};
const LeaseKey vip = LeaseKey::of(ipv4(192, 168, 4, 20));

ElectorateTold told(std::uint64_t generation, const Votes& list, const Votes& before = {}) {
  return {generation, hash_of(list), before.empty() ? 0 : hash_of(before)};
}

Succession settled(std::uint64_t generation, const Votes& list) {
  return {{generation, list, 0, {}}, a};
}

/// As a process counts that finds the third node in its file for the first time.
Succession adopting() {
  return {adopt(KeptElectorate{4, two, 0, {}}, three), a};
}

TEST(SuccessionTest, the_first_list_is_settled_and_the_next_is_counted_beside_it) {
  EXPECT_EQ(adopt(std::nullopt, two), (KeptElectorate{1, two, 0, {}}));
  const KeptElectorate kept = adopt(KeptElectorate{4, two, 0, {}}, three);
  EXPECT_EQ(kept, (KeptElectorate{5, three, hash_of(two), {two}}));
  EXPECT_EQ(adopt(kept, three), kept) << "a restart changes nothing";
  EXPECT_EQ(adopting().told(), told(5, three, two));
}

TEST(SuccessionTest, until_it_is_settled_a_majority_of_each_list_decides) {
  const Succession succession = adopting();
  EXPECT_FALSE(succession.electorate().is_majority({a, c})) << "two of three, but one of two";
  EXPECT_TRUE(succession.electorate().is_majority({a, b}));
  EXPECT_TRUE(settled(5, three).electorate().is_majority({a, c}));
}

TEST(SuccessionTest, it_is_settled_when_majorities_of_both_lists_have_adopted_it) {
  Succession succession = adopting();
  EXPECT_FALSE(succession.heard(c, told(5, three, two)));
  EXPECT_FALSE(succession.settled());
  EXPECT_EQ(succession.missing(), std::vector{b});
  EXPECT_TRUE(succession.heard(b, told(5, three, two)));
  EXPECT_TRUE(succession.settled());
  EXPECT_EQ(succession.kept(), (KeptElectorate{5, three, 0, {}}));
}

TEST(SuccessionTest, who_is_a_majority_of_both_lists_alone_asks_nobody) {
  const Succession alone(adopt(KeptElectorate{1, {{a, 1}}, 0, {}}, {{a, 2}, {b, 1}}), a);
  EXPECT_TRUE(alone.settled());
}

TEST(SuccessionTest, who_goes_back_to_the_old_list_has_not_adopted_it) {
  Succession succession = adopting();
  EXPECT_FALSE(succession.heard(b, told(4, two)));
  EXPECT_FALSE(succession.settled());
}

TEST(SuccessionTest, a_peer_that_has_seen_it_settled_is_believed) {
  Succession succession = adopting();
  EXPECT_FALSE(succession.heard(c, told(1, three)))
      << "it began with this list, and has seen nothing";
  EXPECT_FALSE(succession.settled());
  EXPECT_TRUE(succession.heard(c, told(5, three)));
  EXPECT_TRUE(succession.settled());
}

/// The new node: its file has the new list from the beginning.
TEST(SuccessionTest, who_never_knew_the_list_before_decides_nothing_until_it_is_settled) {
  Succession fresh({1, three, 0, {}}, c);
  EXPECT_TRUE(fresh.heard(a, told(5, three, two)));
  EXPECT_FALSE(fresh.settled());
  EXPECT_FALSE(fresh.electorate().is_majority({a, b, c}));
  EXPECT_EQ(fresh.told(), told(5, three, two)) << "nor does it tell others that it is settled";
  EXPECT_TRUE(fresh.heard(b, told(5, three)));
  EXPECT_TRUE(fresh.electorate().is_majority({a, c}));
}

TEST(SuccessionTest, lists_that_are_not_settled_count_on) {
  const Votes heavier{{a, 2}, {b, 1}};
  const KeptElectorate kept = adopt(adopting().kept(), heavier);
  EXPECT_EQ(kept, (KeptElectorate{6, heavier, hash_of(three), {three, two}}));
  Succession succession(kept, a);
  EXPECT_FALSE(succession.settled());
  EXPECT_FALSE(succession.electorate().is_majority({a, c})) << "not of the first list";
  EXPECT_FALSE(succession.heard(b, told(5, three)) && succession.settled());
  EXPECT_TRUE(succession.heard(b, told(9, heavier, {{c, 1}})));
  EXPECT_TRUE(succession.settled()) << "whichever way it has come";
  EXPECT_EQ(succession.kept(), (KeptElectorate{9, heavier, 0, {}}));
}

/// Else two nodes that come and go between the same lists would both know that there was another,
/// and neither which.
TEST(SuccessionTest, who_has_changed_lists_before_is_not_unsettled_by_the_first_one) {
  Succession succession = settled(3, two);
  EXPECT_TRUE(succession.heard(b, told(5, two, three)));
  EXPECT_TRUE(succession.settled());
  EXPECT_EQ(succession.told(), told(5, two)) << "so that the other can believe it";
}

TEST(SuccessionTest, who_was_settled_with_others_is_not_unsettled_by_one) {
  Succession succession = settled(1, two);
  EXPECT_FALSE(succession.heard(b, told(1, two)));
  EXPECT_TRUE(succession.heard(c, told(7, two, {{c, 1}, {NodeName("ghost"), 1}})));
  EXPECT_TRUE(succession.settled());
  EXPECT_EQ(succession.kept().generation, 7U);
}

TEST(SuccessionTest, beyond_the_limit_of_lists_it_counts_for_nothing) {
  KeptElectorate kept{1, two, 0, {}};
  for (unsigned votes = 2; votes < 2 + lists_max; ++votes) kept = adopt(kept, {{a, votes}, {b, 1}});
  EXPECT_FALSE(Succession(kept, a).electorate().is_majority({a, b, c}));
}

TEST(SuccessionTest, who_is_kin_to_whom) {
  const Succession old = settled(4, two);
  EXPECT_EQ(old.kinship(told(4, two)), Kinship::same);
  EXPECT_EQ(old.kinship(told(9, two)), Kinship::same) << "the same nodes and votes";
  EXPECT_EQ(old.kinship(told(5, three, two)), Kinship::successor);
  EXPECT_EQ(old.kinship(told(5, three)), Kinship::foreign) << "it has been settled without us";
  EXPECT_EQ(old.kinship(told(4, three)), Kinship::foreign);
  EXPECT_EQ(old.kinship({}), Kinship::foreign) << "an earlier version after a change";
  EXPECT_EQ(settled(1, two).kinship({}), Kinship::same) << "an earlier version before any change";
  EXPECT_EQ(adopting().kinship(told(4, two)), Kinship::predecessor);
  EXPECT_EQ(adopting().kinship(told(6, two, three)), Kinship::successor);
  EXPECT_EQ(settled(5, three).kinship(told(4, two)), Kinship::foreign);
}

TEST(SuccessionTest, votes_that_come_and_go_are_counted) {
  EXPECT_EQ(votes_between(two, three), 1U);
  EXPECT_EQ(votes_between(three, two), 1U);
  EXPECT_EQ(votes_between(two, {{a, 1}, {c, 1}}), 2U);
  EXPECT_EQ(votes_between(two, {{a, 3}, {b, 0}}), 3U);
  EXPECT_EQ(votes_between(two, two), 0U);
}

// ---- the file

const RecordOwner owner{ClusterName("kube-demo"), NodeName("a")};

TEST(VotersFile, is_read_back_as_it_was_written) {
  for (const KeptElectorate& kept :
       {KeptElectorate{1, two, 0, {}}, adopt(KeptElectorate{4, two, 0, {}}, three),
        KeptElectorate{5, three, hash_of(two), {}}})
    EXPECT_EQ(decode_voters(encode_voters(kept, owner), owner), kept);
}

TEST(VotersFile, torn_turned_or_another_nodes_is_none) {
  auto bytes = encode_voters(adopt(KeptElectorate{4, two, 0, {}}, three), owner);
  EXPECT_EQ(decode_voters(bytes, {ClusterName("kube-demo"), NodeName("b")}), std::nullopt);
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_EQ(decode_voters(std::span(bytes).first(length), owner), std::nullopt) << length;
  for (std::uint8_t& byte : bytes) {
    byte ^= 0x10U;
    EXPECT_EQ(decode_voters(bytes, owner), std::nullopt);
    byte ^= 0x10U;
  }
}

// ---- whole members

struct Change : ::testing::Test {
  /// Two of three machines run, and their files name two.
  void begin_with_two() {
    world.machines[0].nodes = world.machines[1].nodes = world.first_nodes(2);
    world.start(0);
    world.start(1);
    world.run_for(6s);  // no lease of an earlier time is left
    world.claim(0, vip);
    world.run_for(1s);
    ASSERT_TRUE(world.open(0, vip));
  }
  [[nodiscard]] const ElectorateView& electorate(std::size_t node) const {
    return world.view(node).electorate;
  }

  World world{3, {50ms, 300ms}, 5};
};

TEST_F(Change, a_third_node_votes_when_both_have_been_given_the_file_that_names_it) {
  begin_with_two();
  world.start(2);
  world.stage(0, world.first_nodes(3));
  world.run_for(1s);
  EXPECT_EQ(electorate(0).waits_for, std::vector<std::string>{"node2 to be given the same file"});
  EXPECT_EQ(electorate(0).generation, 1U);
  world.stage(1, world.first_nodes(3));
  world.run_for(1s);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(electorate(i), (ElectorateView{2, true, {}, false, false, {}})) << i;
    EXPECT_EQ(world.on_disk(i)->electorate->generation, 2U);
  }
  world.claim(0, vip);  // as the process that began anew does
  world.run_for(1s);
  world.kill(1);
  world.run_for(2s);
  EXPECT_TRUE(world.open(0, vip)) << "two of three votes";
  EXPECT_TRUE(world.violations.empty());
}

TEST_F(Change, without_the_third_node_two_of_the_three_are_enough) {
  begin_with_two();
  for (const std::size_t i : {0U, 1U}) world.stage(i, world.first_nodes(3));
  world.run_for(1s);
  EXPECT_EQ(electorate(0).generation, 2U);
  EXPECT_TRUE(electorate(0).settled);
}

TEST_F(Change, a_second_vote_has_to_be_there_before_it_counts) {
  world.machines[0].nodes = world.first_nodes(1);
  world.machines[1].nodes = world.first_nodes(2);
  world.start(0);
  world.run_for(6s);
  world.stage(0, world.first_nodes(2));
  world.run_for(1s);
  EXPECT_EQ(electorate(0).waits_for, std::vector<std::string>{"node2 to be heard"});
  world.start(1);
  world.run_for(1s);
  EXPECT_EQ(electorate(0), (ElectorateView{2, true, {}, false, false, {}}));
  EXPECT_EQ(electorate(1), (ElectorateView{2, true, {}, false, false, {}}));
}

TEST_F(Change, a_node_goes_when_it_has_been_ended) {
  for (std::size_t i = 0; i < 3; ++i) world.start(i);
  world.run_for(6s);
  for (const std::size_t i : {0U, 1U}) world.stage(i, world.first_nodes(2));
  world.run_for(1s);
  EXPECT_EQ(electorate(0).waits_for,
            std::vector<std::string>{"node3, which it doesn't name, to be ended"});
  world.kill(2);
  world.run_for(2s);
  for (const std::size_t i : {0U, 1U})
    EXPECT_EQ(electorate(i), (ElectorateView{2, true, {}, false, false, {}})) << i;
  world.start(2);
  world.run_for(1s);
  EXPECT_FALSE(world.view(2).quorate) << "its file is an old one, and nobody counts with it";
}

TEST_F(Change, who_was_away_takes_the_same_file_and_is_one_of_them) {
  for (std::size_t i = 0; i < 3; ++i) world.machines[i].nodes = world.first_nodes(3);
  world.machines[2].nodes->at(0).votes = 1;
  for (std::size_t i = 0; i < 3; ++i) world.start(i);
  world.run_for(6s);
  world.kill(2);
  world.run_for(1s);
  auto heavier = world.first_nodes(3);
  heavier[0].votes = 2;
  for (const std::size_t i : {0U, 1U}) world.stage(i, heavier);
  world.run_for(1s);
  ASSERT_EQ(electorate(0).generation, 2U);
  world.start(2);
  world.run_for(1s);
  EXPECT_TRUE(world.view(0).members[2].counts_otherwise);
  EXPECT_FALSE(world.view(2).quorate);
  world.stage(2, heavier);
  world.run_for(1s);
  EXPECT_FALSE(world.view(0).members[2].counts_otherwise);
  EXPECT_EQ(electorate(2), (ElectorateView{2, true, {}, false, false, {}}));
  EXPECT_TRUE(world.view(2).quorate);
}

/// One of two begins anew with a file that names three: it is ahead of the other one.
TEST_F(Change, who_has_adopted_the_next_list_votes_only_for_who_has_it_too) {
  begin_with_two();
  const LeaseKey another = LeaseKey::of(ipv4(192, 168, 4, 21));
  world.stage(1, world.first_nodes(3));
  world.run_for(100ms);
  world.kill(1);
  world.machines[1].nodes = world.first_nodes(3);
  world.start(1);
  world.run_for(100ms);
  ASSERT_FALSE(electorate(1).settled);
  world.claim(0, another);
  world.run_for(2s);
  EXPECT_TRUE(world.news<RightGained>(0).size() == 1) << "the one from before";
  EXPECT_FALSE(world.open(0, another));
  world.claim(1, another);
  world.run_for(2s);
  EXPECT_TRUE(world.open(1, another)) << "with the votes of both";
  EXPECT_TRUE(world.violations.empty());
}

TEST_F(Change, who_is_alone_with_a_list_goes_back_at_once) {
  begin_with_two();
  world.kill(1);
  world.machines[1].nodes = world.first_nodes(3);
  world.start(1);
  world.run_for(1s);
  ASSERT_EQ(electorate(1).missing, (std::vector{NodeName("node1"), NodeName("node3")}));
  world.stage(1, world.first_nodes(2));
  world.run_for(1s);
  for (const std::size_t i : {0U, 1U})
    EXPECT_EQ(electorate(i), (ElectorateView{3, true, {}, false, false, {}})) << i;
}

/// Each came to its list by files of its own, so neither succeeds the other. (Seed 3005615.)
TEST_F(Change, who_counts_by_the_staged_list_already_is_there) {
  auto heavier = world.first_nodes(2);
  heavier[0].votes = 2;
  world.machines[0].nodes = heavier;
  world.machines[1].nodes = world.first_nodes(2);
  world.start(0);
  world.start(1);
  world.run_for(6s);
  ASSERT_TRUE(world.view(0).members[1].counts_otherwise);
  ASSERT_TRUE(electorate(0).settled);
  world.stage(0, world.first_nodes(2));
  world.run_for(1s);
  for (const std::size_t i : {0U, 1U})
    EXPECT_EQ(electorate(i), (ElectorateView{2, true, {}, false, false, {}})) << i;
}

TEST_F(Change, the_next_change_waits_until_every_lease_before_the_last_one_is_over) {
  begin_with_two();
  for (const std::size_t i : {0U, 1U}) world.stage(i, world.first_nodes(3));
  world.run_for(1s);
  ASSERT_EQ(electorate(0).generation, 2U);
  for (const std::size_t i : {0U, 1U}) world.stage(i, world.first_nodes(2));
  world.run_for(1s);
  EXPECT_EQ(electorate(0).generation, 2U);
  EXPECT_EQ(electorate(0).waits_for.front(), "this hapxd to have run for 5s");
  world.run_for(5s);
  EXPECT_EQ(electorate(0).generation, 3U);
}

}  // namespace
}  // namespace hapx::membership
