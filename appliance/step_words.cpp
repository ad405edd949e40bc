// SPDX-License-Identifier: Apache-2.0
#include "appliance/step_words.hpp"

namespace hapx::appliance {

namespace {

using namespace membership;
using namespace vip;
using namespace lb_supervisor;

template <class... Kinds, class Variant>
bool is_any(const Variant& of) {
  return (std::holds_alternative<Kinds>(of) || ...);
}

std::string place(const InterfaceName& interface, const IpAddress& address) {
  return " " + interface.text() + " " + to_string(address);
}

std::string number(std::uint64_t generation) {
  return " #" + std::to_string(generation);
}

struct EventWords {
  std::string operator()(const DatagramArrived& it) const {
    return "DatagramArrived " + to_string(it.from.address);
  }
  std::string operator()(const RecordStored&) const { return "RecordStored"; }
  std::string operator()(const RecordStoreFailed& it) const {
    return "RecordStoreFailed: " + it.error.sentence;
  }
  std::string operator()(const WallClockSet&) const { return "WallClockSet"; }
  std::string operator()(const ArbiterAnswered& it) const {
    return std::string("ArbiterAnswered ") + (it.swapped ? "as asked" : "not so") + ", revision " +
           std::to_string(it.revision);
  }
  std::string operator()(const ArbiterFailed& it) const {
    return "ArbiterFailed: " + it.error.sentence;
  }
  std::string operator()(const AddressAdded& it) const {
    return "AddressAdded" + place(it.interface, it.address);
  }
  std::string operator()(const AddressRefused& it) const {
    const bool add = it.operation == AddressRefused::Operation::add;
    return std::string("AddressRefused ") + (add ? "add" : "remove") +
           place(it.interface, it.address) + ": " + it.error.sentence;
  }
  std::string operator()(const AddressRemoved& it) const {
    return "AddressRemoved" + place(it.interface, it.address);
  }
  std::string operator()(const LinkChanged& it) const {
    return "LinkChanged " + it.interface.text() + (it.present ? "" : " absent") +
           (it.carrier ? " carrier" : " no carrier");
  }
  std::string operator()(const FenceArmed&) const { return "FenceArmed"; }
  std::string operator()(const FenceUnavailable& it) const {
    return "FenceUnavailable: " + it.reason;
  }
  std::string operator()(const FenceRemoved& it) const {
    return "FenceRemoved " + it.interface.text();
  }
  std::string operator()(const ProbeSent& it) const {
    return "ProbeSent" + place(it.interface, it.address);
  }
  std::string operator()(const ProbeFailed& it) const {
    return "ProbeFailed" + place(it.interface, it.address);
  }
  std::string operator()(const AddressClaimed& it) const {
    return "AddressClaimed" + place(it.interface, it.claim.address) + " by " +
           to_string(it.claim.mac);
  }
  std::string operator()(const AskedElsewhere& it) const {
    return "AskedElsewhere" + place(it.interface, it.inquiry.address);
  }
  std::string operator()(const RoutingChanged& it) const {
    return "RoutingChanged " + to_string(it.address) + (it.switched_on ? " on" : " off") +
           (it.obstacle.empty() ? "" : ": " + it.obstacle);
  }
  std::string operator()(const AnnouncementSent& it) const {
    return "AnnouncementSent" + place(it.interface, it.address);
  }
  std::string operator()(const AnnouncementFailed& it) const {
    return "AnnouncementFailed" + place(it.interface, it.address);
  }
  std::string operator()(const ClientsListed& it) const {
    return "ClientsListed " + to_string(it.address) + ": " + std::to_string(it.clients.size());
  }
  std::string operator()(const ClientsNotListed& it) const {
    return "ClientsNotListed " + to_string(it.address) + ": " + it.error.sentence;
  }
  std::string operator()(const ClientWoken& it) const {
    return "ClientWoken " + to_string(it.client) + " of " + to_string(it.address);
  }
  std::string operator()(const TickleFailed& it) const {
    return "TickleFailed " + to_string(it.address) + ": " + it.error.sentence;
  }
  std::string operator()(const KeeperConnected& it) const {
    return "KeeperConnected" + (it.running ? " running" + number(it.running->generation) : "");
  }
  std::string operator()(const KeeperLost&) const { return "KeeperLost"; }
  std::string operator()(const HaproxyConfigAccepted& it) const {
    return "HaproxyConfigAccepted" + number(it.generation);
  }
  std::string operator()(const HaproxyConfigRefused& it) const {
    return "HaproxyConfigRefused" + number(it.generation) + ": " + it.reason;
  }
  std::string operator()(const HaproxyStarted& it) const {
    return "HaproxyStarted" + number(it.generation);
  }
  std::string operator()(const HaproxyStartFailed& it) const {
    return "HaproxyStartFailed" + number(it.generation) + ": " + it.reason;
  }
  std::string operator()(const HaproxyExited& it) const {
    return "HaproxyExited" + number(it.generation) + ": " + it.how;
  }
  std::string operator()(const HaproxyProbed& it) const {
    return "HaproxyProbed" + number(it.generation);
  }
  std::string operator()(const HaproxyProbeFailed& it) const {
    return "HaproxyProbeFailed" + number(it.generation) + ": " + it.reason;
  }
  std::string operator()(const BackendsReported&) const { return "BackendsReported"; }
  std::string operator()(const Started&) const { return "Started"; }
  std::string operator()(const DeadlineReached&) const { return "DeadlineReached"; }
  std::string operator()(const RequestArrived& it) const {
    return "RequestArrived " + it.method + " " + it.target + " " + it.body;
  }
  std::string operator()(const StreamEnded& it) const { return "StreamEnded" + number(it.id); }
  std::string operator()(const WindowOpened&) const { return "WindowOpened"; }
  std::string operator()(const WindowUnavailable& it) const {
    return "WindowUnavailable: " + it.reason;
  }
  std::string operator()(const StopRequested& it) const { return "StopRequested: " + it.reason; }
  std::string operator()(const ReloadRequested&) const { return "ReloadRequested"; }
  std::string operator()(const ConfigRead&) const { return "ConfigRead"; }
  std::string operator()(const ConfigRefused& it) const { return "ConfigRefused: " + it.reason; }
  std::string operator()(const DrillNotKept& it) const { return "DrillNotKept: " + it.reason; }
  std::string operator()(const RecordingKept& it) const { return "RecordingKept " + it.file; }
  std::string operator()(const RecordingNotKept& it) const {
    return "RecordingNotKept: " + it.reason;
  }
};

struct ActionWords {
  std::string operator()(const SendDatagram& it) const {
    return "SendDatagram " + to_string(it.to.address);
  }
  std::string operator()(const StorePromise& it) const {
    return "StorePromise slot " + std::to_string(it.slot);
  }
  std::string operator()(const StoreRecord&) const { return "StoreRecord"; }
  std::string operator()(const AskArbiter& it) const {
    std::string text = "AskArbiter" + number(it.ticket);
    for (const ArbiterSwap& swap : it.swaps)
      text += " " + swap.key + "@" + std::to_string(swap.revision);
    return text;
  }
  std::string operator()(const ArmFence&) const { return "ArmFence"; }
  std::string operator()(const Probe& it) const {
    return "Probe" + place(it.interface, it.address);
  }
  std::string operator()(const ExtendDeadline& it) const {
    return "ExtendDeadline " + to_string(it.address) + " until " +
           hapx::to_string(it.until.time_since_epoch());
  }
  std::string operator()(const CloseFence& it) const {
    return "CloseFence " + to_string(it.address);
  }
  std::string operator()(const AddAddress& it) const {
    return "AddAddress" + place(it.interface, it.address.address) + " for " +
           hapx::to_string(it.lifetime);
  }
  std::string operator()(const RemoveAddress& it) const {
    return "RemoveAddress" + place(it.interface, it.address.address);
  }
  std::string operator()(const Announce& it) const {
    return "Announce" + place(it.interface, it.address);
  }
  std::string operator()(const AnnounceTo& it) const {
    return "AnnounceTo " + to_string(it.asker) + place(it.interface, it.address);
  }
  std::string operator()(const Advertise& it) const {
    return "Advertise" + place(it.interface, it.address);
  }
  std::string operator()(const Withdraw& it) const { return "Withdraw " + to_string(it.address); }
  std::string operator()(const ListClients& it) const {
    return "ListClients " + to_string(it.address);
  }
  std::string operator()(const Tickle& it) const {
    return "Tickle " + std::to_string(it.clients.size()) + " of " + to_string(it.served);
  }
  std::string operator()(const AnnounceToClients& it) const {
    return "AnnounceToClients " + std::to_string(it.clients.size()) + " of " +
           to_string(it.address);
  }
  std::string operator()(const CheckHaproxyConfig& it) const {
    return "CheckHaproxyConfig" + number(it.generation);
  }
  std::string operator()(const StartHaproxy& it) const {
    return "StartHaproxy" + number(it.generation);
  }
  std::string operator()(const RetireHaproxy& it) const {
    return "RetireHaproxy" + number(it.generation);
  }
  std::string operator()(const KillHaproxy& it) const {
    return "KillHaproxy" + number(it.generation);
  }
  std::string operator()(const ProbeHaproxy& it) const {
    return "ProbeHaproxy" + number(it.generation);
  }
  std::string operator()(const AmendHaproxy& it) const {
    return "AmendHaproxy" + number(it.generation) +
           ", servers: " + std::to_string(it.changes.size());
  }
  std::string operator()(const AskBackends&) const { return "AskBackends"; }
  std::string operator()(const Respond& it) const {
    return "Respond " + std::to_string(it.status) + " " + it.body;
  }
  std::string operator()(const Publish& it) const {
    return "Publish " + std::to_string(it.piece.size()) + " bytes";
  }
  std::string operator()(const WriteLog& it) const { return "log: " + it.sentence; }
  std::string operator()(const NotifyServiceManager& it) const { return "Notify " + it.state; }
  std::string operator()(const ReadConfig&) const { return "ReadConfig"; }
  std::string operator()(const RestartInFlight&) const { return "RestartInFlight"; }
  std::string operator()(const KeepDrill& it) const { return "KeepDrill " + it.document; }
  std::string operator()(const KeepRecording& it) const { return "KeepRecording: " + it.occasion; }
  std::string operator()(const Exit& it) const { return "Exit " + std::to_string(it.status); }
};

}  // namespace

bool is_news(const Event& event) {
  return !is_any<DatagramArrived, HaproxyProbed, BackendsReported, ClientsListed, DeadlineReached,
                 WallClockSet, ArbiterAnswered>(event);
}
bool is_news(const Action& action) {
  return !is_any<SendDatagram, StorePromise, StoreRecord, ExtendDeadline, ProbeHaproxy, AskBackends,
                 ListClients, NotifyServiceManager, AskArbiter, Publish>(action);
}

std::string describe(const Event& event) {
  return std::visit(EventWords(), event);
}
std::string describe(const Action& action) {
  return std::visit(ActionWords(), action);
}

}  // namespace hapx::appliance
