// SPDX-License-Identifier: Apache-2.0
// What follows from all that was read?
//
// The sources that were read, and what an operator has given besides, become one plan of a cluster.
// Where two say the same thing differently the first one counts, and what the other one said is
// told as left out. What hapx needs and nobody says is told in one sentence, with the option that
// gives it; then there is no plan.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "appliance/imports/node_list.hpp"
#include "appliance/imports/source.hpp"

namespace hapx::appliance::imports {

/// What an operator gives because no file says it.
struct Wishes {
  std::vector<std::string> nodes{};      ///< "node1=192.168.4.11"
  std::vector<std::string> witnesses{};  ///< likewise
  std::string interface {};              ///< of the VIPs that have none
  std::string cluster{};
  std::vector<std::string> vips{};         ///< "192.168.4.20/27"
  std::vector<std::string> api_servers{};  ///< "kube-mast01:6443"; instead of those that were read
  std::string tie_breaker{};               ///< an address
};

struct PlannedService {
  std::vector<SourceVip> vips;
  std::map<std::string, Score> location;
  SourceFrontend frontend;
};

struct Plan {
  std::string cluster;
  std::vector<PlannedNode> nodes;
  std::vector<PlannedService> services;
  std::optional<std::uint16_t> stats;       ///< of the first service
  std::vector<std::string> extra_global{};  ///< likewise
  std::string tie_breaker;                  ///< empty: no node of two goes on alone
  std::string tie_breaker_interface;
  std::optional<Score> stickiness;
  std::optional<Score> migration_threshold;
  std::optional<Duration> failure_timeout;
  std::optional<OnFail> vip_on_fail;
  std::optional<OnFail> haproxy_on_fail;

  std::vector<Remark> remarks;       ///< in the order of the files and their lines
  std::vector<std::string> missing;  ///< sentences; with any, the rest is not whole
};

[[nodiscard]] Plan gather(const std::vector<Source>& sources, const Wishes& wishes);

}  // namespace hapx::appliance::imports
