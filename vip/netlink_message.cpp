// SPDX-License-Identifier: Apache-2.0
#include "vip/netlink_message.hpp"

#include <algorithm>
#include <utility>

#include <libmnl/libmnl.h>
#include <linux/netlink.h>

#include "config/assert.hpp"

namespace hapx::vip {
namespace {

static_assert(sizeof(nlmsghdr) == 16);

/// The kernel's errors are 1 to 4095; anything else is none (and -INT_MIN would be no int).
constexpr int errno_max = 4095;

std::vector<NetlinkAttribute> walk(std::span<const std::uint8_t> bytes) {
  std::vector<NetlinkAttribute> all;
  const auto* attribute = reinterpret_cast<const nlattr*>(bytes.data());
  const std::uint8_t* end = bytes.data() + bytes.size();
  const auto left = [&] {
    return static_cast<int>(end - reinterpret_cast<const std::uint8_t*>(attribute));
  };
  while (mnl_attr_ok(attribute, left())) {
    const auto* payload = static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute));
    all.push_back({mnl_attr_get_type(attribute), {payload, mnl_attr_get_payload_len(attribute)}});
    if (left() <= static_cast<int>(MNL_ALIGN(attribute->nla_len))) break;
    attribute = mnl_attr_next(attribute);
  }
  return all;
}

nlmsghdr* header_of(std::array<std::uint8_t, 256>& memory) {
  return reinterpret_cast<nlmsghdr*>(memory.data());
}

}  // namespace

std::vector<NetlinkMessage> split_netlink(std::span<const std::uint8_t> datagram) {
  std::vector<NetlinkMessage> messages;
  while (datagram.size() >= sizeof(nlmsghdr)) {
    nlmsghdr header{};
    std::memcpy(&header, datagram.data(), sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size()) break;
    Bytes bytes(datagram.begin(), datagram.begin() + static_cast<std::ptrdiff_t>(header.nlmsg_len));
    bytes.resize(MNL_ALIGN(bytes.size()));
    const std::size_t consumed = std::min<std::size_t>(bytes.size(), datagram.size());
    messages.push_back({header.nlmsg_type, header.nlmsg_flags, header.nlmsg_seq, header.nlmsg_pid,
                        std::move(bytes)});
    datagram = datagram.subspan(consumed);
  }
  return messages;
}

std::vector<NetlinkAttribute> attributes(const NetlinkMessage& message,
                                         std::size_t fixed_part_bytes) {
  const std::size_t before = sizeof(nlmsghdr) + MNL_ALIGN(fixed_part_bytes);
  if (message.bytes.size() <= before) return {};
  return walk(std::span(message.bytes).subspan(before));
}

std::vector<NetlinkAttribute> nested(const NetlinkAttribute& attribute) {
  return walk(attribute.payload);
}

std::string_view text_of(const NetlinkAttribute& attribute) {
  const std::string_view text(reinterpret_cast<const char*>(attribute.payload.data()),
                              attribute.payload.size());
  return text.substr(0, text.find('\0'));
}

std::optional<std::uint32_t> number_of(const NetlinkAttribute& attribute) {
  std::uint32_t number = 0;
  if (attribute.payload.size() != sizeof number) return std::nullopt;
  std::memcpy(&number, attribute.payload.data(), sizeof number);
  return number;
}

std::optional<NetlinkAnswer> parse_answer(const NetlinkMessage& message) {
  NetlinkAnswer answer;
  std::int32_t error = 0;
  if (message.type == NLMSG_DONE) {
    answer.dump = true;
    error = fixed_part<std::int32_t>(message).value_or(0);
  } else if (message.type == NLMSG_ERROR) {
    const auto fixed = fixed_part<nlmsgerr>(message);
    if (!fixed) return std::nullopt;
    error = fixed->error;
    if ((message.flags & NLM_F_ACK_TLVS) != 0) {  // without the request's echo: NETLINK_CAP_ACK
      for (const auto& attribute : attributes(message, sizeof(nlmsgerr))) {
        if (attribute.type == NLMSGERR_ATTR_MSG) answer.sentence = text_of(attribute);
      }
    }
  } else {
    return std::nullopt;
  }
  if (error > 0 || error < -errno_max) return std::nullopt;
  answer.error = -error;
  return answer;
}

bool dump_interrupted(const NetlinkMessage& message) {
  return (message.flags & NLM_F_DUMP_INTR) != 0;
}

NetlinkRequest::NetlinkRequest(std::uint16_t type, unsigned flags, std::uint32_t sequence,
                               std::span<const std::uint8_t> fixed_part) {
  nlmsghdr* header = mnl_nlmsg_put_header(memory_.data());
  header->nlmsg_type = type;
  header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  header->nlmsg_seq = sequence;
  HAPX_ASSERT(sizeof *header + MNL_ALIGN(fixed_part.size()) <= memory_.size());
  std::memcpy(mnl_nlmsg_put_extra_header(header, fixed_part.size()), fixed_part.data(),
              fixed_part.size());
}

void NetlinkRequest::put(std::uint16_t type, std::span<const std::uint8_t> payload) {
  HAPX_ASSERT(
      mnl_attr_put_check(header_of(memory_), memory_.size(), type, payload.size(), payload.data()));
}

void NetlinkRequest::put_number(std::uint16_t type, std::uint32_t value) {
  put(type, bytes_of(value));
}

void NetlinkRequest::put_text(std::uint16_t type, const char* text) {
  put(type, {reinterpret_cast<const std::uint8_t*>(text), std::strlen(text) + 1});
}

void NetlinkRequest::begin(std::uint16_t type) {
  nlattr* attribute = mnl_attr_nest_start_check(header_of(memory_), memory_.size(), type);
  HAPX_ASSERT(attribute != nullptr);
  open_.push_back(
      static_cast<std::size_t>(reinterpret_cast<std::uint8_t*>(attribute) - memory_.data()));
}

void NetlinkRequest::end() {
  HAPX_ASSERT(!open_.empty());
  mnl_attr_nest_end(header_of(memory_), reinterpret_cast<nlattr*>(memory_.data() + open_.back()));
  open_.pop_back();
}

Bytes NetlinkRequest::finish() const {
  HAPX_ASSERT(open_.empty());
  nlmsghdr header{};
  std::memcpy(&header, memory_.data(), sizeof header);
  return Bytes(memory_.begin(), memory_.begin() + static_cast<std::ptrdiff_t>(header.nlmsg_len));
}

}  // namespace hapx::vip
