// SPDX-License-Identifier: Apache-2.0
// What does this kernel allow? Tried where a trial leaves no trace, read where not.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "appliance/doctor/facts.hpp"

namespace hapx::appliance::doctor {

[[nodiscard]] std::string kernel_release();

/// Loads the fence's programs and puts them on the loopback of a network namespace that ends with
/// the trial.
[[nodiscard]] Attempt try_fence();

/// Binds a socket to an address of documentation (RFC 5737), which is nowhere.
[[nodiscard]] Attempt try_freebind();

/// Absent: the kernel does not say.
[[nodiscard]] std::optional<bool> is_clock_synchronised();

/// One of /proc/sys; 0 if it can't be read.
[[nodiscard]] int sysctl(const std::string& name);

/// Limit: of connections and routes a busy machine has some megabytes, all other files are small.
/// (The kernel refuses to read a sysctl into a place of megabytes.)
inline constexpr std::size_t table_bytes_max = 32 * 1024 * 1024;
inline constexpr std::size_t small_bytes_max = 64 * 1024;

/// What stands in a file of the kernel's or a program's; empty if it can't be read.
[[nodiscard]] std::string text_of(const std::string& path, std::size_t bytes_max = small_bytes_max);

}  // namespace hapx::appliance::doctor
