// SPDX-License-Identifier: Apache-2.0
// What is the cluster's secret, and how is it written down?
//
// 32 random bytes that all nodes share; whoever has them is a node. On disk they are one line of
// text, so that they survive a terminal, a cloud-init file and a copy between machines:
//
//   hapx-key-v1:<64 hexadecimal digits>
//
// A second line is another key, while the cluster goes over from one to the other (LEASE.md, rule
// 23): a node seals with the first, and opens what was sealed with either.
//
// A key is never shown: no sentence of a refusal here has a byte of it. Where the line is kept, and
// who may read it, is io/key_file's matter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/archived.hpp"
#include "config/result.hpp"

namespace hapx {

inline constexpr std::size_t key_bytes = 32;  ///< AES-256's
using ClusterKey = std::array<std::uint8_t, key_bytes>;

struct ClusterKeys {
  ClusterKey first{};                     ///< seals
  std::optional<ClusterKey> second = {};  ///< opens, too

  /// No key is ever kept: what stands in for it is.
  void archive(ArchiveWriter& kept) const;
  void archive(ArchiveReader& kept);

  friend bool operator==(const ClusterKeys&, const ClusterKeys&) = default;
};

/// The line with its final newline.
[[nodiscard]] std::string write_key(const ClusterKey& key);

/// Reads the line; white space around it is allowed, since editors and here-documents add some.
/// Refuses another format, another length, and keys that are no secret (all bytes alike, counting
/// up): they come from tests and examples.
[[nodiscard]] Result<ClusterKey> parse_key(std::string_view text);

/// Reads one line or two. Refuses, besides, the same key twice and a third line.
[[nodiscard]] Result<ClusterKeys> parse_keys(std::string_view text);

/// What a recording has in the place of a key: as different as the keys are, and no way back to
/// them (SHA-256). What stands in for a stand-in is itself.
[[nodiscard]] ClusterKey stand_in_of(const ClusterKey& key);

}  // namespace hapx
