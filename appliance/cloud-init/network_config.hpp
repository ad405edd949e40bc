// SPDX-License-Identifier: Apache-2.0
// Which network does a node need, in cloud-init's words?
//
// The nodes' addresses on their interfaces, and the VIPs' interfaces without any address: a VIP is
// there only while it is held. "eth0.43" is VLAN 43 of eth0. Two notations of the same: version 2
// (netplan's) and version 1.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "appliance/cloud-init/seed.hpp"
#include "config/cluster_config.hpp"
#include "config/net.hpp"
#include "config/result.hpp"

namespace hapx::appliance::cloud_init {

/// Where the n-th addresses of all nodes are.
struct Segment {
  std::string interface;
  std::uint8_t prefix = 0;
};

/// What all nodes have in common; by the order of a node's ways.
struct Layout {
  std::vector<Segment> segments;
  std::vector<std::string> vip_interfaces;  ///< each once
  std::optional<IpAddress> gateway;
  std::vector<IpAddress> nameservers;
};

/// Refused: as seeds_of.
[[nodiscard]] Result<Layout> layout_of(const ClusterConfig& config, const NetworkWishes& wishes);

[[nodiscard]] std::string network_config(const Layout& layout, const NodeConfig& node);
[[nodiscard]] std::string network_config_v1(const Layout& layout, const NodeConfig& node);

}  // namespace hapx::appliance::cloud_init
