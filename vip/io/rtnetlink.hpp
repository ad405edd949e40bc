// SPDX-License-Identifier: Apache-2.0
// Which links and addresses does the kernel have, and what has just become of them?
//
// A table of this namespace's links, kept current by the kernel's notifications, and the requests
// that add and remove addresses. Notifications get lost when too many come at once (ENOBUFS); then
// the watch asks for everything again, so whoever listens misses at most the steps in between.
//
// It decides nothing: what a vanished address or filter means is vip/io/door.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "config/ids.hpp"
#include "config/net.hpp"
#include "config/result.hpp"
#include "vip/address_message.hpp"
#include "vip/io/netlink_socket.hpp"

namespace hapx::vip {

/// What the watch tells. Called from the io_context, never from within a request.
struct RtnetlinkHandlers {
  std::function<void(const LinkSeen&)> link;                   ///< the table has it already
  std::function<void(const AddressSeen&)> address;             ///< changed by anybody but us
  std::function<void(std::uint32_t interface_index)> filters;  ///< changed by anybody but us
  std::function<void()> missed;  ///< notifications were lost; the table is current again
};

class Rtnetlink {
 public:
  /// Asks for all links, then watches. REQUIRES: `io` outlives this, and runs in one thread.
  [[nodiscard]] static Result<std::unique_ptr<Rtnetlink>> open(boost::asio::io_context& io,
                                                               RtnetlinkHandlers handlers);
  ~Rtnetlink();
  Rtnetlink(const Rtnetlink&) = delete;
  Rtnetlink& operator=(const Rtnetlink&) = delete;

  [[nodiscard]] const std::map<std::uint32_t, LinkSeen>& links() const;
  /// Brings the table up to date ahead of the notifications that are on their way.
  void look_at_links();
  [[nodiscard]] const LinkSeen* find(const InterfaceName& name) const;  ///< nullptr: not there
  [[nodiscard]] const LinkSeen* find(std::uint32_t index) const;

  [[nodiscard]] Result<void> add(std::uint32_t interface_index, const Cidr& address,
                                 std::uint32_t lifetime_seconds);
  /// Whether the kernel takes packets to the address as its own. With an IPv6 address that is a
  /// moment after it has acknowledged it (addrconf_dad_work in net/ipv6/addrconf.c); the watch
  /// tells of the address once more then.
  [[nodiscard]] bool delivers(const IpAddress& address);
  [[nodiscard]] Result<void> remove(std::uint32_t interface_index, const Cidr& address);
  [[nodiscard]] Result<void> promote_secondaries(std::uint32_t interface_index);
  /// All addresses of the namespace, ours and others'.
  [[nodiscard]] Result<std::vector<AddressSeen>> addresses();

  /// For requests about filters.
  [[nodiscard]] NetlinkSocket& socket();

 private:
  struct Watch;
  explicit Rtnetlink(std::shared_ptr<Watch> watch);
  std::shared_ptr<Watch> watch_;
};

/// As Rtnetlink's, for whoever needs no watch.
[[nodiscard]] Result<std::vector<AddressSeen>> dump_addresses(NetlinkSocket& socket);
[[nodiscard]] Result<std::vector<LinkSeen>> dump_links(NetlinkSocket& socket);
/// Takes an address off; absent (or the interface is) is an error of that kind.
[[nodiscard]] Result<void> remove_address(NetlinkSocket& socket, std::uint32_t interface_index,
                                          const Cidr& address);

}  // namespace hapx::vip
