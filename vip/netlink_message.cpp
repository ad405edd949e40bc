// SPDX-License-Identifier: Apache-2.0
#include "vip/netlink_message.hpp"

#include <libmnl/libmnl.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace hapx::vip {
namespace {

/// The kernel's sentence in the attributes behind an error (NETLINK_EXT_ACK), without the request's
/// echo (NETLINK_CAP_ACK).
std::string sentence_of(const nlmsghdr* header) {
  std::string sentence;
  if ((header->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return sentence;
  const nlattr* attribute = nullptr;
  mnl_attr_for_each(attribute, header, sizeof(nlmsgerr)) {
    if (mnl_attr_get_type(attribute) != NLMSGERR_ATTR_MSG) continue;
    const std::string_view text(static_cast<const char*>(mnl_attr_get_payload(attribute)),
                                mnl_attr_get_payload_len(attribute));
    sentence = text.substr(0, text.find('\0'));
  }
  return sentence;
}

}  // namespace

std::vector<NetlinkMessage> split_netlink(std::span<const std::uint8_t> datagram) {
  std::vector<NetlinkMessage> messages;
  while (datagram.size() >= sizeof(nlmsghdr)) {
    nlmsghdr header{};
    std::memcpy(&header, datagram.data(), sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size()) break;
    const auto end = datagram.begin() + static_cast<std::ptrdiff_t>(header.nlmsg_len);
    Bytes bytes(datagram.begin(), end);
    bytes.resize(MNL_ALIGN(bytes.size()));  // attribute walks round the end up
    messages.push_back({header.nlmsg_type, header.nlmsg_flags, header.nlmsg_seq, header.nlmsg_pid,
                        std::move(bytes)});
    datagram = datagram.subspan(std::min<std::size_t>(MNL_ALIGN(header.nlmsg_len), datagram.size()));
  }
  return messages;
}

std::optional<NetlinkAnswer> parse_answer(const NetlinkMessage& message) {
  const auto* header = reinterpret_cast<const nlmsghdr*>(message.bytes.data());
  NetlinkAnswer answer;
  if (message.type == NLMSG_ERROR) {
    if (mnl_nlmsg_get_payload_len(header) < sizeof(nlmsgerr)) return std::nullopt;
    nlmsgerr error{};
    std::memcpy(&error, mnl_nlmsg_get_payload(header), sizeof error);
    // -INT_MIN is not an int; the kernel's errors are -1 to -4095.
    answer.error = error.error < 0 && error.error >= -4095 ? -error.error : 0;
    if (error.error != 0 && answer.error == 0) return std::nullopt;
    answer.sentence = sentence_of(header);
    return answer;
  }
  if (message.type == NLMSG_DONE) {
    std::int32_t error = 0;
    if (mnl_nlmsg_get_payload_len(header) >= sizeof error) {
      std::memcpy(&error, mnl_nlmsg_get_payload(header), sizeof error);
    }
    answer.error = error < 0 && error >= -4095 ? -error : 0;
    answer.dump = true;
    return answer;
  }
  return std::nullopt;
}

bool dump_interrupted(const NetlinkMessage& message) {
  return (message.flags & NLM_F_DUMP_INTR) != 0;
}

}  // namespace hapx::vip
