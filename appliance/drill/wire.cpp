// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/wire.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace hapx::appliance::drill {
namespace {

void note(Wire& wire, const Sighting& sighting, const MacAddress& other) {
  ++wire.conflict_count;
  if (wire.conflicts.size() < conflicts_kept_max) {
    wire.conflicts.push_back({sighting.at, other, sighting.mac});
  }
}

void keep(Wire& wire, const Tenure& tenure) {
  if (wire.tenures.size() < tenures_kept_max) wire.tenures.push_back(tenure);
}

/// Counts the rounds, and those that more than one answered; the input is in the order of rounds.
void count_rounds(Wire& wire, const std::vector<Sighting>& sightings) {
  const Sighting* first = nullptr;
  bool is_shared = false;
  for (const Sighting& sighting : sightings) {
    if (sighting.claim != Claim::answer) continue;
    if (first == nullptr || first->round != sighting.round) {
      first = &sighting;
      is_shared = false;
      ++wire.rounds_answered;
    } else if (first->mac != sighting.mac && !is_shared) {
      is_shared = true;
      ++wire.rounds_shared;
    }
  }
}

/// A hardware address that follows another has come or come back, unless it was there only just
/// now, or the other has only just come: then it never left.
void judge_succession(Wire& wire, const std::vector<Sighting>& sightings) {
  std::map<MacAddress, Instant> last_heard;
  std::optional<Tenure> present;
  for (const Sighting& sighting : sightings) {
    const auto before = last_heard.find(sighting.mac);
    if (!present || present->mac != sighting.mac) {
      const bool never_left =
          before != last_heard.end() &&
          (sighting.at - before->second < return_min || sighting.at - present->first < return_min);
      if (never_left) note(wire, sighting, present->mac);
      if (present) keep(wire, *present);
      present = Tenure{sighting.mac, sighting.at, sighting.at};
    }
    present->last = std::max(present->last, sighting.at);
    last_heard[sighting.mac] = sighting.at;
  }
  if (present) keep(wire, *present);
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
  count_rounds(wire, sightings);
  judge_succession(wire, sightings);
  return wire;
}

}  // namespace hapx::appliance::drill
