// SPDX-License-Identifier: Apache-2.0
// What was tried between two nodes on the segment of a VIP, and what became of it?
//
// Two ends take turns in claiming an address that nobody has, as a holder of a VIP would, and each
// notes what it sent and what it saw of the other. Both sides of that, as one value: gathered by
// wire_end, judged by judge_wire. Each end has the whole of it, so both come to the same findings.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "config/cluster_config.hpp"
#include "config/ids.hpp"
#include "config/net.hpp"

namespace hapx::appliance::doctor {

/// What one end sends and the other is to see.
enum class FrameKind : std::uint8_t {
  announcement_request,  ///< gratuitous ARP in its two forms
  announcement_reply,
  advertisement,    ///< of IPv6: unsolicited, to all nodes
  question,         ///< where the address is, asked of all
  question_to_one,  ///< the same asked of who has it, as a host that checks what it knows
  answer,
  from_address,  ///< a packet from the address
  to_address,    ///< a packet to it
};
inline constexpr std::size_t frame_kinds = 8;
using FrameCounts = std::array<unsigned, frame_kinds>;

/// Stable.
[[nodiscard]] constexpr const char* to_string(FrameKind kind) {
  constexpr std::array<const char*, frame_kinds> words{"announcementRequest", "announcementReply",
                                                       "advertisement",       "question",
                                                       "questionToOne",       "answer",
                                                       "fromAddress",         "toAddress"};
  return words.at(static_cast<std::size_t>(kind));
}

/// The network of one or more VIPs: an interface of the same name on each node, and a family.
struct Segment {
  InterfaceName interface;
  Family family = Family::ipv4;
  std::vector<Cidr> vips{};
  IpAddress claimed{};    ///< by the ends, in turn
  bool is_given = false;  ///< an operator has named it; else it is one that no host may have
  /// Drawn from the VIPs' networks; asked for, and never claimed.
  std::vector<IpAddress> drawn{};

  friend bool operator==(const Segment&, const Segment&) = default;
};

/// A host that says that it has one of the addresses that were asked for.
struct Claimant {
  IpAddress address;
  MacAddress mac;

  friend bool operator==(const Claimant&, const Claimant&) = default;
  friend auto operator<=>(const Claimant&, const Claimant&) = default;
};

/// What a DHCP server offers.
struct DhcpSight {
  IpAddress server;
  IpAddress offered;
  bool was_asked = false;  ///< by an end, for a VIP; else it was meant for somebody else

  friend bool operator==(const DhcpSight&, const DhcpSight&) = default;
};

/// Limits: what a noisy segment can put into the notes of one end.
inline constexpr std::size_t claimants_max = 16;
inline constexpr std::size_t dhcp_sights_max = 8;

/// The notes of one end about one segment.
struct SegmentEnd {
  std::string trouble{};  ///< why nothing can be tried there: "eth0 has no carrier"; else empty
  MacAddress mac{};
  /// An address of its own there, of the family; of IPv6 its link-local one. Unspecified: none.
  IpAddress own{};
  unsigned mtu = 0;
  std::vector<IpAddress> served{};  ///< VIPs that have a holder, as a hapxd here says

  FrameCounts sent{};
  FrameCounts seen{};  ///< of the other end's
  std::vector<unsigned> sizes_sent{};
  std::vector<unsigned> sizes_seen{};  ///< of the other end's
  MacAddress seen_from{};  ///< where frames of the other came from that said otherwise inside
  std::vector<Claimant> claimants{};
  std::vector<DhcpSight> offers{};

  friend bool operator==(const SegmentEnd&, const SegmentEnd&) = default;
};

struct SegmentFacts {
  Segment segment;
  std::array<SegmentEnd, 2> ends{};  ///< in the order of WireFacts::nodes
  bool other_knows_it = false;       ///< the other end has it in its file, too
};

/// How the two came to speak with each other.
enum class Meeting : std::uint8_t {
  met,
  nobody,     ///< nobody spoke
  not_heard,  ///< the other spoke, and has not heard us
  elsewhere,  ///< the other tests with somebody else
  lost,       ///< it fell silent before the end
};

struct WireFacts {
  Meeting meeting = Meeting::nobody;
  std::array<NodeName, 2> nodes{};  ///< as they stand in the file
  bool here_is_first = true;
  std::string disagreement{};  ///< about what is to be tested; empty: none
  std::vector<SegmentFacts> segments{};
};

}  // namespace hapx::appliance::doctor
