// SPDX-License-Identifier: Apache-2.0
// Does each member of etcd answer, and how long does a commit take?
//
// Asked as hapxd asks it, each member by itself. What is written lies below `/hapx/NAME/doctor`,
// and nobody reads it.
#pragma once

#include <functional>
#include <vector>

#include "appliance/doctor/facts.hpp"

namespace hapx::appliance::doctor {

/// Waits for two seconds for each answer at most. `progress` is called between two questions.
[[nodiscard]] std::vector<EtcdMemberHere> ask_etcd(const ClusterConfig& config,
                                                   const std::function<void()>& progress);

}  // namespace hapx::appliance::doctor
