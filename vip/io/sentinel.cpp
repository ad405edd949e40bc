// SPDX-License-Identifier: Apache-2.0
#include "vip/io/sentinel.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <linux/filter.h>
#include <linux/if_ether.h>

namespace hapx::vip {
namespace {

constexpr std::uint32_t interface_index = static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_IFINDEX);
constexpr std::uint32_t has_tag = static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT);

/// ARP, or ICMPv6 from type 135 on right behind the IPv6 header. What bears a tag is of a VLAN, and
/// comes without it on that VLAN's own interface.
constexpr std::array<sock_filter, 11> what_is_heard{{
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, has_tag),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 8),
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),                // ethertype
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 5, 0),  // take
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 5),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),  // next header
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 58, 0, 3),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54),  // type
    BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 134, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, Tap::frame_bytes_max),  // NDP with all options that we know
    BPF_STMT(BPF_RET | BPF_K, 0),
}};

/// On these interfaces. Limit: of 200 or more the last ones.
TapFilter filter_for(const std::set<std::uint32_t>& interface_indices) {
  constexpr std::size_t jump_max = 200;
  TapFilter filter{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, interface_index)};
  std::size_t left = std::min(interface_indices.size(), jump_max);
  for (auto index = interface_indices.rbegin(); left > 0; ++index, --left)
    filter.push_back(
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, *index, static_cast<std::uint8_t>(left), 0));
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, 0));
  filter.insert(filter.end(), what_is_heard.begin(), what_is_heard.end());
  return filter;
}

}  // namespace

Sentinel::Sentinel(std::unique_ptr<Tap> tap) : tap_(std::move(tap)) {}

Result<std::unique_ptr<Sentinel>> Sentinel::open(boost::asio::io_context& io, Handler handler) {
  auto tap = Tap::open(io, filter_for({}), [told = std::move(handler)](const Tap::Heard& heard) {
    if (!heard.outgoing) told(heard.interface_index, heard.frame);
  });
  if (!tap) return tap.error();
  return std::unique_ptr<Sentinel>(new Sentinel(std::move(*tap)));
}

void Sentinel::listen(const std::set<std::uint32_t>& interface_indices) {
  tap_->filter(filter_for(interface_indices));
}

}  // namespace hapx::vip
