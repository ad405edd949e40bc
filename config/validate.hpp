// SPDX-License-Identifier: Apache-2.0
// Does this configuration make sense?
//
// A file can be well written and still ask for the impossible: a lease too short for its
// heartbeat, an address for two services, three witnesses. Here stand all the rules between values
// and all their limits. It judges a value, so it knows no text, line or column: each finding names
// its place in the tree ("spec.nodes[1].address"), and the reader knows where that was written.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/cluster_config.hpp"

namespace hapx {

// Limits of a configuration.
inline constexpr std::size_t nodes_max = 3;
inline constexpr std::size_t vips_max = 64;         ///< of all services together
inline constexpr std::size_t api_servers_max = 64;  ///< of one service
inline constexpr unsigned votes_max = 9;            ///< of one node
inline constexpr std::size_t links_max = 3;         ///< of one node, besides its address
inline constexpr Duration heartbeat_min = std::chrono::milliseconds(5);
inline constexpr std::int64_t heartbeats_per_right_min = 4;
inline constexpr Duration check_interval_min = std::chrono::milliseconds(50);
inline constexpr Duration check_interval_max = std::chrono::minutes(1);
inline constexpr unsigned check_count_max = 100;  ///< of fall and rise
inline constexpr Duration timeout_min = std::chrono::milliseconds(10);
/// HAProxy counts milliseconds in 31 bits: a little more than 24 days.
inline constexpr Duration timeout_max = std::chrono::hours(24 * 24);
inline constexpr unsigned max_connections_max = 1'000'000;
/// Linux's IFNAMSIZ (linux/if.h) less the final NUL.
inline constexpr std::size_t interface_bytes_max = 15;
/// RFC 1123 section 2.1 and RFC 1035 section 2.3.4.
inline constexpr std::size_t label_bytes_max = 63;
inline constexpr std::size_t host_name_bytes_max = 253;
/// Linux's PATH_MAX less the final NUL.
inline constexpr std::size_t path_bytes_max = 4095;

/// One broken rule: where in the tree, the reason in one sentence, what to do.
struct Finding {
  std::string path;     ///< "spec.services[0].vips[1].address"
  std::string or_else;  ///< the place to blame if `path` was not written but has its default
  std::string sentence;

  friend bool operator==(const Finding&, const Finding&) = default;
};

/// All broken rules, in the order of the tree. Empty: whoever holds `config` may rely on it.
[[nodiscard]] std::vector<Finding> validate(const ClusterConfig& config);

}  // namespace hapx
