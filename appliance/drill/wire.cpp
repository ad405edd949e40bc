// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/wire.hpp"

#include <algorithm>

namespace hapx::appliance::drill {
namespace {

void note(Wire& wire, const Sighting& sighting, const MacAddress& other) {
  ++wire.conflict_count;
  if (wire.conflicts.size() < conflicts_kept_max) {
    wire.conflicts.push_back({sighting.at, other, sighting.mac});
  }
}

/// The last tenure of this hardware address before the present one, if it ended only just now.
bool never_left(const Wire& wire, const Sighting& sighting) {
  const Tenure& present = wire.tenures.back();
  return std::ranges::any_of(wire.tenures, [&](const Tenure& tenure) {
    return tenure.mac == sighting.mac && sighting.at - present.first < return_min &&
           tenure.last <= present.first;
  });
}

/// Every answer of a round is compared with the first; the input is in the order of rounds.
void judge_rounds(Wire& wire, const std::vector<Sighting>& sightings) {
  const Sighting* first = nullptr;
  for (const Sighting& sighting : sightings) {
    if (sighting.claim != Claim::answer) continue;
    if (first == nullptr || first->round != sighting.round) {
      first = &sighting;
      ++wire.rounds_answered;
    } else if (first->mac != sighting.mac) {
      note(wire, sighting, first->mac);
    }
  }
}

/// Who followed whom. Where rounds were answered twice that is the finding, and the alternation
/// that comes with it is not counted again.
void judge_succession(Wire& wire, const std::vector<Sighting>& sightings) {
  const bool is_split = wire.conflict_count > 0;
  for (const Sighting& sighting : sightings) {
    if (!wire.tenures.empty() && wire.tenures.back().mac == sighting.mac) {
      wire.tenures.back().last = std::max(wire.tenures.back().last, sighting.at);
      continue;
    }
    if (wire.tenures.size() >= tenures_kept_max) return;
    if (!wire.tenures.empty() && !is_split && never_left(wire, sighting)) {
      note(wire, sighting, wire.tenures.back().mac);
    }
    wire.tenures.push_back({sighting.mac, sighting.at, sighting.at});
  }
}

}  // namespace

Wire judge(std::vector<Sighting> sightings, Instant from, Instant until) {
  std::erase_if(sightings, [&](const Sighting& s) { return s.at < from || s.at > until; });
  // By round, not by arrival: an answer that was delivered late still tells of its own round.
  std::ranges::stable_sort(sightings, [](const Sighting& a, const Sighting& b) {
    if (a.round != b.round) return a.round < b.round;
    if (a.claim != b.claim) return a.claim == Claim::answer;
    return a.at < b.at;
  });
  Wire wire;
  judge_rounds(wire, sightings);
  judge_succession(wire, sightings);
  return wire;
}

}  // namespace hapx::appliance::drill
