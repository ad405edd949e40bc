// SPDX-License-Identifier: Apache-2.0
// Who says that he has the address, and has not?
//
// A machine that is none of the cluster's and announces the address, as one does that somebody has
// given the same address to. Clients that believe it send to nobody, until the holder has said
// again where the address is.
#pragma once

#include <string>

#include "appliance/drill/io/instrument.hpp"
#include "config/net.hpp"

namespace hapx::appliance::drill {

/// Of a virtual machine's kind, and of none that there is.
inline constexpr MacAddress stranger_mac{{0x52, 0x54, 0x00, 0x0f, 0x0e, 0x01}};

/// From this card in the namespace (empty: where we are). Claims the address when it is there, and
/// twice more, 1.25 s apart.
[[nodiscard]] Result<Instrument> start_stranger(const std::string& netns, const std::string& card,
                                                const IpAddress& address);

}  // namespace hapx::appliance::drill
