// SPDX-License-Identifier: Apache-2.0
// How does a Message look as bytes, before it is sealed?
//
// As protobuf (message.proto), so that nodes of two versions understand each other during a rolling
// upgrade: unknown fields are ignored, absent ones mean nothing is said. This is the only place
// that knows protobuf. Decoding is total: whatever the bytes are, the outcome is a Message within
// its limits, or nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "membership/message.hpp"

namespace hapx::membership {

/// A Message as a few plaintexts of at most `bytes_max` each; the beat is in the first. Over-long
/// reasons and sentences are cut. REQUIRES: bytes_max >= plaintext_bytes_min, and names within
/// name_bytes_max.
[[nodiscard]] std::vector<std::vector<std::uint8_t>> encode(const Message& message,
                                                            std::size_t bytes_max);

/// No single item is longer than this.
inline constexpr std::size_t plaintext_bytes_min = 1024;

/// `sender` and `incarnation` are the envelope's. Absent: malformed.
[[nodiscard]] std::optional<Message> decode(std::span<const std::uint8_t> bytes,
                                            const NodeName& sender, Incarnation incarnation);

}  // namespace hapx::membership
