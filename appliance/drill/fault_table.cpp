// SPDX-License-Identifier: Apache-2.0
// The faults, in words. What `hapx drill list` prints is this.
#include "appliance/drill/fault.hpp"

namespace hapx::appliance::drill {
namespace {

constexpr Places anywhere{true, true, Consent::given, true};
/// On a real cluster it may be done, and nobody has built that.
constexpr Places anywhere_later{true, true, Consent::given, false};
constexpr Places with_consent{true, true, Consent::destructive, true};
constexpr Places not_on_real_machines{true, true, Consent::never, false};
constexpr Places virtual_machines_only{false, true, Consent::never, false};

constexpr std::string_view cut_connections = "connections through that HAProxy";

}  // namespace

constexpr std::array<FaultWords, fault_count> faults{{
    {Fault::power_loss, "power-loss", "the holder's node loses its power",
     "its power comes back, and hapxd starts", Victim::holder,
     "no answer for at most one lease and a few milliseconds; its connections are cut",
     "whatever that machine has not written to its disk", with_consent},
    {Fault::haproxy_kill, "haproxy-kill", "the holder's HAProxy is killed",
     "its keeper starts it again", Victim::holder,
     "an answer that is slower by some 10 ms; no request that begins afterwards fails",
     cut_connections, anywhere},
    {Fault::haproxy_freeze, "haproxy-freeze", "the holder's HAProxy is stopped (SIGSTOP)",
     "hapxd finds it frozen, and has it killed and started again; else it is continued",
     Victim::holder, "no answer until two probes have found it, about half a second",
     cut_connections, anywhere},
    {Fault::vip_delete, "vip-delete", "somebody deletes the address by hand",
     "hapxd hears of it, and adds the address again", Victim::holder,
     "nothing, or one request that is late", "nothing", anywhere},
    {Fault::link_down, "link-down", "the holder's network cable is pulled",
     "it is plugged in again", Victim::holder,
     "no answer for at most one lease and a few milliseconds; none for some milliseconds where "
     "heartbeats have another network",
     "whatever else goes over that cable, a login included", with_consent},
    {Fault::daemon_kill, "daemon-kill", "the holder's hapxd is killed",
     "its keeper starts the next one within the lease", Victim::holder, "nothing", "nothing",
     anywhere},
    {Fault::daemon_kill_with_keeper, "daemon-kill-with-keeper",
     "the holder's hapxd and its keeper are killed at once", "hapxd is started again",
     Victim::holder, "no answer for at most one lease and a few milliseconds", cut_connections,
     anywhere},
    {Fault::daemon_freeze, "daemon-freeze", "the holder's hapxd is stopped (SIGSTOP)",
     "it is continued; its keeper replaces it after a third of the lease", Victim::holder,
     "nothing", "nothing", anywhere},
    {Fault::daemon_freeze_with_keeper, "daemon-freeze-with-keeper",
     "the holder's hapxd and its keeper are stopped (SIGSTOP)", "both are continued",
     Victim::holder, "no answer for some milliseconds, when the right ends and the address moves",
     cut_connections, anywhere},
    {Fault::partition, "partition", "the holder is cut off from its peers, but not from clients",
     "heartbeats pass again", Victim::holder,
     "no answer for some milliseconds, when the right ends and the address moves", cut_connections,
     anywhere},
    {Fault::partition_one_way, "partition-one-way",
     "the holder's peers don't hear it; it hears them", "heartbeats pass again", Victim::holder,
     "no answer for some milliseconds, when the right ends and the address moves", cut_connections,
     anywhere},
    {Fault::coordinator_kill, "coordinator-kill",
     "the coordinator's node loses its power while another node holds the address",
     "its power comes back, and hapxd starts", Victim::coordinator, "nothing",
     "whatever that machine has not written to its disk", with_consent},
    {Fault::peer_loss, "peer-loss", "the standby's node loses its power",
     "its power comes back, and hapxd starts", Victim::peer, "nothing",
     "whatever that machine has not written to its disk; meanwhile nobody can take over",
     with_consent},
    {Fault::apiserver_down, "apiserver-down", "one kube-apiserver dies, and refuses connections",
     "it is started again", Victim::apiserver,
     "a request or two that fail, which reach it while it dies; then HAProxy asks the next one",
     "connections to that kube-apiserver", anywhere_later},
    {Fault::apiserver_hang, "apiserver-hang",
     "one kube-apiserver hangs: it accepts, and says nothing", "it goes on", Victim::apiserver,
     "no answer for those that HAProxy gives to it until its check has failed",
     "requests to that kube-apiserver", anywhere_later},
    {Fault::disk_full, "disk-full", "the holder's state directory is full", "there is room again",
     Victim::holder, "nothing", "orders that are given meanwhile, if more than one disk is full",
     with_consent},
    {Fault::clock_jump, "clock-jump", "the holder's wall clock jumps by an hour",
     "it is set right again", Victim::holder, "nothing: leases are measured by another clock",
     "whatever else on that machine believes its clock", virtual_machines_only},
    {Fault::config_refused, "config-refused",
     "the holder is told to take a file that can't be read (`hapx reload`)",
     "the former file is put back", Victim::holder, "nothing: the file is refused", "nothing",
     anywhere},
    {Fault::duplicate_vip, "duplicate-vip",
     "a foreign machine says three times that it has the address", "it falls silent",
     Victim::segment,
     "no answer until the holder has said again where the address is: within a tenth of a second, "
     "each time",
     "packets of clients, which go astray meanwhile", with_consent},
    {Fault::hand_over, "hand-over", "the service is moved by order", "it stays where it is then",
     Victim::holder, "no answer for some 10 ms", cut_connections, anywhere},
    {Fault::cold_start, "cold-start", "all nodes start at once", "nothing is left to undo",
     Victim::cluster, "the first answer, after one lease and some 10 ms",
     "the service, while all nodes are off", not_on_real_machines},
}};

}  // namespace hapx::appliance::drill
