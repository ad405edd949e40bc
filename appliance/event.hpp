// SPDX-License-Identifier: Apache-2.0
// What can happen?
//
// Everything that the world can tell a node, in one closed list. The doors make these, the
// simulator makes these, and nothing else reaches Node::step. Read this file and action.hpp, and
// you have seen all that hapx can notice and do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "config/cluster_config.hpp"
#include "config/cluster_key.hpp"
#include "lb-supervisor/event.hpp"
#include "membership/event.hpp"
#include "vip/event.hpp"

namespace hapx::appliance {

/// The process has begun. The first event of every life; what an earlier one left behind was
/// handed to the constructor.
struct Started {};

/// The deadline that Node::next_deadline named is over.
struct DeadlineReached {};

/// Where a request came in, and its answer goes out. What may be asked depends on it.
enum class Window : std::uint8_t {
  command,  ///< the API: at the command socket, and at its TCP address for who has a certificate
  metrics,  ///< the metrics' TCP address: anybody, and there is only to be looked
};

/// A request in one of the windows.
struct RequestArrived {
  std::uint64_t id = 0;  ///< within its window
  std::string method;
  std::string target;
  std::string body;
  Window window = Window::command;
  std::string accept{};  ///< which forms of the answer the asker understands (RFC 9110, 12.5.1)
  /// Of the API, who asks over the network: the name in the certificate that was shown (empty: it
  /// has none). Absent: at the command socket, where whoever may open it may give orders.
  std::optional<std::string> from{};
};

/// The reader of a stream is gone; the last that is said of a Respond that goes on.
struct StreamEnded {
  std::uint64_t id = 0;  ///< of the request
  Window window = Window::command;
};

/// The TCP address of a window is listened at, from now on.
struct WindowOpened {
  Window window = Window::metrics;
};

/// It can't be: the port is taken, or the address isn't here (yet). The door tries again by itself.
/// Told once per reason.
struct WindowUnavailable {
  std::string reason;  ///< one sentence with the address in it
  Window window = Window::metrics;
};

/// Asked to end (SIGTERM, or our keeper is gone): release everything, then exit.
struct StopRequested {
  std::string reason;
};

/// Asked to take the file as it is now (SIGHUP).
struct ReloadRequested {};

/// What ReadConfig found: a file that can be taken.
struct ConfigRead {
  ClusterConfig config;
  std::string text;
  ClusterKeys keys;  ///< of its key file
};

/// Or one that can't be taken, or none; also what RestartInFlight says when it can't be.
struct ConfigRefused {
  std::string reason;  ///< each refusal with its place, one a line
};

/// KeepDrill came to nothing: with this process what it knows of the drill will be gone.
struct DrillNotKept {
  std::string reason;
};

/// A recording is on disk.
struct RecordingKept {
  std::string file;
  std::uint64_t request = 0;  ///< of the KeepRecording
};

/// It is not, or nobody knows.
struct RecordingNotKept {
  std::string reason;
  std::uint64_t request = 0;
};

using Event = std::variant<
    // membership
    membership::DatagramArrived, membership::RecordStored, membership::RecordStoreFailed,
    membership::WallClockSet, membership::ArbiterAnswered, membership::ArbiterFailed,
    // vip
    vip::AddressAdded, vip::AddressRefused, vip::AddressRemoved, vip::LinkChanged, vip::FenceArmed,
    vip::FenceUnavailable, vip::FenceRemoved, vip::ProbeSent, vip::ProbeFailed, vip::AddressClaimed,
    vip::AskedElsewhere, vip::RoutingChanged, vip::AnnouncementSent, vip::AnnouncementFailed,
    vip::ClientsListed, vip::ClientsNotListed, vip::ClientWoken, vip::TickleFailed,
    // lb-supervisor
    lb_supervisor::KeeperConnected, lb_supervisor::KeeperLost, lb_supervisor::HaproxyConfigAccepted,
    lb_supervisor::HaproxyConfigRefused, lb_supervisor::HaproxyStarted,
    lb_supervisor::HaproxyStartFailed, lb_supervisor::HaproxyExited, lb_supervisor::HaproxyProbed,
    lb_supervisor::HaproxyProbeFailed, lb_supervisor::BackendsReported,
    // appliance
    Started, DeadlineReached, RequestArrived, StreamEnded, WindowOpened, WindowUnavailable,
    StopRequested, ReloadRequested, ConfigRead, ConfigRefused, DrillNotKept, RecordingKept,
    RecordingNotKept>;

}  // namespace hapx::appliance
