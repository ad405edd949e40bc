// SPDX-License-Identifier: Apache-2.0
// What is a wire test about: which segments, and which addresses?
//
// The address that is claimed is by default one that no host may have: 192.0.2.0/24 (RFC 5737) and
// 2001:db8::/32 (RFC 3849) are there for documents. So the worst that a claim can do is nothing.
// Addresses of the VIPs' own networks are drawn, too, but only asked for: who answers for several
// of them would answer for the VIP as well. Both ends draw by the same number, and the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "appliance/doctor/wire_facts.hpp"
#include "config/cluster_config.hpp"
#include "config/result.hpp"

namespace hapx::appliance::doctor {

/// Limit: of a file with more, the first ones.
inline constexpr std::size_t segments_max = 4;

/// Those of all VIPs. Refuses a witness, and a file without two nodes that may hold a VIP.
[[nodiscard]] Result<std::vector<Segment>> segments_of(const ClusterConfig& config,
                                                       const NodeName& self);

/// Refuses an address that can't be claimed: a node's own, or one of no single host.
[[nodiscard]] Result<void> check_given(const ClusterConfig& config, const IpAddress& address);

[[nodiscard]] IpAddress no_hosts_address(Family family, std::uint64_t seed);

/// With which an end asks where its interface has no address of its own: likewise nobody's.
[[nodiscard]] IpAddress stand_in_address(Family family, bool is_first);

/// Fills in what is claimed (`given`, the first of the family, if there is one) and drawn.
void draw_addresses(Segment& segment, const ClusterConfig& config, std::uint64_t seed,
                    const std::vector<IpAddress>& given);

}  // namespace hapx::appliance::doctor
