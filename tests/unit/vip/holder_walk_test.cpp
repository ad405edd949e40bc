// SPDX-License-Identifier: Apache-2.0
// A holder to which anything happens in any order.
#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "vip/holder.hpp"

namespace hapx::vip {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const InterfaceName interface { "eth0" };
const IpAddress address = ipv4(10, 0, 0, 5);
constexpr Instant start{seconds(1000)};
const Error failure{ErrorKind::failed, "refused", 0};
const AddressAdded added{interface, address};
const AddressRemoved removed{interface, address};
const AddressRefused add_refused{
    interface, address, AddressRefused::Operation::add, {ErrorKind::forbidden, "refused", 0}};
const AddressRefused remove_refused{interface, address, AddressRefused::Operation::remove, failure};
const LinkChanged up{interface, true, true, 3, {}};
const LinkChanged down{interface, true, false, 3, {}};
const FenceUnavailable no_bpf{"creating a BPF map: Operation not permitted"};

AddressClaimed claimed(ClaimKind kind) {
  return {interface, {address, {{0x52, 0x54, 0, 0, 0, 7}}, {}, kind}, {}};
}

/// Random walks: whatever happens in whatever order, the marked sentences of holder.hpp hold.
TEST(HolderWalk, keeps_its_safety_sentences) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    std::mt19937_64 random(seed);
    const Duration lease = random() % 2 == 0 ? milliseconds(300) : milliseconds(1500);
    const auto policy = random() % 2 == 0 ? OnConflict::defend : OnConflict::yield;
    Holder holder({{address, 24}, interface, policy}, lease, seed);
    Instant now = start;
    Instant right = start;  // the latest instant until which we were ever told to act
    bool may_act = false;
    bool serving = false;
    std::vector<Event> answers;  // to what was asked, in order
    const auto check = [&](const Outcome& out) {
      bool closed = false;
      for (const Action& action : out.actions) {
        if (std::holds_alternative<CloseFence>(action)) {
          EXPECT_EQ(&action, &out.actions.front()) << "something stands before the fence";
          closed = true;
          may_act = false;
        } else if (const auto* extend = std::get_if<ExtendDeadline>(&action)) {
          EXPECT_TRUE(may_act && extend->until <= right && extend->until > now);
        } else if (std::holds_alternative<AddAddress>(action)) {
          EXPECT_TRUE(may_act && now < right);
          answers.emplace_back(random() % 8 == 0 ? Event(add_refused) : Event(added));
        } else if (std::holds_alternative<RemoveAddress>(action)) {
          EXPECT_TRUE(closed || holder.status().state == HolderState::releasing);
          answers.emplace_back(random() % 8 == 0 ? Event(remove_refused) : Event(removed));
        } else if (std::holds_alternative<Probe>(action)) {
          EXPECT_TRUE(may_act && now < right);
          answers.emplace_back(random() % 8 == 0 ? Event(ProbeFailed{interface, address, failure})
                                                 : Event(ProbeSent{interface, address}));
        } else if (std::holds_alternative<Announce>(action)) {
          EXPECT_TRUE(may_act && serving && now < right);
          EXPECT_EQ(holder.status().state, HolderState::held);
        }
      }
      if (holder.status().state == HolderState::released) serving = false;
    };
    for (int step = 0; step < 400; ++step) {
      now += milliseconds(random() % 60);
      const HolderState state = holder.status().state;
      const bool acts = state != HolderState::released && state != HolderState::releasing;
      if (!acts) serving = false;
      switch (random() % 13) {
        case 0:
          if (!acts) {
            right = now + milliseconds(1 + random() % 1300);
            may_act = true;
            check(holder.acquire(right, random() % 2 == 0 ? Proof::none : Proof::held_by_us, now));
          }
          break;
        case 1:
        case 2:
        case 3:
          if (acts) right = std::max(right, now + milliseconds(200 + random() % 1100));
          check(holder.extend(acts ? right : now + milliseconds(100), now));
          break;
        case 4:
          check(holder.release(now));
          EXPECT_NE(holder.status().state, HolderState::held);
          EXPECT_NE(holder.status().state, HolderState::acquiring);
          break;
        case 5:
          serving = serving || acts;
          check(holder.serve(now));
          break;
        case 6:
          if (random() % 4 == 0) check(holder.step(removed, now));
          break;
        case 7:
          check(holder.step(random() % 2 == 0 ? up : down, now));
          break;
        case 8:
          check(holder.step(random() % 3 == 0 ? Event(no_bpf) : Event(FenceArmed{}), now));
          break;
        case 9:
          check(holder.step(now));
          break;
        case 10:
          check(holder.step(claimed(static_cast<ClaimKind>(random() % 4)), now));
          break;
        default:
          if (!answers.empty()) {
            const Event answer = answers.front();
            answers.erase(answers.begin());
            check(holder.step(answer, now));
          }
      }
      if (const auto next = holder.next_deadline(); next && *next <= now) check(holder.step(now));
      const auto next = holder.next_deadline();
      EXPECT_TRUE(!next || *next > now) << "a deadline that never goes away";
    }
  }
}

}  // namespace
}  // namespace hapx::vip
