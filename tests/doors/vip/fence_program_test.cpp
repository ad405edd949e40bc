// SPDX-License-Identifier: Apache-2.0
// The fence's program, loaded into the real kernel and run on single frames.
#include <algorithm>
#include <cstring>
#include <optional>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "config/io/clock.hpp"
#include "vip/arp.hpp"
#include "vip/io/bpf.hpp"
#include "vip/io/fence_filter.hpp"

namespace hapx::vip {
namespace {

using std::chrono::seconds;
using Frame = std::vector<std::uint8_t>;

const IpAddress vip_address = ipv4(10, 77, 0, 20);
const IpAddress other = ipv4(10, 77, 0, 2);
constexpr MacAddress mac{{2, 0, 0, 0, 0, 1}};

Frame ipv4_frame(const IpAddress& from, const IpAddress& to) {
  Frame frame(60, 0);
  frame[12] = 0x08;
  frame[14] = 0x45;
  std::copy_n(from.bytes.begin(), 4, frame.begin() + 26);
  std::copy_n(to.bytes.begin(), 4, frame.begin() + 30);
  return frame;
}

Frame arp(const ArpPacket& packet) {
  const ArpFrame bytes = to_frame(packet);
  return Frame(bytes.begin(), bytes.end());
}

Frame tagged(Frame frame, std::uint16_t ethertype = 0x8100) {
  const std::uint8_t tag[] = {static_cast<std::uint8_t>(ethertype >> 8U),
                              static_cast<std::uint8_t>(ethertype & 0xffU), 0, 41};
  frame.insert(frame.begin() + 12, std::begin(tag), std::end(tag));
  return frame;
}

class FenceProgramInKernel : public testing::Test {
 protected:
  void SetUp() override {
    auto page_map = create_word_array(DeadlinePage::words);
    if (!page_map) GTEST_SKIP() << "no BPF here: " << page_map.error().sentence;
    page_map_ = std::move(*page_map);
    auto address_map = create_address_map(DeadlinePage::slots_max);
    ASSERT_TRUE(address_map.has_value());
    address_map_ = std::move(*address_map);
    void* memory = ::mmap(nullptr, DeadlinePage::words * 8, PROT_READ | PROT_WRITE, MAP_SHARED,
                          page_map_.number(), 0);
    ASSERT_NE(memory, MAP_FAILED);
    page_.emplace(std::span<std::uint64_t, DeadlinePage::words>(static_cast<std::uint64_t*>(memory),
                                                                DeadlinePage::words));
    page_->begin();
    slot_ = page_->claim(vip_address).value();
    set_word(vip_address, DeadlinePage::deadline_word(slot_));
    for (const Direction direction : {Direction::ingress, Direction::egress}) {
      auto program = load_program(
          fence_program(direction, address_map_.number(), page_map_.number()), "hapx_test");
      ASSERT_TRUE(program.has_value()) << program.error().sentence;
      (direction == Direction::ingress ? ingress_ : egress_) = std::move(*program);
    }
  }

  void set_word(const IpAddress& address, std::uint32_t word) {
    std::uint32_t key = 0;
    std::memcpy(&key, address.bytes.data(), 4);
    ASSERT_TRUE(set_element(address_map_.number(), key, word).has_value());
  }
  void open() { page_->extend(slot_, boot_now() + seconds(5)); }

  std::int32_t in(const Frame& frame) { return run_program(ingress_.number(), frame).value(); }
  std::int32_t out(const Frame& frame) { return run_program(egress_.number(), frame).value(); }

