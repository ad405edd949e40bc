// SPDX-License-Identifier: Apache-2.0
// Who is connected to what is held here, and who was to what others hold?
#include "membership/member_state.hpp"

namespace hapx::membership {

Outcome Member::tell_clients(const LeaseKey& key, const std::vector<Endpoint>& clients,
                             Instant now) {
  State& state = *state_;
  state.pass_time(now);
  const auto parts = parts_of(key, ++state.clients_version, clients);
  for (const Peer& peer : state.peers) {
    if (!peer.current() || !peer.detector().present(now)) continue;
    auto& told = state.message_to(peer).clients_told;
    told.insert(told.end(), parts.begin(), parts.end());
  }
  return state.finish(now);
}

const std::vector<Endpoint>& Member::clients(const LeaseKey& key) const {
  return state_->client_lists.of(key);
}

}  // namespace hapx::membership
