// SPDX-License-Identifier: Apache-2.0
// Are two leases in the same state, and what is a lease when the voters change places?
//
// The exploration has to know when it has seen a state before. So it reads a Lease's private parts,
// as PromiseMemoryCodec does a memory's, and writes them only to call the voters by other names and
// to let time pass. Left out of the comparison is what decides nothing: the two sentences for
// people, the instant that one of them waits for (Preparing's `since`), and the state of the random
// waits, which are all zero with the heartbeat of the exploration (see model.hpp).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "membership/lease.hpp"

namespace hapx::membership {

struct LeaseContents {
  /// Two leases of one session and one configuration behave alike if their bytes are equal.
  static void append(std::string& bytes, const Lease& lease, const std::vector<NodeName>& voters);

  /// The same lease where voters[i] is called voters[to[i]]. REQUIRES: every sequence was given in
  /// a round of all voters in their order. Absent if one wasn't.
  static std::optional<Lease> renamed(const Lease& lease, const std::vector<NodeName>& voters,
                                      const std::vector<std::size_t>& to);

  /// The same lease, `by` later, told in a time in which it is still `now`. What is past is moved
  /// to `now`, what began more than `oldest` ago to then: past is past.
  static Lease aged(const Lease& lease, Duration by, Instant now, Duration oldest);

  /// Of the try that is under way.
  static std::optional<Ballot> ballot(const Lease& lease);
  static bool proposing(const Lease& lease);
  static std::uint64_t highest_round(const Lease& lease) { return lease.highest_round_; }
};

// The alphabet of the bytes that states are compared by.
void append_number(std::string& bytes, std::uint64_t number);
void append_instant(std::string& bytes, Instant instant);
void append_ballot(std::string& bytes, const Ballot& ballot);

}  // namespace hapx::membership
