// SPDX-License-Identifier: Apache-2.0
// Does every frame claim an address, to the byte, or nothing?
#include "vip/claim.hpp"

#include <algorithm>

#include "fuzz.hpp"
#include "vip/arp.hpp"
#include "vip/ndp.hpp"

namespace hapx::fuzz {
namespace {

using namespace vip;

void try_arp(const ArpPacket& packet, const Bytes& input) {
  must(input.size() >= arp_frame_bytes, "a shorter frame is none");
  const ArpFrame frame = to_frame(packet);
  must(std::equal(frame.begin(), frame.end(), input.begin()), "it is the same frame but padding");
  must(parse_arp(frame) == packet, "what is written is read back");
}

/// Options and flags that say nothing to us are left out, so the bytes need not be the same.
void try_ndp(const NdpPacket& packet) {
  must(parse_ndp(to_frame(packet)) == packet, "what is written is read back");
  must(packet.target.family == Family::ipv6 && packet.target.bytes[0] != 0xff,
       "a target is an address of one");
}

}  // namespace

void try_input(Bytes input) {
  const auto arp = parse_arp(input);
  const auto ndp = parse_ndp(input);
  const auto claim = parse_claim(input);
  must(!arp || !ndp, "a frame is of one protocol");
  must(claim.has_value() == (arp || ndp), "each claims an address");
  const auto inquiry = parse_inquiry(input);
  must(!inquiry || claim->kind == ClaimKind::question || claim->kind == ClaimKind::announcement,
       "who asks has an address");
  if (arp) try_arp(*arp, input);
  if (ndp) try_ndp(*ndp);
  if (claim) must((claim->address.family == Family::ipv4) == arp.has_value(), "of its family");
}

}  // namespace hapx::fuzz
