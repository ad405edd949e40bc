// SPDX-License-Identifier: Apache-2.0
// Do the kube-apiservers answer, and what do their certificates say?
//
// Each is connected to and shakes hands over TLS, all at once; nothing is asked of them. Whether a
// certificate is to be believed is HAProxy's and the clients' matter (caFile): here it is only
// read.
#pragma once

#include <functional>
#include <vector>

#include "appliance/doctor/facts.hpp"

namespace hapx::appliance::doctor {

/// One for each apiserver of the file, in its order, each named once. `waiting` is called every
/// 100 ms. Limit: three seconds for each, and for its name what the resolver takes.
[[nodiscard]] std::vector<ApiServerHere> ask_api_servers(const ClusterConfig& config,
                                                         const std::function<void()>& waiting);

}  // namespace hapx::appliance::doctor
