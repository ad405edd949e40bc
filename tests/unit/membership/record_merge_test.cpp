// SPDX-License-Identifier: Apache-2.0
// Contents that were written apart, and what they make together.
#include "membership/record_merge.hpp"

#include <gtest/gtest.h>

#include "membership/random.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;

const NodeName a("a"), b("b");
const Utc noon{1'795'873'017s};

RecordId id(std::uint64_t round, std::uint64_t version, const NodeName& node = a) {
  return {{round, node, {1}}, version};
}
Subject standby(const std::string& node) {
  return Subject::standby(NodeName(node));
}
StandingOrder order(const std::string& node, std::optional<RecordId> given = {}) {
  return {standby(node), "me", noon, {}, std::move(given)};
}
StandingOrders with(StandingOrders orders, const StandingOrder& more) {
  orders.push_back(more);
  std::ranges::sort(orders);
  return orders;
}
StandingOrders without(StandingOrders orders, const std::string& node) {
  std::erase_if(orders, [&](const StandingOrder& each) { return each.subject == standby(node); });
  return orders;
}
bool stands(const Record& record, const std::string& node) {
  return find_order(record.orders, standby(node)) != nullptr;
}

// ---- the story: both knew x and z, then each went on alone ----

const Record common{id(2, 5), {order("x"), order("z")}};

class Apart : public testing::Test {
 protected:
  /// Under a ballot of its own, without having heard the other one.
  static Record begun(std::uint64_t round, const NodeName& node) {
    return renamed(common, id(round, common.id.version, node));
  }
  static Record next(const Record& before, StandingOrders orders) {
    return succeed(before, {before.id.ballot, before.id.version + 1}, std::move(orders));
  }
  Record at_a_ = begun(3, a);
  Record at_b_ = begun(4, b);
};

TEST_F(Apart, what_each_gave_stands_and_what_each_lifted_does_not) {
  at_a_ = next(at_a_, with(at_a_.orders, order("y")));
  at_b_ = next(at_b_, without(at_b_.orders, "z"));
  const Record merged = merge(at_a_, at_b_);
  EXPECT_TRUE(stands(merged, "x"));
  EXPECT_TRUE(stands(merged, "y"));
  ASSERT_FALSE(stands(merged, "z"));
  EXPECT_EQ(find_order(merged.orders, standby("y"))->given, at_a_.id);
  EXPECT_EQ(find_lifted(merged.lifted, standby("z"))->lifted, at_b_.id);
  EXPECT_EQ(merged.floor, common.id);
}

TEST_F(Apart, of_an_order_and_its_end_the_one_of_the_higher_name_counts) {
  at_a_ = next(at_a_, without(at_a_.orders, "z"));
  at_b_ = next(at_b_, with(without(at_b_.orders, "z"), {standby("z"), "me", noon + 1s, {}}));
  EXPECT_EQ(find_order(merge(at_a_, at_b_).orders, standby("z"))->since, noon + 1s);
  at_b_ = next(at_b_, without(at_b_.orders, "z"));
  EXPECT_FALSE(stands(merge(at_a_, at_b_), "z"));
}

TEST_F(Apart, an_order_that_is_given_again_has_no_tombstone) {
  at_a_ = next(at_a_, without(at_a_.orders, "z"));
  ASSERT_EQ(at_a_.lifted.size(), 1U);
  at_a_ = next(at_a_, with(at_a_.orders, order("z")));
  EXPECT_TRUE(at_a_.lifted.empty());
  EXPECT_EQ(find_order(at_a_.orders, standby("z"))->given, at_a_.id);
  EXPECT_EQ(find_order(at_a_.orders, standby("x"))->given, std::nullopt) << "which nobody touched";
}

/// The floor says what tombstones said.
TEST_F(Apart, an_old_copy_revives_nothing_once_the_merge_is_written) {
  at_a_ = next(at_a_, without(at_a_.orders, "z"));
  at_b_ = next(at_b_, with(at_b_.orders, order("y")));
  const Record healed = all_known(merge(at_a_, at_b_), id(5, 7));
  EXPECT_TRUE(healed.lifted.empty());
  EXPECT_EQ(healed.orders, (StandingOrders{order("x"), order("y")}));
  for (const Record& old : {common, at_a_, at_b_}) EXPECT_EQ(merge(healed, old), healed);
}

TEST_F(Apart, what_was_given_before_the_last_content_of_all_and_is_not_in_it_was_lifted) {
  const Record newer{id(2, 6), {order("x")}};
  EXPECT_EQ(merge(common, newer), newer) << "as a majority's newest content counts";
  // One of them goes on alone, from the older one.
  at_a_ = next(at_a_, with(at_a_.orders, order("y")));
  EXPECT_FALSE(stands(merge(at_a_, newer), "z"));
  EXPECT_TRUE(stands(merge(at_a_, newer), "y"));
}

TEST_F(Apart, too_much_is_cut_where_it_began) {
  Record full = at_a_;
  for (std::size_t i = 0; i < record_entries_max; ++i)
    full = next(full, with(full.orders, order("n" + std::to_string(1000 + i))));
  full = next(full, without(full.orders, "n1001"));
  full = next(full, without(full.orders, "n1000"));
  ASSERT_FALSE(is_sound(full));
  const Record cut = within_limits(full);
  EXPECT_TRUE(is_sound(cut));
  EXPECT_TRUE(cut.lifted.empty());
  EXPECT_TRUE(stands(cut, "n1002"));
  EXPECT_EQ(within_limits(cut), cut);
}

// ---- whatever there is ----

class Anything {
 public:
  explicit Anything(std::uint64_t seed) : random_(seed) {}

  Record record() {
    Record record{name(), {}};
    if (const RecordId floor = name(); floor < record.id && chance(2)) record.floor = floor;
    for (const char* node : {"m", "n", "o", "p", "q", "r"}) {
      const std::uint64_t kind = random_.next() % 4;
      const RecordId said = name();
      const bool is_above = record.floor && *record.floor < said && said <= record.id;
      if (kind == 0 && is_above) record.lifted.push_back({standby(node), said});
      if (kind < 2) continue;
      record.orders.push_back(order(node));
      if (chance(2)) record.orders.back().since += 1s;
      if (chance(2) && is_above) record.orders.back().given = said;
    }
    return record;
  }

 private:
  bool chance(std::uint64_t of) { return random_.next() % of != 0; }
  RecordId name() { return id(1 + random_.next() % 3, 1 + random_.next() % 3, chance(2) ? a : b); }
  Random random_;
};

constexpr std::uint64_t tries = 20'000;

TEST(Merging, is_commutative_associative_and_idempotent) {
  for (std::uint64_t seed = 1; seed <= tries; ++seed) {
    Anything anything(seed);
    const Record x = anything.record();
    const Record y = anything.record();
    const Record z = anything.record();
    ASSERT_TRUE(is_sound(x)) << seed;
    const Record merged = merge(x, y);
    ASSERT_TRUE(is_sound(merged)) << seed;
    ASSERT_EQ(merged, merge(y, x)) << seed;
    ASSERT_EQ(merge(merged, z), merge(x, merge(y, z))) << seed;
    ASSERT_EQ(merge(x, x), x) << seed;
    ASSERT_EQ(merge(merged, x), merged) << seed;
  }
}

TEST(Merging, neither_invents_nor_prefers) {
  for (std::uint64_t seed = 1; seed <= tries; ++seed) {
    Anything anything(seed);
    const Record x = anything.record();
    const Record y = anything.record();
    const Record merged = merge(x, y);
    for (const StandingOrder& standing : merged.orders) {
      const auto is_it = [&](const StandingOrder* found) {
        return found != nullptr && found->since == standing.since;
      };
      ASSERT_TRUE(is_it(find_order(x.orders, standing.subject)) ||
                  is_it(find_order(y.orders, standing.subject)))
          << seed;
    }
    // What was given above all that the other one knows is there, unless that knows better.
    for (const StandingOrder& given : x.orders) {
      if (!given.given || *given.given <= y.known_up_to()) continue;
      const StandingOrder* other = find_order(y.orders, given.subject);
      const LiftedOrder* lifted = find_lifted(y.lifted, given.subject);
      const bool later = (other != nullptr && other->given >= given.given) ||
                         (lifted != nullptr && lifted->lifted >= *given.given);
      ASSERT_TRUE(later || stands(merged, given.subject.node.text())) << seed;
    }
  }
}

TEST(Merging, of_contents_of_majorities_the_newest_is_all) {
  for (std::uint64_t seed = 1; seed <= tries; ++seed) {
    Anything anything(seed);
    const Record x = all_known(anything.record(), id(4, seed));
    const Record y = all_known(anything.record(), id(4, seed + 1));
    ASSERT_EQ(merge(x, y), y) << seed;
  }
}

}  // namespace
}  // namespace hapx::membership
