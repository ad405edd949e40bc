// SPDX-License-Identifier: Apache-2.0
// What can happen to an address, its interface and its fence?
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "config/ids.hpp"
#include "config/net.hpp"
#include "config/result.hpp"
#include "vip/claim.hpp"

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

/// A probe was handed to the kernel.
struct ProbeSent {
  InterfaceName interface;
  IpAddress address;
};

/// A probe could not be sent.
struct ProbeFailed {
  InterfaceName interface;
  IpAddress address;
  Error error;
};

/// Somebody else on the segment says that he has the address of a VIP, or is about to take it: a
/// foreign host, or another node that holds it.
struct AddressClaimed {
  InterfaceName interface;
  Claim claim;
  WireFrame frame;  ///< in which it was said
};

/// Somebody asks for the address of a VIP at a hardware address that is not ours: it believes in an
/// earlier holder. (Heard where a switch doesn't know that hardware address any more.)
struct AskedElsewhere {
  InterfaceName interface;
  Inquiry inquiry;
};

/// What BIRD can do for a routed address has changed, or is known now.
struct RoutingChanged {
  IpAddress address;
  std::string obstacle;      ///< why it could not advertise it, in words; empty: it could
  bool switched_on = false;  ///< it would advertise it, if it were here
};

/// All forms of an announcement were handed to the kernel, which sends them unless the fence is
/// closed. Of a routed address: BIRD advertises it by a session.
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

/// Limit: of more connections to one address so many are told.
inline constexpr std::size_t clients_max = 500;

/// Who is connected to an address of ours.
struct ClientsListed {
  IpAddress address;
  std::vector<Endpoint> clients;  ///< at most clients_max
};

/// The kernel did not tell.
struct ClientsNotListed {
  IpAddress address;
  Error error;
};

/// A client that was tickled has answered here, and was reset, or reset the connection itself: it
/// knows, and it knows where the address is.
struct ClientWoken {
  IpAddress address;
  Endpoint client;
};

/// Clients could not be tickled.
struct TickleFailed {
  IpAddress address;
  Error error;
};

/// All that tells a node of its clients.
using ClientEvent = std::variant<ClientsListed, ClientsNotListed, ClientWoken, TickleFailed>;

/// What the door tells of addresses, links and the fence, and what a Holder may be told.
using Event = std::variant<AddressAdded, AddressRefused, AddressRemoved, LinkChanged, FenceArmed,
                           FenceUnavailable, FenceRemoved, ProbeSent, ProbeFailed, AddressClaimed,
                           AskedElsewhere, RoutingChanged, AnnouncementSent, AnnouncementFailed>;

}  // namespace hapx::vip
