// SPDX-License-Identifier: Apache-2.0
// Which faults are to be done, how often, in which order, and how long may a client wait?
//
// A plan is what an operator wants rehearsed: a YAML file like hapx.yaml, or the words of a command
// line. It is judged by the cluster's own file before anything is done: an objective that no
// cluster can meet, a node that isn't there, a fault that leaves nobody to take over. Whoever holds
// an approved plan and a cluster in which all is well may begin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "appliance/drill/fault.hpp"
#include "config/cluster_config.hpp"
#include "config/result.hpp"
#include "config/time.hpp"
#include "config/validate.hpp"

namespace hapx::appliance::drill {

/// Limit: so many runs a plan has at most, all faults and repetitions together.
inline constexpr std::size_t runs_max = 1000;
inline constexpr unsigned repetitions_max = 100;  ///< of one fault
inline constexpr Duration objective_max = std::chrono::minutes(10);
inline constexpr Duration pause_max = std::chrono::hours(1);
inline constexpr Duration length_max = std::chrono::minutes(1);

struct PlannedFault {
  Fault fault = Fault::power_loss;
  std::optional<NodeName> node;       ///< the one to strike; absent: whoever it is
  std::optional<Duration> objective;  ///< absent: the plan's
  std::optional<Duration> length;     ///< how long it lasts; absent: length_of
  std::optional<unsigned> count;      ///< absent: the plan's

  friend bool operator==(const PlannedFault&, const PlannedFault&) = default;
};

struct Plan {
  std::string name = "unnamed";
  std::optional<Duration> objective;  ///< how long a client may wait at most; absent: not judged
  unsigned count = 1;
  /// Mixes the runs, always in the same way; absent: fault by fault, as they are written.
  std::optional<std::uint64_t> seed;
  Duration pause{};  ///< between two runs
  std::vector<PlannedFault> faults;

  friend bool operator==(const Plan&, const Plan&) = default;
};

/// One run that is to be done.
struct Step {
  PlannedFault planned;  ///< its objective is that which counts
  unsigned number = 1;   ///< of its fault, from 1
  unsigned of = 1;       ///< how often that fault is done

  friend bool operator==(const Step&, const Step&) = default;
};

/// Those that may be done to a pair in production: none takes its power, its network or its peers.
[[nodiscard]] Plan default_plan(const Timing& timing);

/// All runs in their order. REQUIRES a plan without findings.
[[nodiscard]] std::vector<Step> steps_of(const Plan& plan);

/// How long that one lasts before it is undone.
[[nodiscard]] Duration length_of(const PlannedFault& planned);

/// What is wrong with the plan for this cluster; the paths are those of the file
/// ("spec.faults[2].objective").
[[nodiscard]] std::vector<Finding> judge(const Plan& plan, const ClusterConfig& cluster);

/// The plan if it is good in every respect, else why not: one of the two is there.
struct CheckedPlan {
  std::optional<Plan> plan;
  std::vector<Error> refusals;  ///< in the order of the text, at most 50
};

/// Reads and judges a plan. `file` is only for the sentences: "plan.yaml:3:7: ...".
[[nodiscard]] CheckedPlan check_plan(std::string_view text, std::string_view file,
                                     const ClusterConfig& cluster);

/// What would be done, step by step.
[[nodiscard]] std::string plan_as_text(const Plan& plan, const ClusterConfig& cluster);
[[nodiscard]] std::string plan_as_json(const Plan& plan, const ClusterConfig& cluster);

}  // namespace hapx::appliance::drill
