// SPDX-License-Identifier: Apache-2.0
#include "vip/netlink_message.hpp"

#include <random>

#include <gtest/gtest.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "vip/address_message.hpp"
#include "vip/fence_message.hpp"

namespace hapx::vip {
namespace {

const Cidr vip_address{ipv4(192, 168, 4, 20), 27};
const Cidr ipv6_address = *parse_cidr("2001:db8:4::20/64");

NetlinkMessage only_message(const Bytes& bytes) {
  auto messages = split_netlink(bytes);
  EXPECT_EQ(messages.size(), 1U);
  return messages.empty() ? NetlinkMessage{} : messages.front();
}

/// Our request with the type of the notification that the kernel makes of it.
NetlinkMessage as_notification(const Bytes& bytes, std::uint16_t type) {
  NetlinkMessage message = only_message(bytes);
  message.type = type;
  return message;
}

TEST(NetlinkMessage, requests_carry_type_flags_and_sequence) {
  const auto add = only_message(add_address_request(41, 7, vip_address, 2));
  EXPECT_EQ(add.type, RTM_NEWADDR);
  EXPECT_EQ(add.sequence, 41U);
  EXPECT_EQ(add.flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
  EXPECT_EQ(only_message(remove_address_request(1, 7, vip_address)).type, RTM_DELADDR);
  EXPECT_EQ(only_message(dump_links_request(1)).type, RTM_GETLINK);
  EXPECT_EQ(only_message(dump_addresses_request(1)).type, RTM_GETADDR);
  EXPECT_EQ(only_message(promote_secondaries_request(1, 7)).type, RTM_NEWLINK);
}

TEST(NetlinkMessage, an_added_address_has_lifetimes_and_our_mark) {
  const auto message = only_message(add_address_request(1, 7, vip_address, 3));
  bool lifetimes = false;
  for (const auto& attribute : attributes(message, sizeof(ifaddrmsg))) {
    if (attribute.type != IFA_CACHEINFO) continue;
    ifa_cacheinfo info{};
    ASSERT_EQ(attribute.payload.size(), sizeof info);
    std::memcpy(&info, attribute.payload.data(), sizeof info);
    EXPECT_EQ(info.ifa_valid, 3U);
    EXPECT_EQ(info.ifa_prefered, 3U);
    lifetimes = true;
  }
  EXPECT_TRUE(lifetimes);
  EXPECT_EQ(parse_address(message), (AddressSeen{true, 7, vip_address, true}));
}

/// The flags and the preferred lifetime of a request; nothing where an attribute is missing.
std::optional<std::pair<std::uint32_t, std::uint32_t>> flags_and_preference(const Bytes& request) {
  const auto message = only_message(request);
  std::optional<std::uint32_t> flags;
  std::optional<std::uint32_t> preference;
  for (const auto& attribute : attributes(message, sizeof(ifaddrmsg))) {
    if (attribute.type == IFA_FLAGS) flags = number_of(attribute);
    if (attribute.type != IFA_CACHEINFO) continue;
    ifa_cacheinfo info{};
    std::memcpy(&info, attribute.payload.data(), sizeof info);
    preference = info.ifa_prefered;
  }
  if (!flags || !preference) return std::nullopt;
  return std::pair(*flags, *preference);
}

TEST(NetlinkMessage, an_added_ipv6_address_is_usable_at_once_and_no_source) {
  using Expected = std::pair<std::uint32_t, std::uint32_t>;
  const auto with = add_address_request(1, 7, ipv6_address, 3);
  const auto without = add_address_request(1, 7, ipv6_address, 3, NetworkRoute::of_others);
  EXPECT_EQ(flags_and_preference(with), Expected(IFA_F_NODAD, 0));
  EXPECT_EQ(flags_and_preference(without), Expected(IFA_F_NODAD | IFA_F_NOPREFIXROUTE, 0));
  EXPECT_EQ(parse_address(only_message(with)), (AddressSeen{true, 7, ipv6_address, true}));
  const auto alone = add_address_request(1, 7, {ipv6_address.address, 128}, 3);
  EXPECT_EQ(flags_and_preference(alone), Expected(IFA_F_NODAD | IFA_F_NOPREFIXROUTE, 0));
}

/// The kernel tells IFA_LOCAL of an IPv6 address with a peer only.
TEST(NetlinkMessage, an_ipv6_address_is_told_as_address_alone) {
  ifaddrmsg fixed{};
  fixed.ifa_family = AF_INET6;
  fixed.ifa_prefixlen = 64;
  fixed.ifa_index = 7;
  NetlinkRequest told(RTM_DELADDR, 0, 0, NetlinkRequest::bytes_of(fixed));
  told.put(IFA_ADDRESS, ipv6_address.address.bytes);
  EXPECT_EQ(parse_address(only_message(told.finish())),
            (AddressSeen{false, 7, ipv6_address, false}));
  NetlinkRequest short_one(RTM_DELADDR, 0, 0, NetlinkRequest::bytes_of(fixed));
  short_one.put(IFA_ADDRESS, std::span(ipv6_address.address.bytes).first(4));
  EXPECT_EQ(parse_address(only_message(short_one.finish())), std::nullopt);
}

TEST(NetlinkMessage, a_route_says_who_comes_next) {
  rtmsg fixed{};
  fixed.rtm_family = AF_INET;
  fixed.rtm_type = RTN_UNICAST;
  const IpAddress router = ipv4(192, 168, 4, 1);
  const auto told = [&](bool has_interface, bool has_router) {
    NetlinkRequest route(RTM_NEWROUTE, 0, 1, NetlinkRequest::bytes_of(fixed));
    if (has_interface) route.put_number(RTA_OIF, 7);
    if (has_router) route.put(RTA_GATEWAY, std::span(router.bytes).first(4));
    return parse_route(only_message(route.finish()));
  };
  EXPECT_EQ(told(true, true), (RouteSeen{7, router}));
  EXPECT_EQ(told(true, false), (RouteSeen{7, std::nullopt}));
  EXPECT_EQ(told(false, true), std::nullopt) << "by no interface";
  fixed.rtm_family = AF_INET6;
  EXPECT_EQ(told(true, true), std::nullopt) << "a router of the other family";
  fixed.rtm_type = RTN_LOCAL;
  EXPECT_EQ(told(true, false), std::nullopt) << "to ourselves";
}

TEST(NetlinkMessage, a_neighbour_has_a_hardware_address_or_is_none) {
  const IpAddress host = ipv4(192, 168, 4, 99);
  const auto asked = only_message(find_neighbour_request(3, 7, host));
  EXPECT_EQ(asked.type, RTM_GETNEIGH);
  EXPECT_EQ(fixed_part<ndmsg>(asked)->ndm_ifindex, 7);
  ndmsg fixed{};
  fixed.ndm_family = AF_INET;
  const MacAddress mac{{2, 0, 0, 0, 0, 7}};
  NetlinkRequest known(RTM_NEWNEIGH, 0, 1, NetlinkRequest::bytes_of(fixed));
  known.put(NDA_LLADDR, mac.bytes);
  EXPECT_EQ(parse_neighbour(only_message(known.finish())), mac);
  NetlinkRequest unknown(RTM_NEWNEIGH, 0, 1, NetlinkRequest::bytes_of(fixed));
  EXPECT_EQ(parse_neighbour(only_message(unknown.finish())), std::nullopt) << "being asked for";
  NetlinkRequest tunnel(RTM_NEWNEIGH, 0, 1, NetlinkRequest::bytes_of(fixed));
  tunnel.put(NDA_LLADDR, std::span(mac.bytes).first(4));
  EXPECT_EQ(parse_neighbour(only_message(tunnel.finish())), std::nullopt);
}

TEST(NetlinkMessage, a_route_to_ourselves_is_told_from_others) {
  rtmsg fixed{};
  fixed.rtm_family = AF_INET6;
  for (const std::uint8_t type : {RTN_LOCAL, RTN_UNICAST, RTN_UNREACHABLE}) {
    fixed.rtm_type = type;
    const NetlinkRequest told(RTM_NEWROUTE, 0, 0, NetlinkRequest::bytes_of(fixed));
    EXPECT_EQ(is_delivered_here(only_message(told.finish())), type == RTN_LOCAL);
  }
  EXPECT_EQ(only_message(find_route_request(1, ipv6_address.address)).type, RTM_GETROUTE);
}

TEST(NetlinkMessage, an_address_that_went_is_seen_as_such_and_anothers_is_not_ours) {
  const auto bytes = remove_address_request(1, 7, vip_address);
  EXPECT_EQ(parse_address(as_notification(bytes, RTM_DELADDR)),
            (AddressSeen{false, 7, vip_address, false}));
  EXPECT_EQ(parse_address(as_notification(bytes, RTM_NEWLINK)), std::nullopt);
}

TEST(NetlinkMessage, a_filter_is_ours_by_priority_handle_and_name) {
  const auto attach = attach_fence_request(5, 9, Direction::egress, 33);
  const auto seen = parse_filter(as_notification(attach, RTM_NEWTFILTER));
  ASSERT_TRUE(seen.has_value());
  EXPECT_TRUE(seen->ours);
  EXPECT_EQ(seen->direction, Direction::egress);
  EXPECT_EQ(seen->interface_index, 9U);
  const auto detach = detach_fence_request(5, 9, Direction::ingress);
  const auto gone = parse_filter(as_notification(detach, RTM_DELTFILTER));
  ASSERT_TRUE(gone.has_value());
  EXPECT_FALSE(gone->present);
  EXPECT_FALSE(gone->ours);  // without the name it could be anybody's
  EXPECT_EQ(gone->direction, Direction::ingress);
}

TEST(NetlinkMessage, the_hooks_removal_is_seen) {
  const auto bytes = remove_clsact_request(1, 4);
  EXPECT_EQ(parse_hooks_removed(as_notification(bytes, RTM_DELQDISC)), HooksRemoved{4});
  EXPECT_EQ(parse_hooks_removed(as_notification(bytes, RTM_NEWQDISC)), std::nullopt);
}

TEST(NetlinkMessage, answers_are_errno_and_the_kernels_sentence) {
  nlmsgerr error{};
  error.error = -ENODEV;
  NetlinkRequest refusal(NLMSG_ERROR, NLM_F_ACK_TLVS, 12, NetlinkRequest::bytes_of(error));
  refusal.put_text(NLMSGERR_ATTR_MSG, "Device not found");
  const auto answer = parse_answer(only_message(refusal.finish()));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->error, ENODEV);
  EXPECT_EQ(answer->sentence, "Device not found");
  EXPECT_FALSE(answer->dump);
}

TEST(NetlinkMessage, an_answer_that_can_not_be_is_none) {
  for (const int error : {1, -4096, std::numeric_limits<int>::min()}) {
    nlmsgerr body{};
    body.error = error;
    const NetlinkRequest request(NLMSG_ERROR, 0, 1, NetlinkRequest::bytes_of(body));
    EXPECT_EQ(parse_answer(only_message(request.finish())), std::nullopt) << error;
  }
}

TEST(NetlinkMessage, several_messages_in_one_datagram) {
  Bytes datagram = add_address_request(1, 7, vip_address, 3);
  const Bytes second = remove_address_request(2, 8, vip_address);
  datagram.insert(datagram.end(), second.begin(), second.end());
  const auto messages = split_netlink(datagram);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].sequence, 1U);
  EXPECT_EQ(messages[1].sequence, 2U);
}

