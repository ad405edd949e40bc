// SPDX-License-Identifier: Apache-2.0
// Whether the VIPs can be held and reached at their interfaces.
#include <algorithm>
#include <optional>

#include "appliance/doctor/judge.hpp"
#include "config/address_kind.hpp"

namespace hapx::appliance::doctor {
namespace {

bool contains(const Cidr& network, const IpAddress& address) {
  return network.address.family == address.family &&
         network_of({address, network.prefix}) == network_of(network);
}

/// The network's address that the interface has besides VIPs.
std::optional<Cidr> own_address_around(const InterfaceHere& interface, const IpAddress& vip) {
  for (const auto& [address, ours] : interface.addresses) {
    if (!ours && address.address != vip && contains(address, vip)) return address;
  }
  return std::nullopt;
}

void judge_subnet(const InterfaceHere& interface, const VipConfig& vip, Findings& findings) {
  const auto text = to_string(vip.address);
  const auto& name = interface.name.text();
  const auto own = own_address_around(interface, vip.address.address);
  const bool bare = std::ranges::all_of(interface.addresses, [&](const AddressHere& here) {
    return here.ours || here.address.address.family != vip.address.address.family ||
           is_link_local(here.address.address);
  });
  if (own && own->prefix == vip.address.prefix) {
    findings.push_back({Verdict::ok, "vip", text + " is of the network of " + name});
  } else if (own) {
    findings.push_back({Verdict::warn, "vip",
                        text + " has another prefix than " + name + " (" + to_string(*own) + ")",
                        "write the network's prefix behind the VIP, unless it is meant so"});
  } else if (bare) {
    // The tutorials' VLAN is so: the VIP brings the network's route along.
    findings.push_back(
        {Verdict::ok, "vip",
         name + " has no address of its own; " + text + " brings its network along"});
  } else {
    findings.push_back({Verdict::warn, "vip", text + " is of no network that " + name + " is in",
                        "is it the right interface? `ip address show " + name + "`"});
  }
  // The daemon never takes a foreign address over, and two that answer are what it is there to
  // prevent.
  for (const auto& [address, ours] : interface.addresses) {
    if (ours || address.address != vip.address.address) continue;
    findings.push_back({Verdict::fail, "vip",
                        to_string(address) + " is on " + name + " already, and hapx did not add it",
                        "remove it from the network's configuration, or end what put it there; "
                        "then `ip address del " +
                            to_string(address) + " dev " + name + "`"});
  }
}

void judge_ipv6(const InterfaceHere& interface, const VipConfig& vip, Findings& findings) {
  const auto& name = interface.name.text();
  if (interface.ipv6) {
    findings.push_back({Verdict::ok, "sysctl", "IPv6 is on on " + name});
  } else {
    findings.push_back({Verdict::fail, "sysctl",
                        "IPv6 is off on " + name + ": the kernel refuses " + to_string(vip.address),
                        "sysctl net.ipv6.conf." + name +
                            ".disable_ipv6=0, and in /etc/sysctl.d; with ipv6.disable=1 on the "
                            "kernel's command line, remove that and reboot"});
  }
}

/// Documentation/networking/ip-sysctl.rst of the kernel has these numbers.
void judge_sysctls(const Facts& facts, const InterfaceHere& interface, const VipConfig& vip,
                   Findings& findings) {
  const auto& name = interface.name.text();
  constexpr int answers_nothing = 8;
  constexpr int answers_its_network = 2;
  constexpr int strict = 1;
  bool well = true;
  const auto warn = [&](Verdict verdict, std::string sentence, std::string advice) {
    findings.push_back({verdict, "sysctl", std::move(sentence), std::move(advice)});
    well = false;
  };
  if (interface.arp_ignore >= answers_nothing) {
    warn(Verdict::fail, "arp_ignore=8 on " + name + ": no client would ever find the VIP",
         "sysctl net.ipv4.conf." + name + ".arp_ignore=0 (and .all.), and in /etc/sysctl.d");
  } else if (interface.arp_ignore == answers_its_network && vip.address.prefix == 32) {
    warn(Verdict::fail,
         "arp_ignore=2 on " + name +
             " answers only whoever is of the VIP's network, and /32 has "
             "nobody else",
         "sysctl net.ipv4.conf." + name + ".arp_ignore=1, or write the network's prefix");
  }
  if (interface.rp_filter == strict && !facts.default_interface.empty() &&
      facts.default_interface != interface.name) {
    warn(Verdict::warn,
         "rp_filter=1 on " + name + ", and the default route leaves by " +
             facts.default_interface.text() +
             ": clients from beyond the VIP's network are not heard",
         "sysctl net.ipv4.conf." + name + ".rp_filter=2 (and .all.), if there are such clients");
  }
  // The fence holds back ARP frames with a VIP as sender wherever that isn't held, so arp_announce
  // may have any value.
  if (well) findings.push_back({Verdict::ok, "sysctl", "arp_ignore and rp_filter of " + name});
}

/// keepalived, kube-vip and others lost their addresses to these two for years. hapxd puts an
/// address back at once, but each time costs some packets.
void judge_network_managers(const InterfaceHere& interface, Findings& findings) {
  const auto& name = interface.name.text();
  if (interface.networkd_configures && !interface.networkd_keeps) {
    findings.push_back({Verdict::warn, "network",
                        "systemd-networkd configures " + name +
                            " and removes addresses that it doesn't know whenever it does so",
                        "set KeepConfiguration=yes under [Network] in a drop-in for its .network "
                        "file, then `networkctl reload` (static is not enough: a VIP has a "
                        "lifetime)"});
  }
  if (interface.network_manager_has) {
    findings.push_back({Verdict::warn, "network",
                        "NetworkManager manages " + name +
                            " and removes addresses that it doesn't know when it connects again",
                        "keep it off a VIP's interface: `nmcli device set " + name +
                            " managed no`, and unmanaged-devices in /etc/NetworkManager/conf.d"});
  }
}

}  // namespace

void judge_interfaces(const Facts& facts, Findings& findings) {
  if (!facts.config || !may_hold(facts)) return;
  for (const auto& service : facts.config->services) {
    for (const auto& vip : service.vips) {
      if (vip.is_routed()) continue;  // it has no segment
      const auto here = std::ranges::find(facts.interfaces, vip.interface, &InterfaceHere::name);
      if (here == facts.interfaces.end()) continue;
      const auto& name = vip.interface.text();
      if (!here->present) {
        findings.push_back({Verdict::fail, "interface",
                            "there is no interface " + name + " for " + to_string(vip.address),
                            "`ip link` lists those there are; it has the same name on each node"});
        continue;
      }
      if (!here->ethernet || here->port) {
        findings.push_back(
            {Verdict::fail, "interface",
             name + (here->port ? " is a port of a bridge or bond" : " is no Ethernet interface") +
                 ", so nobody would be answered there",
             here->port ? "name the bridge or bond itself" : "name another one"});
        continue;
      }
      findings.push_back(here->carrier
                             ? Finding{Verdict::ok, "interface", name + " is up"}
                             : Finding{Verdict::fail, "interface",
                                       name + " is down, or nothing is at its other end",
                                       "`ip link set " + name + " up`, or look at the cable"});
      judge_subnet(*here, vip, findings);
      if (vip.address.address.family == Family::ipv6) {
        judge_ipv6(*here, vip, findings);
      } else {
        judge_sysctls(facts, *here, vip, findings);
      }
      judge_network_managers(*here, findings);
    }
  }
}

}  // namespace hapx::appliance::doctor
