// SPDX-License-Identifier: Apache-2.0
// How does the kernel hold the lease?
//
// A page of memory that hapxd and the kernel share says for each address until when its frames may
// pass, and a small program on every interface compares that with the clock. Renewing is a store;
// not renewing, for whatever reason, is silence. This file has both as values: the program as a
// list of BPF instructions, and the layout of the page. Loading, mapping and attaching are vip/io.
//
// What the program judges, on the Ethernet frames of an interface:
//
//            | ingress: frames *to* an address     | egress: frames *from* an address
//   IPv4     | destination                         | source
//   ARP      | target protocol address             | sender protocol address
//   IPv6     | destination                         | source
//   NDP      | besides, a solicitation's target    | besides, an advertisement's target
//
// All else passes untouched, so a node reaches an address that another node holds. Two refinements:
// an announcement of somebody else (ARP, target = sender; any advertisement) passes on ingress, or
// our own neighbour table would go on believing in a dead holder; answers to it are still judged on
// egress. Up to two VLAN tags inside the frame are stepped over (most come separately and aren't in
// the frame at all).
//
// Limit: NDP behind extension headers is judged on ingress by its addresses alone; Linux sends none
// so, and what it answers is judged on egress. Limit: traffic between others that this node
// routes (pods of its own to an address held elsewhere) is judged like its own and dropped on
// ingress. Limit: a tcx or XDP program of somebody else runs earlier and may let a frame bypass us.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "config/net.hpp"
#include "config/time.hpp"

namespace hapx::vip {

/// Seen from this node: frames that come in, frames that go out.
enum class Direction : std::uint8_t { ingress, egress };

/// One instruction as the kernel takes it (linux/bpf.h, struct bpf_insn, little-endian).
struct BpfInstruction {
  std::uint8_t code = 0;
  std::uint8_t registers = 0;  ///< source in the upper half, destination in the lower
  std::int16_t offset = 0;
  std::int32_t immediate = 0;

  friend bool operator==(const BpfInstruction&, const BpfInstruction&) = default;
};
static_assert(sizeof(BpfInstruction) == 8);

using BpfProgram = std::vector<BpfInstruction>;

/// The verdicts (linux/pkt_cls.h). An open fence says "unspecified", not "ok", so that the filters
/// behind it are asked, too: they combine by AND.
inline constexpr std::int32_t verdict_pass = -1;
inline constexpr std::int32_t verdict_drop = 2;

/// An address as the program looks it up: 16 bytes in network order, an IPv4 address as the
/// IPv4-mapped one (RFC 4291, 2.5.5.2), which is no address that an IPv6 VIP may have.
using AddressKey = std::array<std::uint8_t, 16>;
[[nodiscard]] AddressKey address_key(const IpAddress& address);

/// The program of one direction. The descriptors are of a hash map (AddressKey -> word of the page,
/// 32 bits) and of the page (an array map of 64-bit words).
[[nodiscard]] BpfProgram fence_program(Direction direction, int slots_map, int page_map);

/// Stores the program's clock in the page's clock word and returns 0. For comparing that clock with
/// ours: in a time namespace they differ, and then deadlines mean nothing (LEASE.md, rule 15).
[[nodiscard]] BpfProgram clock_program(int page_map);

/// The shared page, a plain array of 64-bit words (the value type of an array map):
///
///   word 0          layout mark            word 1          clock, see clock_program
///   word  64 +   s  deadline of slot s     word 256 +  s   family of slot s: 0 free, 4, 6
///   word 128 + 2 s  address of slot s, its 16 bytes
///
/// It describes itself, so an incarnation that inherits nothing but its descriptor knows which
/// address each deadline belongs to, even if its file lists the addresses in another order.
///
/// Safety: a deadline of 0 is closed for ever; a slot is closed before its address is written.
class DeadlinePage {
 public:
  static constexpr std::size_t words = 512;  ///< 4 KiB
  static constexpr std::size_t slots_max = 64;
  static constexpr std::size_t clock_word = 1;
  static constexpr std::uint64_t mark = 0x6861'7078'0001'0040;  ///< "hapx", layout 1, 64 slots

  /// REQUIRES: `memory` outlives this. Takes what is there; begin() empties it.
  explicit DeadlinePage(std::span<std::uint64_t, words> memory) : memory_(memory) {}

  [[nodiscard]] bool valid() const;  ///< it bears our mark
  void begin();                      ///< all slots free and closed, then the mark

  /// The slot of an address; claim() makes one (closed) if there is a free one.
  [[nodiscard]] std::optional<std::size_t> find(const IpAddress& address) const;
  [[nodiscard]] std::optional<std::size_t> claim(const IpAddress& address);
  void free(std::size_t slot);

  void extend(std::size_t slot, Instant until);
  /// Stores 0 and returns what is then read back, which is 0.
  std::uint64_t close(std::size_t slot);
  [[nodiscard]] std::uint64_t deadline(std::size_t slot) const;  ///< nanoseconds since boot
  [[nodiscard]] std::uint64_t clock() const;

  /// Every address that has a slot, with its slot.
  [[nodiscard]] std::map<IpAddress, std::size_t> slots() const;
  /// Where in the page the slot's deadline is; the value in the hash map.
  [[nodiscard]] static std::uint32_t deadline_word(std::size_t slot);

 private:
  [[nodiscard]] std::uint64_t load(std::size_t word) const;
  void store(std::size_t word, std::uint64_t value);

  std::span<std::uint64_t, words> memory_;
};

}  // namespace hapx::vip
