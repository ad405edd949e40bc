// SPDX-License-Identifier: Apache-2.0
// By which command is a node reached, and is that enough for a plan?
//
// `--reach 'ssh root@{address} hapx'`: an operator's words, in which {address} and {node} stand for
// those of each node in turn. They are taken apart at blanks and given to no shell, and so no name
// and no address can become a command. What runs them is drill/io.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "appliance/drill/plan.hpp"
#include "config/cluster_config.hpp"
#include "config/result.hpp"

namespace hapx::appliance::drill {

/// Which real cluster is drilled, and how one gets to its nodes.
struct ClusterOptions {
  std::string config_file;
  std::string reach;    ///< the command; empty: only this machine is reached
  std::string service;  ///< empty: the first of the file
  std::string socket;   ///< of this machine's hapxd
  Consent consent = Consent::given;
  std::vector<std::string> from{};  ///< the commands by which further onlookers are reached
};

/// Limit: of the words, and of each of them.
inline constexpr std::size_t reach_words_max = 64;

/// The words for this node, with "drill agent" at the end. Refuses what has no word, and what
/// has neither {address} nor {node}: all nodes would be one machine.
[[nodiscard]] Result<std::vector<std::string>> command_for(std::string_view reach,
                                                           const NodeConfig& node);

/// Limit: so many machines look on beside the one that a drill runs on.
inline constexpr std::size_t onlookers_max = 8;

/// Likewise, for a machine that only looks on.
[[nodiscard]] Result<std::vector<std::string>> onlooker_command(std::string_view from);

/// Why this plan can't be done where only these nodes are reached, in one sentence; empty: it can.
/// An order is passed on by any node; every other fault wants its victim.
[[nodiscard]] std::string out_of_reach(const Plan& plan, const ClusterConfig& cluster,
                                       const std::vector<NodeName>& reached);

}  // namespace hapx::appliance::drill
