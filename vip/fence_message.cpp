// SPDX-License-Identifier: Apache-2.0
#include "vip/fence_message.hpp"

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace hapx::vip {
namespace {

constexpr std::uint32_t all_protocols = 0x0300;  ///< htons(ETH_P_ALL) on a little-endian machine
static_assert(ETH_P_ALL == 0x0003);

constexpr std::uint32_t hook(Direction direction) {
  return TC_H_MAKE(TC_H_CLSACT,
                   direction == Direction::ingress ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
}

tcmsg qdisc_body(std::uint32_t interface_index) {
  tcmsg body{};
  body.tcm_family = AF_UNSPEC;
  body.tcm_ifindex = static_cast<int>(interface_index);
  body.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
  body.tcm_parent = TC_H_CLSACT;
  return body;
}

tcmsg filter_body(std::uint32_t interface_index, Direction direction) {
  tcmsg body{};
  body.tcm_family = AF_UNSPEC;
  body.tcm_ifindex = static_cast<int>(interface_index);
  body.tcm_handle = fence_handle;
  body.tcm_parent = hook(direction);
  body.tcm_info = TC_H_MAKE(std::uint32_t{fence_priority} << 16U, all_protocols);
  return body;
}

NetlinkRequest filter_request(std::uint16_t type, unsigned flags, std::uint32_t sequence,
                              const tcmsg& fixed) {
  return {type, NLM_F_ACK | flags, sequence, NetlinkRequest::bytes_of(fixed)};
}

}  // namespace

Bytes add_clsact_request(std::uint32_t sequence, std::uint32_t interface_index) {
  const tcmsg fixed = qdisc_body(interface_index);
  auto request = filter_request(RTM_NEWQDISC, NLM_F_CREATE, sequence, fixed);
  request.put_text(TCA_KIND, "clsact");
  return request.finish();
}

Bytes remove_clsact_request(std::uint32_t sequence, std::uint32_t interface_index) {
  auto request = filter_request(RTM_DELQDISC, 0, sequence, qdisc_body(interface_index));
  request.put_text(TCA_KIND, "clsact");
  return request.finish();
}

Bytes attach_fence_request(std::uint32_t sequence, std::uint32_t interface_index,
                           Direction direction, int program) {
  auto request = filter_request(RTM_NEWTFILTER, NLM_F_CREATE, sequence,
                                filter_body(interface_index, direction));
  request.put_text(TCA_KIND, "bpf");
  request.begin(TCA_OPTIONS);
  request.put_number(TCA_BPF_FD, static_cast<std::uint32_t>(program));
  request.put_text(TCA_BPF_NAME, fence_name);
  request.put_number(TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
  request.end();
  return request.finish();
}

Bytes detach_fence_request(std::uint32_t sequence, std::uint32_t interface_index,
                           Direction direction) {
  auto request =
      filter_request(RTM_DELTFILTER, 0, sequence, filter_body(interface_index, direction));
  request.put_text(TCA_KIND, "bpf");
  return request.finish();
}

Bytes dump_filters_request(std::uint32_t sequence, std::uint32_t interface_index,
                           Direction direction) {
  tcmsg fixed{};
  fixed.tcm_family = AF_UNSPEC;
  fixed.tcm_ifindex = static_cast<int>(interface_index);
  fixed.tcm_parent = hook(direction);
  return NetlinkRequest(RTM_GETTFILTER, NLM_F_DUMP, sequence, NetlinkRequest::bytes_of(fixed))
      .finish();
}

std::optional<FilterSeen> parse_filter(const NetlinkMessage& message) {
  if (message.type != RTM_NEWTFILTER && message.type != RTM_DELTFILTER) return std::nullopt;
  const auto fixed = fixed_part<tcmsg>(message);
  if (!fixed || fixed->tcm_ifindex <= 0) return std::nullopt;
  FilterSeen seen;
  seen.present = message.type == RTM_NEWTFILTER;
  seen.interface_index = static_cast<std::uint32_t>(fixed->tcm_ifindex);
  if (fixed->tcm_parent == hook(Direction::egress)) {
    seen.direction = Direction::egress;
  } else if (fixed->tcm_parent != hook(Direction::ingress)) {
    return std::nullopt;
  }
  seen.chain_only = fixed->tcm_handle == 0;
  bool named = false;
  for (const auto& attribute : attributes(message, sizeof(tcmsg))) {
    if (attribute.type != TCA_OPTIONS) continue;
    for (const auto& option : nested(attribute)) {
      if (option.type == TCA_BPF_NAME) named = text_of(option) == fence_name;
      if (option.type == TCA_BPF_ID) seen.program_id = number_of(option).value_or(0);
    }
  }
  seen.ours = named && fixed->tcm_handle == fence_handle &&
              TC_H_MAJ(fixed->tcm_info) >> 16U == fence_priority;
  return seen;
}

std::optional<HooksRemoved> parse_hooks_removed(const NetlinkMessage& message) {
  if (message.type != RTM_DELQDISC) return std::nullopt;
  const auto fixed = fixed_part<tcmsg>(message);
  if (!fixed || fixed->tcm_ifindex <= 0 || fixed->tcm_parent != TC_H_CLSACT) return std::nullopt;
  return HooksRemoved{static_cast<std::uint32_t>(fixed->tcm_ifindex)};
}

}  // namespace hapx::vip
