// SPDX-License-Identifier: Apache-2.0
// What is the cluster's secret, and how is it written down?
//
// 32 random bytes that all nodes share; whoever has them is a node. On disk they are one line of
// text, so that they survive a terminal, a cloud-init file and a copy between machines:
//
//   hapx-key-v1:<64 hexadecimal digits>
//
// A key is never shown: no sentence of a refusal here has a byte of it. Where the line is kept, and
// who may read it, is io/key_file's matter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/result.hpp"

namespace hapx {

inline constexpr std::size_t key_bytes = 32;  ///< AES-256's
using ClusterKey = std::array<std::uint8_t, key_bytes>;

/// The line with its final newline.
[[nodiscard]] std::string write_key(const ClusterKey& key);

/// Reads the line; white space around it is allowed, since editors and here-documents add some.
/// Refuses another format, another length, and keys that are no secret (all bytes alike, counting
/// up): they come from tests and examples.
[[nodiscard]] Result<ClusterKey> parse_key(std::string_view text);

}  // namespace hapx
