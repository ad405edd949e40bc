// SPDX-License-Identifier: Apache-2.0
// How does a fuzzer get behind the checksum at the end of a file?
#pragma once

#include <cstdint>
#include <vector>

#include "fuzz.hpp"
#include "membership/bytes.hpp"

namespace hapx::fuzz {

/// The input as all of a file but its checksum, which is right.
[[nodiscard]] inline std::vector<std::uint8_t> with_checksum(Bytes input) {
  membership::ByteWriter writer;
  writer.raw(input);
  writer.u64(membership::fnv1a(input));
  return std::move(writer).take();
}

}  // namespace hapx::fuzz
