// SPDX-License-Identifier: Apache-2.0
// Who is connected and only listens, and when do they hear that their server has gone?
//
// A few clients of each address that connect whenever they are not connected, and then say nothing:
// watches. When their server's machine is lost, or loses the address, they hear nothing of it until
// somebody wakes them. When HAProxy ends on a machine that still answers, its kernel tells them.
#include <algorithm>

#include "appliance/sim/world.hpp"

namespace hapx::appliance::sim {
namespace {

constexpr std::size_t clients_of_each = 3;
/// There and back.
constexpr Duration exchange_takes = std::chrono::microseconds(200);

}  // namespace

void World::invite_clients(const IpAddress& vip, Address& address) {
  for (std::size_t i = 0; i < clients_of_each; ++i) {
    IpAddress host = vip;  // somebody else of its network
    host.bytes.at(byte_count(vip.family) - 1) ^= static_cast<std::uint8_t>(0x80U + i);
    address.clients.push_back({{host, static_cast<std::uint16_t>(40000 + i)}, {}});
  }
}

void World::observe_clients(const IpAddress& vip, Address& address) {
  for (IdleClient& client : address.clients) {
    if (client.server) {
      const Machine& server = machines_.at(client.server->machine);
      const bool ends = server.runs() && server.boots == client.server->boots &&
                        !server.haproxy.runs() && server.kernel.answers(vip, clock_of(server));
      if (ends) client.server.reset();
    }
    if (!client.server && address.serving)
      client.server = {*address.serving, machines_.at(*address.serving).boots};
  }
}

vip::ClientsListed World::list_clients(const Machine& machine, const IpAddress& vip) const {
  vip::ClientsListed listed{vip, {}};
  const auto found = addresses_.find(vip);
  if (found == addresses_.end() || !machine.haproxy.runs()) return listed;
  const Server here{machine.options.name, machine.boots};
  for (const IdleClient& client : found->second.clients)
    if (client.server == here) listed.clients.push_back(client.end);
  return listed;
}

/// A client's answer goes to the hardware address that it knows.
void World::tickle(Machine& machine, const vip::Tickle& action) {
  const IpAddress& vip = action.served.address;
  const auto found = addresses_.find(vip);
  if (found == addresses_.end() || !machine.kernel.passes(vip, clock_of(machine))) return;
  const Server here{machine.options.name, machine.boots};
  for (IdleClient& client : found->second.clients) {
    const bool is_asked = std::ranges::find(action.clients, client.end) != action.clients.end();
    const bool is_lost = random_.chance(network_.weather().loss_permille);
    if (!is_asked || is_lost || found->second.neighbour != here.machine) continue;
    if (client.server == here) continue;  // to an answer that fits there is none
    client.server.reset();
    tell(machine, exchange_takes, vip::ClientWoken{vip, client.end});
  }
  changed();
}

std::size_t World::asleep(const IpAddress& vip) const {
  const Address& address = addresses_.at(vip);
  return static_cast<std::size_t>(
      std::ranges::count_if(address.clients, [&](const IdleClient& client) {
        return !client.server || !address.serving ||
               *client.server != Server{*address.serving, machines_.at(*address.serving).boots};
      }));
}

}  // namespace hapx::appliance::sim
