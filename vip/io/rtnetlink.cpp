// SPDX-License-Identifier: Apache-2.0
#include "vip/io/rtnetlink.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <span>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "vip/fence_message.hpp"

namespace hapx::vip {
namespace {

constexpr std::size_t datagram_bytes_max = 64 * 1024;
constexpr int receive_buffer_bytes = 1 << 20;
/// So that a storm of notifications can't hold up the loop: the rest waits for the next turn.
constexpr int datagrams_per_turn_max = 64;

Result<Descriptor> open_watch_socket() {
  const std::string what = "opening a netlink socket to watch";
  Descriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!socket.is_open()) return system_error(errno, what);
  // Beyond the system's limit with CAP_NET_ADMIN only; without, the limit will do.
  if (::setsockopt(socket.number(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer_bytes,
                   sizeof receive_buffer_bytes) != 0) {
    ::setsockopt(socket.number(), SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                 sizeof receive_buffer_bytes);
  }
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_TC;
  if (::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return system_error(errno, what);
  }
  return socket;
}

}  // namespace

struct Rtnetlink::Watch : std::enable_shared_from_this<Watch> {
  Watch(boost::asio::io_context& io, NetlinkSocket asking, RtnetlinkHandlers told)
      : requests(std::move(asking)), watching(io), handlers(std::move(told)) {}

  void wait() {
    watching.async_wait(boost::asio::posix::descriptor_base::wait_read,
                        [self = shared_from_this()](const boost::system::error_code& error) {
                          if (error || self->ended) return;
                          self->receive();
                          if (!self->ended) self->wait();
                        });
  }

  void receive() {
    for (int count = 0; count < datagrams_per_turn_max && !ended; ++count) {
      const ssize_t length = ::recv(watching.native_handle(), buffer.data(), buffer.size(), 0);
      if (length < 0 && errno == EINTR) continue;
      if (length < 0 && errno == ENOBUFS) return catch_up();
      if (length < 0) return;
      for (const auto& message :
           split_netlink(std::span(buffer).first(static_cast<std::size_t>(length)))) {
        if (ended) return;
        take(message);
      }
    }
  }

  void take(const NetlinkMessage& message) {
    if (const auto link = parse_link(message)) return take(*link);
    if (message.port == requests.port()) return;  // our own doing: answered where it was asked
    if (const auto address = parse_address(message)) return take(*address);
    if (const auto hooks = parse_hooks_removed(message)) {
      return handlers.filters(hooks->interface_index);
    }
    if (const auto filter = parse_filter(message)) handlers.filters(filter->interface_index);
  }

  void take(const LinkSeen& link) {
    if (link.present) {
      links[link.index] = link;
    } else {
      links.erase(link.index);
    }
    handlers.link(link);
  }

  /// The kernel tells of IPv6 addresses without saying who was the cause (inet6_ifa_notify).
  void take(const AddressSeen& address) {
    if (!address.present) {
      const auto ours = removals.find({address.interface_index, address.address});
      if (ours != removals.end()) {
        removals.erase(ours);
        return;
      }
    }
    handlers.address(address);
  }

  /// Notifications were lost: ask for everything, tell the differences.
  void catch_up() {
    removals.clear();
    if (look_at_links()) handlers.missed();
  }

  /// False: it could not be asked; the next notification or loss tries again.
  bool look_at_links() {
    auto now = dump_links(requests);
    if (!now) return false;
    std::set<std::uint32_t> present;
    for (const LinkSeen& link : *now) present.insert(link.index);
    const auto before = links;
    for (const auto& [index, link] : before) {
      if (present.contains(index)) continue;
      LinkSeen gone = link;
      gone.present = false;
      gone.carrier = false;
      take(gone);
    }
    for (const LinkSeen& link : *now) {
      const auto known = before.find(link.index);
      if (known == before.end() || known->second != link) take(link);
    }
    return true;
  }

