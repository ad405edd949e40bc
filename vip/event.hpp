// SPDX-License-Identifier: Apache-2.0
// What can happen to an address, its interface and its fence?
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "config/ids.hpp"
#include "config/net.hpp"
#include "config/result.hpp"

namespace hapx::vip {

/// The kernel has the address: it acknowledged our AddAddress (also when it only prolonged it).
struct AddressAdded {
  InterfaceName interface;
  IpAddress address;
};

/// The kernel refused an AddAddress or a RemoveAddress.
struct AddressRefused {
  InterfaceName interface;
  IpAddress address;
  enum class Operation : std::uint8_t { add, remove } operation = Operation::add;
  Error error;
};

/// The address is no longer on the interface: we removed it, its lifetime ended, or somebody did.
/// Absent when we asked for the removal is the same event: what was wanted is so.
struct AddressRemoved {
  InterfaceName interface;
  IpAddress address;
};

/// An interface of a VIP appeared, changed or went.
struct LinkChanged {
  InterfaceName interface;
  bool present = false;
  bool carrier = false;  ///< up, and something is at the other end
  std::uint32_t index = 0;
  MacAddress mac;
};

/// Every interface that could answer for a VIP has the filter; deadlines now rule.
struct FenceArmed {};

/// The kernel has no filter for us (no right to use BPF, no support): address lifetimes rule.
struct FenceUnavailable {
  std::string reason;
};

/// Somebody removed the filter or its qdisc; the door puts it back at once and then says
/// FenceArmed.
struct FenceRemoved {
  InterfaceName interface;
};

/// Both forms of an announcement were handed to the kernel, which sends them unless the fence is
/// closed.
struct AnnouncementSent {
  InterfaceName interface;
  IpAddress address;
};

/// An announcement could not be sent.
struct AnnouncementFailed {
  InterfaceName interface;
  IpAddress address;
  Error error;
};

/// All of them: what the door tells, and what a Holder may be told.
using Event = std::variant<AddressAdded, AddressRefused, AddressRemoved, LinkChanged, FenceArmed,
                           FenceUnavailable, FenceRemoved, AnnouncementSent, AnnouncementFailed>;

}  // namespace hapx::vip
