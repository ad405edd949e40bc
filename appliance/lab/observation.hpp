// SPDX-License-Identifier: Apache-2.0
// What does a node say of itself?
//
// The answer of `hapx -o json status`, read into the few values by which a lab or a drill judges
// whether all is well. Unknown keys are passed over: status may grow.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/result.hpp"

namespace hapx::appliance::lab {

struct ObservedMember {
  std::string name;
  std::string state;  ///< online, standby, maintenance or offline

  friend bool operator==(const ObservedMember&, const ObservedMember&) = default;
};

struct ObservedService {
  std::string name;
  std::optional<std::string> holder;
  std::string vip;      ///< started, stopped, ...
  std::string haproxy;  ///< started, stopped, ...
  std::string fence;    ///< which one is in force: bpf, lifetime or none

  friend bool operator==(const ObservedService&, const ObservedService&) = default;
};

/// One node's view of the cluster.
struct Observation {
  std::string node;
  bool quorate = false;
  std::optional<std::string> coordinator;
  std::vector<std::string> degraded;
  std::vector<ObservedMember> members;
  std::vector<ObservedService> services;

  friend bool operator==(const Observation&, const Observation&) = default;
};

[[nodiscard]] Result<Observation> parse_observation(std::string_view json);

/// Why this node's view is not that of a cluster in which all nodes are online and every service is
/// served; empty when it is.
[[nodiscard]] std::string missing_in(const Observation& observation, std::size_t nodes);

}  // namespace hapx::appliance::lab
