// SPDX-License-Identifier: Apache-2.0
// How is a BPF program put on an interface, and how is it seen that one went?
//
// The traffic control part of rtnetlink as bytes and values (linux/pkt_sched.h, linux/pkt_cls.h):
// the `clsact` qdisc, which gives an interface its two hooks, and a `bpf` filter in direct-action
// mode on each. Ours stands first (priority 1) and is known by its handle and name, so there is one
// per hook: putting another there replaces it in one step, with no frame in between unjudged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "vip/fence.hpp"
#include "vip/netlink_message.hpp"

namespace hapx::vip {

inline constexpr std::uint16_t fence_priority = 1;
inline constexpr std::uint32_t fence_handle = 0x68617078;  ///< "hapx"
inline constexpr const char* fence_name = "hapx_fence";

/// Nothing changes if it is there. Refused with EINVAL if an `ingress` qdisc is: that takes the
/// same place, and would put a filter for egress on ingress, without a word.
[[nodiscard]] Bytes add_clsact_request(std::uint32_t sequence, std::uint32_t interface_index);
[[nodiscard]] Bytes remove_clsact_request(std::uint32_t sequence, std::uint32_t interface_index);
/// Adds our filter, or replaces the program of the one that is there.
[[nodiscard]] Bytes attach_fence_request(std::uint32_t sequence, std::uint32_t interface_index,
                                         Direction direction, int program);
[[nodiscard]] Bytes detach_fence_request(std::uint32_t sequence, std::uint32_t interface_index,
                                         Direction direction);
/// Dumps the filters of one hook; an interface without clsact has none.
[[nodiscard]] Bytes dump_filters_request(std::uint32_t sequence, std::uint32_t interface_index,
                                         Direction direction);

/// A filter of one of the two hooks appeared or went.
struct FilterSeen {
  bool present = true;
  std::uint32_t interface_index = 0;
  Direction direction = Direction::ingress;
  bool ours = false;             ///< by priority, handle and name
  std::uint32_t program_id = 0;  ///< the kernel's number for the program; 0: not told
  bool chain_only = false;       ///< a dump also names each priority once, without a filter

  friend bool operator==(const FilterSeen&, const FilterSeen&) = default;
};
[[nodiscard]] std::optional<FilterSeen> parse_filter(const NetlinkMessage& message);

/// The hooks of an interface went, and all filters with them.
struct HooksRemoved {
  std::uint32_t interface_index = 0;

  friend bool operator==(const HooksRemoved&, const HooksRemoved&) = default;
};
[[nodiscard]] std::optional<HooksRemoved> parse_hooks_removed(const NetlinkMessage& message);

}  // namespace hapx::vip
