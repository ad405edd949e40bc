// SPDX-License-Identifier: Apache-2.0
// What can be asked of the kernel about an address?
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "config/cluster_config.hpp"
#include "config/ids.hpp"
#include "config/net.hpp"
#include "config/time.hpp"

namespace hapx::vip {

/// Puts the filter on every interface that could answer for one of these addresses. Closed at
/// first, unless an earlier incarnation's deadlines were inherited. Answered by FenceArmed or
/// FenceUnavailable.
struct ArmFence {
  std::vector<IpAddress> addresses;
};

/// Lets the address's frames pass until `until`: a memory store, so it can't fail and doesn't wait.
struct ExtendDeadline {
  IpAddress address;
  Instant until;
};

/// Lets nothing pass any more. Safety: done when this returns, before any action behind it.
struct CloseFence {
  IpAddress address;
};

/// Adds the address with a finite lifetime, or prolongs it. Answered by AddressAdded or
/// AddressRefused.
struct AddAddress {
  InterfaceName interface;
  Cidr address;
  Duration lifetime;  ///< rounded up to whole seconds by the kernel's interface
};

/// Answered by AddressRemoved or AddressRefused.
struct RemoveAddress {
  InterfaceName interface;
  Cidr address;
};

/// Asks the segment whether anybody has the address, without claiming it. Answered by ProbeSent or
/// ProbeFailed; whoever has it is heard as AddressClaimed.
struct Probe {
  InterfaceName interface;
  IpAddress address;
};

/// Tells the segment, in every form that somebody listens to, that the address is at our hardware
/// address. Answered by AnnouncementSent or AnnouncementFailed.
struct Announce {
  InterfaceName interface;
  IpAddress address;
};

/// Tells one host that the address is at our hardware address: it has asked for it elsewhere.
/// Answered by AnnouncementFailed, or not at all.
struct AnnounceTo {
  InterfaceName interface;
  IpAddress address;
  IpAddress asker;
  MacAddress asker_mac;
};

/// Has BIRD advertise the address for as long as it is here. Answered by AnnouncementSent when a
/// BGP session has it, or by AnnouncementFailed.
struct Advertise {
  InterfaceName interface;
  IpAddress address;
};

/// Has BIRD advertise the address no more, whether it is here or not. Answered by RoutingChanged
/// if that changes anything.
struct Withdraw {
  IpAddress address;
};

/// Asks the kernel who is connected to the address at this port. Answered by ClientsListed or
/// ClientsNotListed.
struct ListClients {
  IpAddress address;
  std::uint16_t port = 0;
};

/// Tickles clients that were connected to another holder (vip/tickle). Each that wakes is told as
/// ClientWoken; TickleFailed comes once, or not at all.
struct Tickle {
  Endpoint served;
  std::vector<Endpoint> clients;
  std::uint32_t sequence = 0;
};

/// Tells whoever stands before each of these clients, itself or a router, alone, that the address
/// is here: they have not answered, so it may look elsewhere. Not answered; whom the kernel doesn't
/// know is passed over.
struct AnnounceToClients {
  IpAddress address;
  std::vector<IpAddress> clients;
};

/// All that a Holder asks for, in its order.
using Action = std::variant<ArmFence, Probe, ExtendDeadline, CloseFence, AddAddress, RemoveAddress,
                            Announce, AnnounceTo, Advertise, Withdraw>;
using Actions = std::vector<Action>;

}  // namespace hapx::vip
