// SPDX-License-Identifier: Apache-2.0
// What does a machine do on the wire, whatever becomes of its processes?
//
// A kernel goes on when hapxd is dead, frozen or confused: it keeps the addresses that it was
// given, answers ARP for them, ends them when their lifetime is over, and closes its fence at the
// deadline by its own clock, with nobody's help. That is where split-brain hides, so the simulated
// kernel is a thing of its own, apart from the simulated process, and the checkers look at it
// alone. It also keeps the run directory's mapped file: that outlives a process, and not a loss of
// power.
//
// All instants are of this machine's clock. It deliberately knows no world, no peer and no lease.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "appliance/sim/random.hpp"
#include "config/ids.hpp"
#include "config/net.hpp"
#include "config/result.hpp"
#include "config/time.hpp"
#include "vip/event.hpp"

namespace hapx::appliance::sim {

struct InterfaceOptions {
  InterfaceName name;
  bool present = true;
  bool carrier = true;
};

struct KernelOptions {
  std::vector<InterfaceOptions> interfaces;
  bool fence_permitted = true;  ///< there is BPF, and we have the right to it
  bool fence_works = true;  ///< false: deadlines never close it, so that a checker can be tested
};

/// What a kernel tells whoever listens on netlink.
using Notice = std::variant<vip::AddressRemoved, vip::LinkChanged, vip::FenceRemoved>;

struct HeldAddress {
  InterfaceName interface;
  Cidr address;
  Instant expires;
};

class Kernel {
 public:
  Kernel(const KernelOptions& options, std::uint64_t seed);

  // What a process may ask. All of it is done when the call returns.

  /// Adds the address or prolongs it. Its lifetime is rounded up to whole seconds, and the address
  /// goes up to 450 ms later still, never earlier (measured on Linux).
  Result<void> add_address(const InterfaceName& interface, const Cidr& address, Duration lifetime,
                           Instant now);
  /// Fails with `absent` if there is no such address; that is no news.
  Result<void> remove_address(const InterfaceName& interface, const Cidr& address);
  /// Attaches the filter. Slots that exist keep their deadlines, new ones are closed.
  Result<void> arm_fence(const std::vector<IpAddress>& addresses);
  void extend_deadline(const IpAddress& address, Instant until);
  void close_fence(const IpAddress& address);
  /// Takes the filter and all deadlines away, as a keeper does that starts afresh.
  void disarm_fence();
  /// Writes into the mapped file of the run directory, which grows as needed.
  void store(std::size_t offset, const std::vector<std::uint8_t>& bytes);

  // What a process may see.

  [[nodiscard]] vip::LinkChanged link(const InterfaceName& interface) const;
  [[nodiscard]] const std::map<IpAddress, HeldAddress>& addresses() const { return addresses_; }
  [[nodiscard]] const std::map<IpAddress, Instant>& deadlines() const { return deadlines_; }
  [[nodiscard]] bool fenced() const { return filter_attached_; }
  /// Empty: there is none yet.
  [[nodiscard]] const std::vector<std::uint8_t>& mapped_file() const { return mapped_file_; }

  // What the wire sees.

  /// ARP for `address` is answered: it is here, its link is up, and the fence lets it pass.
  [[nodiscard]] bool answers(const IpAddress& address, Instant now) const;
  /// Frames of `address` pass: no filter is attached, or its deadline is ahead.
  [[nodiscard]] bool passes(const IpAddress& address, Instant now) const;
  [[nodiscard]] bool holds(const IpAddress& address) const { return addresses_.contains(address); }

  // What other hands do.

  void delete_address(const IpAddress& address);
  void flush_addresses();
  /// The filter goes, its map of deadlines stays with its keeper.
  void detach_filter();
  void attach_filter_again() { filter_attached_ = true; }
  void set_carrier(const InterfaceName& interface, bool carrier);
  void set_present(const InterfaceName& interface, bool present);

  // Time.

  /// The next instant after `now` at which something ends by itself.
  [[nodiscard]] std::optional<Instant> next_edge(Instant now) const;
  /// Ends the addresses whose time is over.
  void advance(Instant now);
  /// What has happened since this was last asked.
  [[nodiscard]] std::vector<Notice> take_notices();

 private:
  struct Interface {
    std::uint32_t index = 0;
    bool present = true;
    bool carrier = true;
    MacAddress mac;
  };

  template <class Condition>
  void delete_if(const Condition& condition);

  Random random_;
  bool fence_permitted_;
  bool fence_works_;
  std::map<InterfaceName, Interface> interfaces_;
  std::map<IpAddress, HeldAddress> addresses_;
  bool filter_attached_ = false;
  std::map<IpAddress, Instant> deadlines_;
  std::vector<std::uint8_t> mapped_file_;
  std::vector<Notice> notices_;
};

}  // namespace hapx::appliance::sim
