// SPDX-License-Identifier: Apache-2.0
#include "vip/fence.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <utility>

#include <linux/bpf.h>
#include <linux/if_ether.h>

#include "config/assert.hpp"

namespace hapx::vip {
namespace {

static_assert(std::endian::native == std::endian::little);

// Offsets from the first byte behind the ethertype (RFC 791, RFC 826; RFC 8200, RFC 4861).
constexpr std::int32_t ip_source_at = 12;
constexpr std::int32_t ip_destination_at = 16;
constexpr std::int32_t arp_sender_at = 14;
constexpr std::int32_t arp_target_at = 24;
constexpr std::int32_t ipv4_bytes = 4;
constexpr std::int32_t ipv6_next_header_at = 6;
constexpr std::int32_t ipv6_source_at = 8;
constexpr std::int32_t ipv6_destination_at = 24;
constexpr std::int32_t icmpv6_type_at = 40;
constexpr std::int32_t ndp_target_at = 48;
constexpr std::int32_t ipv6_bytes = 16;

constexpr std::int32_t icmpv6 = 58;
constexpr std::int32_t neighbour_solicitation = 135;
constexpr std::int32_t neighbour_advertisement = 136;

constexpr std::int32_t header_bytes = 14;
constexpr std::int32_t tag_bytes = 4;
constexpr int tags_max = 2;

// Offsets on the program's stack, from register 10 down. Who has no CAP_PERFMON must not write into
// a part of a word of eight bytes in whose beginning a value was stored before
// (kernel/bpf/verifier.c, check_stack_write_fixed_off; of 6.1 even where that value was a
// constant). So what is copied from the frame has words of its own, and what is stored more than
// once stands in a word's second half.
constexpr std::int16_t number_slot = -8;  ///< copied: an ethertype, a protocol, a type
constexpr std::int16_t ipv4_slot = -16;   ///< copied; the end of the address_key before it
constexpr std::int16_t ipv4_key_slot = ipv4_slot - 12;
constexpr std::int16_t word_slot = -36;
constexpr std::int16_t ipv6_key_slot = -56;  ///< copied
/// The bytes 0, 0, ff, ff in front of an IPv4 address in its key.
constexpr std::int32_t mapped_prefix = -0x10000;

enum Register : std::uint8_t { r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10 };

/// Writes instructions in order, and fills in the jumps when all labels are placed.
class Assembler {
 public:
  using Label = std::size_t;

  Label label() {
    places_.push_back(0);
    return places_.size() - 1;
  }
  void place(Label label) { places_.at(label) = program_.size(); }

  void move(Register to, Register from) { emit(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0); }
  void set(Register to, std::int32_t value) { emit(BPF_ALU64 | BPF_MOV | BPF_K, to, r0, 0, value); }
  void add(Register to, std::int32_t value) { emit(BPF_ALU64 | BPF_ADD | BPF_K, to, r0, 0, value); }
  void to_host_order16(Register at) { emit(BPF_ALU | BPF_END | BPF_TO_BE, at, r0, 0, 16); }
  void load(unsigned size, Register to, Register from, std::int16_t offset) {
    emit(BPF_LDX | BPF_MEM | size, to, from, offset, 0);
  }
  void store(unsigned size, Register to, std::int16_t offset, Register from) {
    emit(BPF_STX | BPF_MEM | size, to, from, offset, 0);
  }
  void store_constant(unsigned size, Register to, std::int16_t offset, std::int32_t value) {
    emit(BPF_ST | BPF_MEM | size, to, r0, offset, value);
  }
  void set_map(Register to, int descriptor) {
    emit(BPF_LD | BPF_DW | BPF_IMM, to, static_cast<Register>(BPF_PSEUDO_MAP_FD), 0, descriptor);
    emit(0, r0, r0, 0, 0);
  }
  void call(std::int32_t helper) { emit(BPF_JMP | BPF_CALL, r0, r0, 0, helper); }
  void leave_with(std::int32_t verdict) {
    set(r0, verdict);
    emit(BPF_JMP | BPF_EXIT, r0, r0, 0, 0);
  }

