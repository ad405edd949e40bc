// SPDX-License-Identifier: Apache-2.0
// Is hapxd still going round its loop?
//
// A page shared between keeper and hapxd: hapxd counts its turns in it, the keeper looks whether
// the number has changed. A store costs nothing, can't block and can't fail, which is more than can
// be said of any message.
#pragma once

#include <atomic>
#include <cstdint>

#include "config/io/descriptor.hpp"
#include "config/result.hpp"

namespace hapx::appliance {

/// Lives in the shared page; zero bytes are its first state.
struct Life {
  std::atomic<std::uint64_t> turns;
  /// How often the keeper is to look for turns; three looks without one: hapxd hangs. 0: it has not
  /// begun, and is not judged by its turns yet.
  std::atomic<std::uint64_t> interval_nanoseconds;
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/// Makes the page; an anonymous file to be handed down.
[[nodiscard]] Result<Descriptor> make_life_file();

/// Maps it; stays mapped for the rest of the process.
[[nodiscard]] Result<Life*> map_life(int file);

}  // namespace hapx::appliance
