// SPDX-License-Identifier: Apache-2.0
#include "vip/fence.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <gtest/gtest.h>
#include <linux/pkt_cls.h>

namespace hapx::vip {
namespace {

constexpr int slots_map = 71;
constexpr int page_map = 72;
constexpr std::uint8_t call = 0x85;
constexpr std::uint8_t leave = 0x95;
constexpr std::uint8_t load_map = 0x18;

bool is_jump(const BpfInstruction& instruction) {
  const auto group = instruction.code & 0x07;
  return (group == 0x05 || group == 0x06) && instruction.code != call && instruction.code != leave;
}

class FenceProgram : public testing::TestWithParam<Direction> {
 protected:
  BpfProgram program_ = fence_program(GetParam(), slots_map, page_map);
};

TEST_P(FenceProgram, is_short_and_only_jumps_forward_and_inside) {
  EXPECT_LE(program_.size(), 180U);
  for (std::size_t at = 0; at < program_.size(); ++at) {
    if (!is_jump(program_[at])) continue;
    EXPECT_GE(program_[at].offset, 0) << at;
    EXPECT_LT(at + 1 + static_cast<std::size_t>(program_[at].offset), program_.size()) << at;
  }
}

/// Which words of eight bytes of the stack have a value in their beginning, as the verifier of
/// Linux 6.1 counts them for who has no CAP_PERFMON, and whether a part of one is written over.
class Stack {
 public:
  /// Whether the verifier would take it.
  bool write(int offset, int bytes) {
    const bool good = bytes == word || !has_value_.contains(word_of(offset));
    if (offset % word == 0) has_value_.insert(word_of(offset));
    return good;
  }
  /// By a helper, byte by byte.
  [[nodiscard]] bool copy(int offset, int bytes) const {
    for (int at = offset; at < offset + bytes; ++at)
      if (has_value_.contains(word_of(at))) return false;
    return true;
  }

