// SPDX-License-Identifier: Apache-2.0
// A holder whose address is announced to routers: no segment is asked, and BIRD is what a carrier
// is elsewhere.
#include <algorithm>

#include <gtest/gtest.h>

#include "vip/holder.hpp"

namespace hapx::vip {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const InterfaceName loopback("lo");
const IpAddress address = ipv4(10, 9, 0, 1);
constexpr Instant start{seconds(1000)};

Instant at(int after) {
  return start + milliseconds(after);
}

template <class Kind>
const Kind* find(const Outcome& outcome) {
  if constexpr (std::is_constructible_v<Action, Kind>) {
    for (const Action& one : outcome.actions)
      if (const auto* kind = std::get_if<Kind>(&one)) return kind;
  } else {
    for (const News& one : outcome.news)
      if (const auto* kind = std::get_if<Kind>(&one)) return kind;
  }
  return nullptr;
}

template <class Kind>
std::size_t place_of(const Outcome& outcome) {
  const auto is = [](const auto& one) { return std::holds_alternative<Kind>(one); };
  return static_cast<std::size_t>(std::ranges::find_if(outcome.actions, is) -
                                  outcome.actions.begin());
}

class RoutedHolder : public testing::Test {
 protected:
  RoutedHolder() {
    (void)holder_.step(LinkChanged{loopback, true, true, 1, {}}, start);
    (void)holder_.step(FenceArmed{}, start);
  }

  Outcome bird(const std::string& obstacle, bool on = false) {
    return holder_.step(RoutingChanged{address, obstacle, on}, start);
  }
  void hold() {
    (void)bird("");
    (void)holder_.acquire(at(100'000), Proof::none, start);
    (void)holder_.step(AddressAdded{loopback, address}, start);
  }
  [[nodiscard]] HolderState state() const { return holder_.status().state; }

  Holder holder_{
      {{address, 32}, loopback, OnConflict::defend, Announcing::bgp}, milliseconds(300), 1};
};

TEST_F(RoutedHolder, is_no_place_for_the_address_until_bird_could_advertise_it) {
  EXPECT_EQ(holder_.obstacle(), "BIRD has not been asked yet");
  (void)bird("BIRD has no established BGP session");
  EXPECT_EQ(holder_.obstacle(), "BIRD has no established BGP session");
  EXPECT_NE(find<StartFailed>(holder_.acquire(at(300), Proof::none, start)), nullptr);
  (void)bird("");
  EXPECT_EQ(holder_.obstacle(), std::nullopt);
}

TEST_F(RoutedHolder, asks_nobody_without_a_segment) {
  (void)bird("");
  const Outcome outcome = holder_.acquire(at(100'000), Proof::none, start);
  EXPECT_EQ(find<Probe>(outcome), nullptr);
  EXPECT_NE(find<AddAddress>(outcome), nullptr);
  EXPECT_EQ(state(), HolderState::acquiring);
}

TEST_F(RoutedHolder, is_advertised_only_when_it_serves) {
  hold();
  EXPECT_EQ(find<Advertise>(holder_.step(start)), nullptr);
  const Outcome outcome = holder_.serve(start);
  EXPECT_NE(find<Advertise>(outcome), nullptr);
  EXPECT_EQ(find<Announce>(outcome), nullptr);
}

TEST_F(RoutedHolder, is_not_added_while_bird_would_advertise_it) {
  const Outcome outcome = bird("", true);
  ASSERT_NE(find<Withdraw>(outcome), nullptr);
  EXPECT_EQ(find<Withdraw>(outcome)->address, address);
  EXPECT_EQ(holder_.obstacle(), "BIRD would still advertise 10.9.0.1");
  (void)bird("");
  EXPECT_EQ(holder_.obstacle(), std::nullopt);
}

TEST_F(RoutedHolder, is_withdrawn_behind_its_fence) {
  hold();
  (void)holder_.serve(start);
  (void)bird("", true);
  const Outcome outcome = holder_.release(at(1));
  EXPECT_EQ(place_of<CloseFence>(outcome), 0U);
  EXPECT_NE(find<RemoveAddress>(outcome), nullptr);
  EXPECT_NE(find<Withdraw>(outcome), nullptr);
}

TEST_F(RoutedHolder, hears_of_the_end_of_the_sessions_as_of_a_carrier) {
  hold();
  (void)holder_.serve(start);
  const Outcome lost = bird("BIRD does not run");
  ASSERT_NE(find<LinkLost>(lost), nullptr);
  EXPECT_EQ(find<LinkLost>(lost)->reason, "BIRD does not run");
  EXPECT_EQ(find<LinkLost>(bird("BIRD has no protocol hapx_10_9_0_1")), nullptr) << "told already";
  const Outcome again = bird("");
  EXPECT_NE(find<Advertise>(again), nullptr);
}

TEST_F(RoutedHolder, is_advertised_again_when_somebody_switched_it_off) {
  hold();
  (void)holder_.serve(start);
  (void)bird("", true);
  EXPECT_NE(find<Advertise>(bird("", false)), nullptr);
  EXPECT_EQ(find<Advertise>(bird("", true)), nullptr);
}

TEST_F(RoutedHolder, is_adopted_as_it_was_left) {
  (void)holder_.adopt(at(200), start);
  const Outcome outcome = bird("", true);
  EXPECT_TRUE(outcome.actions.empty());
  EXPECT_EQ(holder_.obstacle(), std::nullopt);
  EXPECT_NE(find<Advertise>(holder_.serve(at(1))), nullptr);
}

TEST_F(RoutedHolder, that_was_adopted_without_bird_lets_go) {
  (void)holder_.adopt(at(200), start);
  EXPECT_NE(find<LinkLost>(bird("BIRD does not run")), nullptr);
}

TEST_F(RoutedHolder, of_a_dead_daemon_is_advertised_for_a_second) {
  (void)bird("");
  const Outcome outcome = holder_.acquire(at(100'000), Proof::none, start);
  ASSERT_NE(find<AddAddress>(outcome), nullptr);
  EXPECT_EQ(find<AddAddress>(outcome)->lifetime, seconds(1));
  (void)holder_.step(AddressAdded{loopback, address}, start);
  EXPECT_EQ(find<AddAddress>(holder_.extend(at(100'000), at(249))), nullptr);
  EXPECT_NE(find<AddAddress>(holder_.extend(at(100'000), at(250))), nullptr);
}

TEST_F(RoutedHolder, whose_address_is_deleted_while_nothing_serves_is_withdrawn_first) {
  hold();
  (void)holder_.serve(start);
  EXPECT_EQ(find<Withdraw>(holder_.step(AddressRemoved{loopback, address}, at(1))), nullptr);
  (void)holder_.step(AddressAdded{loopback, address}, at(2));
  holder_.stop_serving();
  const Outcome outcome = holder_.step(AddressRemoved{loopback, address}, at(3));
  EXPECT_LT(place_of<Withdraw>(outcome), place_of<AddAddress>(outcome));
  EXPECT_NE(find<AddAddress>(outcome), nullptr);
}

TEST_F(RoutedHolder, hears_of_its_own_address_only) {
  (void)holder_.step(RoutingChanged{ipv4(10, 9, 0, 2), "", false}, start);
  EXPECT_EQ(holder_.obstacle(), "BIRD has not been asked yet");
  Holder elsewhere({{address, 24}, InterfaceName("eth0")}, milliseconds(300), 1);
  EXPECT_TRUE(elsewhere.step(RoutingChanged{address, "", true}, start).actions.empty());
}

}  // namespace
}  // namespace hapx::vip
