// SPDX-License-Identifier: Apache-2.0
// How is a cable pulled, cut and plugged in?
//
// A node's cable ends at a port of the bridge. Taking the port down takes the carrier from the node
// (a pulled cable); taking it out of the bridge silences the node at one instant without the node
// noticing anything (the moment of a power loss). One rtnetlink request each, made here by hand,
// because starting `ip` takes longer than what is to be measured.
#pragma once

#include <functional>
#include <string>

#include "config/result.hpp"

namespace hapx::appliance::lab {

/// Runs `action` in the network namespace of that name and comes back. For sockets, which stay
/// where they were made. The process must have one thread.
[[nodiscard]] Result<void> within(const std::string& netns,
                                  const std::function<Result<void>()>& action);

enum class Carrier { down, up };

/// Carrier::down: the machine at the other end loses its carrier.
[[nodiscard]] Result<void> set_carrier(const std::string& wire_netns, const std::string& port,
                                       Carrier carrier);

/// From the return on no frame passes between the machine and the rest of the wire.
[[nodiscard]] Result<void> silence(const std::string& wire_netns, const std::string& port);

}  // namespace hapx::appliance::lab
