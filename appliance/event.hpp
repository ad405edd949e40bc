// SPDX-License-Identifier: Apache-2.0
// What can happen?
//
// Everything that the world can tell a node, in one closed list. The doors make these, the
// simulator makes these, and nothing else reaches Node::step. Read this file and action.hpp, and
// you have seen all that hapx can notice and do.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "lb-supervisor/event.hpp"
#include "membership/event.hpp"
#include "vip/event.hpp"

namespace hapx::appliance {

/// The process has begun. The first event of every life; what an earlier one left behind was
/// handed to the constructor.
struct Started {};

/// The deadline that Node::next_deadline named is over.
struct DeadlineReached {};

/// A request on the command socket.
struct RequestArrived {
  std::uint64_t id = 0;
  std::string method;
  std::string target;
  std::string body;
};

/// Asked to end (SIGTERM, or our keeper is gone): release everything, then exit.
struct StopRequested {
  std::string reason;
};

using Event = std::variant<
    // membership
    membership::DatagramArrived,
    // vip
    vip::AddressAdded, vip::AddressRefused, vip::AddressRemoved, vip::LinkChanged, vip::FenceArmed,
    vip::FenceUnavailable, vip::FenceRemoved, vip::AnnouncementFailed,
    // lb-supervisor
    lb_supervisor::KeeperConnected, lb_supervisor::KeeperLost, lb_supervisor::HaproxyConfigAccepted,
    lb_supervisor::HaproxyConfigRefused, lb_supervisor::HaproxyStarted,
    lb_supervisor::HaproxyStartFailed, lb_supervisor::HaproxyExited, lb_supervisor::HaproxyProbed,
    lb_supervisor::HaproxyProbeFailed, lb_supervisor::BackendsReported,
    // appliance
    Started, DeadlineReached, RequestArrived, StopRequested>;

}  // namespace hapx::appliance
