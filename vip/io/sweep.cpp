// SPDX-License-Identifier: Apache-2.0
#include "vip/io/sweep.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "vip/io/fence_filter.hpp"
#include "vip/io/netlink_socket.hpp"
#include "vip/io/rtnetlink.hpp"

namespace hapx::vip {
namespace {

struct Marked {
  std::uint32_t interface_index = 0;
  LeftOver left_over;
};

Result<std::vector<Marked>> find_marked(NetlinkSocket& socket) {
  auto links = dump_links(socket);
  if (!links) return links.error();
  std::map<std::uint32_t, InterfaceName> names;
  for (const LinkSeen& link : *links) names.emplace(link.index, link.name);
  auto addresses = dump_addresses(socket);
  if (!addresses) return addresses.error();
  std::vector<Marked> marked;
  for (const AddressSeen& address : *addresses) {
    if (!address.ours) continue;
    marked.push_back({address.interface_index, {names[address.interface_index], address.address}});
  }
  return marked;
}

}  // namespace

Result<std::vector<LeftOver>> find_left_overs() {
  auto socket = NetlinkSocket::open();
  if (!socket) return socket.error();
  auto marked = find_marked(*socket);
  if (!marked) return marked.error();
  std::vector<LeftOver> left_overs;
  for (Marked& one : *marked) left_overs.push_back(std::move(one.left_over));
  return left_overs;
}

Result<Swept> sweep() {
  auto socket = NetlinkSocket::open();
  if (!socket) return socket.error();
  auto marked = find_marked(*socket);
  if (!marked) return marked.error();
  Swept swept;
  std::optional<Error> failure;
  for (const Marked& one : *marked) {
    auto gone = remove_address(*socket, one.interface_index, one.left_over.address);
    if (gone) {
      swept.addresses.push_back(one.left_over);
    } else if (gone.error().kind != ErrorKind::absent && !failure) {
      failure = gone.error();
    }
  }
  if (failure) return *failure;
  auto links = dump_links(*socket);
  if (!links) return links.error();
  for (const LinkSeen& link : *links) {
    if (!link.ethernet) continue;
    auto gone = detach_fence(*socket, link.index);
    if (gone && *gone) swept.interfaces.push_back(link.name);
    if (!gone && gone.error().kind != ErrorKind::absent && !failure) failure = gone.error();
  }
  if (failure) return *failure;
  return swept;
}

}  // namespace hapx::vip