 private:
  static constexpr int word = 8;
  static int word_of(int offset) { return (-offset - 1) / word; }
  std::set<int> has_value_;
};

TEST_P(FenceProgram, is_taken_by_the_verifier_of_linux_6_1) {
  constexpr std::uint8_t group_mask = 0x07;
  constexpr std::uint8_t store_constant = 0x02;
  constexpr std::uint8_t store_register = 0x03;
  constexpr std::array sizes{4, 2, 1, 8};
  constexpr std::int32_t load_bytes = 26;  // BPF_FUNC_skb_load_bytes
  Stack stack;
  // In the order of the text: no jump goes back, so what comes later on some way is later here.
  for (std::size_t at = 0; at < program_.size(); ++at) {
    const BpfInstruction& one = program_[at];
    const auto group = one.code & group_mask;
    const bool stores = group == store_constant || group == store_register;
    if (stores && (one.registers & 0x0fU) == 10) {
      EXPECT_TRUE(stack.write(one.offset, sizes.at((one.code >> 3U) & 3U))) << at;
    }
    if (one.code == call && one.immediate == load_bytes) {
      EXPECT_TRUE(stack.copy(program_[at - 2].immediate, program_[at - 1].immediate)) << at;
    }
  }
}

TEST_P(FenceProgram, leaves_by_the_two_verdicts_only) {
  std::set<std::int32_t> verdicts;
  for (std::size_t at = 1; at < program_.size(); ++at) {
    if (program_[at].code != leave) continue;
    EXPECT_EQ(program_[at - 1].code, 0xb7);  // r0 = constant
    EXPECT_EQ(program_[at - 1].registers, 0x00);
    verdicts.insert(program_[at - 1].immediate);
  }
  EXPECT_EQ(verdicts, (std::set<std::int32_t>{TC_ACT_UNSPEC, TC_ACT_SHOT}));
  EXPECT_EQ(program_.back().code, leave);
}

TEST_P(FenceProgram, calls_only_helpers_that_need_no_licence_and_reads_the_boot_clock) {
  std::set<std::int32_t> helpers;
  for (const auto& instruction : program_) {
    if (instruction.code == call) helpers.insert(instruction.immediate);
  }
  EXPECT_EQ(helpers, (std::set<std::int32_t>{1, 26, 125}));
}

/// Of IPv6 there are two addresses to judge, of all else one.
TEST_P(FenceProgram, looks_an_address_up_before_its_deadline) {
  std::vector<std::int32_t> maps;
  for (const auto& instruction : program_) {
    if (instruction.code != load_map) continue;
    EXPECT_EQ(instruction.registers, 0x11);  // r1, a descriptor of a map
    maps.push_back(instruction.immediate);
  }
  // Of an IPv6 packet, of what it asks about, of an IPv4 or ARP frame.
  EXPECT_EQ(maps, (std::vector<std::int32_t>{slots_map, page_map, slots_map, page_map, slots_map,
                                             page_map}));
}

/// The older "load absolute" ends a program with the verdict 0, "ok", when a frame is short.
TEST_P(FenceProgram, never_loads_from_the_frame_directly) {
  for (const auto& instruction : program_) {
    EXPECT_FALSE((instruction.code & 0x07) == 0x00 && instruction.code != load_map &&
                 instruction.code != 0);
  }
}

INSTANTIATE_TEST_SUITE_P(BothDirections, FenceProgram,
                         testing::Values(Direction::ingress, Direction::egress),
                         [](const auto& instance) {
                           return instance.param == Direction::ingress ? "ingress" : "egress";
                         });

TEST(ClockProgram, writes_the_clock_word) {
  const auto program = clock_program(page_map);
  EXPECT_EQ(program.front().code, call);
  EXPECT_EQ(program.front().immediate, 125);
  EXPECT_TRUE(std::ranges::any_of(program, [](const BpfInstruction& instruction) {
    return instruction.immediate == static_cast<std::int32_t>(DeadlinePage::clock_word);
  }));
}

TEST(AddressKey, is_the_same_for_no_two_addresses) {
  const AddressKey four = address_key(ipv4(10, 0, 0, 1));
  EXPECT_EQ(four, (AddressKey{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1}));
  const IpAddress six = *parse_ip("2001:db8::1");
  EXPECT_EQ(address_key(six), six.bytes);
}

class Page : public testing::Test {
 protected:
  std::array<std::uint64_t, DeadlinePage::words> memory_{};
  DeadlinePage page_{memory_};
  const IpAddress a_ = ipv4(10, 0, 0, 1);
  const IpAddress b_ = ipv4(10, 0, 0, 2);
};

TEST_F(Page, bears_our_mark_only_after_begin) {
  EXPECT_FALSE(page_.valid());
  page_.begin();
  EXPECT_TRUE(page_.valid());
  EXPECT_TRUE(page_.slots().empty());
}

TEST_F(Page, a_claimed_slot_is_closed_and_stays_the_same) {
  page_.begin();
  const auto slot = page_.claim(a_).value();
  EXPECT_EQ(page_.deadline(slot), 0U);
  EXPECT_EQ(page_.claim(a_), slot);
  EXPECT_NE(page_.claim(b_), slot);
  EXPECT_EQ(page_.find(a_), slot);
  EXPECT_EQ(memory_.at(DeadlinePage::deadline_word(slot)), 0U);
}

TEST_F(Page, a_slot_that_is_used_again_begins_closed) {
  page_.begin();
  const auto slot = page_.claim(a_).value();
  page_.extend(slot, Instant(Duration(5)));
  memory_.at(256 + slot) = 0;  // freed by somebody who didn't close it
  EXPECT_EQ(page_.claim(b_), slot);
  EXPECT_EQ(page_.deadline(slot), 0U);
}

TEST_F(Page, extending_and_closing_are_stores) {
  page_.begin();
  const auto slot = page_.claim(a_).value();
  page_.extend(slot, Instant(Duration(123456789)));
  EXPECT_EQ(memory_.at(DeadlinePage::deadline_word(slot)), 123456789U);
  EXPECT_EQ(page_.close(slot), 0U);
  EXPECT_EQ(memory_.at(DeadlinePage::deadline_word(slot)), 0U);
  page_.extend(slot, Instant(Duration(-1)));  // never a huge unsigned number
  EXPECT_EQ(page_.deadline(slot), 0U);
}

TEST_F(Page, tells_the_next_incarnation_whose_deadline_is_whose) {
  page_.begin();
  (void)page_.claim(b_);
  page_.extend(page_.claim(a_).value(), Instant(Duration(77)));
  IpAddress six;
  six.family = Family::ipv6;
  six.bytes = {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9};
  (void)page_.claim(six);
  const DeadlinePage next(memory_);
  EXPECT_TRUE(next.valid());
  const auto slots = next.slots();
  ASSERT_EQ(slots.size(), 3U);
  EXPECT_EQ(next.deadline(slots.at(a_)), 77U);
  EXPECT_EQ(next.deadline(slots.at(b_)), 0U);
  EXPECT_TRUE(slots.contains(six));
}

TEST_F(Page, has_64_slots) {
  page_.begin();
  for (std::uint8_t i = 0; i < 64; ++i) EXPECT_TRUE(page_.claim(ipv4(10, 1, 0, i)).has_value());
  EXPECT_EQ(page_.claim(a_), std::nullopt);
  page_.free(page_.find(ipv4(10, 1, 0, 7)).value());
  EXPECT_TRUE(page_.claim(a_).has_value());
}

TEST_F(Page, garbage_is_read_without_harm) {
  std::uint64_t state = 1;
  for (auto& word : memory_) word = (state = state * 6364136223846793005U + 1442695040888963407U);
  EXPECT_FALSE(page_.valid());
  EXPECT_LE(page_.slots().size(), DeadlinePage::slots_max);
}

}  // namespace
}  // namespace hapx::vip
