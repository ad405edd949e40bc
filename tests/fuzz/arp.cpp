// SPDX-License-Identifier: Apache-2.0
// Is every frame an ARP packet, to the byte, or nothing?
#include "vip/arp.hpp"

#include <algorithm>

#include "fuzz.hpp"

namespace hapx::fuzz {

using namespace vip;

void try_input(Bytes input) {
  const auto packet = parse_arp(input);
  if (!packet) return;
  must(input.size() >= arp_frame_bytes, "a shorter frame is none");
  const ArpFrame frame = to_frame(*packet);
  must(std::equal(frame.begin(), frame.end(), input.begin()), "it is the same frame but padding");
  must(parse_arp(frame) == packet, "what is written is read back");
}

}  // namespace hapx::fuzz
