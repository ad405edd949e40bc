// SPDX-License-Identifier: Apache-2.0
// Is every frame one of a wire test, to the bit, or nothing?
#include "appliance/doctor/wire_frame.hpp"

#include <algorithm>

#include "fuzz.hpp"
#include "vip/claim.hpp"

namespace hapx::fuzz {
namespace {

using namespace appliance::doctor;

void try_note(const Note& note, const IpAddress& address) {
  Note written = note;
  written.bytes = std::max(note.bytes, note_packet_bytes_min);
  const Frame frame = note_frame({{}, {}, address, address}, written);
  must(frame.size() == ethernet_bytes + written.bytes, "it has the size that it tells");
  must(parse_note(frame) == written, "what is written is read back");
}

void try_sighting(Bytes frame, const IpAddress& claimed) {
  const auto sighting = sighting_of(frame, claimed);
  if (!sighting) return;
  const auto claim = vip::parse_claim(frame);
  must(claim.has_value(), "who speaks of an address claims one, too");
  const bool asks =
      sighting->kind == FrameKind::question || sighting->kind == FrameKind::question_to_one;
  must(asks || claim->address == claimed, "and if it doesn't ask for it, this one");
  must(asks == (sighting->asker_mac != MacAddress{}) || sighting->asker_mac == MacAddress{},
       "only a question has an asker");
}

}  // namespace

/// Addresses are taken from the frame, or none would ever be spoken of.
void try_input(Bytes input) {
  for (const IpAddress& address : {ipv4(192, 0, 2, 1), IpAddress{Family::ipv6, {0x20, 1}}}) {
    if (const auto note = parse_note(input)) try_note(*note, address);
  }
  if (const auto claim = vip::parse_claim(input)) try_sighting(input, claim->address);
  if (const auto asked = vip::parse_inquiry(input)) try_sighting(input, asked->address);
}

}  // namespace hapx::fuzz
