// SPDX-License-Identifier: Apache-2.0
// How does a promise look where it is kept?
//
// The same in a slot of the promise memory and in an arbiter's store; the key is said beside it.
#pragma once

#include <optional>

#include "membership/bytes.hpp"
#include "membership/promise.hpp"

namespace hapx::membership {

/// REQUIRES: at most retired_max are retired.
void write_promise(ByteWriter& writer, const Promise& promise);
/// Total: absent if it is none. Of the key `key`.
[[nodiscard]] std::optional<Promise> read_promise(ByteReader& reader, LeaseKey key);

}  // namespace hapx::membership
