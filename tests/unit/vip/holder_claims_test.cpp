// SPDX-License-Identifier: Apache-2.0
// A holder that asks the segment, and one that others contest. The times are told as a story in
// tests/transcripts/vip; here is what must never be.
#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "vip/holder.hpp"

namespace hapx::vip {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const InterfaceName interface { "eth0" };
const IpAddress address = ipv4(10, 0, 0, 5);
constexpr Instant start{seconds(1000)};

Instant at(int after) {
  return start + milliseconds(after);
}

AddressClaimed claimed(ClaimKind kind, std::uint8_t host = 7) {
  return {interface, {address, {{0x52, 0x54, 0, 0, 0, host}}, {}, kind}, WireFrame{host}};
}

template <class Kind>
bool has(const Outcome& outcome) {
  const auto is = [](const auto& one) { return std::holds_alternative<Kind>(one); };
  if constexpr (std::is_constructible_v<Action, Kind>) {
    return std::ranges::any_of(outcome.actions, is);
  } else {
    return std::ranges::any_of(outcome.news, is);
  }
}

class Contest : public testing::Test {
 protected:
  explicit Contest(OnConflict policy = OnConflict::defend)
      : holder_({{address, 24}, interface, policy}, milliseconds(300), 1) {
    (void)holder_.step(LinkChanged{interface, true, true, 3, {}}, start);
    (void)holder_.step(FenceArmed{}, start);
  }

