// SPDX-License-Identifier: Apache-2.0
// Who says in a frame that he has an address, or wants it, and in which frames do we?
//
// The one place where IPv4 and IPv6 differ on the wire is below (vip/arp, vip/ndp): whoever
// announces, asks or listens does it here, for an address of either family.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "config/net.hpp"

namespace hapx::vip {

enum class ClaimKind : std::uint8_t {
  announcement,  ///< "it is here", said to all
  answer,        ///< "it is here", said to who had asked
  question,      ///< asks about another address, from this one
  probe,         ///< is about to take it, and asks whether anybody has it
};

/// "announcement"; stable.
[[nodiscard]] std::string_view to_string(ClaimKind kind);

/// Somebody has the address, or (a probe) is about to.
struct Claim {
  IpAddress address;
  MacAddress mac;          ///< where it is said to be
  MacAddress destination;  ///< of the Ethernet header: to whom it is said
  ClaimKind kind = ClaimKind::announcement;

  friend bool operator==(const Claim&, const Claim&) = default;
};

/// Somebody asks where an address is.
struct Inquiry {
  IpAddress address;
  IpAddress asker;
  MacAddress asker_mac;
  MacAddress destination;  ///< of the Ethernet header: of one host, if the asker believes to know

  friend bool operator==(const Inquiry&, const Inquiry&) = default;
};

using WireFrame = std::vector<std::uint8_t>;  ///< a whole Ethernet frame

/// "The address is at this hardware address", in every form that somebody listens to: of IPv4 the
/// request and the reply, of IPv6 the advertisement.
[[nodiscard]] std::vector<WireFrame> announcement_frames(const MacAddress& mac,
                                                         const IpAddress& address);
/// "Does anybody have this address?", without claiming one.
[[nodiscard]] WireFrame probe_frame(const MacAddress& mac, const IpAddress& address);
/// "Who has this address? Tell this hardware address and `own`", of the same family.
[[nodiscard]] WireFrame question_frame(const MacAddress& mac, const IpAddress& own,
                                       const IpAddress& address);

/// "The address is at this hardware address", to one host alone.
[[nodiscard]] WireFrame answer_frame(const MacAddress& mac, const IpAddress& address,
                                     const IpAddress& asker, const MacAddress& asker_mac);

/// Total, as parse_claim: of a probe there is none, for nobody asks.
[[nodiscard]] std::optional<Inquiry> parse_inquiry(std::span<const std::uint8_t> frame);

/// Total: a frame that claims nothing (another protocol, a malformed packet) is nothing.
[[nodiscard]] std::optional<Claim> parse_claim(std::span<const std::uint8_t> frame);

}  // namespace hapx::vip