/// Every parser on every truncation and on many single-bit changes of real messages: no crash, and
/// under the sanitizers no read beyond the end.
TEST(NetlinkMessage, parsing_is_total) {
  std::mt19937 random(5);
  const std::vector<Bytes> all = {
      add_address_request(1, 7, vip_address, 3), add_address_request(1, 7, ipv6_address, 3),
      promote_secondaries_request(2, 7), attach_fence_request(3, 7, Direction::ingress, 9),
      remove_clsact_request(4, 7)};
  const auto parse_all = [](std::span<const std::uint8_t> bytes) {
    for (NetlinkMessage message : split_netlink(bytes)) {
      for (const std::uint16_t type :
           {message.type, std::uint16_t{NLMSG_ERROR}, std::uint16_t{NLMSG_DONE},
            std::uint16_t{RTM_NEWADDR}, std::uint16_t{RTM_NEWLINK}, std::uint16_t{RTM_NEWTFILTER},
            std::uint16_t{RTM_DELQDISC}, std::uint16_t{RTM_NEWROUTE}}) {
        message.type = type;
        (void)parse_address(message);
        (void)parse_link(message);
        (void)parse_filter(message);
        (void)parse_hooks_removed(message);
        (void)parse_answer(message);
        (void)is_delivered_here(message);
      }
    }
  };
  for (const Bytes& good : all) {
    for (std::size_t length = 0; length <= good.size(); ++length) {
      const Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length));
      parse_all(cut);
      Bytes shorter = cut;  // with a header that agrees, so that the inner parsers see it
      if (length >= 4) {
        const auto claimed = static_cast<std::uint32_t>(length);
        std::memcpy(shorter.data(), &claimed, sizeof claimed);
        parse_all(shorter);
      }
    }
    for (int round = 0; round < 3000; ++round) {
      Bytes bent = good;
      bent.at(random() % bent.size()) ^= static_cast<std::uint8_t>(1U << (random() % 8));
      parse_all(bent);
    }
  }
}

}  // namespace
}  // namespace hapx::vip
