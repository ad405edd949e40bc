// SPDX-License-Identifier: Apache-2.0
// When does a member try to coordinate, and when does it leave that to another?
#include <algorithm>

#include "membership/member_state.hpp"

namespace hapx::membership {

/// A peer that hears us, all whom we hear, and somebody besides: it would plan with a node that to
/// us is dead.
bool Member::State::somebody_hears_more(Instant now) const {
  return std::any_of(peers.begin(), peers.end(), [&](const Peer& peer) {
    if (!peer.hears_us() || !peer.detector().present(now)) return false;
    bool more = false;
    for (const Peer& other : peers) {
      const bool we_hear = other.detector().present(now);
      const bool it_hears = &other == &peer || peer.hears(other.node().name);
      if (we_hear && !it_hears) return false;
      more = more || (it_hears && !we_hear);
    }
    return more;
  });
}

/// Liveness: where one way between two nodes is cut, who coordinates hears the others: whoever
/// hears less gives that up. Not before a lease: when a node dies, its peers notice it one after
/// the other. Nor more often.
bool Member::State::should_resign(Instant now) {
  if (!somebody_hears_more(now))
    outheard_since.reset();
  else if (!outheard_since)
    outheard_since = now;
  if (!coordinating(now) || !outheard(now)) return false;
  if (resigned_at && now < *resigned_at + options.config.timing.lease) return false;
  resigned_at = now;
  return true;
}

unsigned Member::State::rank(Instant now) const {
  if (outheard(now)) return static_cast<unsigned>(options.config.nodes.size());
  if (inherits_coordinator) return 0;
  unsigned before_us = 0;
  for (const NodeConfig& node : options.config.nodes) {
    if (node.name == options.self) break;
    for (const Peer& peer : peers)
      if (peer.node().name == node.name && peer.detector().present(now)) ++before_us;
  }
  return before_us;
}

/// Liveness: whenever a majority is there and nobody coordinates, somebody tries (LEASE.md, rule
/// 11).
void Member::State::govern(Instant now) {
  turn.reset();
  if (left) return;
  const Lease* lease = coordinator_lease;
  const bool claimed = lease != nullptr && lease->claimed();
  const bool somebody_else = watch.current(now) != nullptr;
  const bool in_vain = !coordinating(now) && (somebody_else || !quorate(now));
  const bool resigns = should_resign(now);
  if (claimed && (in_vain || resigns)) {
    release(claim_of(LeaseKey::coordinator()), now);
    watch.not_vacant();
    return;
  }
  if (claimed || somebody_else || !quorate(now)) {
    watch.not_vacant();
    return;
  }
  const Instant ours = watch.turn(rank(now), options.config.timing.heartbeat, now);
  if (ours > now) {
    turn = ours;
    return;
  }
  inherits_coordinator = false;
  claim_of(LeaseKey::coordinator()).lease.claim(now);
}

}  // namespace hapx::membership
