// SPDX-License-Identifier: Apache-2.0
// Who answered for the address, and was it ever more than one?
//
// A watcher asks the wire for the address every few milliseconds, each time under a number of its
// own (a round), and notes every hardware address that answers or announces itself, in the order in
// which they are heard.
//
// Safety: the address has one holder at every instant. Seen from the wire: once a successor has
// claimed the address, its predecessor is not heard again. Two that hold it together answer every
// round, so each is heard after the other.
// Limit: a handover that falls between the two deliveries of one question is answered by both, the
// old holder first, and looks as an overlap shorter than a round would look. Such rounds are
// counted (shared), not judged. Between two rounds nobody looks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "config/net.hpp"
#include "config/time.hpp"

namespace hapx::appliance::drill {

enum class Claim : std::uint8_t {
  answer,        ///< of a question; it says what was true when the round was asked
  announcement,  ///< unasked
};

struct Sighting {
  Instant at;               ///< when it was heard
  std::uint32_t round = 0;  ///< which question it answers; of an announcement, the last one asked
  MacAddress mac;
  Claim claim = Claim::answer;

  friend bool operator==(const Sighting&, const Sighting&) = default;
};

/// Two hardware addresses that claimed the address at the same time.
struct Conflict {
  Instant at;
  MacAddress one;
  MacAddress other;

  friend bool operator==(const Conflict&, const Conflict&) = default;
};

/// A hardware address that alone claimed the address for a while.
struct Tenure {
  MacAddress mac;
  Instant first;
  Instant last;

  friend bool operator==(const Tenure&, const Tenure&) = default;
};

/// A former holder that claims the address again sooner than this after its own last claim, or
/// after its successor's first, has not come back, it never left: no order and no failure moves a
/// service there and back in less.
inline constexpr Duration return_min = std::chrono::milliseconds(100);

struct Wire {
  std::size_t rounds_answered = 0;
  std::size_t rounds_shared = 0;  ///< answered by the old holder, then by the new one
  std::size_t conflict_count = 0;
  std::vector<Conflict> conflicts;  ///< the first few
  std::vector<Tenure> tenures;      ///< in order of time, the first few

  [[nodiscard]] bool is_one_holder() const { return conflict_count == 0; }

  friend bool operator==(const Wire&, const Wire&) = default;
};

inline constexpr std::size_t conflicts_kept_max = 16;
inline constexpr std::size_t tenures_kept_max = 64;

/// Judges what was heard in [from, until].
[[nodiscard]] Wire judge(std::vector<Sighting> sightings, Instant from, Instant until);

}  // namespace hapx::appliance::drill
