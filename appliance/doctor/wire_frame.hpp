// SPDX-License-Identifier: Apache-2.0
// Which frames do the ends of a wire test send, and which of them is this?
//
// ARP and NDP are vip/claim's. Packets from and to the claimed address, and those of a certain
// size, are echo replies that nobody asked for: every kernel lets them fall without a word, and
// they have room for a note that tells whose they are.
#pragma once

#include <cstdint>
#include <optional>

#include "appliance/doctor/ip_packet.hpp"
#include "appliance/doctor/wire_facts.hpp"
#include "config/net.hpp"

namespace hapx::appliance::doctor {

/// What stands in a packet of a wire test.
struct Note {
  enum class Kind : std::uint8_t { from_address = 1, to_address = 2, sized = 3 };
  std::uint64_t incarnation = 0;  ///< of the end that sent it
  Kind kind = Kind::from_address;
  std::uint16_t bytes = 0;  ///< of the whole IP packet

  friend bool operator==(const Note&, const Note&) = default;
};

/// No packet with a note is smaller.
inline constexpr std::uint16_t note_packet_bytes_min = 84;

/// `note.bytes` long from the IP header on, or note_packet_bytes_min. The heads' protocol is set
/// here.
[[nodiscard]] Frame note_frame(IpHeads heads, const Note& note);
/// Total: what bears no note is nothing. Of a long packet the first 128 bytes suffice.
[[nodiscard]] std::optional<Note> parse_note(Bytes frame);

/// A frame about the claimed address.
struct Sighting {
  FrameKind kind = FrameKind::question;
  MacAddress mac;          ///< whose it is by its own account
  MacAddress source;       ///< of the Ethernet header
  IpAddress asker{};       ///< of a question
  MacAddress asker_mac{};  ///< where the answer goes

  friend bool operator==(const Sighting&, const Sighting&) = default;
};

/// Total: what isn't about that address is nothing.
[[nodiscard]] std::optional<Sighting> sighting_of(Bytes frame, const IpAddress& claimed);

}  // namespace hapx::appliance::doctor
