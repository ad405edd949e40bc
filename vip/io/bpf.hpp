// SPDX-License-Identifier: Apache-2.0
// How are maps and programs given to the kernel?
//
// The few bpf(2) calls that the fence needs, by the raw system call: no library, no compiler, no
// BTF, no bpffs. All need CAP_BPF and CAP_NET_ADMIN (or root), except using a map that one has.
#pragma once

#include <cstdint>
#include <span>

#include "config/io/descriptor.hpp"
#include "config/result.hpp"
#include "vip/fence.hpp"

namespace hapx::vip {

/// A map from addresses to numbers of 32 bits.
[[nodiscard]] Result<Descriptor> create_address_map(std::uint32_t entries_max);
/// An array of 64-bit words that can be mapped into memory.
[[nodiscard]] Result<Descriptor> create_word_array(std::uint32_t words);
/// Refused unless the descriptor is such an array, of exactly this size.
[[nodiscard]] Result<void> expect_word_array(int map, std::uint32_t words);

[[nodiscard]] Result<void> set_element(int map, const AddressKey& key, std::uint32_t value);
/// Absent already is as good.
[[nodiscard]] Result<void> remove_element(int map, const AddressKey& key);

/// Loads a traffic control program. `name` is what `bpftool prog` shows, up to 15 bytes.
[[nodiscard]] Result<Descriptor> load_program(const BpfProgram& program, const char* name);
/// The kernel's number of a program, by which its filters name it.
[[nodiscard]] Result<std::uint32_t> program_id(int program);
/// Runs a loaded program once on a frame (at least 14 bytes) and returns its verdict.
[[nodiscard]] Result<std::int32_t> run_program(int program, std::span<const std::uint8_t> frame);

}  // namespace hapx::vip
