// SPDX-License-Identifier: Apache-2.0
// How do descriptors get from the keeper to the next hapxd?
//
// By inheritance, and by name: the environment variable HAPX_DESCRIPTORS says "name=number"
// for each. What a hapxd wants to outlive it (the fence's deadlines, the lock, the voter's memory)
// it sends to its keeper under a name; the keeper, which knows none of them, hands all of them to
// the next one.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "config/io/descriptor.hpp"
#include "config/result.hpp"

namespace hapx::appliance {

using DescriptorsByName = std::map<std::string, Descriptor>;

inline constexpr const char* descriptors_variable = "HAPX_DESCRIPTORS";
/// Limit: how many descriptors a keeper keeps for its child.
inline constexpr std::size_t kept_descriptors_max = 16;

/// "deadlines=5:lock=6". Names have no '=' and no ':'.
[[nodiscard]] std::string describe(const DescriptorsByName& descriptors);

/// Takes over what the variable names; ignores what is malformed or not open. Marks all
/// close-on-exec, so that nothing leaks into HAProxy.
[[nodiscard]] DescriptorsByName take_handed_down(std::string_view variable);

/// Sends a copy of `descriptor` under `name` over a SOCK_SEQPACKET socket.
[[nodiscard]] Result<void> send_descriptor(int channel, const std::string& name, int descriptor);

/// Asks the keeper to tell the service manager `state` (sd_notify(3)'s lines): a message without a
/// descriptor. Only the keeper may speak with it, being what the service manager started.
[[nodiscard]] Result<void> send_state(int channel, std::string_view state);
/// Limit: of such a message; the rest is cut off.
inline constexpr std::size_t state_bytes_max = 1024;

/// One message from `channel` without waiting: its name (or state) and its descriptor, if it has
/// one. `absent` when the other end is closed, `unavailable` when there is nothing to read now.
[[nodiscard]] Result<std::pair<std::string, Descriptor>> receive_descriptor(int channel);

}  // namespace hapx::appliance
