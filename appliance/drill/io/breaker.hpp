// SPDX-License-Identifier: Apache-2.0
// How is each fault done to a real lab, and undone?
//
// One function per fault, each from outside: power, cables, signals, filters on the bridge, a
// command as an operator gives it. Nothing in hapxd helps. What is done returns as a value that
// carries its own undoing.
#pragma once

#include <functional>
#include <string>

#include "appliance/drill/plan.hpp"
#include "appliance/lab/io/lab.hpp"
#include "config/result.hpp"

namespace hapx::appliance::drill {

/// Who is who before the fault; nullptr where nobody is.
struct Scene {
  const lab::NodePlan* holder = nullptr;
  const lab::NodePlan* coordinator = nullptr;
  const lab::NodePlan* peer = nullptr;  ///< the one to strike where that is no holder
};

/// As the first node that answers sees it.
[[nodiscard]] Result<Scene> scene_of(const lab::Lab& lab);

struct Break {
  std::string struck;  ///< the node; empty when all
  Instant at;          ///< just before it was done
  /// Ends the fault, so that the lab can become well again; once.
  std::function<Result<void>()> undo;
};

/// Brings the lab into the state in which this fault means something (the service on the node that
/// the plan names; a coordinator that does not hold the address; no node with power), and says who
/// is who then.
[[nodiscard]] Result<Scene> prepare(const PlannedFault& planned, lab::Lab& lab);

/// REQUIRES a scene from prepare; `lab` outlives the Break.
[[nodiscard]] Result<Break> inject(Fault fault, lab::Lab& lab, const Scene& scene);

}  // namespace hapx::appliance::drill
