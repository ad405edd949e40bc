// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/words.hpp"

namespace hapx::appliance::sim {

namespace {

using namespace membership;
using namespace vip;
using namespace lb_supervisor;

Line news(std::string text) {
  return {Weight::news, std::move(text)};
}
Line routine(std::string text) {
  return {Weight::routine, std::move(text)};
}

std::string place(const InterfaceName& interface, const IpAddress& address) {
  return " " + interface.text() + " " + to_string(address);
}

std::string number(std::uint64_t generation) {
  return " #" + std::to_string(generation);
}

struct EventWords {
  Line operator()(const DatagramArrived& it) const {
    return routine("DatagramArrived " + to_string(it.from.address));
  }
  Line operator()(const AddressAdded& it) const {
    return news("AddressAdded" + place(it.interface, it.address));
  }
  Line operator()(const AddressRefused& it) const {
    const bool add = it.operation == AddressRefused::Operation::add;
    return news(std::string("AddressRefused ") + (add ? "add" : "remove") +
                place(it.interface, it.address) + ": " + it.error.sentence);
  }
  Line operator()(const AddressRemoved& it) const {
    return news("AddressRemoved" + place(it.interface, it.address));
  }
  Line operator()(const LinkChanged& it) const {
    return news("LinkChanged " + it.interface.text() + (it.present ? "" : " absent") +
                (it.carrier ? " carrier" : " no carrier"));
  }
  Line operator()(const FenceArmed&) const { return news("FenceArmed"); }
  Line operator()(const FenceUnavailable& it) const {
    return news("FenceUnavailable: " + it.reason);
  }
  Line operator()(const FenceRemoved& it) const {
    return news("FenceRemoved " + it.interface.text());
  }
  Line operator()(const AnnouncementSent& it) const {
    return news("AnnouncementSent" + place(it.interface, it.address));
  }
  Line operator()(const AnnouncementFailed& it) const {
    return news("AnnouncementFailed" + place(it.interface, it.address));
  }
  Line operator()(const KeeperConnected& it) const {
    return news("KeeperConnected" +
                (it.running ? " running" + number(it.running->generation) : ""));
  }
  Line operator()(const KeeperLost&) const { return news("KeeperLost"); }
  Line operator()(const HaproxyConfigAccepted& it) const {
    return news("HaproxyConfigAccepted" + number(it.generation));
  }
  Line operator()(const HaproxyConfigRefused& it) const {
    return news("HaproxyConfigRefused" + number(it.generation) + ": " + it.reason);
  }
  Line operator()(const HaproxyStarted& it) const {
    return news("HaproxyStarted" + number(it.generation));
  }
  Line operator()(const HaproxyStartFailed& it) const {
    return news("HaproxyStartFailed" + number(it.generation) + ": " + it.reason);
  }
  Line operator()(const HaproxyExited& it) const {
    return news("HaproxyExited" + number(it.generation) + ": " + it.how);
  }
  Line operator()(const HaproxyProbed& it) const {
    return routine("HaproxyProbed" + number(it.generation));
  }
  Line operator()(const HaproxyProbeFailed& it) const {
    return news("HaproxyProbeFailed" + number(it.generation) + ": " + it.reason);
  }
  Line operator()(const BackendsReported&) const { return routine("BackendsReported"); }
  Line operator()(const Started&) const { return news("Started"); }
  Line operator()(const DeadlineReached&) const { return routine("DeadlineReached"); }
  Line operator()(const RequestArrived& it) const {
    return news("RequestArrived " + it.method + " " + it.target + " " + it.body);
  }
  Line operator()(const MetricsOpened&) const { return news("MetricsOpened"); }
  Line operator()(const MetricsUnavailable& it) const {
    return news("MetricsUnavailable: " + it.reason);
  }
  Line operator()(const StopRequested& it) const { return news("StopRequested: " + it.reason); }
  Line operator()(const ReloadRequested&) const { return news("ReloadRequested"); }
  Line operator()(const ConfigRead&) const { return news("ConfigRead"); }
  Line operator()(const ConfigRefused& it) const { return news("ConfigRefused: " + it.reason); }
};

struct ActionWords {
  Line operator()(const SendDatagram& it) const {
    return routine("SendDatagram " + to_string(it.to.address));
  }
  Line operator()(const StorePromise& it) const {
    return routine("StorePromise slot " + std::to_string(it.slot));
  }
  Line operator()(const ArmFence&) const { return news("ArmFence"); }
  Line operator()(const ExtendDeadline& it) const {
    return routine("ExtendDeadline " + to_string(it.address) + " until " +
                   to_string(it.until.time_since_epoch()));
  }
  Line operator()(const CloseFence& it) const {
    return news("CloseFence " + to_string(it.address));
  }
  Line operator()(const AddAddress& it) const {
    return news("AddAddress" + place(it.interface, it.address.address) + " for " +
                to_string(it.lifetime));
  }
  Line operator()(const RemoveAddress& it) const {
    return news("RemoveAddress" + place(it.interface, it.address.address));
  }
  Line operator()(const Announce& it) const {
    return news("Announce" + place(it.interface, it.address));
  }
  Line operator()(const CheckHaproxyConfig& it) const {
    return news("CheckHaproxyConfig" + number(it.generation));
  }
  Line operator()(const StartHaproxy& it) const {
    return news("StartHaproxy" + number(it.generation));
  }
  Line operator()(const KillHaproxy& it) const {
    return news("KillHaproxy" + number(it.generation));
  }
  Line operator()(const ProbeHaproxy& it) const {
    return routine("ProbeHaproxy" + number(it.generation));
  }
  Line operator()(const AskBackends&) const { return routine("AskBackends"); }
  Line operator()(const Respond& it) const {
    return news("Respond " + std::to_string(it.status) + " " + it.body);
  }
  Line operator()(const WriteLog& it) const { return news("log: " + it.sentence); }
  Line operator()(const NotifyServiceManager& it) const { return routine("Notify " + it.state); }
  Line operator()(const ReadConfig&) const { return news("ReadConfig"); }
  Line operator()(const RestartInFlight&) const { return news("RestartInFlight"); }
  Line operator()(const Exit& it) const { return news("Exit " + std::to_string(it.status)); }
};

}  // namespace

Line describe(const Event& event) {
  return std::visit(EventWords(), event);
}
Line describe(const Action& action) {
  return std::visit(ActionWords(), action);
}

}  // namespace hapx::appliance::sim
