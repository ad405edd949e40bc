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
#include "vip/ndp.hpp"

namespace hapx::vip {
namespace {

using std::chrono::seconds;
using Frame = std::vector<std::uint8_t>;

const IpAddress vip_address = ipv4(10, 77, 0, 20);
const IpAddress other = ipv4(10, 77, 0, 2);
const IpAddress vip6 = *parse_ip("2001:db8:4::20");
const IpAddress other6 = *parse_ip("2001:db8:4::2");
constexpr MacAddress mac{{2, 0, 0, 0, 0, 1}};

Frame ipv4_frame(const IpAddress& from, const IpAddress& to) {
  Frame frame(60, 0);
  frame[12] = 0x08;
  frame[14] = 0x45;
  std::copy_n(from.bytes.begin(), 4, frame.begin() + 26);
  std::copy_n(to.bytes.begin(), 4, frame.begin() + 30);
  return frame;
}

/// With a next header and a first byte behind the IPv6 header.
Frame ipv6_frame(const IpAddress& from, const IpAddress& to, std::uint8_t next = 6,
                 std::uint8_t type = 0) {
  Frame frame(80, 0);
  frame[12] = 0x86;
  frame[13] = 0xdd;
  frame[14] = 0x60;
  frame[20] = next;
  std::ranges::copy(from.bytes, frame.begin() + 22);
  std::ranges::copy(to.bytes, frame.begin() + 38);
  frame[54] = type;
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
    for (const IpAddress& address : {vip_address, vip6}) {
      set_word(address, DeadlinePage::deadline_word(page_->claim(address).value()));
    }
    for (const Direction direction : {Direction::ingress, Direction::egress}) {
      auto program = load_program(
          fence_program(direction, address_map_.number(), page_map_.number()), "hapx_test");
      ASSERT_TRUE(program.has_value()) << program.error().sentence;
      (direction == Direction::ingress ? ingress_ : egress_) = std::move(*program);
    }
  }

  void set_word(const IpAddress& address, std::uint32_t word) {
    ASSERT_TRUE(set_element(address_map_.number(), address_key(address), word).has_value());
  }
  void open() {
    for (const auto& [address, slot] : page_->slots()) page_->extend(slot, boot_now() + seconds(5));
  }

  std::int32_t in(const Frame& frame) { return run_program(ingress_.number(), frame).value(); }
  std::int32_t out(const Frame& frame) { return run_program(egress_.number(), frame).value(); }

  Descriptor page_map_;
  Descriptor address_map_;
  Descriptor ingress_;
  Descriptor egress_;
  std::optional<DeadlinePage> page_;
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

TEST_F(FenceProgramInKernel, closed_drops_ipv6_to_the_address_and_from_it_and_what_asks_for_it) {
  EXPECT_EQ(in(ipv6_frame(other6, vip6)), verdict_drop);
  EXPECT_EQ(out(ipv6_frame(vip6, other6)), verdict_drop);
  EXPECT_EQ(in(to_frame(ndp_question(mac, other6, vip6))), verdict_drop);
  EXPECT_EQ(in(to_frame(ndp_probe(mac, vip6))), verdict_drop);
  EXPECT_EQ(out(to_frame(unsolicited_advertisement(mac, vip6))), verdict_drop);
  // Told from another address of ours: the target counts, too.
  NdpPacket indirect = unsolicited_advertisement(mac, vip6);
  indirect.sender = other6;
  EXPECT_EQ(out(to_frame(indirect)), verdict_drop);
  EXPECT_EQ(out(tagged(to_frame(indirect))), verdict_drop);
}

TEST_F(FenceProgramInKernel, open_leaves_the_verdict_on_ipv6_to_others) {
  open();
  for (const Frame& frame :
       {ipv6_frame(other6, vip6), ipv6_frame(vip6, other6), to_frame(ndp_probe(mac, vip6)),
        to_frame(ndp_question(mac, other6, vip6)),
        to_frame(unsolicited_advertisement(mac, vip6))}) {
    EXPECT_EQ(in(frame), verdict_pass);
    EXPECT_EQ(out(frame), verdict_pass);
  }
}

TEST_F(FenceProgramInKernel, a_node_reaches_an_ipv6_address_that_another_node_holds) {
  EXPECT_EQ(out(ipv6_frame(other6, vip6)), verdict_pass);
  EXPECT_EQ(in(ipv6_frame(vip6, other6)), verdict_pass);
  EXPECT_EQ(out(to_frame(ndp_question(mac, other6, vip6))), verdict_pass);
  EXPECT_EQ(out(to_frame(ndp_probe(mac, vip6))), verdict_pass);
  EXPECT_EQ(in(to_frame(unsolicited_advertisement(mac, vip6))), verdict_pass);
}

/// What is no neighbour discovery is judged by its two addresses, whatever stands where a target
/// would be.
TEST_F(FenceProgramInKernel, only_neighbour_discovery_has_a_target) {
  constexpr std::uint8_t icmpv6 = 58;
  for (const auto& [next, type] :
       {std::pair<std::uint8_t, std::uint8_t>{6, 135}, {6, 136}, {icmpv6, 128}, {icmpv6, 129}}) {
    Frame frame = ipv6_frame(other6, other6, next, type);
    std::ranges::copy(vip6.bytes, frame.begin() + 62);
    EXPECT_EQ(in(frame), verdict_pass);
    EXPECT_EQ(out(frame), verdict_pass);
  }
}

/// One address may be open while the other is closed.
TEST_F(FenceProgramInKernel, each_address_has_its_own_deadline) {
  page_->extend(page_->find(vip_address).value(), boot_now() + seconds(5));
  EXPECT_EQ(in(ipv4_frame(other, vip_address)), verdict_pass);
  EXPECT_EQ(in(ipv6_frame(other6, vip6)), verdict_drop);
  page_->close(page_->find(vip_address).value());
  page_->extend(page_->find(vip6).value(), boot_now() + seconds(5));
  EXPECT_EQ(in(ipv4_frame(other, vip_address)), verdict_drop);
  EXPECT_EQ(in(ipv6_frame(other6, vip6)), verdict_pass);
}

TEST_F(FenceProgramInKernel, all_else_passes) {
  for (const Frame& frame :
       {ipv4_frame(other, other), arp(arp_probe(mac, other)), ipv6_frame(other6, other6),
        to_frame(ndp_probe(mac, other6)), Frame(60, 0)}) {
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
  const std::size_t slot = page_->find(vip_address).value();
  page_->extend(slot, boot_now() - std::chrono::nanoseconds(1));
  EXPECT_EQ(in(ipv4_frame(other, vip_address)), verdict_drop);
  open();
  EXPECT_EQ(in(ipv4_frame(other, vip_address)), verdict_pass);
  EXPECT_EQ(page_->close(slot), 0U);
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
