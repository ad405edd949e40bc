// SPDX-License-Identifier: Apache-2.0
// What else runs on this machine: at our ports, with our addresses, with another clock.
#include <algorithm>
#include <string_view>

#include "appliance/doctor/judge.hpp"
#include "config/address_kind.hpp"

namespace hapx::appliance::doctor {
namespace {

/// Whether a socket at `bound` keeps another from `wanted`.
bool collides(const Endpoint& bound, const Endpoint& wanted) {
  return bound.port == wanted.port &&
         (bound.address == wanted.address || is_unspecified(bound.address) ||
          is_unspecified(wanted.address));
}

bool is_ours(const std::string& process, bool udp, bool metrics) {
  if (udp || metrics) return process == "hapxd" || process == "hapx-keeper";
  return process == "haproxy-keeper" || process == "haproxy";
}

void judge_port(const Facts& facts, const Endpoint& wanted, bool udp, bool metrics,
                const std::string& purpose, Findings& findings) {
  const auto shown = (udp ? "UDP " : "TCP ") + to_string(wanted);
  bool ours = false;
  for (const auto& socket : facts.sockets) {
    if (socket.udp != udp || !collides(socket.at, wanted)) continue;
    // Whose it is can't always be told; while a hapxd runs here, it is taken for its own.
    ours = is_ours(socket.process, udp, metrics) || (socket.process.empty() && facts.running);
    if (ours) continue;
    const auto who = socket.process.empty() ? "another program" : "`" + socket.process + "`";
    findings.push_back(
        {Verdict::fail, "port",
         shown + " (" + purpose + ") is taken: " + who + " is bound to " + to_string(socket.at),
         "end it or bind it to an address of its own; else choose another port"});
    return;
  }
  findings.push_back(
      {Verdict::ok, "port", shown + " (" + purpose + ") is " + (ours ? "hapx's" : "free")});
}

void judge_ports(const Facts& facts, Findings& findings) {
  if (!facts.config) return;
  const auto& nodes = facts.config->nodes;
  if (facts.self && nodes.size() > 1) {
    const auto self = std::ranges::find(nodes, *facts.self, &NodeConfig::name);
    if (self != nodes.end()) {
      judge_port(facts, {self->address, facts.config->port}, true, false, "heartbeats", findings);
    }
  }
  if (facts.config->metrics.listen) {
    judge_port(facts, *facts.config->metrics.listen, false, true, "metrics", findings);
  }
  if (!may_hold(facts)) return;
  for (const auto& service : facts.config->services) {
    for (const auto& vip : service.vips) {
      judge_port(facts, {vip.address.address, service.port}, false, false, service.name.text(),
                 findings);
    }
  }
}

}  // namespace

void judge_neighbours(const Facts& facts, Findings& findings) {
  judge_ports(facts, findings);
  for (const auto& name : facts.other_managers) {
    findings.push_back({Verdict::warn, "managers",
                        name + " runs here, which manages virtual addresses, too",
                        "if it has an address of this file, stop and disable it before hapxd"});
  }
  if (facts.other_managers.empty()) {
    findings.push_back({Verdict::ok, "managers", "nothing else here manages virtual addresses"});
  }
  if (!facts.clock_synchronised) return;
  // Leases count the time since boot: a clock that is wrong, or stepped, harms none.
  findings.push_back(
      *facts.clock_synchronised
          ? Finding{Verdict::ok, "clock", "it is synchronised"}
          : Finding{Verdict::warn, "clock",
                    "it is not synchronised: leases don't need it, certificates, the times in logs "
                    "and an order's --ttl do",
                    "let chrony or systemd-timesyncd run (`timedatectl set-ntp true`)"});
}

}  // namespace hapx::appliance::doctor
