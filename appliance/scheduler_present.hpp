// SPDX-License-Identifier: Apache-2.0
// What is really running, what has really failed, and what are we to leave alone?
//
// The first two steps of scheduling. What is told is not yet what counts: failures expire, a lost
// node's are void, some are ignored, some empty their whole node, some forbid any further touch.
// The result is the present as the later steps see it; they never look at a failure's age again.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "appliance/scheduler_facts.hpp"

namespace hapx::appliance {

/// Why a resource gets no actions and stays where it is.
enum class Unmanaged : std::uint8_t {
  maintenance_mode,  ///< the cluster is in maintenance
  maintenance_node,  ///< it is on a node that is
  stop_failed,       ///< it could not be stopped: only an operator knows what is left of it
  monitor_failed,    ///< its monitor failed, and onFail is block
};

struct PresentResource {
  std::optional<NodeName> at;               ///< where it is active, failed or not
  std::optional<FailedOperation> failed;    ///< the present failure, if it counts
  std::map<NodeName, Score> fail_counts;    ///< those that count, all above 0
  std::vector<NodeName> monitor_failed_on;  ///< nodes with a failed monitor that counts
  std::optional<Unmanaged> unmanaged;
  bool must_stop = false;            ///< onFail is stop, and a monitor has failed somewhere
  bool threshold_suspended = false;  ///< onFail is ignore, and a monitor has failed somewhere

  [[nodiscard]] bool managed() const { return !unmanaged; }
  [[nodiscard]] bool placeable() const { return managed() && !must_stop; }
};

struct PresentService {
  PresentResource vip;
  PresentResource haproxy;
};

/// Which failure has put a node in standby.
struct StandbyCause {
  ServiceName service;
  Resource resource = Resource::vip;
};

struct Present {
  std::vector<PresentService> services;            ///< in the order of the facts
  std::map<NodeName, StandbyCause> emptied_nodes;  ///< by onFail: standby, for all services
};

[[nodiscard]] Present read_present(const Facts& facts);

}  // namespace hapx::appliance
