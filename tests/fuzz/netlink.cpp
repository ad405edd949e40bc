// SPDX-License-Identifier: Apache-2.0
// Is every netlink datagram a list of messages, and every message something or nothing?
//
// All that reads what the kernel tells: envelope, attributes, addresses, links, filters,
// connections, answers. Nothing may look beyond a message's own bytes; and what is seen of an
// address or a filter, asked for in a request of ours, is seen again in it.
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "fuzz.hpp"
#include "vip/address_message.hpp"
#include "vip/connection_message.hpp"
#include "vip/fence_message.hpp"

namespace hapx::fuzz {
namespace {

using namespace vip;

constexpr std::size_t header_bytes = 16;

bool is_inside(std::span<const std::uint8_t> inner, std::span<const std::uint8_t> outer) {
  return inner.data() >= outer.data() && inner.data() + inner.size() <= outer.data() + outer.size();
}

/// Attributes and those inside of them, down to where nothing is left.
void walk(const std::vector<NetlinkAttribute>& all, std::span<const std::uint8_t> outer) {
  for (const NetlinkAttribute& attribute : all) {
    must(is_inside(attribute.payload, outer), "an attribute lies within what has it");
    must(text_of(attribute).size() <= attribute.payload.size(), "a text is not longer than that");
    must(number_of(attribute).has_value() == (attribute.payload.size() == 4), "a number has four");
    walk(nested(attribute), attribute.payload);
  }
}

NetlinkMessage only_message(const Bytes& datagram) {
  const auto messages = split_netlink(datagram);
  must(messages.size() == 1, "a request is one message");
  return messages.front();
}

void try_address(const AddressSeen& seen) {
  must(seen.address.prefix <= 8 * byte_count(seen.address.address.family),
       "a prefix fits its address");
  const auto add = add_address_request(1, seen.interface_index, seen.address, 3);
  const AddressSeen ours{true, seen.interface_index, seen.address, true};
  must(parse_address(only_message(add)) == ours, "an address that we add is seen as ours");
}

void try_filter(const FilterSeen& seen) {
  const auto put = attach_fence_request(1, seen.interface_index, seen.direction, 7);
  const FilterSeen ours{true, seen.interface_index, seen.direction, true, 0, false};
  must(parse_filter(only_message(put)) == ours, "a filter that we attach is seen as ours");
}

void try_message(const NetlinkMessage& message) {
  must(message.bytes.size() >= header_bytes && message.bytes.size() % 4 == 0, "it has a header");
  for (const std::size_t fixed :
       {sizeof(ifaddrmsg), sizeof(ifinfomsg), sizeof(tcmsg), sizeof(nlmsgerr)}) {
    walk(attributes(message, fixed), message.bytes);
  }
  static_cast<void>(dump_interrupted(message));
  const auto address = parse_address(message);
  const auto link = parse_link(message);
  const auto filter = parse_filter(message);
  const auto hooks = parse_hooks_removed(message);
  static_cast<void>(is_delivered_here(message));
  // Of another family of netlink, with numbers of its own: 20 is an address to rtnetlink.
  const auto connection = parse_connection(message);
  const auto route = parse_route(message);
  const auto neighbour = parse_neighbour(message);
  const auto answer = parse_answer(message);
  must(address.has_value() + link.has_value() + filter.has_value() + hooks.has_value() +
               answer.has_value() + route.has_value() + neighbour.has_value() <=
           1,
       "a message means one thing");
  must(!route || !is_delivered_here(message), "what is for us doesn't leave");
  must(!route || route->interface_index > 0, "what leaves does so by an interface");
  must(!connection || connection->here.address.family == connection->there.address.family,
       "both ends of a connection are of one family");
  if (address) try_address(*address);
  if (filter) try_filter(*filter);
  if (link) {
    must(link->index > 0 && !link->name.empty(), "a link has an index and a name");
    must(link->present || !link->carrier, "a link that went has no carrier");
  }
  if (answer) must(answer->error >= 0 && answer->error <= 4095, "an error is an errno");
}

}  // namespace

void try_input(Bytes input) {
  std::size_t told = 0;
  for (const NetlinkMessage& message : split_netlink(input)) {
    told += message.bytes.size();
    try_message(message);
  }
  must(told <= input.size() + 3, "no more is told than came, but padding");
}

}  // namespace hapx::fuzz