  Descriptor page_map_;
  Descriptor address_map_;
  Descriptor ingress_;
  Descriptor egress_;
  std::optional<DeadlinePage> page_;
  std::size_t slot_ = 0;
};

TEST_F(FenceProgramInKernel, closed_drops_what_is_to_the_address_on_ingress_and_from_it_on_egress) {
  EXPECT_EQ(in(ipv4_frame(other, vip_address)), verdict_drop);
  EXPECT_EQ(out(ipv4_frame(vip_address, other)), verdict_drop);
  EXPECT_EQ(in(arp(arp_question(mac, other, vip_address))), verdict_drop);
  EXPECT_EQ(in(arp(arp_probe(mac, vip_address))), verdict_drop);
  EXPECT_EQ(out(arp(announcement_request(mac, vip_address))), verdict_drop);
  EXPECT_EQ(out(arp(announcement_reply(mac, vip_address))), verdict_drop);
}

TEST_F(FenceProgramInKernel, open_leaves_the_verdict_to_others) {
  open();
  for (const Frame& frame :
       {ipv4_frame(other, vip_address), ipv4_frame(vip_address, other),
        arp(arp_probe(mac, vip_address)), arp(announcement_reply(mac, vip_address)),
        arp(announcement_request(mac, vip_address))}) {
    EXPECT_EQ(in(frame), verdict_pass);
    EXPECT_EQ(out(frame), verdict_pass);
  }
}

TEST_F(FenceProgramInKernel, a_node_reaches_an_address_that_another_node_holds) {
  EXPECT_EQ(out(ipv4_frame(other, vip_address)), verdict_pass);
  EXPECT_EQ(in(ipv4_frame(vip_address, other)), verdict_pass);
  EXPECT_EQ(out(arp(arp_question(mac, other, vip_address))), verdict_pass);
  EXPECT_EQ(out(arp(arp_probe(mac, vip_address))), verdict_pass);
  ArpPacket answer = announcement_reply(mac, vip_address);
  answer.target_ip = other;
  EXPECT_EQ(in(arp(answer)), verdict_pass);
}

/// Else a standby's own clients would go on sending to a dead holder.
TEST_F(FenceProgramInKernel, the_new_holders_announcement_reaches_our_neighbour_table) {
  EXPECT_EQ(in(arp(announcement_request(mac, vip_address))), verdict_pass);
  EXPECT_EQ(in(arp(announcement_reply(mac, vip_address))), verdict_pass);
}

TEST_F(FenceProgramInKernel, all_else_passes) {
  Frame six(60, 0);
  six[12] = 0x86;
  six[13] = 0xdd;
  for (const Frame& frame :
       {ipv4_frame(other, other), arp(arp_probe(mac, other)), six, Frame(60, 0)}) {
    EXPECT_EQ(in(frame), verdict_pass);
    EXPECT_EQ(out(frame), verdict_pass);
  }
}

TEST_F(FenceProgramInKernel, a_frame_that_is_cut_short_passes_and_does_not_end_the_chain) {
  const Frame whole = ipv4_frame(other, vip_address);
  for (std::size_t length = 14; length < 34; ++length) {
    const Frame cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    const auto verdict = run_program(ingress_.number(), cut);
    // The kernel may refuse to try one that is so short.
    EXPECT_EQ(verdict.has_value() ? *verdict : verdict_pass, verdict_pass) << length;
  }
}

TEST_F(FenceProgramInKernel, tags_inside_the_frame_are_stepped_over) {
  for (const std::uint16_t outer : {std::uint16_t{0x8100}, std::uint16_t{0x88a8}}) {
    EXPECT_EQ(in(tagged(ipv4_frame(other, vip_address), outer)), verdict_drop);
    EXPECT_EQ(out(tagged(arp(announcement_reply(mac, vip_address)), outer)), verdict_drop);
    EXPECT_EQ(in(tagged(tagged(ipv4_frame(other, vip_address)), outer)), verdict_drop);
    EXPECT_EQ(out(tagged(tagged(ipv4_frame(vip_address, other)), outer)), verdict_drop);
    EXPECT_EQ(in(tagged(tagged(ipv4_frame(other, other)), outer)), verdict_pass);
  }
}

TEST_F(FenceProgramInKernel, the_deadline_is_the_kernels_clock) {
  page_->extend(slot_, boot_now() - std::chrono::nanoseconds(1));
  EXPECT_EQ(in(ipv4_frame(other, vip_address)), verdict_drop);
  open();
  EXPECT_EQ(in(ipv4_frame(other, vip_address)), verdict_pass);
  EXPECT_EQ(page_->close(slot_), 0U);
  EXPECT_EQ(in(ipv4_frame(other, vip_address)), verdict_drop);
}

TEST_F(FenceProgramInKernel, an_address_without_a_deadline_is_closed) {
  set_word(other, static_cast<std::uint32_t>(DeadlinePage::words));  // beyond the page
  EXPECT_EQ(in(ipv4_frame(vip_address, other)), verdict_drop);
}

TEST_F(FenceProgramInKernel, the_clock_program_tells_our_time) {
  auto program = load_program(clock_program(page_map_.number()), "hapx_clock");
  ASSERT_TRUE(program.has_value()) << program.error().sentence;
  const auto before = boot_now().time_since_epoch().count();
  ASSERT_TRUE(run_program(program->number(), Frame(60, 0)).has_value());
  const auto after = boot_now().time_since_epoch().count();
  EXPECT_GE(static_cast<std::int64_t>(page_->clock()), before - 1'000'000);
  EXPECT_LE(static_cast<std::int64_t>(page_->clock()), after + 1'000'000);
}

}  // namespace
}  // namespace hapx::vip
