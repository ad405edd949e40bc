// SPDX-License-Identifier: Apache-2.0
// Who is connected to what this node serves, and who was to what it took over?
#include <algorithm>

#include "appliance/node_state.hpp"

namespace hapx::appliance {

using membership::LeaseKey;

void Node::State::hear_clients(const vip::ClientEvent& event, Instant now, Decisions& out) {
  const auto& address = std::visit(
      [](const auto& one) -> const auto& { return one.address; }, event);
  const auto found = std::ranges::find(clients, address, &ClientsHere::address);
  if (found == clients.end()) return;
  if (const auto* listed = std::get_if<vip::ClientsListed>(&event)) {
    found->hear(*listed);
    if (found->serves())
      absorb(member.tell_clients(LeaseKey::of(address), listed->clients, now), now, out);
  } else if (const auto* not_listed = std::get_if<vip::ClientsNotListed>(&event)) {
    found->hear(*not_listed, now, out);
  } else if (const auto* woken = std::get_if<vip::ClientWoken>(&event)) {
    found->hear(*woken, now);
  } else {
    found->hear(std::get<vip::TickleFailed>(event), now, out);
  }
}

/// After everything else of a step: who is woken finds the address announced.
void Node::State::attend_to_clients(Instant now, Decisions& out) {
  auto one = clients.begin();
  for (const auto& service : services) {
    for (const auto& holder : service.holders()) {
      const auto status = holder.status();
      const LeaseKey key = LeaseKey::of(one->address());
      one->converge(status.assigned && status.serving, member.clients(key), now, out);
      ++one;
    }
  }
}

}  // namespace hapx::appliance
