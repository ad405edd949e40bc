// SPDX-License-Identifier: Apache-2.0
#include "vip/holder.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

namespace hapx::vip {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Words = std::vector<std::string>;

const InterfaceName interface { "eth0" };
const VipConfig vip_config{{ipv4(10, 0, 0, 5), 24}, interface};
constexpr Instant start{seconds(1000)};

Instant at(std::int64_t milliseconds_after_start) {
  return start + milliseconds(milliseconds_after_start);
}

std::string after_start(Instant instant) {
  return std::to_string(std::chrono::duration_cast<milliseconds>(instant - start).count());
}

struct Wording {
  std::string operator()(const ArmFence&) const { return "arm"; }
  std::string operator()(const ExtendDeadline& a) const { return "extend " + after_start(a.until); }
  std::string operator()(const CloseFence&) const { return "close"; }
  std::string operator()(const AddAddress& a) const {
    return "add " + std::to_string(std::chrono::duration_cast<seconds>(a.lifetime).count());
  }
  std::string operator()(const RemoveAddress&) const { return "remove"; }
  std::string operator()(const Probe&) const { return "probe"; }
  std::string operator()(const Announce&) const { return "announce"; }
  std::string operator()(const AnnounceTo&) const { return "announce to one"; }
  std::string operator()(const Advertise&) const { return "advertise"; }
  std::string operator()(const Withdraw&) const { return "withdraw"; }

  std::string operator()(const Started&) const { return "*started"; }
  std::string operator()(const StartFailed&) const { return "*start failed"; }
  std::string operator()(const Stopped&) const { return "*stopped"; }
  std::string operator()(const StopFailed&) const { return "*stop failed"; }
  std::string operator()(const TakenAway&) const { return "*taken away"; }
  std::string operator()(const LinkLost&) const { return "*link lost"; }
  std::string operator()(const HoldingEnded&) const { return "*holding ended"; }
  std::string operator()(const Unclaimed&) const { return "*unclaimed"; }
  std::string operator()(const Contested&) const { return "*contested"; }
};

/// Actions, then news, as words.
Words words(const Outcome& outcome) {
  Words all;
  for (const auto& action : outcome.actions) all.push_back(std::visit(Wording{}, action));
  for (const auto& news : outcome.news) all.push_back(std::visit(Wording{}, news));
  return all;
}

const AddressAdded added{interface, vip_config.address.address};
const AddressRemoved removed{interface, vip_config.address.address};
const LinkChanged up{interface, true, true, 3, {}};
const LinkChanged down{interface, true, false, 3, {}};
const LinkChanged gone{interface, false, false, 0, {}};
const FenceUnavailable no_bpf{"creating a BPF map: Operation not permitted"};

AddressRefused refused(AddressRefused::Operation operation, ErrorKind kind) {
  return {interface, vip_config.address.address, operation, {kind, "refused", 0}};
}
const AddressRefused add_refused = refused(AddressRefused::Operation::add, ErrorKind::forbidden);
const AddressRefused add_absent = refused(AddressRefused::Operation::add, ErrorKind::absent);
const AddressRefused remove_refused = refused(AddressRefused::Operation::remove, ErrorKind::failed);

/// An address of a node with a link and a fence.
class HolderTest : public testing::Test {
 protected:
  explicit HolderTest(Duration lease = milliseconds(300)) : holder_(vip_config, lease, 1) {
    EXPECT_EQ(words(holder_.step(up, start)), Words{});
  }

  void arm() { EXPECT_EQ(words(holder_.step(FenceArmed{}, start)), Words{}); }
  Outcome acquire(Instant until, Instant now) {
    return holder_.acquire(until, Proof::held_by_us, now);
  }
  void hold(Instant until) {
    arm();
    (void)acquire(until, start);
    EXPECT_EQ(words(holder_.step(added, start)), Words{"*started"});
  }
  HolderState state() const { return holder_.status().state; }

