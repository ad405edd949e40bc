// SPDX-License-Identifier: Apache-2.0
// What happens when hapx itself is wrong?
//
// A broken assumption ends the process, in every build. That is safe here as in few programs: the
// kernel holds the lease, so a crashed hapxd falls silent on the wire by itself, and its keeper
// starts the next one. Assertions are for bugs only; weather is a Result or an event, a bad file
// is a refusal (config/result.hpp).
#pragma once

namespace hapx {

/// Prints the broken assumption to stderr and aborts.
[[noreturn]] void assertion_failed(const char* what, const char* file, int line) noexcept;

}  // namespace hapx

#define HAPX_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::hapx::assertion_failed(#condition, __FILE__, __LINE__))
