// SPDX-License-Identifier: Apache-2.0
// What can we do?
//
// Everything that a node can ask of the world, in one closed list, carried out in the order in
// which it stands. Two interpreters visit it: the daemon for real, the simulator on a simulated
// kernel, network and HAProxy. An action that one of them does not know does not compile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "appliance/event.hpp"
#include "config/event_kind.hpp"
#include "lb-supervisor/action.hpp"
#include "membership/action.hpp"
#include "vip/action.hpp"

namespace hapx::appliance {

/// Answers a RequestArrived, once.
struct Respond {
  std::uint64_t id = 0;
  unsigned status = 200;  ///< of HTTP
  std::string content_type = "application/json";
  std::string body;
  Window window = Window::command;  ///< of the request
  /// The body is the beginning of a stream: Publish has what follows, until StreamEnded.
  bool goes_on = false;
  std::string allow{};  ///< with 405: the methods that there are, "POST, DELETE" (RFC 9110, 10.2.1)
};

/// The next piece of every stream of this window. A reader who is slow misses pieces: he gets the
/// newest when he has taken the one before, so each must make sense without the others.
struct Publish {
  std::string piece;
  Window window = Window::command;
};

enum class LogLevel : std::uint8_t { debug, info, notice, warning, error };

/// One line for the log.
struct WriteLog {
  LogLevel level = LogLevel::info;
  std::string sentence;
  std::optional<EventKind> kind{};  ///< of the journal's entry; absent: it is none
  std::string service{};            ///< that it is about; empty: no single one
  std::string phase{};              ///< of a failover; empty: none
};

/// Tells the service manager how we are: "READY=1", "STATUS=...", "STOPPING=1".
struct NotifyServiceManager {
  std::string state;
};

/// Reads the file and judges it. Answered by ConfigRead or ConfigRefused.
struct ReadConfig {};

/// Takes this file by a restart in flight: the process ends and releases nothing, and the keeper
/// starts the next one with it. If that can't be: ConfigRefused.
struct RestartInFlight {
  ClusterConfig config;
  std::string text;
};

/// Keeps this document of a drill, instead of the one before, through the end of the process and of
/// the machine's power. If it can't: DrillNotKept.
struct KeepDrill {
  std::string document;
};

/// Keeps a recording of what this node was told and has decided up to now (appliance/recording).
/// Answered by RecordingKept or RecordingNotKept.
struct KeepRecording {
  std::string occasion;       ///< why, in a few words
  std::uint64_t request = 0;  ///< whose it is; 0: nobody asked
};

/// Everything is released: end the process.
struct Exit {
  int status = 0;
};

using Action = std::variant<
    // membership
    membership::SendDatagram, membership::StorePromise, membership::StoreRecord,
    membership::AskArbiter,
    // vip
    vip::ArmFence, vip::Probe, vip::ExtendDeadline, vip::CloseFence, vip::AddAddress,
    vip::RemoveAddress, vip::Announce, vip::AnnounceTo, vip::Advertise, vip::Withdraw,
    vip::ListClients, vip::Tickle, vip::AnnounceToClients,
    // lb-supervisor
    lb_supervisor::CheckHaproxyConfig, lb_supervisor::StartHaproxy, lb_supervisor::RetireHaproxy,
    lb_supervisor::KillHaproxy, lb_supervisor::ProbeHaproxy, lb_supervisor::AmendHaproxy,
    lb_supervisor::AskBackends,
    // appliance
    Respond, Publish, WriteLog, NotifyServiceManager, ReadConfig, RestartInFlight, KeepDrill,
    KeepRecording, Exit>;

using Actions = std::vector<Action>;

}  // namespace hapx::appliance
