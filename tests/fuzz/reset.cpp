// SPDX-License-Identifier: Apache-2.0
// Is every frame a TCP reset between two hosts of one family, or nothing?
#include <vector>

#include "fuzz.hpp"
#include "vip/tickle.hpp"

namespace hapx::fuzz {
namespace {

using namespace vip;

constexpr std::size_t ethernet_bytes = 14;

/// Whoever sends it in the other direction is read as such.
void try_reset(const Reset& reset, Bytes input) {
  must(reset.from.address.family == reset.to.address.family, "both ends are of one family");
  const bool is_ipv4 = reset.from.address.family == Family::ipv4;
  std::vector<std::uint8_t> frame(input.begin(), input.begin() + ethernet_bytes);
  const auto packet = tickle_packet(reset.to, reset.from, 0);
  frame.insert(frame.end(), packet.begin(), packet.end());
  must(!parse_reset(frame), "a tickle is none");
  constexpr std::size_t flags_from_the_end = 7;
  frame[frame.size() - flags_from_the_end] |= 0x04U;
  must(parse_reset(frame) == Reset{reset.to, reset.from}, "one that we make is read back");
  must(frame.size() == ethernet_bytes + (is_ipv4 ? 40 : 60), "a tickle has no options");
}

}  // namespace

void try_input(Bytes input) {
  const auto reset = parse_reset(input);
  if (reset) try_reset(*reset, input);
}

}  // namespace hapx::fuzz
