// SPDX-License-Identifier: Apache-2.0
// How is an action carried out in the simulated world?
//
// The second interpreter of appliance/action.hpp (the daemon is the first). Each action has a
// function of its own and there is none for "anything else": an action that is new does not compile
// until somebody has said here what it does to a simulated kernel, network or HAProxy.
#pragma once

#include "appliance/sim/world.hpp"

namespace hapx::appliance::sim {

class Interpreter {
 public:
  Interpreter(World& world, Machine& machine) : world_(world), machine_(machine) {}

  void operator()(const membership::SendDatagram& action);
  void operator()(const membership::StorePromise& action);
  void operator()(const membership::StoreRecord& action);
  void operator()(const membership::AskArbiter& action);
  void operator()(const vip::ArmFence& action);
  void operator()(const vip::ExtendDeadline& action);
  void operator()(const vip::CloseFence& action);
  void operator()(const vip::AddAddress& action);
  void operator()(const vip::RemoveAddress& action);
  void operator()(const vip::Probe& action);
  void operator()(const vip::Announce& action);
  void operator()(const vip::AnnounceTo& action);
  void operator()(const vip::Advertise& action);
  void operator()(const vip::Withdraw& action);
  void operator()(const vip::ListClients& action);
  void operator()(const vip::Tickle& action);
  void operator()(const vip::AnnounceToClients& action);
  void operator()(const lb_supervisor::CheckHaproxyConfig& action);
  void operator()(const lb_supervisor::StartHaproxy& action);
  void operator()(const lb_supervisor::RetireHaproxy& action);
  void operator()(const lb_supervisor::KillHaproxy& action);
  void operator()(const lb_supervisor::ProbeHaproxy& action);
  void operator()(const lb_supervisor::AmendHaproxy& action);
  void operator()(const lb_supervisor::AskBackends& action);
  void operator()(const Respond& action);
  void operator()(const Publish& action);
  void operator()(const WriteLog& action);
  void operator()(const NotifyServiceManager& action);
  void operator()(const ReadConfig& action);
  void operator()(const RestartInFlight& action);
  void operator()(const KeepDrill& action);
  void operator()(const KeepRecording& action);
  void operator()(const Exit& action);

 private:
  void restart_in_flight();
  /// True if this call was made to fail.
  bool fails(Door door);

  World& world_;
  Machine& machine_;
};

}  // namespace hapx::appliance::sim
