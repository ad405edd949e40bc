// SPDX-License-Identifier: Apache-2.0
// What is a machine given for its first boot, so that it is a node when it is up?
//
// What cloud-init calls a NoCloud seed, one for each node: user-data with the cluster's key and
// file (the same for all), meta-data with the host name (by which the node finds itself in that
// file), and network-config with its addresses, in both versions that cloud-init knows. Nothing is
// run, downloaded or rebooted. Pure: files are read and written by others (cli/io/cloud_init).
#pragma once

#include <string>
#include <vector>

#include "config/cluster_config.hpp"
#include "config/cluster_key.hpp"
#include "config/result.hpp"

namespace hapx::appliance::cloud_init {

/// What the cluster's file does not say of the nodes' network.
struct NetworkWishes {
  /// That have the nodes' addresses: the n-th has the n-th of each node (`address`, then `links`).
  /// "eth0.43" is made as VLAN 43 of eth0. None: the VIPs' in whose network the address is.
  std::vector<std::string> interfaces{};
  std::vector<std::string> networks{};  ///< "192.168.4.128/27", likewise
  std::string gateway{};                ///< empty: none
  std::vector<std::string> nameservers{};
};

struct SeedWishes {
  std::string config_text;  ///< as it is to lie on the nodes
  ClusterKeys keys;
  NetworkWishes network{};
  /// A cloud-config of the operator's, put in front; empty: none.
  std::string more{};
  std::string more_file{};  ///< for the sentence about it
};

/// The files of one node's seed.
struct Seed {
  NodeName node;
  std::string user_data;  ///< has the key
  std::string meta_data;
  std::string network_config;     ///< version 2, which netplan has, too
  std::string network_config_v1;  ///< the same in version 1
};

/// One for each node of `config`, which `config_text` reads as. Refused: what isn't an address, a
/// network without the nodes' addresses, addresses for which no interface is known, a cloud-config
/// that has what hapx writes itself.
///
/// The instance-id changes with all that is in the seed, for cloud-init looks at nothing that is
/// given to an instance again. No way leads from it to the key.
[[nodiscard]] Result<std::vector<Seed>> seeds_of(const ClusterConfig& config,
                                                 const SeedWishes& wishes);

}  // namespace hapx::appliance::cloud_init
