// SPDX-License-Identifier: Apache-2.0
// Of what is a simulated world made?
#pragma once

#include <cstdint>
#include <vector>

#include "appliance/sim/checkers.hpp"
#include "appliance/sim/machine.hpp"
#include "appliance/sim/network.hpp"
#include "config/cluster_config.hpp"
#include "config/ids.hpp"

namespace hapx::appliance::sim {

/// Whether beats, timers and renewals are in the trace, too; whoever plays many seeds needs none.
enum class TraceDetail : std::uint8_t { nothing, news, everything };

struct WorldOptions {
  ClusterConfig config;
  std::uint64_t seed = 1;
  std::vector<MachineOptions> machines;  ///< who is not named gets the defaults and its VIPs' links
  Weather weather;
  Patience patience;
  InterfaceName heartbeat_interface{"eth0"};
  bool etcd_compares = true;  ///< false: so that a checker can be tested
  TraceDetail trace = TraceDetail::news;
  /// So many recordings of a thousand are replayed when a node has one kept; 0: none are made.
  unsigned replays_permille = 1000;
};

}  // namespace hapx::appliance::sim
