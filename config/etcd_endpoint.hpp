// SPDX-License-Identifier: Apache-2.0
// How is a member of an etcd cluster written?
//
// As etcd's own tools want it: https, a colon and two slashes, an address and a port. The address
// is a literal one: nobody asks for a name while an address waits for its next holder.
#pragma once

#include <string>
#include <string_view>

#include "config/net.hpp"
#include "config/result.hpp"

namespace hapx {

inline constexpr std::uint16_t etcd_port = 2379;

/// "https://10.0.0.31:2379", "https://[2001:db8::31]:2379"; without a port it is 2379. Refuses what
/// is no such thing with one sentence that says what to write.
[[nodiscard]] Result<Endpoint> parse_etcd_endpoint(std::string_view text);
[[nodiscard]] std::string write_etcd_endpoint(const Endpoint& endpoint);

}  // namespace hapx
