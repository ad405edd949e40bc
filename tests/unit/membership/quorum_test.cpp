// SPDX-License-Identifier: Apache-2.0
#include "membership/quorum.hpp"

#include <gtest/gtest.h>

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;

std::vector<NodeConfig> nodes(const std::vector<unsigned>& votes) {
  std::vector<NodeConfig> out;
  for (std::size_t i = 0; i < votes.size(); ++i) {
    NodeConfig node;
    node.name = NodeName(std::string(1, static_cast<char>('a' + i)));
    node.votes = votes[i];
    out.push_back(node);
  }
  return out;
}

std::set<NodeName> named(const std::string& letters) {
  std::set<NodeName> names;
  for (const char letter : letters) names.insert(NodeName(std::string(1, letter)));
  return names;
}

struct Row {
  std::vector<unsigned> votes;
  std::string yes;
  std::string no;
  Verdict verdict;
};

TEST(Quorum, more_than_half_of_the_configured_votes) {
  const std::vector<Row> table = {
      // one node decides alone
      {{1}, "", "", Verdict::pending},
      {{1}, "a", "", Verdict::won},
      {{1}, "", "a", Verdict::lost},
      // two: half is not more than half
      {{1, 1}, "a", "", Verdict::pending},
      {{1, 1}, "a", "b", Verdict::lost},
      {{1, 1}, "ab", "", Verdict::won},
      {{1, 1}, "", "b", Verdict::lost},
      // three: two are enough, and one refusal is not fatal
      {{1, 1, 1}, "", "", Verdict::pending},
      {{1, 1, 1}, "a", "", Verdict::pending},
      {{1, 1, 1}, "a", "b", Verdict::pending},
      {{1, 1, 1}, "ac", "b", Verdict::won},
      {{1, 1, 1}, "a", "bc", Verdict::lost},
      {{1, 1, 1}, "", "bc", Verdict::lost},
      {{1, 1, 1}, "abc", "", Verdict::won},
      // weights
      {{2, 1, 1}, "a", "", Verdict::pending},
      {{2, 1, 1}, "bc", "", Verdict::pending},
      {{2, 1, 1}, "ab", "", Verdict::won},
      {{2, 1, 1}, "", "a", Verdict::lost},
      {{2, 1, 1}, "bc", "a", Verdict::lost},
      {{3, 1, 1}, "a", "bc", Verdict::won},
      {{3, 1, 1}, "bc", "a", Verdict::lost},
      // no vote, no say
      {{1, 1, 0}, "ac", "", Verdict::pending},
      {{1, 1, 0}, "a", "c", Verdict::pending},
      {{0, 0}, "ab", "", Verdict::lost},
      // strangers don't vote
      {{1, 1, 1}, "axyz", "", Verdict::pending},
      {{1, 1, 1}, "a", "xyz", Verdict::pending},
  };
  for (const Row& row : table) {
    EXPECT_EQ(Electorate(nodes(row.votes)).judge(named(row.yes), named(row.no)), row.verdict)
        << row.votes.size() << " nodes, yes " << row.yes << ", no " << row.no;
  }
}

/// Two sets that both win share a voter: checked for every pair of subsets and many weights.
TEST(Quorum, any_two_majorities_meet) {
  for (unsigned a = 0; a <= 3; ++a)
    for (unsigned b = 0; b <= 3; ++b)
      for (unsigned c = 0; c <= 3; ++c) {
        const Electorate electorate(nodes({a, b, c}));
        for (unsigned first = 0; first < 8; ++first)
          for (unsigned second = 0; second < 8; ++second) {
            if ((first & second) != 0) continue;
            const auto subset = [](unsigned bits) {
              std::string letters;
              for (unsigned i = 0; i < 3; ++i)
                if ((bits >> i & 1U) != 0) letters.push_back(static_cast<char>('a' + i));
              return named(letters);
            };
            EXPECT_FALSE(electorate.judge(subset(first), {}) == Verdict::won &&
                         electorate.judge(subset(second), {}) == Verdict::won);
          }
      }
}

Instant at(int milliseconds) {
  return Instant(std::chrono::milliseconds(milliseconds));
}

TEST(Quorum, backed_until_is_the_kth_newest) {
  const Electorate three(nodes({1, 1, 1}));
  EXPECT_EQ(three.backed_until({}), std::nullopt);
  EXPECT_EQ(three.backed_until({{NodeName("a"), at(9)}}), std::nullopt);
  EXPECT_EQ(three.backed_until({{NodeName("a"), at(9)}, {NodeName("b"), at(5)}}), at(5));
  EXPECT_EQ(
      three.backed_until({{NodeName("a"), at(9)}, {NodeName("b"), at(5)}, {NodeName("c"), at(7)}}),
      at(7));
  const Electorate weighted(nodes({2, 1, 1}));
  EXPECT_EQ(weighted.backed_until({{NodeName("b"), at(9)}, {NodeName("c"), at(8)}}), std::nullopt);
  EXPECT_EQ(weighted.backed_until(
                {{NodeName("a"), at(3)}, {NodeName("b"), at(9)}, {NodeName("c"), at(8)}}),
            at(3));
}

TEST(Quorum, free_from_is_when_the_first_majority_is_free) {
  const Electorate three(nodes({1, 1, 1}));
  EXPECT_EQ(three.free_from({{NodeName("a"), at(4)}}), std::nullopt);
  EXPECT_EQ(three.free_from({{NodeName("a"), at(4)}, {NodeName("b"), at(6)}}), at(6));
  EXPECT_EQ(
      three.free_from({{NodeName("a"), at(4)}, {NodeName("b"), at(6)}, {NodeName("c"), at(1)}}),
      at(4));
}

TEST(Quorum, an_arbiters_name_is_no_nodes_and_depends_on_the_endpoints_alone) {
  const Endpoint one{ipv4(10, 0, 0, 1), 2379};
  const Endpoint two{ipv4(10, 0, 0, 2), 2379};
  const NodeName name = voter_of({{{one, two}, "/a", "/b", "/c"}});
  EXPECT_TRUE(is_arbiter(name));
  EXPECT_FALSE(is_arbiter(NodeName("etcd")));
  EXPECT_EQ(name, voter_of({{{two, one}, "/d", "/e", "/f"}})) << "whatever their order";
  EXPECT_NE(name, voter_of({{{one}, "/a", "/b", "/c"}})) << "that may be another memory";
}

}  // namespace
}  // namespace hapx::membership
