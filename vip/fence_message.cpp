// SPDX-License-Identifier: Apache-2.0
#include "vip/fence_message.hpp"

#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <string_view>

namespace hapx::vip {
namespace {

using Buffer = std::array<std::uint32_t, 64>;

constexpr std::uint32_t all_protocols = 0x0300;  ///< htons(ETH_P_ALL) on a little-endian machine
static_assert(ETH_P_ALL == 0x0003);

constexpr std::uint32_t hook(Direction direction) {
  return TC_H_MAKE(TC_H_CLSACT, direction == Direction::ingress ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
}

nlmsghdr* begin(Buffer& buffer, std::uint16_t type, unsigned flags, std::uint32_t sequence,
                const tcmsg& fixed) {
  nlmsghdr* header = mnl_nlmsg_put_header(buffer.data());
  header->nlmsg_type = type;
  header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  header->nlmsg_seq = sequence;
  std::memcpy(mnl_nlmsg_put_extra_header(header, sizeof fixed), &fixed, sizeof fixed);
  return header;
}

Bytes finish(const nlmsghdr* header) {
  const auto* first = reinterpret_cast<const std::uint8_t*>(header);
  return Bytes(first, first + header->nlmsg_len);
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

const tcmsg* body_of(const NetlinkMessage& message) {
  const auto* header = reinterpret_cast<const nlmsghdr*>(message.bytes.data());
  if (mnl_nlmsg_get_payload_len(header) < sizeof(tcmsg)) return nullptr;
  return static_cast<const tcmsg*>(mnl_nlmsg_get_payload(header));
}

std::string_view text_of(const nlattr* attribute) {
  const std::string_view text(static_cast<const char*>(mnl_attr_get_payload(attribute)),
                              mnl_attr_get_payload_len(attribute));
  return text.substr(0, text.find('\0'));
}

void read_options(const nlattr* options, FilterSeen& seen, bool& named) {
  const nlattr* attribute = nullptr;
  mnl_attr_for_each_nested(attribute, options) {
    const auto type = mnl_attr_get_type(attribute);
    if (type == TCA_BPF_NAME) named = text_of(attribute) == fence_name;
    if (type == TCA_BPF_ID && mnl_attr_get_payload_len(attribute) == sizeof(std::uint32_t)) {
      seen.program_id = mnl_attr_get_u32(attribute);
    }
  }
}

}  // namespace

Bytes add_clsact_request(std::uint32_t sequence, std::uint32_t interface_index) {
  Buffer buffer{};
  nlmsghdr* header = begin(buffer, RTM_NEWQDISC, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, sequence,
                           qdisc_body(interface_index));
  mnl_attr_put_strz(header, TCA_KIND, "clsact");
  return finish(header);
}

Bytes remove_clsact_request(std::uint32_t sequence, std::uint32_t interface_index) {
  Buffer buffer{};
  nlmsghdr* header =
      begin(buffer, RTM_DELQDISC, NLM_F_ACK, sequence, qdisc_body(interface_index));
  mnl_attr_put_strz(header, TCA_KIND, "clsact");
  return finish(header);
}

Bytes attach_fence_request(std::uint32_t sequence, std::uint32_t interface_index,
                           Direction direction, int program) {
  Buffer buffer{};
  nlmsghdr* header = begin(buffer, RTM_NEWTFILTER, NLM_F_ACK | NLM_F_CREATE, sequence,
                           filter_body(interface_index, direction));
  mnl_attr_put_strz(header, TCA_KIND, "bpf");
  nlattr* options = mnl_attr_nest_start(header, TCA_OPTIONS);
  mnl_attr_put_u32(header, TCA_BPF_FD, static_cast<std::uint32_t>(program));
  mnl_attr_put_strz(header, TCA_BPF_NAME, fence_name);
  mnl_attr_put_u32(header, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
  mnl_attr_nest_end(header, options);
  return finish(header);
}

Bytes detach_fence_request(std::uint32_t sequence, std::uint32_t interface_index,
                           Direction direction) {
  Buffer buffer{};
  nlmsghdr* header = begin(buffer, RTM_DELTFILTER, NLM_F_ACK, sequence,
                           filter_body(interface_index, direction));
  mnl_attr_put_strz(header, TCA_KIND, "bpf");
  return finish(header);
}

Bytes dump_filters_request(std::uint32_t sequence, std::uint32_t interface_index,
                           Direction direction) {
  Buffer buffer{};
  tcmsg body{};
  body.tcm_family = AF_UNSPEC;
  body.tcm_ifindex = static_cast<int>(interface_index);
  body.tcm_parent = hook(direction);
  return finish(begin(buffer, RTM_GETTFILTER, NLM_F_DUMP, sequence, body));
}

std::optional<FilterSeen> parse_filter(const NetlinkMessage& message) {
  if (message.type != RTM_NEWTFILTER && message.type != RTM_DELTFILTER) return std::nullopt;
  const tcmsg* body = body_of(message);
  if (body == nullptr || body->tcm_ifindex <= 0) return std::nullopt;
  FilterSeen seen;
  seen.present = message.type == RTM_NEWTFILTER;
  seen.interface_index = static_cast<std::uint32_t>(body->tcm_ifindex);
  if (body->tcm_parent == hook(Direction::egress)) {
    seen.direction = Direction::egress;
  } else if (body->tcm_parent != hook(Direction::ingress)) {
    return std::nullopt;
  }
  seen.chain_only = body->tcm_handle == 0;
  bool named = false;
  const auto* header = reinterpret_cast<const nlmsghdr*>(message.bytes.data());
  const nlattr* attribute = nullptr;
  mnl_attr_for_each(attribute, header, sizeof(tcmsg)) {
    if (mnl_attr_get_type(attribute) == TCA_OPTIONS) read_options(attribute, seen, named);
  }
  seen.ours = named && body->tcm_handle == fence_handle &&
              TC_H_MAJ(body->tcm_info) >> 16U == fence_priority;
  return seen;
}

std::optional<HooksRemoved> parse_hooks_removed(const NetlinkMessage& message) {
  if (message.type != RTM_DELQDISC) return std::nullopt;
  const tcmsg* body = body_of(message);
  if (body == nullptr || body->tcm_ifindex <= 0) return std::nullopt;
  if (body->tcm_parent != TC_H_CLSACT) return std::nullopt;
  return HooksRemoved{static_cast<std::uint32_t>(body->tcm_ifindex)};
}

}  // namespace hapx::vip