  void jump(Label to) { branch(BPF_JMP | BPF_JA, r0, r0, 0, to); }
  void if_equal(Register a, std::int32_t value, Label to) {
    branch(BPF_JMP | BPF_JEQ | BPF_K, a, r0, value, to);
  }
  void if_equal(Register a, Register b, Label to) {
    branch(BPF_JMP | BPF_JEQ | BPF_X, a, b, 0, to);
  }
  void if_not_equal(Register a, std::int32_t value, Label to) {
    branch(BPF_JMP | BPF_JNE | BPF_K, a, r0, value, to);
  }
  /// Unsigned.
  void if_less(Register a, Register b, Label to) { branch(BPF_JMP | BPF_JLT | BPF_X, a, b, 0, to); }

  BpfProgram finish() {
    for (const auto& [at, label] : jumps_) {
      const auto distance = places_.at(label) - at - 1;
      program_.at(at).offset = static_cast<std::int16_t>(distance);
    }
    return std::move(program_);
  }

 private:
  void emit(unsigned code, Register to, Register from, std::int16_t offset, std::int32_t value) {
    const auto registers = static_cast<std::uint8_t>((unsigned{from} << 4U) | unsigned{to});
    program_.push_back({static_cast<std::uint8_t>(code), registers, offset, value});
  }
  void branch(unsigned code, Register a, Register b, std::int32_t value, Label to) {
    jumps_.emplace_back(program_.size(), to);
    emit(code, a, b, 0, value);
  }

  BpfProgram program_;
  std::vector<std::size_t> places_;
  std::vector<std::pair<std::size_t, Label>> jumps_;
};

/// Copies bytes of the frame, from the offset in r7 plus `ahead`, to the stack. A frame too short
/// to have them goes on at `short_frame`. Safety: the helper, not the older "load absolute", which
/// would end the program with the verdict "ok". Register 6 holds the context.
void copy_from_frame(Assembler& code, std::int32_t ahead, std::int16_t slot, std::int32_t bytes,
                     Assembler::Label short_frame) {
  code.move(r1, r6);
  code.move(r2, r7);
  code.add(r2, ahead);
  code.move(r3, r10);
  code.add(r3, slot);
  code.set(r4, bytes);
  code.call(BPF_FUNC_skb_load_bytes);
  code.if_not_equal(r0, 0, short_frame);
}

/// What all parts of the program share.
struct Fence {
  Direction direction;
  int slots_map;
  int page_map;
  Assembler code;
  Assembler::Label pass = code.label();
  Assembler::Label drop = code.label();

  [[nodiscard]] bool ingress() const { return direction == Direction::ingress; }

  /// Drops what the key in that slot has no right to; goes on at `next` otherwise.
  void judge(std::int16_t key_slot, Assembler::Label next) {
    code.set_map(r1, slots_map);
    code.move(r2, r10);
    code.add(r2, key_slot);
    code.call(BPF_FUNC_map_lookup_elem);
    code.if_equal(r0, 0, next);  // not one of our addresses
    code.load(BPF_W, r8, r0, 0);
    code.store(BPF_W, r10, word_slot, r8);
    code.set_map(r1, page_map);
    code.move(r2, r10);
    code.add(r2, word_slot);
    code.call(BPF_FUNC_map_lookup_elem);
    code.if_equal(r0, 0, drop);  // one of ours without a deadline: closed
    code.load(BPF_DW, r9, r0, 0);
    code.call(BPF_FUNC_ktime_get_boot_ns);
    code.if_less(r0, r9, next);
    code.jump(drop);
  }

  void judge_ipv4(Assembler::Label judge_key) {
    copy_from_frame(code, ingress() ? ip_destination_at : ip_source_at, ipv4_slot, ipv4_bytes,
                    pass);
    code.jump(judge_key);
  }

