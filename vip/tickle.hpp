// SPDX-License-Identifier: Apache-2.0
// What wakes a client whose server has gone without a word, and how is it seen that it woke?
//
// After a loss of power a client that only listens (a watch, a kubelet) doesn't know that its
// connection is gone: nobody says so, and its own keepalive may take minutes. A segment that the
// connection doesn't expect makes its kernel answer with what it does expect (RFC 9293, section
// 3.10.7.4: an unacceptable segment is answered by an acknowledgement), and to that our kernel,
// which has no such connection, answers with a reset that the client's must believe. So nobody has
// to know the connection's numbers. The idea is CTDB's, and so is the word.
//
// Whoever sees that reset knows more: the client's answer came here, so it, or the router before
// it, has learnt where the address is now.
//
// Limit: a firewall that drops what is in no connection it knows, on the client or on the way to
// it, drops a tickle, too.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "config/net.hpp"

namespace hapx::vip {

/// An IP packet, without an Ethernet header: an acknowledgement from `served` to `client`. Both of
/// one family. One whose `sequence` happens to be what the client expects isn't answered; of four
/// with a quarter of the numbers' circle between them at least three are.
[[nodiscard]] std::vector<std::uint8_t> tickle_packet(const Endpoint& served,
                                                      const Endpoint& client,
                                                      std::uint32_t sequence);

/// A TCP reset on the wire.
struct Reset {
  Endpoint from;
  Endpoint to;

  friend bool operator==(const Reset&, const Reset&) = default;
};

/// Of a whole Ethernet frame, or its first 128 bytes. Total: whatever is no TCP reset is nothing.
[[nodiscard]] std::optional<Reset> parse_reset(std::span<const std::uint8_t> frame);

}  // namespace hapx::vip