  NetlinkSocket requests;
  boost::asio::posix::stream_descriptor watching;
  RtnetlinkHandlers handlers;
  std::map<std::uint32_t, LinkSeen> links;
  /// IPv6 addresses that we have taken off, as long as the kernel's word of it is on its way.
  std::multiset<std::pair<std::uint32_t, Cidr>> removals;
  std::array<std::uint8_t, datagram_bytes_max> buffer{};
  bool ended = false;
};

Rtnetlink::Rtnetlink(std::shared_ptr<Watch> watch) : watch_(std::move(watch)) {}

Rtnetlink::~Rtnetlink() {
  watch_->ended = true;
  boost::system::error_code ignored;
  watch_->watching.close(ignored);
}

Result<std::unique_ptr<Rtnetlink>> Rtnetlink::open(boost::asio::io_context& io,
                                                   RtnetlinkHandlers handlers) {
  auto requests = NetlinkSocket::open();
  if (!requests) return requests.error();
  auto watching = open_watch_socket();  // before the first dump, so that nothing falls between
  if (!watching) return watching.error();
  auto watch = std::make_shared<Watch>(io, std::move(*requests), std::move(handlers));
  boost::system::error_code error;
  watch->watching.assign(watching->number(), error);
  if (error) return system_error(error.value(), "watching a netlink socket");
  (void)watching->release();
  auto links = dump_links(watch->requests);
  if (!links) return links.error();
  for (const LinkSeen& link : *links) watch->links[link.index] = link;
  watch->wait();
  return std::unique_ptr<Rtnetlink>(new Rtnetlink(std::move(watch)));
}

const std::map<std::uint32_t, LinkSeen>& Rtnetlink::links() const {
  return watch_->links;
}

void Rtnetlink::look_at_links() {
  (void)watch_->look_at_links();
}

const LinkSeen* Rtnetlink::find(const InterfaceName& name) const {
  const auto found = std::ranges::find_if(
      watch_->links, [&](const auto& entry) { return entry.second.name == name; });
  return found == watch_->links.end() ? nullptr : &found->second;
}

const LinkSeen* Rtnetlink::find(std::uint32_t index) const {
  const auto found = watch_->links.find(index);
  return found == watch_->links.end() ? nullptr : &found->second;
}

Result<void> Rtnetlink::add(std::uint32_t interface_index, const Cidr& address,
                            std::uint32_t lifetime_seconds) {
  NetworkRoute route = NetworkRoute::of_ours;
  if (address.address.family == Family::ipv6) {
    const auto all = addresses();
    if (!all) return all.error();
    const bool has_another = std::ranges::any_of(*all, [&](const AddressSeen& seen) {
      return seen.interface_index == interface_index && !seen.ours &&
             seen.address.prefix == address.prefix &&
             network_of(seen.address) == network_of(address);
    });
    if (has_another) route = NetworkRoute::of_others;
  }
  return socket().ask(
      [&](std::uint32_t sequence) {
        return add_address_request(sequence, interface_index, address, lifetime_seconds, route);
      },
      "adding address " + to_string(address));
}

bool Rtnetlink::delivers(const IpAddress& address) {
  const auto route =
      socket().dump([&](std::uint32_t sequence) { return find_route_request(sequence, address); },
                    "looking up the route to " + to_string(address));
  return route && std::ranges::any_of(*route, is_delivered_here);
}

Result<void> Rtnetlink::remove(std::uint32_t interface_index, const Cidr& address) {
  auto removed = remove_address(socket(), interface_index, address);
  if (removed && address.address.family == Family::ipv6)
    watch_->removals.insert({interface_index, address});
  return removed;
}

Result<void> Rtnetlink::promote_secondaries(std::uint32_t interface_index) {
  return socket().ask(
      [&](std::uint32_t sequence) {
        return promote_secondaries_request(sequence, interface_index);
      },
      "setting promote_secondaries");
}

Result<std::vector<AddressSeen>> Rtnetlink::addresses() {
  return dump_addresses(socket());
}

NetlinkSocket& Rtnetlink::socket() {
  return watch_->requests;
}

Result<std::vector<AddressSeen>> dump_addresses(NetlinkSocket& socket) {
  auto messages = socket.dump(dump_addresses_request, "listing addresses");
  if (!messages) return messages.error();
  std::vector<AddressSeen> all;
  for (const NetlinkMessage& message : *messages) {
    if (auto seen = parse_address(message)) all.push_back(*seen);
  }
  return all;
}

Result<std::vector<LinkSeen>> dump_links(NetlinkSocket& socket) {
  auto messages = socket.dump(dump_links_request, "listing links");
  if (!messages) return messages.error();
  std::vector<LinkSeen> all;
  for (const NetlinkMessage& message : *messages) {
    if (auto seen = parse_link(message)) all.push_back(std::move(*seen));
  }
  return all;
}

Result<void> remove_address(NetlinkSocket& socket, std::uint32_t interface_index,
                            const Cidr& address) {
  return socket.ask(
      [&](std::uint32_t sequence) {
        return remove_address_request(sequence, interface_index, address);
      },
      "removing address " + to_string(address));
}

}  // namespace hapx::vip