  Holder holder_;
};

TEST_F(HolderTest, fence_and_address_are_asked_for_together_and_announced_by_acknowledgement) {
  arm();
  EXPECT_EQ(words(acquire(at(244), at(0))), (Words{"extend 244", "add 2"}));
  EXPECT_EQ(state(), HolderState::acquiring);
  EXPECT_EQ(words(holder_.step(at(1))), Words{});
  EXPECT_EQ(words(holder_.step(added, at(2))), Words{"*started"});
  EXPECT_EQ(state(), HolderState::held);
  EXPECT_EQ(words(holder_.serve(at(3))), Words{"announce"});
  EXPECT_EQ(holder_.next_deadline(), at(53));
  EXPECT_EQ(words(holder_.step(at(53))), Words{"announce"});
}

TEST_F(HolderTest, haproxy_that_serves_before_the_address_is_there_waits_for_it) {
  arm();
  (void)acquire(at(244), at(0));
  EXPECT_EQ(words(holder_.serve(at(1))), Words{});
  EXPECT_EQ(words(holder_.step(added, at(2))), (Words{"announce", "*started"}));
}

TEST_F(HolderTest, nothing_is_announced_before_haproxy_serves_nor_after_it_stopped) {
  hold(at(244));
  (void)holder_.extend(at(400), at(100));
  EXPECT_EQ(words(holder_.step(at(200))), Words{});
  EXPECT_EQ(words(holder_.serve(at(210))), Words{"announce"});
  holder_.stop_serving();
  EXPECT_EQ(words(holder_.step(at(390))), Words{});
  EXPECT_EQ(holder_.next_deadline(), at(400));
}

TEST_F(HolderTest, releasing_is_a_reflex_from_every_state_that_may_act) {
  arm();
  EXPECT_EQ(words(holder_.release(at(0))), Words{});
  (void)acquire(at(244), at(0));
  EXPECT_EQ(words(holder_.release(at(1))), (Words{"close", "remove"}));
  EXPECT_EQ(words(holder_.step(added, at(2))), Words{});  // the answer to what is over
  EXPECT_EQ(words(holder_.step(removed, at(2))), Words{"*stopped"});
  EXPECT_EQ(state(), HolderState::released);
  (void)acquire(at(244), at(3));
  (void)holder_.step(added, at(4));
  EXPECT_EQ(words(holder_.lose("another holds it", at(5))), (Words{"close", "remove"}));
  EXPECT_EQ(holder_.status().last_error, "another holds it");
  EXPECT_EQ(words(holder_.lose("again", at(6))), Words{});
}

TEST_F(HolderTest, a_right_that_is_not_renewed_ends_by_itself) {
  hold(at(244));
  EXPECT_EQ(holder_.next_deadline(), at(244));
  EXPECT_EQ(words(holder_.step(at(243))), Words{});
  EXPECT_EQ(words(holder_.step(at(244))), (Words{"close", "remove", "*holding ended"}));
}

TEST_F(HolderTest, a_right_that_is_not_renewed_ends_while_acquiring_too) {
  arm();
  (void)acquire(at(244), at(0));
  EXPECT_EQ(words(holder_.step(at(244))), (Words{"close", "remove", "*holding ended"}));
}

TEST_F(HolderTest, each_renewal_is_a_store_and_once_a_second_the_address_is_prolonged) {
  hold(at(244));
  Words adds;
  for (int beat = 50; beat <= 3000; beat += 50) {
    for (const auto& word : words(holder_.extend(at(beat + 244), at(beat)))) {
      if (word != "extend " + std::to_string(beat + 244))
        adds.push_back(std::to_string(beat) + word);
    }
    (void)holder_.step(added, at(beat));
  }
  EXPECT_EQ(adds, (Words{"1000add 2", "2000add 2", "3000add 2"}));
}

TEST_F(HolderTest, a_right_is_never_shortened_and_a_late_one_is_nothing) {
  hold(at(244));
  EXPECT_EQ(words(holder_.extend(at(200), at(100))), Words{"extend 244"});
  EXPECT_EQ(words(holder_.extend(at(90), at(100))), Words{});
  EXPECT_EQ(words(holder_.release(at(110))), (Words{"close", "remove"}));
  EXPECT_EQ(words(holder_.extend(at(500), at(120))), Words{});
  EXPECT_EQ(words(holder_.step(removed, at(130))), Words{"*stopped"});
  EXPECT_EQ(words(holder_.extend(at(500), at(140))), Words{});
}

TEST_F(HolderTest, the_lifetime_is_the_lease_rounded_up_and_a_second) {
  Holder longer(vip_config, milliseconds(2100), 1);
  (void)longer.step(up, start);
  (void)longer.step(FenceArmed{}, start);
  EXPECT_EQ(words(longer.acquire(at(1700), Proof::held_by_us, at(0))),
            (Words{"extend 1700", "add 4"}));
}

TEST_F(HolderTest, an_address_that_somebody_deletes_is_put_back_at_once_and_announced_again) {
  hold(at(244));
  (void)holder_.serve(at(1));
  EXPECT_EQ(words(holder_.step(removed, at(100))), (Words{"extend 244", "add 2", "*taken away"}));
  EXPECT_EQ(state(), HolderState::acquiring);
  EXPECT_EQ(words(holder_.step(at(151))), Words{});  // nothing is announced that isn't there
  EXPECT_EQ(words(holder_.step(added, at(160))), (Words{"announce", "*started"}));
  EXPECT_EQ(holder_.status().taken_away, 1U);
}

TEST_F(HolderTest, an_address_deleted_when_the_right_is_over_is_not_put_back) {
  hold(at(244));
  EXPECT_EQ(words(holder_.step(removed, at(250))),
            (Words{"close", "remove", "*taken away", "*holding ended"}));
}

TEST_F(HolderTest, a_refused_add_is_a_start_failure_and_leaves_nothing) {
  arm();
  (void)acquire(at(244), at(0));
  EXPECT_EQ(words(holder_.step(add_refused, at(1))), (Words{"close", "*start failed"}));
  EXPECT_EQ(state(), HolderState::released);
  EXPECT_EQ(holder_.next_deadline(), std::nullopt);
  EXPECT_EQ(words(acquire(at(244), at(2))), (Words{"extend 244", "add 2"}));
}

TEST_F(HolderTest, an_interface_that_vanishes_under_an_add_is_a_lost_link) {
  arm();
  (void)acquire(at(244), at(0));
  EXPECT_EQ(words(holder_.step(add_absent, at(1))), (Words{"close", "*link lost"}));
}

TEST_F(HolderTest, a_renewal_may_be_refused_once) {
  hold(at(5000));
  (void)holder_.extend(at(6000), at(1000));
  EXPECT_EQ(words(holder_.step(add_refused, at(1000))), Words{});
  EXPECT_EQ(words(holder_.extend(at(6050), at(1050))), (Words{"extend 6050", "add 2"}));
  EXPECT_EQ(words(holder_.step(added, at(1050))), Words{});
  EXPECT_EQ(words(holder_.extend(at(6100), at(1100))), Words{"extend 6100"});
  (void)holder_.extend(at(7100), at(2100));
  (void)holder_.step(add_refused, at(2100));
  (void)holder_.extend(at(7150), at(2150));
  EXPECT_EQ(words(holder_.step(add_refused, at(2150))),
            (Words{"close", "remove", "*start failed"}));
}

TEST_F(HolderTest, a_refused_removal_is_a_stop_failure_and_tried_five_times) {
  hold(at(244));
  (void)holder_.release(at(10));
  EXPECT_EQ(words(holder_.step(remove_refused, at(11))), Words{"*stop failed"});
  Instant now = at(11);
  for (int attempt = 2; attempt <= 5; ++attempt) {
    ASSERT_EQ(holder_.next_deadline(), now + seconds(1));
    now += seconds(1);
    EXPECT_EQ(words(holder_.step(now)), Words{"remove"});
    EXPECT_EQ(words(holder_.step(remove_refused, now)), Words{});
  }
  EXPECT_EQ(holder_.next_deadline(), std::nullopt);
  EXPECT_EQ(state(), HolderState::releasing);
  EXPECT_EQ(words(holder_.step(removed, now)), Words{"*stopped"});  // its lifetime ended it
}

TEST_F(HolderTest, may_be_acquired_again_while_releasing_and_old_answers_do_not_count) {
  hold(at(244));
  (void)holder_.release(at(10));
  EXPECT_EQ(words(acquire(at(300), at(11))), (Words{"extend 300", "add 2"}));
  EXPECT_EQ(words(holder_.step(removed, at(12))), Words{});
  EXPECT_EQ(state(), HolderState::acquiring);
  EXPECT_EQ(words(holder_.step(added, at(13))), Words{"*started"});
}

TEST_F(HolderTest, three_orders_before_the_first_answer_end_as_the_last_one_says) {
  arm();
  (void)acquire(at(244), at(0));
  (void)holder_.release(at(1));
  (void)acquire(at(244), at(2));
  EXPECT_EQ(words(holder_.step(added, at(3))), Words{});
  EXPECT_EQ(words(holder_.step(removed, at(4))), Words{});
  EXPECT_EQ(words(holder_.step(added, at(5))), Words{"*started"});
}

TEST_F(HolderTest, a_lost_carrier_is_told_once_and_a_link_that_is_back_is_announced_on) {
  hold(at(5000));
  (void)holder_.serve(at(0));
  EXPECT_EQ(words(holder_.step(down, at(60))), Words{"*link lost"});
  EXPECT_EQ(holder_.obstacle(), "interface eth0 has no carrier");
  EXPECT_EQ(words(holder_.step(gone, at(70))), Words{});
  EXPECT_EQ(holder_.obstacle(), "interface eth0 is not there");
  EXPECT_EQ(words(holder_.step(up, at(80))), Words{"announce"});
  EXPECT_EQ(holder_.next_deadline(), at(130));
}

TEST_F(HolderTest, a_conflict_is_answered_by_announcing_anew) {
  hold(at(5000));
  EXPECT_EQ(words(holder_.announce_again(at(1))), Words{});  // doesn't serve
  (void)holder_.serve(at(2));
  (void)holder_.step(at(60));
  EXPECT_EQ(words(holder_.announce_again(at(61))), Words{"announce"});
  EXPECT_EQ(holder_.next_deadline(), at(111));
}

TEST_F(HolderTest, obstacles_keep_it_from_acquiring_and_say_why) {
  Holder fresh(vip_config, milliseconds(300), 1);
  EXPECT_EQ(fresh.obstacle(), "interface eth0 is not there");
  EXPECT_EQ(words(fresh.acquire(at(244), Proof::held_by_us, at(0))), Words{"*start failed"});
  (void)fresh.step(up, at(1));
  EXPECT_EQ(fresh.obstacle(), "the fence is not armed yet");
  EXPECT_EQ(words(fresh.acquire(at(244), Proof::held_by_us, at(2))), Words{"*start failed"});
  (void)fresh.step(FenceArmed{}, at(3));
  EXPECT_EQ(fresh.obstacle(), std::nullopt);
  EXPECT_EQ(words(fresh.acquire(at(3), Proof::held_by_us, at(3))),
            Words{"*start failed"});  // already over
  EXPECT_EQ(fresh.status().state, HolderState::released);
}

TEST_F(HolderTest, events_of_others_are_ignored) {
  hold(at(244));
  const auto other = ipv4(10, 0, 0, 6);
  const InterfaceName elsewhere("eth1");
  EXPECT_EQ(words(holder_.step(AddressRemoved{interface, other}, at(1))), Words{});
  EXPECT_EQ(words(holder_.step(AddressRemoved{elsewhere, added.address}, at(1))), Words{});
  EXPECT_EQ(words(holder_.step(LinkChanged{elsewhere, false, false, 0, {}}, at(1))), Words{});
  EXPECT_EQ(state(), HolderState::held);
}

TEST_F(HolderTest, a_fence_that_somebody_removed_is_counted_and_its_deadline_written_again) {
  hold(at(244));
  EXPECT_EQ(words(holder_.step(FenceRemoved{interface}, at(1))), Words{});
  EXPECT_EQ(words(holder_.step(FenceArmed{}, at(2))), Words{"extend 244"});
  EXPECT_EQ(holder_.status().fence_removals, 1U);
}

TEST_F(HolderTest, without_bpf_a_short_lease_holds_nothing_and_says_why) {
  (void)holder_.step(no_bpf, at(0));
  ASSERT_TRUE(holder_.obstacle().has_value());
  EXPECT_NE(holder_.obstacle()->find("1.5s"), std::string::npos);
  EXPECT_NE(holder_.obstacle()->find("Operation not permitted"), std::string::npos);
  EXPECT_EQ(words(acquire(at(244), at(1))), Words{"*start failed"});
}

TEST_F(HolderTest, a_fence_lost_while_held_ends_the_holding_at_once) {
  hold(at(244));
  EXPECT_EQ(words(holder_.step(no_bpf, at(1))), (Words{"close", "remove", "*holding ended"}));
}

TEST_F(HolderTest, announcements_are_counted_as_sent_or_failed) {
  hold(at(5000));
  (void)holder_.serve(at(0));
  const Error error{ErrorKind::failed, "sending an announcement: Network is down", 100};
  EXPECT_EQ(words(holder_.step(AnnouncementFailed{interface, added.address, error}, at(1))),
            Words{});
  EXPECT_EQ(holder_.status().last_error, error.sentence);
  EXPECT_EQ(words(holder_.step(at(50))), Words{"announce"});
  EXPECT_EQ(holder_.status().announcement_failures, 1U);
  EXPECT_EQ(holder_.status().announcements, 0U) << "asked for is not sent";
  EXPECT_EQ(words(holder_.step(AnnouncementSent{interface, added.address}, at(51))), Words{});
  EXPECT_EQ(words(holder_.step(AnnouncementSent{interface, ipv4(10, 0, 0, 6)}, at(52))), Words{});
  EXPECT_EQ(holder_.status().announcements, 1U) << "and another's is not ours";
}

TEST_F(HolderTest, an_inherited_address_is_held_until_its_deadline_and_prolonged_when_won) {
  Holder heir(vip_config, milliseconds(300), 1);
  EXPECT_EQ(words(heir.adopt(at(150), at(0))), Words{});
  EXPECT_EQ(heir.status().state, HolderState::held);
  (void)heir.step(up, at(1));
  EXPECT_EQ(words(heir.step(FenceArmed{}, at(2))), Words{"extend 150"});
  EXPECT_EQ(words(heir.acquire(at(280), Proof::held_by_us, at(40))),
            (Words{"extend 280", "add 2"}));
  EXPECT_EQ(words(heir.step(added, at(41))), Words{});
  EXPECT_EQ(words(heir.serve(at(42))), Words{"announce"});
}

TEST_F(HolderTest, an_inherited_address_that_nobody_wins_again_is_released_at_its_deadline) {
  Holder heir(vip_config, milliseconds(300), 1);
  (void)heir.adopt(at(150), at(0));
  EXPECT_EQ(heir.next_deadline(), at(150));
  EXPECT_EQ(words(heir.step(at(150))), (Words{"close", "remove", "*holding ended"}));
}

TEST_F(HolderTest, an_inherited_address_whose_link_went_meanwhile_is_told) {
  Holder heir(vip_config, milliseconds(300), 1);
  (void)heir.adopt(at(150), at(0));
  EXPECT_EQ(words(heir.step(down, at(1))), Words{"*link lost"});
}

TEST_F(HolderTest, an_address_without_a_deadline_in_force_is_released_at_once) {
  for (const auto& deadline : {std::optional<Instant>{}, std::optional<Instant>{at(0)}}) {
    Holder heir(vip_config, milliseconds(300), 1);
    EXPECT_EQ(words(heir.adopt(deadline, at(0))), (Words{"close", "remove"}));
    EXPECT_EQ(words(heir.step(removed, at(1))), Words{"*stopped"});
  }
}

/// Address lifetimes as the fence: lease 1.5 s, right 1222 ms.
class LifetimeFence : public HolderTest {
 protected:
  LifetimeFence() : HolderTest(milliseconds(1500)) { (void)holder_.step(no_bpf, start); }
};

TEST_F(LifetimeFence, holds_with_a_lifetime_of_one_second_renewed_four_times_a_second) {
  EXPECT_EQ(holder_.obstacle(), std::nullopt);
  EXPECT_EQ(words(acquire(at(1222), at(1))), (Words{"extend 1222", "add 1"}));
  EXPECT_EQ(words(holder_.step(added, at(1))), Words{"*started"});
  int adds = 0;
  for (int beat = 50; beat <= 2000; beat += 50) {
    for (const auto& word : words(holder_.extend(at(beat + 1221), at(beat))))
      adds += word == "add 1";
  }
  EXPECT_EQ(adds, 7);  // the first beat that is 250 ms after the last
}

TEST_F(LifetimeFence, does_not_renew_past_a_right_that_is_about_to_end) {
  EXPECT_EQ(words(acquire(at(1000), at(0))), Words{"extend 1000"});
  EXPECT_EQ(words(holder_.extend(at(1300), at(200))), Words{"extend 1300"});
  EXPECT_EQ(words(holder_.extend(at(1500), at(375))), (Words{"extend 1500", "add 1"}));
  (void)holder_.step(added, at(376));
  EXPECT_EQ(words(holder_.extend(at(1800), at(676))), Words{"extend 1800"});
}

TEST_F(LifetimeFence,
       shortens_the_lifetime_when_the_filter_is_lost_and_lengthens_it_with_a_new_one) {
  (void)holder_.step(FenceArmed{}, at(0));
  EXPECT_EQ(words(acquire(at(1221), at(0))), (Words{"extend 1221", "add 3"}));
  (void)holder_.step(added, at(1));
  EXPECT_EQ(words(holder_.step(no_bpf, at(50))), Words{"add 1"});
  (void)holder_.step(added, at(51));
  EXPECT_EQ(words(holder_.step(FenceArmed{}, at(60))), Words{"extend 1221"});
  EXPECT_EQ(words(holder_.extend(at(2300), at(1100))), (Words{"extend 2300", "add 3"}));
}

TEST_F(LifetimeFence, a_filter_lost_with_too_little_of_the_right_left_ends_the_holding) {
  (void)holder_.step(FenceArmed{}, at(0));
  (void)acquire(at(1221), at(0));
  (void)holder_.step(added, at(1));
  EXPECT_EQ(words(holder_.step(no_bpf, at(200))), (Words{"close", "remove", "*holding ended"}));
}

}  // namespace
}  // namespace hapx::vip