  void hold() {
    (void)holder_.acquire(at(100'000), Proof::held_by_us, start);
    (void)holder_.step(AddressAdded{interface, address}, start);
    (void)holder_.serve(start);
  }
  [[nodiscard]] HolderState state() const { return holder_.status().state; }

  Holder holder_;
};

TEST_F(Contest, the_fence_stays_closed_while_the_segment_is_asked) {
  const Outcome begins = holder_.acquire(at(100'000), Proof::none, start);
  EXPECT_TRUE(has<Probe>(begins));
  EXPECT_FALSE(has<ExtendDeadline>(begins));
  for (const Outcome& outcome :
       {holder_.extend(at(200'000), at(1)), holder_.step(FenceRemoved{interface}, at(2)),
        holder_.step(FenceArmed{}, at(3)), holder_.serve(at(4))}) {
    EXPECT_FALSE(has<ExtendDeadline>(outcome));
    EXPECT_FALSE(has<AddAddress>(outcome));
    EXPECT_FALSE(has<Announce>(outcome));
  }
  EXPECT_EQ(state(), HolderState::asking);
}

TEST_F(Contest, an_address_for_which_somebody_answers_is_not_added) {
  (void)holder_.acquire(at(100'000), Proof::none, start);
  (void)holder_.step(ProbeSent{interface, address}, start);
  (void)holder_.step(claimed(ClaimKind::answer), at(1));
  for (int after = 2; after < 1000; ++after) {
    const Outcome outcome = holder_.step(at(after));
    ASSERT_TRUE(outcome.actions.empty()) << after;
  }
}

TEST_F(Contest, what_ends_a_right_ends_the_asking) {
  const auto ask = [&] { (void)holder_.acquire(at(500), Proof::none, start); };
  const auto be_off = [&] { (void)holder_.step(AddressRemoved{interface, address}, start); };
  ask();
  EXPECT_TRUE(has<CloseFence>(holder_.release(at(1))));
  be_off();
  EXPECT_EQ(state(), HolderState::released);
  ask();
  EXPECT_TRUE(has<HoldingEnded>(holder_.step(at(500))));
  be_off();
  ask();
  EXPECT_TRUE(has<LinkLost>(holder_.step(LinkChanged{interface, true, false, 3, {}}, at(1))));
  (void)holder_.release(at(1));
  be_off();
  (void)holder_.step(LinkChanged{interface, true, true, 3, {}}, at(1));
  ask();
  // Without the kernel's filter a lease of 300 ms can't be kept.
  EXPECT_TRUE(has<HoldingEnded>(holder_.step(FenceUnavailable{"no"}, at(1))));
}

TEST_F(Contest, news_of_others_is_nothing_while_the_address_is_not_ours) {
  EXPECT_TRUE(holder_.step(claimed(ClaimKind::announcement), start).actions.empty());
  EXPECT_EQ(holder_.status().claims, 0U);
  EXPECT_TRUE(holder_.rivals().all().empty());
}

TEST_F(Contest, a_claim_is_answered_in_the_step_that_hears_of_it) {
  hold();
  (void)holder_.step(at(1));
  const Outcome heard = holder_.step(claimed(ClaimKind::announcement), at(20'000));
  EXPECT_TRUE(has<Announce>(heard));
  EXPECT_TRUE(has<Contested>(heard));
  EXPECT_EQ(holder_.status().claims, 1U);
  EXPECT_EQ(holder_.rivals().all().at(0).evidence.at(0).frame, WireFrame{7});
  EXPECT_EQ(holder_.next_deadline(), at(20'050));  // the announcements begin anew
}

TEST_F(Contest, who_only_asks_before_it_takes_the_address_is_left_to_the_kernel) {
  hold();
  const Outcome heard = holder_.step(claimed(ClaimKind::probe), at(200));
  EXPECT_FALSE(has<Announce>(heard));
  EXPECT_TRUE(has<Contested>(heard));
}

TEST_F(Contest, nothing_is_announced_for_a_claim_while_haproxy_does_not_serve) {
  hold();
  holder_.stop_serving();
  EXPECT_FALSE(has<Announce>(holder_.step(claimed(ClaimKind::announcement), at(200))));
  EXPECT_EQ(holder_.next_deadline(), at(100'000));
}

/// What the node says that had the address until now may still be on its way.
TEST_F(Contest, frames_of_the_first_moments_are_no_claim) {
  hold();
  EXPECT_FALSE(has<Contested>(holder_.step(claimed(ClaimKind::announcement), at(99))));
  EXPECT_EQ(holder_.status().claims, 0U);
  EXPECT_FALSE(has<Probe>(holder_.step(at(99))));
  EXPECT_TRUE(has<Probe>(holder_.step(at(100)))) << "whoever has it really answers";
  EXPECT_FALSE(has<Probe>(holder_.step(at(101))));
  EXPECT_TRUE(has<Contested>(holder_.step(claimed(ClaimKind::announcement), at(100))));
}

/// Whoever floods the segment, from whatever hardware addresses.
TEST_F(Contest, a_flood_is_answered_a_few_times) {
  hold();
  std::size_t announcements = 0;
  std::size_t news = 0;
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto host = static_cast<std::uint8_t>(random());
    const auto kind = i % 2 == 0 ? ClaimKind::announcement : ClaimKind::question;
    for (const Outcome& outcome : {holder_.step(claimed(kind, host), at(20'000 + i / 2)),
                                   holder_.step(at(20'000 + i / 2))}) {
      announcements += has<Announce>(outcome) ? 1 : 0;
      news += outcome.news.size();
    }
    EXPECT_LE(holder_.rivals().all().size(), Rivals::kept_max);
  }
  EXPECT_LE(announcements, 32U) << "ten, one a second for ten seconds, and those of the schedule";
  EXPECT_GE(announcements, 5U);
  EXPECT_LE(news, 11U);
}

class Yielding : public Contest {
 protected:
  Yielding() : Contest(OnConflict::yield) {}
};

TEST_F(Yielding, lets_go_at_once_and_asks_before_it_takes_the_address_again) {
  hold();
  const Outcome heard = holder_.step(claimed(ClaimKind::answer), at(200));
  ASSERT_FALSE(heard.actions.empty());
  EXPECT_TRUE(std::holds_alternative<CloseFence>(heard.actions.front()));
  EXPECT_TRUE(has<RemoveAddress>(heard));
  EXPECT_TRUE(has<Contested>(heard));
  (void)holder_.step(AddressRemoved{interface, address}, at(201));
  const Outcome again = holder_.acquire(at(100'000), Proof::held_by_us, at(202));
  EXPECT_FALSE(has<Probe>(again));  // not before a second has passed
  EXPECT_FALSE(has<AddAddress>(again));
  EXPECT_EQ(holder_.next_deadline(), at(1200));
  EXPECT_TRUE(has<Probe>(holder_.step(at(1200))));
}

TEST_F(Yielding, keeps_what_another_one_only_asks_for) {
  hold();
  EXPECT_FALSE(has<RemoveAddress>(holder_.step(claimed(ClaimKind::probe), at(200))));
  EXPECT_EQ(state(), HolderState::held);
}

}  // namespace
}  // namespace hapx::vip