  void judge_arp(Assembler::Label judge_key) {
    copy_from_frame(code, arp_sender_at, ipv4_slot, ipv4_bytes, pass);
    if (ingress()) {
      code.load(BPF_W, r8, r10, ipv4_slot);
      copy_from_frame(code, arp_target_at, ipv4_slot, ipv4_bytes, pass);
      code.load(BPF_W, r9, r10, ipv4_slot);
      code.if_equal(r8, r9, pass);  // somebody's announcement: for our neighbour table
    }
    code.jump(judge_key);
  }

  void judge_ipv6() {
    const auto ndp = code.label();
    copy_from_frame(code, ingress() ? ipv6_destination_at : ipv6_source_at, ipv6_key_slot,
                    ipv6_bytes, pass);
    judge(ipv6_key_slot, ndp);
    code.place(ndp);
    copy_from_frame(code, ipv6_next_header_at, number_slot, 1, pass);
    code.load(BPF_B, r8, r10, number_slot);
    code.if_not_equal(r8, icmpv6, pass);
    copy_from_frame(code, icmpv6_type_at, number_slot, 1, pass);
    code.load(BPF_B, r8, r10, number_slot);
    code.if_not_equal(r8, ingress() ? neighbour_solicitation : neighbour_advertisement, pass);
    copy_from_frame(code, ndp_target_at, ipv6_key_slot, ipv6_bytes, pass);
    judge(ipv6_key_slot, pass);
  }
};

}  // namespace

AddressKey address_key(const IpAddress& address) {
  if (address.family == Family::ipv6) return address.bytes;
  AddressKey key{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  std::copy_n(address.bytes.begin(), ipv4_bytes, key.begin() + 12);
  return key;
}

BpfProgram fence_program(Direction direction, int slots_map, int page_map) {
  Fence fence{direction, slots_map, page_map, {}};
  Assembler& code = fence.code;
  const auto ipv4 = code.label();
  const auto ipv6 = code.label();
  const auto arp = code.label();
  const auto judge_key = code.label();

  code.move(r6, r1);
  code.store_constant(BPF_W, r10, ipv4_key_slot, 0);
  // Its second half first.
  code.store_constant(BPF_W, r10, ipv4_key_slot + 8, mapped_prefix);
  code.store_constant(BPF_W, r10, ipv4_key_slot + 4, 0);
  // r7: where the header behind the ethertype begins.
  code.set(r7, header_bytes);
  for (int tags = 0; tags <= tags_max; ++tags) {
    copy_from_frame(code, -2, number_slot, 2, fence.pass);
    code.load(BPF_H, r8, r10, number_slot);
    code.to_host_order16(r8);
    code.if_equal(r8, ETH_P_IP, ipv4);
    code.if_equal(r8, ETH_P_IPV6, ipv6);
    code.if_equal(r8, ETH_P_ARP, arp);
    if (tags == tags_max) break;
    const auto tag = code.label();
    code.if_equal(r8, ETH_P_8021Q, tag);
    code.if_not_equal(r8, ETH_P_8021AD, fence.pass);
    code.place(tag);
    code.add(r7, tag_bytes);
  }
  code.jump(fence.pass);

  code.place(ipv4);
  fence.judge_ipv4(judge_key);
  code.place(ipv6);
  fence.judge_ipv6();
  code.place(arp);
  fence.judge_arp(judge_key);

  code.place(judge_key);
  fence.judge(ipv4_key_slot, fence.pass);
  code.place(fence.drop);
  code.leave_with(verdict_drop);
  code.place(fence.pass);
  code.leave_with(verdict_pass);
  return code.finish();
}

BpfProgram clock_program(int page_map) {
  Assembler code;
  const auto done = code.label();
  code.call(BPF_FUNC_ktime_get_boot_ns);
  code.move(r6, r0);
  code.set(r8, static_cast<std::int32_t>(DeadlinePage::clock_word));
  code.store(BPF_W, r10, word_slot, r8);
  code.set_map(r1, page_map);
  code.move(r2, r10);
  code.add(r2, word_slot);
  code.call(BPF_FUNC_map_lookup_elem);
  code.if_equal(r0, 0, done);
  code.store(BPF_DW, r0, 0, r6);
  code.place(done);
  code.leave_with(0);
  return code.finish();
}

// The page.

namespace {

constexpr std::size_t mark_word = 0;
constexpr std::size_t deadlines_at = 64;
constexpr std::size_t addresses_at = 128;
constexpr std::size_t families_at = 256;

constexpr std::uint64_t family_number(Family family) {
  return family == Family::ipv4 ? 4 : 6;
}

}  // namespace

std::uint64_t DeadlinePage::load(std::size_t word) const {
  return std::atomic_ref<std::uint64_t>(memory_[word]).load(std::memory_order_acquire);
}

void DeadlinePage::store(std::size_t word, std::uint64_t value) {
  std::atomic_ref<std::uint64_t>(memory_[word]).store(value, std::memory_order_seq_cst);
}

bool DeadlinePage::valid() const {
  return load(mark_word) == mark;
}

void DeadlinePage::begin() {
  for (std::size_t slot = 0; slot < slots_max; ++slot) free(slot);
  store(mark_word, mark);
}

std::optional<std::size_t> DeadlinePage::find(const IpAddress& address) const {
  const auto all = slots();
  const auto found = all.find(address);
  if (found == all.end()) return std::nullopt;
  return found->second;
}

std::optional<std::size_t> DeadlinePage::claim(const IpAddress& address) {
  if (const auto known = find(address)) return known;
  for (std::size_t slot = 0; slot < slots_max; ++slot) {
    if (load(families_at + slot) != 0) continue;
    store(deadlines_at + slot, 0);
    for (std::size_t half = 0; half < 2; ++half) {
      std::uint64_t word = 0;
      std::memcpy(&word, address.bytes.data() + half * sizeof word, sizeof word);
      store(addresses_at + 2 * slot + half, word);
    }
    store(families_at + slot, family_number(address.family));
    return slot;
  }
  return std::nullopt;
}

void DeadlinePage::free(std::size_t slot) {
  HAPX_ASSERT(slot < slots_max);
  store(deadlines_at + slot, 0);
  store(families_at + slot, 0);
}

void DeadlinePage::extend(std::size_t slot, Instant until) {
  HAPX_ASSERT(slot < slots_max);
  const auto since_boot = until.time_since_epoch().count();
  store(deadlines_at + slot, since_boot > 0 ? static_cast<std::uint64_t>(since_boot) : 0);
}

std::uint64_t DeadlinePage::close(std::size_t slot) {
  HAPX_ASSERT(slot < slots_max);
  store(deadlines_at + slot, 0);
  return deadline(slot);
}

std::uint64_t DeadlinePage::deadline(std::size_t slot) const {
  HAPX_ASSERT(slot < slots_max);
  return load(deadlines_at + slot);
}

std::uint64_t DeadlinePage::clock() const {
  return load(clock_word);
}

std::map<IpAddress, std::size_t> DeadlinePage::slots() const {
  std::map<IpAddress, std::size_t> all;
  for (std::size_t slot = 0; slot < slots_max; ++slot) {
    const std::uint64_t family = load(families_at + slot);
    if (family != family_number(Family::ipv4) && family != family_number(Family::ipv6)) continue;
    IpAddress address;
    address.family = family == family_number(Family::ipv4) ? Family::ipv4 : Family::ipv6;
    for (std::size_t half = 0; half < 2; ++half) {
      const std::uint64_t word = load(addresses_at + 2 * slot + half);
      std::memcpy(address.bytes.data() + half * sizeof word, &word, sizeof word);
    }
    all.emplace(address, slot);
  }
  return all;
}

std::uint32_t DeadlinePage::deadline_word(std::size_t slot) {
  HAPX_ASSERT(slot < slots_max);
  return static_cast<std::uint32_t>(deadlines_at + slot);
}

}  // namespace hapx::vip
