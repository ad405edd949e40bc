// SPDX-License-Identifier: Apache-2.0
// How does a node remember by which list it counts votes?
//
// A small file in the state directory, beside the record: who votes, and while one list succeeds
// another, also the one before (succession.hpp). It is written before a process's first vote, and
// with the record when that changes. This file knows its bytes:
//
//   magic, layout, cluster, node, generation, list, hash of the one before it, those before,
//   checksum
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "membership/record.hpp"
#include "membership/succession.hpp"

namespace hapx::membership {

/// No file of ours is longer.
inline constexpr std::size_t voters_bytes_max = 64 * std::size_t{1024};

[[nodiscard]] std::vector<std::uint8_t> encode_voters(const KeptElectorate& kept,
                                                      const RecordOwner& owner);
/// Total on any input. Absent: there is none, or it is torn, of another layout, or somebody else's.
[[nodiscard]] std::optional<KeptElectorate> decode_voters(std::span<const std::uint8_t> bytes,
                                                          const RecordOwner& owner);

}  // namespace hapx::membership
