// SPDX-License-Identifier: Apache-2.0
// What do the two ends of a wire test say to each other?
//
// One word per segment, again and again until the test is over: how far the speaker is, whom it has
// heard, and all its notes so far. So nothing is lost with a datagram, and nothing has to be
// acknowledged but the end. A word is a JSON object, sealed with the cluster's key (io/wire): keys
// that another version added are left unread, missing ones are as if nothing had been seen.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "appliance/doctor/wire_facts.hpp"

namespace hapx::appliance::doctor {

/// In this order. Words have their numbers.
enum class WirePhase : std::uint8_t {
  meeting,        ///< looks for the other end
  asking,         ///< both ask whether anybody has the addresses
  first_claims,   ///< who stands first in the file claims it, the other asks for it
  second_claims,  ///< the other way round
  over,
};

struct WireWord {
  NodeName to{};            ///< with whom the speaker tests; empty: whoever comes
  std::uint64_t hears = 0;  ///< the incarnation that it has heard of `to`
  WirePhase phase = WirePhase::meeting;
  bool is_done = false;            ///< the notes are the last ones
  bool has_yours = false;          ///< and the other's last ones are here
  std::vector<IpAddress> given{};  ///< addresses that its operator has named
  InterfaceName interface {};      ///< of the segment
  Family family = Family::ipv4;
  SegmentEnd notes{};

  friend bool operator==(const WireWord&, const WireWord&) = default;
};

/// Longer ones don't fit into a sealed datagram.
inline constexpr std::size_t word_bytes_max = 1200;

/// At most word_bytes_max: a long sentence in it is cut, and what is too much is left out.
[[nodiscard]] std::string to_text(const WireWord& word);

/// Total: nothing where the text is no word.
[[nodiscard]] std::optional<WireWord> parse_word(std::string_view text);

}  // namespace hapx::appliance::doctor
